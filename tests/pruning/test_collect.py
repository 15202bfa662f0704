"""collect(): which maps share an input is found by running, each input is counted once, and surprises are refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from twins import second_moment
from walking import windows

from hubprune.checkpoint.matrices import matrices_of
from hubprune.errors import CheckpointDamaged, UnsupportedArchitecture
from hubprune.pruning.collect import InputGroup, collect
from hubprune.pruning.lanes import Batch, Group
from hubprune.pruning.statistics import InputNorms, SecondMoment

WIDTH = 16


class Block(nn.Module):
    """A block in the usual shape: q, k, v read one tensor, gate and up another, out and down one each."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.q, self.k, self.v, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.gate, self.up, self.down = nn.Linear(WIDTH, 24), nn.Linear(WIDTH, 24), nn.Linear(24, WIDTH)
        self.finished = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.out(self.q(x) * self.k(x) + self.v(x))
        x = x + self.down(self.gate(x) * self.up(x))
        self.finished += 1
        return x


def batches(*groups: Group, size: int = 2) -> list[Batch]:
    """Batches whose hidden states are random."""
    found = []
    for group in groups:
        generator = torch.Generator().manual_seed(len(group.label))
        hidden = torch.randn(*group.tokens.shape, WIDTH, generator=generator)
        for at in range(0, len(hidden), size):
            rows = slice(at, min(at + size, len(hidden)))
            found.append(Batch(group, rows, hidden[rows]))
    return found


def run_of(block: nn.Module) -> Callable[[Batch], torch.Tensor]:
    return lambda batch: block(batch.hidden)


def names(groups: list[InputGroup]) -> list[list[str]]:
    return [group.names for group in groups]


def test_maps_that_read_one_tensor_are_one_group() -> None:
    block = Block()
    groups = collect(block, matrices_of(block), SecondMoment, batches(windows("de", 5, 0)), run_of(block))
    assert names(groups) == [["q", "k", "v"], ["out"], ["gate", "up"], ["down"]]


@pytest.mark.parametrize("kind", [InputNorms, SecondMoment])
def test_each_group_has_the_weighted_statistic_of_its_input(kind: type) -> None:
    """Batches of unequal size and two languages of unequal length: sum_l w_l H_l / n_l all the same."""
    block = Block()
    texts = [windows("de", 5, 0, weight=0.25), windows("swa", 2, 0, weight=0.75)]
    groups = collect(block, matrices_of(block), kind, batches(*texts), run_of(block))
    inputs: dict[str, dict[str, list[torch.Tensor]]] = {}
    label = ""
    for name in matrices_of(block):
        module = block.get_submodule(name)

        def note(module: nn.Module, args: tuple[torch.Tensor, ...], name: str = name) -> None:
            inputs.setdefault(name, {}).setdefault(label, []).append(args[0].detach().flatten(0, 1))

        module.register_forward_pre_hook(note)
    for batch in batches(*texts):
        label = batch.group.label
        block(batch.hidden)
    for group in groups:
        for name in group.names:
            seen = {key: torch.cat(parts) for key, parts in inputs[name].items()}
            expected = second_moment(seen, {"de": 0.25, "swa": 0.75})
            if kind is InputNorms:
                assert torch.allclose(group.statistic.norms.double(), expected.diagonal().sqrt(), rtol=1e-5)
            else:
                assert torch.allclose(group.statistic.matrix.double(), expected, rtol=1e-4, atol=1e-6)


def test_only_the_first_batch_runs_to_its_end() -> None:
    """Nothing after the last map's input is needed; one batch is finished all the same, to see every call."""
    block = Block()
    collect(block, matrices_of(block), InputNorms, batches(windows("de", 6, 0)), run_of(block))
    assert block.finished == 1


def test_a_part_of_the_maps_can_be_asked_for() -> None:
    block = Block()
    maps = matrices_of(block)
    groups = collect(
        block,
        {name: maps[name] for name in ("k", "down")},
        InputNorms,
        batches(windows("de", 4, 0)),
        run_of(block),
    )
    assert names(groups) == [["k"], ["down"]]


def test_no_hook_stays_behind() -> None:
    block = Block()
    collect(block, matrices_of(block), InputNorms, batches(windows("de", 2, 0)), run_of(block))
    assert not any(module._forward_pre_hooks for module in block.modules())


def test_a_map_that_is_never_called_is_refused_by_name() -> None:
    block = Block()
    block.unused = nn.Linear(WIDTH, WIDTH)
    with pytest.raises(UnsupportedArchitecture, match="unused is not called"):
        collect(block, matrices_of(block), InputNorms, batches(windows("de", 2, 0)), run_of(block))
    assert not any(module._forward_pre_hooks for module in block.modules())


class Twice(Block):
    """Calls `down` again after every map has been called once."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = super().forward(x)
        return self.down(self.gate(x))


class Repeated(Block):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x + self.q(x))


@pytest.mark.parametrize("kind", [Twice, Repeated])
def test_a_map_that_is_called_twice_is_refused(kind: type[Block]) -> None:
    """Even where the second call comes when all maps have been seen: its inputs would be missing from the statistic."""
    block = kind()
    with pytest.raises(UnsupportedArchitecture, match="called twice"):
        collect(block, matrices_of(block), InputNorms, batches(windows("de", 4, 0)), run_of(block))


class InPlace(Block):
    """One tensor object, but `gate` reads it after it was written into."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.clone()
        y = self.out(self.q(x) + self.k(x) + self.v(x))
        x += y
        return self.down(self.gate(x) * self.up(x))


def test_a_tensor_that_was_written_into_is_another_input() -> None:
    block = InPlace()
    with torch.no_grad():
        groups = collect(block, matrices_of(block), InputNorms, batches(windows("de", 4, 0)), run_of(block))
    assert names(groups) == [["q", "k", "v"], ["out"], ["gate", "up"], ["down"]]
    assert not torch.allclose(groups[0].statistic.norms, groups[2].statistic.norms)


class Moody(Block):
    """Lets k read a tensor of its own in every batch but the first (or, the other way round, only in the first)."""

    own_first = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        own = self.own_first == (self.finished == 0)
        self.finished += 1
        y = self.q(x) + self.k(x + 1 if own else x) + self.v(x)
        return self.down(self.gate(self.out(y)) * self.up(y))


@pytest.mark.parametrize("own_first", [False, True])
def test_maps_that_share_an_input_only_sometimes_are_refused(own_first: bool) -> None:
    """Otherwise the shared statistic would count the input of a batch twice, or not at all."""
    block = Moody()
    block.own_first = own_first
    with pytest.raises(UnsupportedArchitecture, match="changes its place"):
        collect(block, matrices_of(block), InputNorms, batches(windows("de", 4, 0)), run_of(block))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("kind", [InputNorms, SecondMoment])
def test_inputs_that_overflow_are_refused(bad: float, kind: type) -> None:
    block = Block()
    data = batches(windows("de", 4, 0))
    data[1].hidden[0, 3, 5] = bad
    with pytest.raises(CheckpointDamaged, match="overflow"):
        collect(block, matrices_of(block), kind, data, run_of(block))


def test_no_windows_are_no_statistic() -> None:
    block = Block()
    with pytest.raises(ValueError, match="no calibration"):
        collect(block, matrices_of(block), InputNorms, [], run_of(block))
