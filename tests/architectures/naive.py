"""A naive twin for every architecture: the whole model runs for every statistic, nothing is streamed.

Matrices are told from the model's own modules: linear maps, transposed ones, and each expert's share of a stack, whose
inputs follow from the tokens and experts that its module is called with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
import twins
from torch import nn
from transformers.pytorch_utils import Conv1D

from hubprune.pruning.lanes import Group
from hubprune.pruning.patterns import Pattern

Inputs = dict[str, dict[str, list[torch.Tensor]]]  # matrix -> language -> (tokens, inputs), a part for each call


def matrices(block: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """(name, (out, in) view of the weight) of every matrix of a block."""
    for name, module in block.named_modules():
        if isinstance(module, nn.Linear) and module.out_features > 1:
            yield name, module.weight.data
        elif isinstance(module, Conv1D):
            yield name, module.weight.data.t()
        elif hasattr(module, "_apply_gate"):
            for leaf in ("gate_up_proj", "down_proj"):
                for expert, weight in enumerate(getattr(module, leaf).data):
                    yield f"{name}.{expert}.{leaf}", weight.t() if module.is_transposed else weight


@torch.no_grad()
def inputs(model: nn.Module, block: nn.Module, calibration: list[Group]) -> Inputs:
    """What every matrix of a block reads when the whole model runs."""
    seen: Inputs = {name: {group.label: [] for group in calibration} for name, _ in matrices(block)}
    weights = dict(matrices(block))
    label = ""

    def linear(name: str) -> Callable[..., None]:
        def note(module: nn.Module, args: tuple[torch.Tensor, ...]) -> None:
            seen[name][label].append(args[0].reshape(-1, args[0].shape[-1]).clone())

        return note

    def experts(name: str) -> Callable[..., None]:
        def note(module: Any, args: tuple[torch.Tensor, ...], kwargs: dict[str, torch.Tensor]) -> None:
            hidden, chosen = [*args, *kwargs.values()][:2]
            for expert in range(len(module.down_proj)):
                x = hidden[(chosen == expert).any(1)]
                y = x @ weights[f"{name}.{expert}.gate_up_proj"].t()
                y = module._apply_gate(y + module.gate_up_proj_bias[expert] if module.has_bias else y)
                seen[f"{name}.{expert}.gate_up_proj"][label].append(x)
                seen[f"{name}.{expert}.down_proj"][label].append(y)

        return note

    handles = []
    for name, module in block.named_modules():
        if name in seen:
            handles.append(module.register_forward_pre_hook(linear(name)))
        elif hasattr(module, "_apply_gate"):
            handles.append(module.register_forward_pre_hook(experts(name), with_kwargs=True))
    for group in calibration:
        label = group.label
        model(group.tokens, use_cache=False)
    for handle in handles:
        handle.remove()
    return seen


def moment(read: dict[str, list[torch.Tensor]], calibration: list[Group]) -> torch.Tensor:
    """sum_l w_l X_l^T X_l / n_l in float64, n_l all tokens of the language, not only those that came here."""
    total = sum(
        group.weight / group.tokens.numel() * (x := torch.cat(read[group.label]).double()).t() @ x
        for group in calibration
    )
    assert isinstance(total, torch.Tensor)
    return total


def prune_whole(
    model: nn.Module, blocks: nn.ModuleList, calibration: list[Group], method: str, pattern: Pattern
) -> tuple[dict[tuple[int, str], torch.Tensor], set[tuple[int, str]]]:
    """Prune a whole model in place, block after block.

    Returns:
        (block, name) -> mask, and the experts' matrices with too few tokens of their own:
        fewer than 32, or for a second moment than inputs.
    """
    masks, starved = {}, set()
    for index, block in enumerate(blocks):
        read = inputs(model, block, calibration)
        moments = {name: moment(parts, calibration) for name, parts in read.items()}
        tokens = {name: sum(len(x) for parts in by.values() for x in parts) for name, by in read.items()}
        pruned = {}
        for name, weight in matrices(block):
            h = moments[name]
            stack, _, leaf = name.rpartition(".")
            owner, _, expert = stack.rpartition(".")
            least = weight.shape[1] if method == "sparsegpt" else 32
            if expert.isdigit() and tokens[name] < least:
                starved.add((index, name))
                siblings = [n for n in moments if n.startswith(f"{owner}.") and n.endswith(f".{leaf}") and n != stack]
                h = sum(moments[n] for n in siblings if n.removeprefix(f"{owner}.").split(".")[0].isdigit())
            if method == "sparsegpt":
                new, mask = twins.sparsegpt(weight, h, pattern)
            else:
                mask = twins.wanda(weight.double(), h.diagonal().sqrt(), pattern)
                new = weight.masked_fill(mask, 0)
            masks[index, name], pruned[name] = mask, new.to(weight.dtype)
        for name, weight in matrices(block):
            weight.copy_(pruned[name])
    return masks, starved
