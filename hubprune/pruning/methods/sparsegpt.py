"""SparseGPT: Frantar & Alistarh 2023, arXiv 2301.00774.

Columns are swept from left to right. Removing the weights of a column leaves an error in the output; the columns to
the right are shifted so that they make up for it as well as they can under H, the second moment of the inputs.
"""

from __future__ import annotations

import torch

from hubprune.errors import HubpruneError
from hubprune.pruning.methods.base import Pruned
from hubprune.pruning.patterns import NofM, Pattern, lowest_of_groups, lowest_of_matrix
from hubprune.pruning.statistics import SecondMoment, Statistic

COLUMN_BLOCK = 128  # columns whose mask is chosen together (unstructured) and whose updates are applied together
INNER_BLOCK = 16  # columns inside a block that are updated one by one; the rest of the block waits for one product
DAMPING = 0.01  # of the mean diagonal of H


class SparseGPT:
    """Score w^2 / U_jj^2, U the upper Cholesky factor of the inverse of the damped H."""

    statistic = SecondMoment
    updates = True

    def prune(self, weights: list[torch.Tensor], statistic: Statistic | None, pattern: Pattern) -> list[Pruned]:
        assert isinstance(statistic, SecondMoment)
        factor, damping = damped_factor(statistic.matrix)
        sizes = [len(weight) for weight in weights]
        swept, mask = sweep(torch.cat(weights), factor, pattern, sizes)
        return [Pruned(w, m, damping) for w, m in zip(swept.split(sizes), mask.split(sizes), strict=True)]


def inverse_factor(hessian: torch.Tensor) -> torch.Tensor:
    """U with U^T U = (H + damping * mean(diag H) * I)^-1, upper triangular, (in, in) float32; see `damped_factor`."""
    return damped_factor(hessian)[0]


def damped_factor(hessian: torch.Tensor, damping: float = DAMPING) -> tuple[torch.Tensor, float]:
    """(the upper factor U of the damped inverse, the damping that was used).

    Where H is so near to singular that a factor cannot be computed, ten times the damping is tried, up to the mean
    diagonal itself. Raises HubpruneError where even that fails: the text carries no signal into this matrix.
    """
    mean = hessian.diagonal().mean()
    while damping <= 1:
        damped = hessian.clone()
        damped.diagonal().add_(damping * mean)
        lower, failed = torch.linalg.cholesky_ex(damped)
        del damped  # at most three matrices of this size at a time, for a large model each has gigabytes
        if not failed:
            inverse = torch.cholesky_inverse(lower)
            del lower
            factor, failed = torch.linalg.cholesky_ex(inverse, upper=True)
            del inverse
            if not failed and bool(torch.isfinite(factor).all()):
                return factor, damping
        damping *= 10
    raise HubpruneError(
        "The calibration text gives a matrix no usable statistics (its second moment cannot be inverted).",
        "Use more or other calibration text, or --method magnitude.",
    )


def sweep(
    weight: torch.Tensor,
    factor: torch.Tensor,
    pattern: Pattern,
    sizes: list[int] | None = None,
    mask: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Choose and apply the mask column by column, shifting what stays.

    Args:
        weight: (out, in) float32, rows of one or several matrices with the same input; written into.
        factor: (in, in), from `inverse_factor`.
        pattern: unstructured: the lowest floor(share * n) scores of each column block, per matrix.
        sizes: rows of each matrix; one matrix if absent.
        mask: (out, in) bool, to sweep under a given mask instead of choosing one.

    Returns:
        (weight, mask), both (out, in).
    """
    rows, columns = weight.shape
    group = pattern.group if isinstance(pattern, NofM) else 1
    width = max(COLUMN_BLOCK // group, 1) * group
    inner = max(INNER_BLOCK // group, 1) * group
    sizes = sizes or [rows]
    chosen = torch.empty(columns, rows, dtype=torch.bool, device=weight.device)
    for start in range(0, columns, width):
        end = min(start + width, columns)
        part = weight[:, start:end].t().contiguous()  # (width, out): a column is contiguous
        u = factor[start:end, start:end]
        if mask is not None:
            removed = mask[:, start:end].t().contiguous()
        elif isinstance(pattern, NofM):
            removed = torch.empty_like(part, dtype=torch.bool)
        else:
            scores = (part / u.diagonal()[:, None]).square_().t()
            removed = torch.cat([lowest_of_matrix(s, pattern.count(s.numel())) for s in scores.split(sizes)]).t()
            removed = removed.contiguous()
        choose = pattern if mask is None and isinstance(pattern, NofM) else None
        errors = _sweep_block(part, u, removed, choose, inner)
        weight[:, start:end] = part.t()
        chosen[start:end] = removed
        if end < columns:
            weight[:, end:].addmm_(errors.t(), factor[start:end, end:], alpha=-1)
    return weight, chosen.t().contiguous()


def _sweep_block(
    part: torch.Tensor, u: torch.Tensor, removed: torch.Tensor, choose: NofM | None, inner: int
) -> torch.Tensor:
    """Sweep one column block in place; returns the scaled errors, (width, out).

    part: (width, out) weights; removed: (width, out) mask, filled group by group where `choose` is given.
    """
    errors = torch.empty_like(part)
    diagonal = u.diagonal()
    for start in range(0, len(part), inner):
        end = min(start + inner, len(part))
        for j in range(start, end):
            if choose is not None and j % choose.group == 0:
                run = slice(j, j + choose.group)
                scores = (part[run] / diagonal[run, None]).square_().t()
                removed[run] = lowest_of_groups(scores, choose.kept, choose.group).t()
            torch.mul(part[j], removed[j], out=errors[j]).div_(diagonal[j])
            part[j].masked_fill_(removed[j], 0)
            if j + 1 < end:
                part[j + 1 : end].addr_(u[j, j + 1 : end], errors[j], alpha=-1)
        if end < len(part):
            part[end:].addmm_(u[start:end, end:].t(), errors[start:end], alpha=-1)
    return errors
