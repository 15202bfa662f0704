"""Statistics of the inputs of a block's linear maps, once for each distinct input.

Query, key and value projections read the same tensor, and so do gate and up; which maps share an input is found by
the identity of the tensor they are called with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from hubprune.errors import CheckpointDamaged, UnsupportedArchitecture
from hubprune.pruning.lanes import Batch
from hubprune.pruning.statistics import InputNorms, SecondMoment, Statistic


@dataclass(eq=False)
class InputGroup:
    """Linear maps that read one tensor, and the statistic of that tensor."""

    names: list[str]
    statistic: Statistic | None


class _Seen(Exception):
    """Every linear map has been called; the rest of the block is not needed."""


@torch.no_grad()
def collect(
    maps: dict[str, nn.Module],
    statistic: type[InputNorms] | type[SecondMoment],
    batches: list[Batch],
    run: Callable[[Batch], torch.Tensor],
) -> list[InputGroup]:
    """Run the calibration batches through a block and collect the statistics of its linear maps' inputs.

    Args:
        maps: local name -> linear map, of the filled block.
        statistic: class of the statistic.
        batches: calibration batches of the lane.
        run: computes the block for one batch (its result is not used).

    Raises CheckpointDamaged where an input holds NaN or Inf, UnsupportedArchitecture where a map is never called.
    """
    tokens = {}
    for batch in batches:
        tokens[batch.group.label] = tokens.get(batch.group.label, 0) + batch.ids.numel()
    groups: list[InputGroup] = []
    group_of: dict[str, InputGroup] = {}
    factor = 0.0
    inputs: list[tuple[torch.Tensor, InputGroup]] = []  # of the batch at hand; holding them keeps identities unique
    called: set[str] = set()

    def hook(name: str):
        def note(module: nn.Module, args: tuple[torch.Tensor, ...]) -> None:
            x = args[0]
            if name in called:
                raise UnsupportedArchitecture(
                    f"hubprune cannot prune this model yet: {name} is called twice in a block.", "Try --skip for it."
                )
            called.add(name)
            group = next((g for seen, g in inputs if seen is x), None)
            if group is None:
                group = group_of.get(name) or InputGroup([], statistic(x.shape[-1], x.device))
                inputs.append((x, group))
                assert group.statistic is not None
                group.statistic.add(x.reshape(-1, x.shape[-1]), factor)
            if name not in group_of:
                group_of[name] = group
                group.names.append(name)
                if group not in groups:
                    groups.append(group)
            elif group_of[name] is not group:
                raise UnsupportedArchitecture(
                    f"hubprune cannot prune this model yet: the input of {name} changes its place.", "Try --skip for it."
                )
            if len(called) == len(maps):
                raise _Seen

        return note

    handles = [module.register_forward_pre_hook(hook(name)) for name, module in maps.items()]
    try:
        for batch in batches:
            factor = batch.group.weight / tokens[batch.group.label]
            inputs.clear()
            called.clear()
            try:
                run(batch)
            except _Seen:
                continue
            missed = next(name for name in maps if name not in called)
            raise UnsupportedArchitecture(
                f"hubprune cannot prune this model yet: {missed} is not called with the calibration text.",
                f"Leave it alone with --skip '*{missed}'.",
            )
    finally:
        for handle in handles:
            handle.remove()
        inputs.clear()
    for group in groups:
        if group.statistic is not None and not group.statistic.is_finite():
            raise CheckpointDamaged(
                f"The inputs of {group.names[0]} overflow (NaN or Inf).", "Compute with --dtype float32 or bfloat16."
            )
    return groups
