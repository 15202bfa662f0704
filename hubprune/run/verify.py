"""The written weights read back: are the zeros there that were counted?"""

from __future__ import annotations

from pathlib import Path

import torch

from hubprune.checkpoint.model import open_tensors
from hubprune.errors import CheckpointDamaged
from hubprune.pruning.measured import MatrixCount
from hubprune.run.examine import Examined


def verify(out: Path, examined: Examined, counts: list[MatrixCount]) -> None:
    """Read every pruned matrix back from the files: its zeros must be those that were counted.

    Raises CheckpointDamaged where they are not.
    """
    trusted = examined.recipe.trust_remote_code
    tensors = open_tensors(out, examined.skeleton, whole=not examined.facts.streamed, trust_remote_code=trusted)
    held, stored = "", torch.empty(0)
    for count in counts:
        matrix = examined.matrices[count.block][count.name]
        if held != (held := f"{examined.skeleton.prefix}.{count.block}.{matrix.parameter}"):
            stored = tensors.read(held)
        weight = matrix.of(stored)
        zeros = weight.numel() - int(torch.count_nonzero(weight))
        if zeros != count.stored or zeros < count.masked:
            raise CheckpointDamaged(
                f"{count.name} of block {count.block + 1} was written with {zeros:,} zeros instead of "
                f"{count.stored:,}.",
                "Check the disk, then run again.",
            )
