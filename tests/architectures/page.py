"""docs/architectures.md, from the tests: `python tests/architectures/page.py > docs/architectures.md`."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from families import FAMILIES, REFUSED, save

from hubprune.checkpoint.matrices import Matrix, prunable
from hubprune.checkpoint.model import open_tensors, read_config
from hubprune.checkpoint.skeleton import build
from hubprune.errors import UnsupportedArchitecture
from hubprune.pruning.check import check_walk

CPU = torch.device("cpu")
HEAD = """\
# Architectures

Made from the tests by `python tests/architectures/page.py > docs/architectures.md`; a test compares the two.

No behaviour depends on a model's name: blocks, matrices, routers and the arguments of blocks are found by structure.
Before anything is downloaded a small random model of the same class, with every kind of its blocks, must walk block by
block to its own plain forward. So this is a list of what was run, not of what can be.

## Pruned

Each as a tiny random model. The walk equals the plain forward to the last bit (mixtures of experts too, with
transformers' default implementation); masks and values of `wanda` 2:4 and `sparsegpt` 50% equal a naive implementation
that runs the whole model for every statistic; plain transformers loads the written checkpoint with no key missing, its
zeros exact in every row and group.

*Streamed*: one block at a time is in memory. *Whole*: transformers renames or stacks tensors while it loads, so the
model is loaded whole with it, and the plan says so.

| class | matrices of a block | read | what sets it apart |
| :-- | :-- | :-- | :-- |
"""
EXPERTS = """
## Mixtures of experts

Fused experts are pruned one at a time (a star stands for the expert), each with the statistics of the tokens that were
routed to it. While these are collected, the experts run one after the other; that differs from transformers' own
implementations by less than 1e-6 of the largest output. An expert with fewer than 32 tokens (for `sparsegpt`: than it
has inputs) is pruned by the mean over all experts of its block, and the report warns of it. Routers, and gates of
shared experts, are never pruned.

## Refused

Whatever the architecture: quantized weights, among them gpt-oss as it is published (MXFP4).

| class | why | what sets it apart |
| :-- | :-- | :-- |
"""


def page(saved: Callable[[str], Path]) -> str:
    """The page; `saved` gives the folder of an architecture's tiny model."""
    return HEAD + "".join(_pruned(saved)) + EXPERTS + "".join(_refused())


def _pruned(saved: Callable[[str], Path]) -> Iterator[str]:
    for name, family in FAMILIES.items():
        skeleton = build(read_config(saved(name)), dtype=torch.float32, device=CPU)
        kinds = list(dict.fromkeys(_matrices(block) for block in prunable(skeleton)))
        read = "streamed" if open_tensors(saved(name), skeleton).streamed else "whole"
        yield f"| {type(skeleton.model).__name__} | {'; other blocks: '.join(kinds)} | {read} | {family.oddity} |\n"


def _matrices(block: dict[str, Matrix]) -> str:
    experts = len({matrix.expert for matrix in block.values()} - {None})
    names = ", ".join(f"`{kind}`" for kind in dict.fromkeys(matrix.kind for matrix in block.values()))
    return f"{len(block)}: {names}" + (f" ({experts} experts)" if experts else "")


def _refused() -> Iterator[str]:
    from transformers import AutoConfig

    for name, family in REFUSED.items():
        config: Any = AutoConfig.for_model(name, **family.config)
        skeleton = build(config, dtype=torch.float32, device=CPU)
        try:
            prunable(skeleton)
            check_walk(config, skeleton.blocks)
        except UnsupportedArchitecture as error:
            reason = error.sentence.partition(" yet: ")[2]
            reason = re.sub(r"an argument \(\w+\)", "an argument", reason)  # its class is another in older transformers
            yield f"| {type(skeleton.model).__name__} | {reason} | {family.oddity} |\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:

        def made(name: str) -> Path:
            folder = Path(home) / name
            return folder if folder.is_dir() else save(folder, name, FAMILIES[name])

        sys.stdout.write(page(made))
