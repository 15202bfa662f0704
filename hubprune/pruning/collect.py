"""Statistics of the inputs of a block's linear maps, once for each distinct input.

Query, key and value projections read the same tensor, and so do gate and up; which maps share an input is found by
the identity of the tensor they are called with (and that it was not written into between the calls).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
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

    The first batch runs to the block's end, so that a map that is called again is noticed; the others stop when every
    map has been called.

    Args:
        maps: local name -> linear map, of the filled block.
        statistic: class of the statistic.
        batches: calibration batches of the lane.
        run: computes the block for one batch (its result is not used).

    Raises CheckpointDamaged where an input holds NaN or Inf, UnsupportedArchitecture where a map is not called once in
    every batch, or shares its input in some batches only.
    """
    if not batches:
        raise ValueError("no calibration windows")
    tokens: dict[str, int] = {}
    for batch in batches:
        tokens[batch.group.label] = tokens.get(batch.group.label, 0) + batch.ids.numel()
    groups: list[InputGroup] = []
    group_of: dict[str, InputGroup] = {}
    factor = 0.0
    # Inputs of the batch at hand and how often they had been written into; holding them keeps identities unique.
    inputs: list[tuple[torch.Tensor, int, InputGroup]] = []
    called: set[str] = set()

    def hook(name: str):
        def note(module: nn.Module, args: tuple[torch.Tensor, ...]) -> None:
            x = args[0]
            if name in called:
                raise UnsupportedArchitecture(
                    f"hubprune cannot prune this model yet: {name} is called twice in a block.", "Try --skip for it."
                )
            called.add(name)
            shared = next((g for seen, version, g in inputs if seen is x and version == x._version), None)
            group = shared or group_of.get(name)
            if group is None:
                group = InputGroup([], statistic(x.shape[-1], x.device))
                groups.append(group)
            if name not in group_of:
                group_of[name] = group
                group.names.append(name)
            if group_of[name] is not group or (shared is None and any(g is group for _, _, g in inputs)):
                raise UnsupportedArchitecture(
                    f"hubprune cannot prune this model yet: the input of {name} changes its place.",
                    "Try --skip for it.",
                )
            if shared is None:
                inputs.append((x, x._version, group))
                assert group.statistic is not None
                group.statistic.add(x.reshape(-1, x.shape[-1]), factor)
            if len(called) == len(maps) and batch is not batches[0]:
                raise _Seen

        return note

    handles = [module.register_forward_pre_hook(hook(name)) for name, module in maps.items()]
    try:
        for batch in batches:
            factor = batch.group.weight / tokens[batch.group.label]
            inputs.clear()
            called.clear()
            with suppress(_Seen):
                run(batch)
            if missed := [name for name in maps if name not in called]:
                raise UnsupportedArchitecture(
                    f"hubprune cannot prune this model yet: {missed[0]} is not called with the calibration text.",
                    f"Leave it alone with --skip '*{missed[0]}'.",
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
