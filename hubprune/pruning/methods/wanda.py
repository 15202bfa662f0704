"""Wanda: Sun et al. 2024, "A Simple and Effective Pruning Approach for Large Language Models", arXiv 2306.11695."""

from __future__ import annotations

import torch

from hubprune.pruning.methods.base import Pruned, remove
from hubprune.pruning.patterns import NofM, Pattern, lowest_of_groups, lowest_per_row
from hubprune.pruning.statistics import InputNorms, Statistic


class Wanda:
    """Score |W_ij| a_j, a_j the norm of input j over the calibration tokens; compared within each output's row."""

    statistic = InputNorms
    updates = False

    def prune(self, weights: list[torch.Tensor], statistic: Statistic | None, pattern: Pattern) -> list[Pruned]:
        assert isinstance(statistic, InputNorms)
        norms = statistic.norms
        return [remove(weight, wanda_mask(weight, norms, pattern)) for weight in weights]


def wanda_mask(weight: torch.Tensor, norms: torch.Tensor, pattern: Pattern) -> torch.Tensor:
    """(out, in) bool, True where removed; weight (out, in), norms (in,)."""
    scores = weight.abs() * norms
    if isinstance(pattern, NofM):
        return lowest_of_groups(scores, pattern.kept, pattern.group)
    return lowest_per_row(scores, pattern.count(weight.shape[1]))
