"""The single walk: every block is read once, and all that must be done to it is done while it is in memory.

At block i, in this order: the dense lane passes through it; then for each variant the statistics of its own
calibration windows are collected with the block's dense weights, the masks are chosen, the weights updated and handed
out as they will be stored, and the variant's windows pass through the pruned block. The block is then forgotten.

    tokens -> embed -> [ dense lane      ] -> block 0 ... block n-1 -> norm, head -> losses of every window
                       [ variant's lanes ] -> pruned  ...  pruned   -> norm, head -> losses of every window
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import nn

from hubprune.checkpoint.files import is_finite
from hubprune.checkpoint.matrices import Matrix, matrices_of
from hubprune.checkpoint.skeleton import Skeleton
from hubprune.checkpoint.tensors import Tensors
from hubprune.errors import HubpruneError
from hubprune.events import Progress
from hubprune.pruning.calls import BlockCalls
from hubprune.pruning.collect import InputGroup, collect
from hubprune.pruning.lanes import Allocate, Batch, Group, Lane, copy_lane, start_lane
from hubprune.pruning.measured import MatrixCount, WalkResult, answers_of, compare, losses_of
from hubprune.pruning.methods import Method
from hubprune.pruning.patterns import Pattern
from hubprune.pruning.statistics import InputNorms, SecondMoment

DENSE_LANE = "dense"


@dataclass(frozen=True)
class Variant:
    """A second version of the model in this walk: pruned by a method, or another checkpoint of the same shape."""

    name: str
    method: Method | None = None
    pattern: Pattern | None = None
    calibration: list[Group] = field(default_factory=list)
    weights: Tensors | None = None  # taken instead of pruning


class Sink(Protocol):
    """Takes a variant's finished block."""

    def __call__(self, variant: str, block: int, tensors: dict[str, torch.Tensor], /) -> None:
        """tensors: local name -> tensor in its stored dtype, only those that changed."""
        ...


class Keeper(Protocol):
    """Keeps the walk's state, so that a killed one goes on where it was. Lanes are given in one fixed order."""

    def restore(self, lanes: list[Lane], result: WalkResult) -> int:
        """Bring back hidden states and measurements; returns the first block to do."""
        ...

    def finished(self, variant: str, block: int) -> tuple[dict[str, torch.Tensor], list[MatrixCount]] | None:
        """A variant's pruned block from an earlier start, where it is at hand: changed tensors and their counts."""
        ...

    def save(self, blocks: int, lanes: list[Lane], result: WalkResult) -> None:
        """The first `blocks` blocks are done."""
        ...


@dataclass
class _Lanes:
    """The lanes of a walk, by model: windows whose losses are measured, questions, calibration windows."""

    measured: dict[str, Lane]
    asked: dict[str, Lane]
    calibration: dict[str, Lane]

    def all(self) -> list[Lane]:
        """Every lane, always in the same order."""
        return [*self.measured.values(), *self.asked.values(), *self.calibration.values()]


@dataclass
class Walk:
    """One walk over one model.

    Attributes:
        skeleton, tensors: the model without its block weights, and where they come from.
        calls: how the model calls its blocks.
        batch_size: windows computed at a time.
        allocate: where hidden states live.
        prunes: says of (block, local name) whether that matrix is pruned.
        sequential: "block" takes all statistics with the block's dense weights; "matrix" takes them input by input,
            later matrices behind the already pruned ones.
        stage: name of the stage in the progress events.
    """

    skeleton: Skeleton
    tensors: Tensors
    calls: BlockCalls
    batch_size: int
    allocate: Allocate
    prunes: Callable[[int, str], bool]
    sequential: str = "block"
    stage: str = "prune"

    def run(
        self,
        evaluation: list[Group],
        variants: list[Variant],
        sink: Sink,
        keeper: Keeper | None = None,
        questions: list[Group] | None = None,
        *,
        dense_answers: bool = True,
    ) -> Generator[Progress, None, WalkResult]:
        """Walk the model; yields after each block, returns a WalkResult.

        Args:
            evaluation: windows whose losses and block outputs are compared.
            variants: what is made of the blocks, and measured beside them.
            sink: takes the finished blocks.
            keeper: where a killed walk goes on from.
            questions: windows with readouts.
            dense_answers: whether the dense model is asked the questions too; not where its answers are known.
        """
        result = WalkResult(counts={variant.name: [] for variant in variants})
        lanes = self._start(evaluation, questions or [], variants, dense_answers)
        count = len(self.skeleton.blocks)
        for index in range(keeper.restore(lanes.all(), result) if keeper else 0, count):
            stored = {name: self.tensors.read(full) for name, full in self.skeleton.block_names(index).items()}
            self._advance(index, stored, lanes.measured[DENSE_LANE], lanes.asked[DENSE_LANE])
            for variant in variants:
                if variant.weights is None:
                    done = keeper.finished(variant.name, index) if keeper else None
                    changed, counts = done or self._prune(index, stored, variant, lanes.calibration[variant.name])
                    result.counts[variant.name] += counts
                else:
                    changed = {n: variant.weights.read(full) for n, full in self.skeleton.block_names(index).items()}
                sink(variant.name, index, changed)
                own = [lanes.measured[variant.name], lanes.asked[variant.name]]
                own += [lanes.calibration[variant.name]] if index < count - 1 else []
                self._advance(index, {**stored, **changed}, *own)
                compare(lanes.measured[DENSE_LANE], lanes.measured[variant.name], variant.name, index, result)
            self.skeleton.empty_block(index)
            if keeper:
                keeper.save(index + 1, lanes.all(), result)
            yield Progress(self.stage, index + 1, count, "block")
        self._read_out(lanes, variants, result)
        return result

    def _start(
        self, evaluation: list[Group], questions: list[Group], variants: list[Variant], dense_answers: bool
    ) -> _Lanes:
        """All lanes as they enter block 0. A variant with weights of its own has its own embeddings too."""
        start = lambda groups: start_lane(groups, self.calls, self.batch_size, self.allocate)  # noqa: E731
        self.skeleton.fill_outer(self.tensors)
        lanes = _Lanes({DENSE_LANE: start(evaluation)}, {DENSE_LANE: start(questions)}, {})
        for variant in variants:
            lanes.calibration[variant.name] = self._calibration_lane(variant)
            if variant.weights is None:
                lanes.measured[variant.name] = copy_lane(lanes.measured[DENSE_LANE], self.allocate)
                lanes.asked[variant.name] = copy_lane(lanes.asked[DENSE_LANE], self.allocate)
        if not dense_answers:
            lanes.asked[DENSE_LANE] = Lane([])
        for variant in variants:
            if variant.weights is not None:
                self.skeleton.fill_outer(variant.weights)
                lanes.measured[variant.name], lanes.asked[variant.name] = start(evaluation), start(questions)
        self.skeleton.empty_outer()
        return lanes

    def _read_out(self, lanes: _Lanes, variants: list[Variant], result: WalkResult) -> None:
        """Losses and answers of all lanes, from what left the last block."""
        if not any(lane.batches for kind in (lanes.measured, lanes.asked) for lane in kind.values()):
            return
        self.skeleton.fill_outer(self.tensors)
        own_ends = {variant.name: variant.weights for variant in variants if variant.weights is not None}
        for name in sorted(lanes.measured, key=lambda name: name in own_ends):  # other checkpoints last
            if name in own_ends:
                self.skeleton.fill_outer(own_ends[name])
            result.losses[name] = losses_of(lanes.measured[name], self.calls)
            result.answers[name] = answers_of(lanes.asked[name], self.calls)
        self.skeleton.empty_outer()

    def _calibration_lane(self, variant: Variant) -> Lane:
        collects = variant.method is not None and variant.method.statistic is not None
        return start_lane(variant.calibration if collects else [], self.calls, self.batch_size, self.allocate)

    @torch.no_grad()
    def _advance(self, index: int, stored: dict[str, torch.Tensor], *lanes: Lane) -> None:
        """Let lanes pass through a block with the given weights, in place."""
        if not any(lane.batches for lane in lanes):
            return
        self.skeleton.fill_block(index, stored)
        for lane in lanes:
            for batch in lane.batches:
                batch.hidden.copy_(self._run(index, batch))

    def _run(self, index: int, batch: Batch) -> torch.Tensor:
        hidden = batch.hidden.to(self.skeleton.device, non_blocking=True)
        return self.calls.run(index, hidden, batch.kept)

    @torch.no_grad()
    def _prune(
        self, index: int, stored: dict[str, torch.Tensor], variant: Variant, calibration: Lane
    ) -> tuple[dict[str, torch.Tensor], list[MatrixCount]]:
        """Prune one block: (changed tensors in their stored dtype, counts of their zeros)."""
        block = self.skeleton.fill_block(index, stored)
        matrices = {name: matrix for name, matrix in matrices_of(block).items() if self.prunes(index, name)}
        method, pattern, changed, counts = variant.method, variant.pattern, {}, []
        assert method is not None
        assert pattern is not None
        for step in self._steps(index, block, matrices, method, calibration):
            for group in step:
                own = [matrices[name] for name in group.names]
                weights = [self._to_device(matrix.of(stored[matrix.parameter])) for matrix in own]
                for matrix, pruned in zip(own, method.prune(weights, group.statistic, pattern), strict=True):
                    if matrix.parameter not in changed:
                        changed[matrix.parameter] = stored[matrix.parameter].clone()
                    before, after = (matrix.of(tensors[matrix.parameter]) for tensors in (stored, changed))
                    mask = pruned.mask.to("cpu")
                    if method.updates:
                        after.copy_(pruned.weight)
                    else:
                        after.masked_fill_(mask, 0)
                    if not is_finite(after):
                        raise HubpruneError(
                            f"The updated weights of {matrix.name} in block {index + 1} leave the range of "
                            f"{before.dtype}.",
                            "Use --method wanda, which changes no weight that stays.",
                        )
                    zeros = (int(mask.sum()), _zeros(after), _zeros(before))
                    names = (matrix.kind, matrix.parameter)
                    counts.append(
                        MatrixCount(index, matrix.name, matrix.shape, *zeros, *names, group.pooled, pruned.damping)
                    )
            if self.sequential == "matrix":
                done = {matrices[name].parameter for group in step for name in group.names}
                self.skeleton.fill_block(index, {name: changed[name] for name in done})
        return changed, counts

    def _steps(
        self, index: int, block: nn.Module, matrices: dict[str, Matrix], method: Method, calibration: Lane
    ) -> Iterator[list[InputGroup]]:
        """Matrices with the statistics of their inputs; each step is pruned before the next is asked for."""

        def statistics_of(
            names: Iterable[str], batches: list[Batch], kind: type[InputNorms] | type[SecondMoment]
        ) -> list[InputGroup]:
            chosen = {name: matrices[name] for name in names}
            run = lambda batch: self._run(index, batch)  # noqa: E731
            return collect(block, chosen, kind, batches, run, self.skeleton.model) if chosen else []

        kind = method.statistic
        if kind is None:
            yield from ([InputGroup([name], None, name)] for name in matrices)
        elif self.sequential == "block":
            yield statistics_of(matrices, calibration.batches, kind)
        else:
            order: dict[str, list[str]] = {}
            for group in statistics_of(matrices, calibration.batches[:1], InputNorms):
                order.setdefault(group.step, []).extend(group.names)
            yield from (statistics_of(names, calibration.batches, kind) for names in order.values())

    def _to_device(self, weight: torch.Tensor) -> torch.Tensor:
        """A copy to compute on, (out, in) row by row."""
        return weight.to(self.skeleton.device, torch.float32, copy=True).contiguous()


def _zeros(weight: torch.Tensor) -> int:
    return weight.numel() - int(torch.count_nonzero(weight))
