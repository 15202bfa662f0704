"""What a method is."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch

from hubprune.pruning.patterns import Pattern
from hubprune.pruning.statistics import InputNorms, SecondMoment, Statistic


class Pruned(NamedTuple):
    """A pruned matrix.

    weight: (out, in) float32 with zeros in place; mask: (out, in) bool, True where a weight is removed; damping: the
    share of the mean diagonal that was added to the second moment, where a method does that.
    """

    weight: torch.Tensor
    mask: torch.Tensor
    damping: float | None = None


class Method(Protocol):
    """A way to choose the weights to remove and, for some, to adjust those that stay."""

    @property
    def statistic(self) -> type[InputNorms] | type[SecondMoment] | None:
        """Class of the statistic of the inputs it needs."""
        ...

    @property
    def updates(self) -> bool:
        """Whether it changes the weights that stay."""
        ...

    def prune(self, weights: list[torch.Tensor], statistic: Statistic | None, pattern: Pattern) -> list[Pruned]:
        """Prune matrices that share one input.

        Args:
            weights: each (out, in) float32; may be written into.
            statistic: of the shared input, of the class the method asks for.
            pattern: what share to remove, in which groups.
        """
        ...


def remove(weight: torch.Tensor, mask: torch.Tensor) -> Pruned:
    """Zeros where the mask is True, everything else as it was."""
    return Pruned(weight.masked_fill(mask, 0), mask)
