"""Naive twins of the engine: a few lines each, full sorts, float64, no streaming. They are right by reading."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import torch
from torch import nn

from hubprune.pruning.lanes import Group
from hubprune.pruning.patterns import NofM, Pattern


def lowest(scores: list[float], count: int) -> list[bool]:
    """Which of the scores are among the `count` lowest; of equal ones the first."""
    order = sorted(range(len(scores)), key=lambda i: (scores[i], i))
    removed = set(order[:count])
    return [i in removed for i in range(len(scores))]


def mask_rows(scores: torch.Tensor, count: int) -> torch.Tensor:
    return torch.tensor([lowest(row, count) for row in scores.tolist()], dtype=torch.bool).view(scores.shape)


def mask_matrix(scores: torch.Tensor, count: int) -> torch.Tensor:
    return torch.tensor(lowest(scores.flatten().tolist(), count), dtype=torch.bool).view(scores.shape)


def mask_groups(scores: torch.Tensor, kept: int, group: int) -> torch.Tensor:
    runs = scores.reshape(-1, group)
    return mask_rows(runs, group - kept).view(scores.shape)


def exact_count(share: str, weights: int) -> int:
    """floor(share * weights) in rational arithmetic; share as written, "0.29"."""
    return math.floor(Fraction(share) * weights)


def magnitude(weight: torch.Tensor, pattern: Pattern) -> torch.Tensor:
    """Mask of the whole matrix by |w|."""
    if isinstance(pattern, NofM):
        return mask_groups(weight.abs(), pattern.kept, pattern.group)
    return mask_matrix(weight.abs(), exact_count(str(pattern.share), weight.numel()))


def wanda(weight: torch.Tensor, norms: torch.Tensor, pattern: Pattern) -> torch.Tensor:
    """Mask of each row by |w| times the input's norm."""
    scores = weight.abs() * norms
    if isinstance(pattern, NofM):
        return mask_groups(scores, pattern.kept, pattern.group)
    return mask_rows(scores, exact_count(str(pattern.share), weight.shape[1]))


def sparsegpt(
    weight: torch.Tensor,
    hessian: torch.Tensor,
    pattern: Pattern,
    mask: torch.Tensor | None = None,
    damping: float = 0.01,
) -> tuple[torch.Tensor, torch.Tensor]:
    """(weight, mask) in float64 by the definition: for each column, H of the columns still free is solved anew.

    Optimal Brain Surgeon: removing w_j costs w_j^2 / [Hinv]_jj and shifts the free weights by -w_j / [Hinv]_jj Hinv_j,
    Hinv the inverse of H[j:, j:].
    """
    w, h = weight.double().clone(), hessian.double()
    rows, columns = w.shape
    h = h + damping * h.diagonal().mean() * torch.eye(columns, dtype=torch.float64)
    unit = torch.eye(columns, 1, dtype=torch.float64)
    inverse_rows = [torch.linalg.solve(h[j:, j:], unit[: columns - j])[:, 0] for j in range(columns)]
    costs = torch.stack([row[0] for row in inverse_rows])
    group = pattern.group if isinstance(pattern, NofM) else 1
    width = max(128 // group, 1) * group
    chosen = torch.zeros(rows, columns, dtype=torch.bool) if mask is None else mask.clone()
    for j in range(columns):
        if mask is None and isinstance(pattern, NofM):
            if j % group == 0:
                run = slice(j, j + group)
                chosen[:, run] = mask_rows(w[:, run].square() / costs[run], group - pattern.kept)
        elif mask is None and j % width == 0:
            run = slice(j, min(j + width, columns))
            scores = w[:, run].square() / costs[run]
            chosen[:, run] = mask_matrix(scores, exact_count(str(pattern.share), scores.numel()))
        removed = w[:, j] * chosen[:, j]
        w[:, j:] -= (removed / costs[j])[:, None] * inverse_rows[j][None, :]
        w[chosen[:, j], j] = 0
    return w, chosen


def second_moment(inputs: dict[str, torch.Tensor], weights: dict[str, float]) -> torch.Tensor:
    """sum_l w_l X_l^T X_l / n_l in float64; inputs: language -> (tokens, inputs)."""
    return sum(weights[label] * x.double().t() @ x.double() / len(x) for label, x in inputs.items())


def prune_whole(
    model: nn.Module,
    blocks: nn.ModuleList,
    calibration: list[Group],
    method: str,
    pattern: Pattern,
    *,
    sequential: str = "block",
    stored: torch.dtype = torch.float32,
) -> dict[tuple[int, str], torch.Tensor]:
    """Prune a whole model in place, running all of it for every statistic; returns (block, name) -> mask.

    Inputs of a block come from running the model with all earlier blocks pruned already.
    """
    masks = {}
    weights = {group.label: group.weight for group in calibration}
    for index, block in enumerate(blocks):
        maps = {name: module for name, module in block.named_modules() if isinstance(module, nn.Linear)}
        inputs = _inputs(model, maps, calibration)
        order = list(inputs)  # in the order of their calls
        for name in order:
            if sequential == "matrix":
                inputs = _inputs(model, maps, calibration)
            mask, weight = _prune_one(maps[name].weight.data, second_moment(inputs[name], weights), method, pattern)
            masks[index, name] = mask
            if sequential == "matrix":
                maps[name].weight.data = weight.to(stored).float()
            else:
                maps[name].pruned = weight.to(stored).float()
        if sequential == "block":
            for name in order:
                maps[name].weight.data = maps[name].pruned
    return masks


def _prune_one(
    weight: torch.Tensor, hessian: torch.Tensor, method: str, pattern: Pattern
) -> tuple[torch.Tensor, torch.Tensor]:
    if method == "sparsegpt":
        swept, mask = sparsegpt(weight, hessian, pattern)
        return mask, swept.float()
    if method == "wanda":
        mask = wanda(weight.double(), hessian.diagonal().sqrt(), pattern)
    else:
        mask = magnitude(weight, pattern)
    return mask, weight.masked_fill(mask, 0)


@torch.no_grad()
def _inputs(
    model: nn.Module, maps: dict[str, nn.Module], calibration: list[Group]
) -> dict[str, dict[str, torch.Tensor]]:
    """Map -> language -> (tokens, inputs): what the maps read when the whole model runs, in the order of the calls."""
    seen: dict[str, dict[str, list[torch.Tensor]]] = {}
    label = ""

    def hook(name: str) -> Callable[..., None]:
        def note(module: nn.Module, args: tuple[torch.Tensor, ...]) -> None:
            seen.setdefault(name, {}).setdefault(label, []).append(args[0].reshape(-1, args[0].shape[-1]).clone())

        return note

    handles = [module.register_forward_pre_hook(hook(name)) for name, module in maps.items()]
    for group in calibration:
        label = group.label
        model(group.tokens, use_cache=False)
    for handle in handles:
        handle.remove()
    return {name: {key: torch.cat(parts) for key, parts in by.items()} for name, by in seen.items()}
