"""Patterns: from scores to masks of the weights to remove, as pure tensor functions.

A mask is True where a weight is removed. Scores are finite and not negative; the lowest are removed, equal scores in
the order of their index. Nothing is sorted: a row's threshold is found by selection, an N:M group's ranks by
comparing its members with each other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import torch

from hubprune.recipe import parse_pattern


@dataclass(frozen=True)
class Unstructured:
    """A share of the weights, anywhere. The share has at most nine decimal places."""

    share: float

    def __str__(self) -> str:
        return f"{self.share * 100:.7f}".rstrip("0").rstrip(".") + "%"

    @property
    def sparsity(self) -> float:
        return self.share

    def count(self, weights: int) -> int:
        """Weights removed out of a group of `weights`: floor(share * weights), the share taken as it is written."""
        return math.floor(Decimal(str(self.share)) * weights)

    def refusal(self, inputs: int) -> str | None:
        return None


@dataclass(frozen=True)
class NofM:
    """`kept` weights stay in each run of `group` consecutive inputs of a row."""

    kept: int
    group: int

    def __str__(self) -> str:
        return f"{self.kept}:{self.group}"

    @property
    def sparsity(self) -> float:
        return 1 - self.kept / self.group

    def count(self, weights: int) -> int:
        return weights // self.group * (self.group - self.kept)

    def refusal(self, inputs: int) -> str | None:
        """Why a matrix with so many inputs cannot have this pattern; None where it can."""
        return f"{inputs} inputs are not a multiple of {self.group}" if inputs % self.group else None


Pattern = Unstructured | NofM


def parse(text: str) -> Pattern:
    """A pattern from "50%", "0.5" or "2:4". Raises RecipeError for anything that is none or removes nothing."""
    found = parse_pattern(text)
    return NofM(*found) if isinstance(found, tuple) else Unstructured(found)


def lowest_per_row(scores: torch.Tensor, count: int) -> torch.Tensor:
    """Mark the `count` lowest scores of each row.

    Args:
        scores: (rows, columns), finite.
        count: number to mark in each row, 0 <= count <= columns.

    Returns:
        (rows, columns) bool, exactly `count` True in each row; of equal scores the first are marked.
    """
    rows, columns = scores.shape
    if not 0 <= count <= columns:
        raise ValueError(f"cannot mark {count} of {columns}")
    if count == 0 or rows == 0:
        return torch.zeros_like(scores, dtype=torch.bool)
    threshold = _kth_lowest(scores, count)
    marked = scores <= threshold
    surplus = marked.sum(1) - count
    for row in surplus.nonzero().flatten().tolist():  # ties at the threshold: unmark the last of them
        equal = (scores[row] == threshold[row]).nonzero().flatten()
        marked[row, equal[len(equal) - int(surplus[row]) :]] = False
    return marked


def lowest_of_matrix(scores: torch.Tensor, count: int) -> torch.Tensor:
    """Mark the `count` lowest scores of the whole matrix, rows read one after the other."""
    return lowest_per_row(scores.reshape(1, -1), count).view_as(scores)


def lowest_of_groups(scores: torch.Tensor, kept: int, group: int) -> torch.Tensor:
    """Mark all but the `kept` highest scores in each run of `group` consecutive columns.

    Args:
        scores: (rows, columns), columns a multiple of `group`.

    Returns:
        (rows, columns) bool, `group - kept` True in each run; of equal scores the first are marked.
    """
    rows, columns = scores.shape
    if columns % group:
        raise ValueError(f"{columns} columns are not a multiple of {group}")
    runs = scores.reshape(rows, columns // group, group)
    if group > 16:  # the comparisons grow with the square of the group
        order = runs.argsort(dim=2, stable=True).argsort(dim=2, stable=True)
        return (order < group - kept).view(rows, columns)
    members = [runs[:, :, i].contiguous() for i in range(group)]
    rank = [torch.zeros_like(members[0], dtype=torch.int8) for _ in range(group)]
    for i in range(group):
        for j in range(i + 1, group):
            first_is_lower = members[i] <= members[j]
            rank[j] += first_is_lower
            rank[i] += ~first_is_lower
    return torch.stack([r < group - kept for r in rank], dim=2).view(rows, columns)


def _kth_lowest(scores: torch.Tensor, count: int) -> torch.Tensor:
    """(rows, 1): the `count`-th lowest score of each row, by selection."""
    if scores.device.type == "cpu" and scores.dtype in (torch.float32, torch.float64):
        values = np.partition(scores.numpy(), count - 1, axis=1)[:, count - 1 : count]
        return torch.from_numpy(np.ascontiguousarray(values))
    return torch.kthvalue(scores, count, dim=1, keepdim=True).values
