"""What the walk measures: zeros of matrices, errors of blocks, losses of windows, answers to questions."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from hubprune.pruning.calls import BlockCalls
from hubprune.pruning.lanes import Lane
from hubprune.pruning.loss import readout_losses, token_losses

Answer = tuple[float, bool]  # summed negative log-likelihood of the targets, nats; whether all were the likeliest


@dataclass(frozen=True)
class MatrixCount:
    """Zeros of one pruned matrix: of its mask, in its stored weights, and in the dense weights before."""

    block: int
    name: str  # local name in the block
    shape: tuple[int, int]  # (out, in)
    masked: int
    stored: int
    dense: int
    kind: str  # the name with "*" for an expert's number
    parameter: str  # local name of the parameter that holds the matrix
    pooled: bool = False  # an expert with too few tokens, pruned by the mean statistic over its block's experts
    damping: float | None = None  # added to the second moment, as a share of its mean diagonal


@dataclass
class BlockError:
    """Sums over all elements of a block's output: of y^2, and of (y - y')^2 for the pruned block's y'."""

    signal: float = 0.0
    noise: float = 0.0


@dataclass
class WalkResult:
    """What the walk measured. Labels are those of the evaluation groups, and of the questions."""

    losses: dict[str, dict[str, torch.Tensor]] = field(
        default_factory=dict
    )  # lane -> label -> (windows,) nats, float64
    answers: dict[str, dict[str, list[Answer]]] = field(default_factory=dict)  # lane -> label -> one of each readout
    errors: dict[tuple[str, int, str], BlockError] = field(default_factory=dict)  # (variant, block, label)
    counts: dict[str, list[MatrixCount]] = field(default_factory=dict)  # variant -> matrices


@torch.no_grad()
def compare(dense: Lane, pruned: Lane, variant: str, index: int, result: WalkResult) -> None:
    """Add up signal and noise of a block's outputs over all evaluation windows."""
    for a, b in zip(dense.batches, pruned.batches, strict=True):
        error = result.errors.setdefault((variant, index, a.group.label), BlockError())
        for y, z in zip(a.hidden, b.hidden, strict=True):  # one window at a time: no copy of a whole batch
            y = y.float()
            error.signal += float(y.square().sum(dtype=torch.float64))
            error.noise += float((y - z.float()).square().sum(dtype=torch.float64))


def losses_of(lane: Lane, calls: BlockCalls) -> dict[str, torch.Tensor]:
    """Label -> (windows,) summed losses, nats, float64."""
    losses: dict[str, list[torch.Tensor]] = {}
    for batch in lane.batches:
        losses.setdefault(batch.group.label, []).append(token_losses(calls, batch).sum(1, dtype=torch.float64))
    return {label: torch.cat(parts) for label, parts in losses.items()}


def answers_of(lane: Lane, calls: BlockCalls) -> dict[str, list[Answer]]:
    """Label -> the answer to each readout."""
    found: dict[str, dict[int, Answer]] = {}
    for batch in lane.batches:
        found.setdefault(batch.group.label, {}).update(readout_losses(calls, batch))
    return {label: [answers[place] for place in sorted(answers)] for label, answers in found.items()}
