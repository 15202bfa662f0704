"""What zeros a checkpoint really holds: measured from its weights, whatever its card says."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass

import torch

from hubprune.checkpoint.files import CheckpointFiles
from hubprune.checkpoint.matrices import prunable
from hubprune.checkpoint.model import open_tensors, read_config
from hubprune.checkpoint.skeleton import build
from hubprune.events import Event, Progress, Stage
from hubprune.hub import Hub, connect, pull, resolve
from hubprune.pruning.patterns import NofM

PATTERNS = [NofM(n, m) for m in (2, 4, 8, 16) for n in range(1, m)]


@dataclass(frozen=True)
class ModuleZeros:
    """Zeros of all matrices of one kind."""

    name: str
    shape: tuple[int, int]  # (out, in)
    matrices: int
    weights: int
    stored: int  # zeros


@dataclass(frozen=True)
class Inspection:
    """Zeros of a checkpoint's matrices. `sparsity` is their share of zeros, `pattern` the N:M that all of them keep."""

    id: str
    revision: str | None
    bytes: int
    parameters: int
    sparsity: float
    pattern: str | None
    modules: list[ModuleZeros]


def inspect(
    model: str, hub: Hub | None = None, revision: str | None = None, *, trust_remote_code: bool = False
) -> Generator[Event, None, Inspection]:
    """Read every matrix of the decoder's blocks, one at a time, and count."""
    hub = hub or connect()
    yield Stage("check", f"Reading {model}")
    source = resolve(hub, model, revision)
    folder = source.folder
    if folder is None:
        folder = yield from pull(hub, source, trust_remote_code=trust_remote_code)
    config = read_config(folder, trust_remote_code=trust_remote_code)
    cpu = torch.device("cpu")
    skeleton = build(config, dtype=torch.float32, device=cpu, trust_remote_code=trust_remote_code)
    tensors = open_tensors(folder, skeleton, trust_remote_code=trust_remote_code)
    matrices = prunable(skeleton)
    modules: dict[tuple[str, tuple[int, int]], ModuleZeros] = {}
    patterns = list(PATTERNS)
    blocks = len(skeleton.blocks)
    for index, block in enumerate(matrices):
        held = ""
        for matrix in sorted(block.values(), key=lambda matrix: matrix.parameter):
            if matrix.parameter != held:
                stored, held = tensors.read(f"{skeleton.prefix}.{index}.{matrix.parameter}"), matrix.parameter
            weight, key = matrix.of(stored), (matrix.kind, matrix.shape)
            before = modules.get(key, ModuleZeros(*key, 0, 0, 0))
            zeros = weight.numel() - int(torch.count_nonzero(weight))
            modules[key] = ModuleZeros(
                *key, before.matrices + 1, before.weights + weight.numel(), before.stored + zeros
            )
            patterns = [pattern for pattern in patterns if follows(weight, pattern)]
        yield Progress("check", index + 1, blocks, "block")
    weights = sum(module.weights for module in modules.values())
    files = CheckpointFiles.open(folder)
    return Inspection(
        id=source.id,
        revision=source.revision,
        bytes=files.nbytes,
        parameters=sum(math.prod(entry.shape) for file in files.files.values() for entry in file.entries.values()),
        sparsity=sum(module.stored for module in modules.values()) / weights,
        pattern=str(max(patterns, key=lambda p: (p.sparsity, -p.group))) if patterns else None,
        modules=list(modules.values()),
    )


def follows(weight: torch.Tensor, pattern: NofM) -> bool:
    """Whether at most N of each run of M consecutive inputs of every row are not zero; weight (out, in)."""
    rows, columns = weight.shape
    if columns % pattern.group:
        return False
    kept = (weight != 0).view(rows, columns // pattern.group, pattern.group).sum(2)
    return bool((kept <= pattern.kept).all())
