"""Statistics of inputs against their definition in float64."""

from __future__ import annotations

import pytest
import torch
from twins import second_moment

from hubprune.pruning.statistics import TILE, InputNorms, SecondMoment

CPU = torch.device("cpu")


def inputs(tokens: int, width: int, seed: int = 0, scale: float = 1.0) -> torch.Tensor:
    """Random activations with a mean and a few outlier channels, as real ones have."""
    x = torch.randn(tokens, width, generator=torch.Generator().manual_seed(seed)) * scale + 0.3
    x[:, ::17] *= 30
    return x


def relative(found: torch.Tensor, expected: torch.Tensor) -> float:
    return float((found.double() - expected).norm() / expected.norm())


@pytest.mark.parametrize("width", [1, 3, 64, TILE - 1, TILE, TILE + 1, 2 * TILE + 5])
def test_second_moment_is_the_mean_product_at_every_width(width: int) -> None:
    x = inputs(200, width)
    moment = SecondMoment(width, CPU)
    for part in x.split(70):
        moment.add(part, 1 / 200)
    expected = second_moment({"all": x}, {"all": 1.0})
    assert relative(moment.matrix, expected) < 1e-6
    assert torch.equal(moment.matrix, moment.matrix.t())
    assert moment.matrix.dtype == torch.float32


@pytest.mark.parametrize("width", [1, 64, 513])
def test_norms_are_root_mean_squares(width: int) -> None:
    x = inputs(200, width)
    norms = InputNorms(width, CPU)
    for part in x.split(70):
        norms.add(part, 1 / 200)
    assert relative(norms.norms, x.double().square().mean(0).sqrt()) < 1e-6


def test_languages_enter_with_their_weights_not_their_lengths() -> None:
    """H = sum_l w_l H_l / n_l: 300 tokens of weight 0.2 count less than 40 tokens of weight 0.8."""
    texts = {"de": inputs(300, 96, 1), "sw": inputs(40, 96, 2, scale=5)}
    weights = {"de": 0.2, "sw": 0.8}
    moment, norms = SecondMoment(96, CPU), InputNorms(96, CPU)
    for label, x in texts.items():
        for part in x.split(32):
            moment.add(part, weights[label] / len(x))
            norms.add(part, weights[label] / len(x))
    expected = second_moment(texts, weights)
    assert relative(moment.matrix, expected) < 1e-6
    assert relative(norms.norms, expected.diagonal().sqrt()) < 1e-6


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("kind", [InputNorms, SecondMoment])
def test_half_precision_inputs_are_summed_in_float32(dtype: torch.dtype, kind: type) -> None:
    """4,000 tokens of one value: a sum kept in bfloat16 would stop growing at 256."""
    x = torch.ones(4000, 5, dtype=dtype) * 3
    statistic = kind(5, CPU)
    for part in x.split(999):
        statistic.add(part, 1 / 4000)
    found = statistic.norms if kind is InputNorms else statistic.matrix.diagonal().sqrt()
    assert torch.allclose(found, torch.full((5,), 3.0), rtol=1e-5)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("kind", [InputNorms, SecondMoment])
def test_an_overflow_is_seen(bad: float, kind: type) -> None:
    statistic = kind(600, CPU)
    x = torch.ones(4, 600)
    statistic.add(x, 0.25)
    assert statistic.is_finite()
    x[2, 580] = bad
    statistic.add(x, 0.25)
    assert not statistic.is_finite()
