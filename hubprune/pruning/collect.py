"""Statistics of the inputs of a block's matrices, once for each distinct input.

Query, key and value projections read the same tensor, and so do gate and up; which matrices share an input is found
by the identity of the tensor they are called with (and that it was not written into between the calls). An expert of a
fused mixture reads the tokens that were routed to it; one that got too few takes the mean over all experts instead.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from hubprune.checkpoint.matrices import Matrix
from hubprune.errors import CheckpointDamaged, UnsupportedArchitecture
from hubprune.pruning.experts import Listener, listening
from hubprune.pruning.lanes import Batch
from hubprune.pruning.statistics import InputNorms, SecondMoment, Statistic

LEAST_TOKENS = 32  # an expert's own tokens, for the norms of its inputs


@dataclass(eq=False)
class InputGroup:
    """Matrices that read one tensor, and the statistic of that tensor.

    Attributes:
        names: local names of the matrices.
        statistic: of the tensor, None where the method uses none.
        step: groups of one step are found together; all experts of one parameter are one step.
        tokens: how many tokens the tensor had in all.
        pooled: the statistic is the mean over all experts, the own tokens were too few.
    """

    names: list[str]
    statistic: Statistic | None
    step: str
    tokens: int = 0
    pooled: bool = False


@torch.no_grad()
def collect(
    block: nn.Module,
    matrices: dict[str, Matrix],
    statistic: type[InputNorms] | type[SecondMoment],
    batches: list[Batch],
    run: Callable[[Batch], torch.Tensor],
    model: Any = None,
) -> list[InputGroup]:
    """Run the calibration batches through a block and collect the statistics of its matrices' inputs.

    The first batch runs to the block's end, so that a matrix that is called again is noticed; the others stop when
    every matrix has been called.

    Args:
        block: the filled block.
        matrices: local name -> matrix, those whose inputs are wanted.
        statistic: class of the statistic.
        batches: calibration batches of the lane.
        run: computes the block for one batch (its result is not used).
        model: the block's model, where the matrices of experts are among those wanted.

    Raises CheckpointDamaged where an input holds NaN or Inf, UnsupportedArchitecture where a matrix is not called once
    in every batch, or shares its input in some batches only.
    """
    if not batches:
        raise ValueError("no calibration windows")
    tokens: dict[str, int] = {}
    for batch in batches:
        tokens[batch.group.label] = tokens.get(batch.group.label, 0) + batch.ids.numel()
    collector = _Collector(matrices, statistic)
    plain = [matrix for matrix in matrices.values() if matrix.expert is None]
    owners = {matrix.owner for matrix in matrices.values() if matrix.expert is not None}
    listeners: dict[nn.Module, Listener] = {block.get_submodule(o): _Routed(collector, o) for o in owners}
    handles = [block.get_submodule(m.owner).register_forward_pre_hook(collector.hook(m.name)) for m in plain]
    try:
        with listening(model, listeners):
            for batch in batches:
                collector.begin(batch.group.weight / tokens[batch.group.label], stop=batch is not batches[0])
                with suppress(_Seen):
                    run(batch)
                collector.end()
    finally:
        for handle in handles:
            handle.remove()
        collector.inputs.clear()
    return collector.finished()


class _Seen(Exception):
    """Every matrix has been called; the rest of the block is not needed."""


class _Collector:
    """Groups and statistics as they grow, and what the batch at hand has shown so far."""

    def __init__(self, matrices: dict[str, Matrix], statistic: type[InputNorms] | type[SecondMoment]) -> None:
        self.matrices, self.statistic = matrices, statistic
        self.groups: list[InputGroup] = []
        self.group_of: dict[str, InputGroup] = {}
        # Inputs of this batch and how often they had been written into; holding them keeps identities unique.
        self.inputs: list[tuple[torch.Tensor, int, InputGroup]] = []
        self.called: set[str] = set()
        self.factor, self.stop = 0.0, False

    def begin(self, factor: float, *, stop: bool) -> None:
        """A batch begins, whose tokens count `factor` each; `stop` raises _Seen once every matrix has been called."""
        self.factor, self.stop = factor, stop
        self.inputs.clear()
        self.called.clear()

    def end(self) -> None:
        """The batch has run; every matrix must have been called."""
        if missed := [matrix for name, matrix in self.matrices.items() if name not in self.called]:
            raise UnsupportedArchitecture(
                f"hubprune cannot prune this model yet: {missed[0].name} is not called with the calibration text.",
                f"Leave it alone with --skip '*{missed[0].kind}'.",
            )

    def hook(self, name: str) -> Callable[[nn.Module, tuple[torch.Tensor, ...]], None]:
        """A forward pre-hook for a linear map."""

        def note(module: nn.Module, args: tuple[torch.Tensor, ...]) -> None:
            self.read(name, args[0])

        return note

    def call(self, name: str) -> None:
        """A matrix is called, for the first time in this batch."""
        if name in self.called:
            raise UnsupportedArchitecture(
                f"hubprune cannot prune this model yet: {name} is called twice in a block.", "Try --skip for it."
            )
        self.called.add(name)

    def read(self, name: str, x: torch.Tensor) -> None:
        """A linear map reads x, (..., inputs)."""
        self.call(name)
        shared = next((g for seen, version, g in self.inputs if seen is x and version == x._version), None)
        group = shared or self.group_of.get(name) or self.group(name)
        if name not in self.group_of:
            self.group_of[name] = group
            group.names.append(name)
        if self.group_of[name] is not group or (shared is None and any(g is group for _, _, g in self.inputs)):
            raise UnsupportedArchitecture(
                f"hubprune cannot prune this model yet: the input of {name} changes its place.", "Try --skip for it."
            )
        if shared is None:
            self.inputs.append((x, x._version, group))
            self.add(group, x.reshape(-1, x.shape[-1]))
        self.stop_if_seen()

    def group(self, step: str) -> InputGroup:
        """A new group, as yet without matrices."""
        self.groups.append(InputGroup([], None, step))
        return self.groups[-1]

    def add(self, group: InputGroup, x: torch.Tensor) -> None:
        """Tokens that a group's matrices read; x: (tokens, inputs)."""
        if group.statistic is None:
            group.statistic = self.statistic(x.shape[-1], x.device)
        group.statistic.add(x, self.factor)
        group.tokens += len(x)

    def stop_if_seen(self) -> None:
        if self.stop and len(self.called) == len(self.matrices):
            raise _Seen

    def finished(self) -> list[InputGroup]:
        """All groups in the order of their first call, experts with too few tokens on the mean of their kind."""
        for step in {group.step for group in self.groups if self.matrices[group.names[0]].expert is not None}:
            pool([group for group in self.groups if group.step == step], self.matrices)
        for group in self.groups:
            if group.statistic is not None and not group.statistic.is_finite():
                raise CheckpointDamaged(
                    f"The inputs of {group.names[0]} overflow (NaN or Inf).",
                    "Compute with --dtype float32 or bfloat16.",
                )
        return self.groups


class _Routed:
    """Listens to one experts module of the block."""

    def __init__(self, collector: _Collector, owner: str) -> None:
        self.collector = collector
        own = [matrix for matrix in collector.matrices.values() if matrix.owner == owner]
        self.wanted = {(matrix.parameter.removeprefix(f"{owner}."), matrix.expert): matrix for matrix in own}

    def routed(self, parameter: str, expert: int, x: torch.Tensor) -> None:
        if (matrix := self.wanted.get((parameter, expert))) is not None:
            self.collector.add(self.group(matrix), x)

    def group(self, matrix: Matrix) -> InputGroup:
        """The expert's group; those of all experts of a parameter are made together, in the order of the experts."""
        for other in self.wanted.values():
            if other.parameter == matrix.parameter and other.name not in self.collector.group_of:
                group = self.collector.group(matrix.parameter)
                group.names.append(other.name)
                self.collector.group_of[other.name] = group
        return self.collector.group_of[matrix.name]

    def done(self) -> None:
        for matrix in self.wanted.values():
            self.collector.call(matrix.name)
        self.collector.stop_if_seen()


def pool(groups: list[InputGroup], matrices: dict[str, Matrix]) -> None:
    """Give experts that got too few tokens the mean statistic over all experts of their parameter, in place.

    Only ratios within a statistic decide, so that a sum over experts is as good as a mean; each token counts once for
    every expert it was routed to.
    """
    own = [group.statistic for group in groups if group.statistic is not None]
    starved = [g for g in groups if g.tokens < least_tokens(g.statistic, matrices[g.names[0]].shape[1])]
    if not starved or not own:
        return
    mean = copy.deepcopy(own[0])
    for other in own[1:]:
        mean.merge(other)  # type: ignore[arg-type]  # all of one class
    for group in starved:
        group.statistic, group.pooled = mean, True


def least_tokens(statistic: Statistic | None, inputs: int) -> int:
    """Tokens below which an expert's own statistic says too little: a second moment needs as many as it has inputs."""
    return inputs if isinstance(statistic, SecondMoment) else LEAST_TOKENS
