"""SparseGPT against a float64 twin that solves for the remaining columns anew before every column."""

from __future__ import annotations

import pytest
import torch
import twins

from hubprune.errors import HubpruneError
from hubprune.pruning.methods.sparsegpt import DAMPING, SparseGPT, damped_factor, inverse_factor, sweep
from hubprune.pruning.patterns import Pattern, parse
from hubprune.pruning.statistics import SecondMoment

PATTERNS = ["50%", "30%", "62.5%", "2:4", "4:8", "1:4"]
CPU = torch.device("cpu")


def matrix(rows: int, columns: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))


def inputs(columns: int, tokens: int, kind: str = "mild") -> torch.Tensor:
    """Calibration inputs: correlated channels; `wild` ones span six orders of magnitude of variance."""
    x = matrix(tokens, columns, 5) @ (torch.eye(columns) + 0.3 * matrix(columns, columns, 6) / columns**0.5)
    if kind == "wild":
        x *= torch.logspace(-1.5, 1.5, columns)[torch.randperm(columns, generator=torch.Generator().manual_seed(7))]
    if kind == "dead":
        x[:, ::5] = 0
    return x


def moment(x: torch.Tensor) -> torch.Tensor:
    statistic = SecondMoment(x.shape[1], CPU)
    statistic.add(x, 1 / len(x))
    return statistic.matrix


def pruned(weight: torch.Tensor, hessian: torch.Tensor, pattern: Pattern) -> tuple[torch.Tensor, torch.Tensor]:
    return sweep(weight.clone(), inverse_factor(hessian), pattern)


def relative(found: torch.Tensor, expected: torch.Tensor) -> float:
    return float((found.double() - expected).norm() / expected.norm())


@pytest.mark.parametrize("columns", [40, 128, 152, 264])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_mask_and_weights_equal_the_twin(pattern: str, columns: int) -> None:
    """Also where the width is no multiple of the column block (128) or of the inner block (16)."""
    weight, hessian = matrix(24, columns), moment(inputs(columns, 4 * columns))
    after, mask = pruned(weight, hessian, parse(pattern))
    expected, chosen = twins.sparsegpt(weight, hessian, parse(pattern))
    assert torch.equal(mask, chosen)
    assert relative(after, expected) < 1e-4
    assert (after[mask] == 0).all()


@pytest.mark.parametrize("pattern", ["1:3", "3:5", "12:24", "40:80", "80:136"])
def test_groups_of_odd_and_large_size(pattern: str) -> None:
    """Column blocks are the largest multiple of M up to 128 (or M itself), so no group is cut."""
    group = int(pattern.split(":")[1])
    weight, hessian = matrix(8, group * 2), moment(inputs(group * 2, group * 8))
    after, mask = pruned(weight, hessian, parse(pattern))
    expected, chosen = twins.sparsegpt(weight, hessian, parse(pattern))
    assert torch.equal(mask, chosen)
    assert relative(after, expected) < 1e-4


@pytest.mark.parametrize("kind", ["mild", "wild", "dead"])
@pytest.mark.parametrize("tokens", [60, 1000])
def test_weights_under_a_given_mask(kind: str, tokens: int) -> None:
    """Fewer tokens than inputs, dead inputs and ill-conditioned moments; the mask is given, so nothing can flip."""
    columns = 200
    weight, hessian = matrix(16, columns), moment(inputs(columns, tokens, kind))
    mask = matrix(16, columns, 8) > 0
    after, same = sweep(weight.clone(), inverse_factor(hessian), parse("50%"), mask=mask)
    expected, _ = twins.sparsegpt(weight, hessian, parse("50%"), mask=mask)
    assert torch.equal(same, mask)
    assert relative(after, expected) < 1e-3


def test_each_column_block_loses_its_share_exactly() -> None:
    """floor(s * n) of each block of 128 columns, the last one narrower."""
    _, mask = pruned(matrix(10, 300), moment(inputs(300, 900)), parse("30%"))
    assert [int(part.sum()) for part in mask.split(128, dim=1)] == [384, 384, 132]


@pytest.mark.parametrize("pattern", ["50%", "62.5%", "2:4"])
def test_matrices_swept_together_equal_swept_apart(pattern: str) -> None:
    """q, k and v share the factor, not the threshold."""
    weights = [matrix(32, 160, 1), matrix(16, 160, 2) * 3, matrix(16, 160, 3) * 0.2]
    statistic = SecondMoment(160, CPU)
    statistic.add(inputs(160, 600), 1 / 600)
    method = SparseGPT()
    together = method.prune([w.clone() for w in weights], statistic, parse(pattern))
    for weight, (after, mask, _) in zip(weights, together, strict=True):
        alone, chosen, _ = method.prune([weight.clone()], statistic, parse(pattern))[0]
        assert torch.equal(mask, chosen)
        assert torch.allclose(after, alone, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_updated_weights_answer_better_than_plain_zeros(pattern: str) -> None:
    """What the update is for: the error on the calibration inputs falls well below that of the same mask alone."""
    weight, x = matrix(32, 160), inputs(160, 640)
    after, mask = pruned(weight, moment(x), parse(pattern))
    plain = weight.masked_fill(mask, 0)
    errors = [float(((w - weight) @ x.t()).square().sum()) for w in (after, plain)]
    assert errors[0] < 0.95 * errors[1]


def test_nothing_chosen_is_nothing_changed() -> None:
    weight = matrix(4, 150)
    none = torch.zeros(4, 150, dtype=torch.bool)
    after, _ = sweep(weight.clone(), inverse_factor(moment(inputs(150, 300))), parse("50%"), mask=none)
    assert torch.equal(after, weight)


def test_the_factor_is_the_root_of_the_inverse() -> None:
    hessian = moment(inputs(96, 400))
    factor = inverse_factor(hessian).double()
    damped = hessian.double() + 0.01 * hessian.double().diagonal().mean() * torch.eye(96)
    assert relative(factor.t() @ factor, torch.linalg.inv(damped)) < 1e-5
    assert torch.equal(factor, factor.triu())


def indefinite(smallest: float) -> torch.Tensor:
    """Mean diagonal 1 and a smallest eigenvalue below zero, as rounding can leave it: damping has to exceed it."""
    basis = torch.linalg.qr(matrix(32, 32).double()).Q
    values = torch.full((32,), (32 - smallest) / 31, dtype=torch.float64)
    values[0] = smallest
    return (basis * values @ basis.t()).float()


@pytest.mark.parametrize(("smallest", "damping"), [(0.0, 0.01), (-0.005, 0.01), (-0.05, 0.1), (-0.5, 1.0)])
def test_damping_grows_until_the_moment_can_be_inverted(smallest: float, damping: float) -> None:
    hessian = indefinite(smallest)
    factor = inverse_factor(hessian).double()
    damped = hessian.double() + damping * hessian.double().diagonal().mean() * torch.eye(32)
    assert relative(factor.t() @ factor, torch.linalg.inv(damped)) < 1e-3


@pytest.mark.parametrize("hessian", [torch.zeros(32, 32), indefinite(-2.0)], ids=["zero", "indefinite"])
def test_a_moment_without_signal_is_a_known_error(hessian: torch.Tensor) -> None:
    with pytest.raises(HubpruneError, match="no usable statistics") as caught:
        inverse_factor(hessian)
    assert type(caught.value) is HubpruneError
    assert "--method magnitude" in caught.value.next_step


def test_the_damping_that_was_needed_is_told() -> None:
    """A moment that is barely indefinite in float32 needs more than the usual share of its mean diagonal."""
    assert damped_factor(moment(inputs(48, 200)))[1] == DAMPING
    _, needed = damped_factor(indefinite(-0.05))
    assert needed > DAMPING
    statistic = SecondMoment(32, CPU)
    statistic.upper += indefinite(-0.05)
    told = SparseGPT().prune([matrix(4, 32)], statistic, parse("50%"))
    assert told[0].damping == needed


def test_the_moment_is_not_written_into() -> None:
    """Several matrices of a block share it."""
    hessian = moment(inputs(48, 200))
    before = hessian.clone()
    inverse_factor(hessian)
    assert torch.equal(hessian, before)


def test_a_width_that_no_run_divides_is_not_swept() -> None:
    with pytest.raises(ValueError, match="not a multiple of 8"):
        pruned(matrix(4, 148), moment(inputs(148, 300)), parse("4:8"))
