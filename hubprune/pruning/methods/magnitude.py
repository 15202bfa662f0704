"""Magnitude: the smallest weights go; no calibration text is used."""

from __future__ import annotations

import torch

from hubprune.pruning.methods.base import Pruned, remove
from hubprune.pruning.patterns import NofM, Pattern, lowest_of_groups, lowest_of_matrix
from hubprune.pruning.statistics import Statistic


class Magnitude:
    """Score |W_ij|, compared within the whole matrix (or within the runs of N:M)."""

    statistic = None
    updates = False

    def prune(self, weights: list[torch.Tensor], statistic: Statistic | None, pattern: Pattern) -> list[Pruned]:
        return [remove(weight, magnitude_mask(weight, pattern)) for weight in weights]


def magnitude_mask(weight: torch.Tensor, pattern: Pattern) -> torch.Tensor:
    """(out, in) bool, True where removed."""
    scores = weight.abs()
    if isinstance(pattern, NofM):
        return lowest_of_groups(scores, pattern.kept, pattern.group)
    return lowest_of_matrix(scores, pattern.count(weight.numel()))
