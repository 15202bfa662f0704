"""A lane: the hidden states of a set of token windows on their way down the network.

Hidden states live in host memory (or, where that is short, in a file that is mapped into it) and visit the device one
batch at a time. A batch never mixes groups, so each group's windows are computed the same way whatever else runs.
"""

from __future__ import annotations

import errno
import math
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch

from hubprune.errors import NotEnoughDisk
from hubprune.pruning.calls import BlockCalls, Leaf

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # no room, a quota, a limit of the process

Allocate = Callable[[tuple[int, ...], torch.dtype], torch.Tensor]


@dataclass(frozen=True)
class Readout:
    """Tokens whose probability is asked for: `targets` after the first `start` tokens of window `window`."""

    window: int
    start: int
    targets: tuple[int, ...]


@dataclass(frozen=True)
class Group:
    """Windows under one opaque label.

    Attributes:
        tokens: (windows, tokens in a window).
        weight: in the statistics.
        readouts: what is asked of the windows; without any, the loss of every token but the first.
        batch_size: windows computed at a time; the walk's own if None.
    """

    label: str
    tokens: torch.Tensor
    weight: float = 1.0
    readouts: tuple[Readout, ...] = ()
    batch_size: int | None = None


@dataclass
class Batch:
    """Windows of one group that are computed together."""

    group: Group
    rows: slice
    hidden: torch.Tensor  # (windows, tokens, width), in host memory
    kept: dict[Leaf, torch.Tensor] = field(default_factory=dict)

    @property
    def ids(self) -> torch.Tensor:
        return self.group.tokens[self.rows]


@dataclass
class Lane:
    """The batches of all groups of one lane."""

    batches: list[Batch]

    def of(self, labels: set[str] | None = None) -> Iterator[Batch]:
        return (batch for batch in self.batches if labels is None or batch.group.label in labels)


@torch.no_grad()
def start_lane(groups: list[Group], calls: BlockCalls, batch_size: int, allocate: Allocate) -> Lane:
    """Embed the windows: the lane as it enters block 0."""
    batches = []
    for group in groups:
        size = group.batch_size or batch_size
        for at in range(0, len(group.tokens), size):
            rows = slice(at, min(at + size, len(group.tokens)))
            hidden, kept = calls.embed(group.tokens[rows].to(calls.skeleton.device))
            home = allocate(tuple(hidden.shape), hidden.dtype)
            home.copy_(hidden)
            batches.append(Batch(group, rows, home, {leaf: value.to("cpu") for leaf, value in kept.items()}))
    return Lane(batches)


def copy_lane(lane: Lane, allocate: Allocate) -> Lane:
    """A lane of its own in the same state."""
    batches = []
    for batch in lane.batches:
        home = allocate(tuple(batch.hidden.shape), batch.hidden.dtype)
        home.copy_(batch.hidden)
        batches.append(Batch(batch.group, batch.rows, home, batch.kept))
    return Lane(batches)


def in_memory(pin: bool) -> Allocate:
    """Hidden states in host memory, pinned where a GPU fetches them."""
    return lambda shape, dtype: torch.empty(shape, dtype=dtype, pin_memory=pin)


def on_disk(folder: Path) -> Allocate:
    """Hidden states in files under `folder`, mapped into memory; the files vanish with the tensors' last user.

    What it returns raises NotEnoughDisk where the disk has no room. The bytes are reserved at once: a mapped file that
    finds its disk full when it is written to ends the process.
    """

    def allocate(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".lane") as file:
            size = math.prod(shape) * dtype.itemsize
            try:
                if size and hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), 0, size)
            except OSError as error:
                if error.errno not in FULL:
                    raise
                raise NotEnoughDisk(
                    f"There is no room on the disk for {size / 1e6:,.1f} MB of hidden states.",
                    "Free some space, or give a smaller --samples or --eval-samples.",
                ) from error
            return torch.from_file(file.name, shared=True, size=math.prod(shape), dtype=dtype).view(shape)

    return allocate
