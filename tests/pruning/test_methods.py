"""Score-only methods: masks equal their naive twins, and what stays is untouched to the last bit."""

from __future__ import annotations

import pytest
import torch
import twins

from hubprune.pruning.methods import METHODS
from hubprune.pruning.methods.magnitude import magnitude_mask
from hubprune.pruning.methods.wanda import wanda_mask
from hubprune.pruning.patterns import NofM, parse
from hubprune.pruning.statistics import InputNorms, SecondMoment

PATTERNS = ["50%", "30%", "62.5%", "2:4", "4:8", "1:4", "16:32"]


def matrix(rows: int, columns: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed)).to(dtype)


def norms_of(columns: int, seed: int = 9) -> torch.Tensor:
    """Input norms over four orders of magnitude, two dead inputs among them."""
    norms = torch.rand(columns, generator=torch.Generator().manual_seed(seed)).pow(4) * 100
    norms[3] = norms[columns // 2] = 0
    return norms


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_magnitude_equals_its_twin(pattern: str, dtype: torch.dtype) -> None:
    """In bfloat16, where hundreds of weights of a matrix are equal in size, the first of them go."""
    weight = matrix(33, 96, dtype=dtype).float()
    assert torch.equal(magnitude_mask(weight, parse(pattern)), twins.magnitude(weight, parse(pattern)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_wanda_equals_its_twin(pattern: str, dtype: torch.dtype) -> None:
    weight, norms = matrix(33, 96, dtype=dtype).float(), norms_of(96)
    assert torch.equal(wanda_mask(weight, norms, parse(pattern)), twins.wanda(weight, norms, parse(pattern)))


@pytest.mark.parametrize("columns", [7, 100, 130])
def test_widths_that_no_share_divides(columns: int) -> None:
    weight, norms, pattern = matrix(9, columns), norms_of(columns), parse("30%")
    mask = wanda_mask(weight, norms, pattern)
    assert (mask.sum(1) == columns * 3 // 10).all()
    assert torch.equal(mask, twins.wanda(weight, norms, pattern))
    assert int(magnitude_mask(weight, pattern).sum()) == 9 * columns * 3 // 10


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("name", ["magnitude", "wanda"])
def test_what_stays_is_untouched_to_the_last_bit(name: str, pattern: str) -> None:
    method = METHODS[name]
    weights = [matrix(16, 64, 1), matrix(8, 64, 2)]
    weights[0][0, :4] = torch.tensor([-0.0, 0.0, 1e-45, -1e-45])  # survivors or not, their bits stay
    statistic = InputNorms(64, torch.device("cpu"))
    statistic.add(matrix(50, 64, 3), 1 / 50)
    found = method.prune([w.clone() for w in weights], statistic, parse(pattern))
    assert not method.updates
    for weight, (after, mask, _) in zip(weights, found, strict=True):
        assert torch.equal(after.view(torch.int32)[~mask], weight.view(torch.int32)[~mask])
        assert (after[mask] == 0).all()
        rows = 1 if name == "magnitude" else len(weight)
        assert int(mask.sum()) == rows * parse(pattern).count(weight.numel() // rows)


def test_magnitude_looks_at_the_matrix_and_wanda_at_the_row() -> None:
    """One row of small weights: magnitude empties it, Wanda takes half of each row."""
    weight = matrix(4, 32)
    weight[2] *= 1e-3
    half = parse("50%")
    assert magnitude_mask(weight, half)[2].all()
    assert (wanda_mask(weight, torch.ones(32), half).sum(1) == 16).all()


def test_wanda_spares_what_reads_loud_inputs() -> None:
    weight, norms = torch.ones(1, 4), torch.tensor([1.0, 4.0, 2.0, 3.0])
    assert wanda_mask(weight, norms, parse("50%")).tolist() == [[True, False, True, False]]
    assert wanda_mask(weight, norms, NofM(1, 4)).tolist() == [[True, False, True, True]]


def test_every_method_is_registered_with_its_statistic() -> None:
    assert {name: method.statistic for name, method in METHODS.items()} == {
        "magnitude": None,
        "wanda": InputNorms,
        "sparsegpt": SecondMoment,
    }
    assert {name for name, method in METHODS.items() if method.updates} == {"sparsegpt"}
