"""The table's numbers against the formulas written out, and why the errors are paired."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hubprune.evaluation.perplexity import language_row, perplexity, ratio, score, signal_to_noise
from hubprune.report import CONTROL, DENSE, PRUNED

SCORED = 255
LOSSES = arrays(np.float64, st.integers(2, 12), elements=st.floats(1, 5000))


def lanes(windows: int = 40, seed: int = 0) -> dict[str, np.ndarray]:
    """Windows differ far more from each other than the lanes do on one window, as real text does."""
    rng = np.random.default_rng(seed)
    dense = rng.normal(900, 150, windows)
    return {DENSE: dense, PRUNED: dense + rng.normal(40, 5, windows), CONTROL: dense + rng.normal(60, 5, windows)}


@settings(deadline=None)
@given(LOSSES, st.integers(1, 4096), st.integers(1, 10**6))
def test_perplexity_is_exp_of_the_mean_loss_of_a_token(losses: np.ndarray, scored: int, text_bytes: int) -> None:
    found = score(losses, None, scored, text_bytes)
    mean = sum(losses) / (len(losses) * scored)
    assert found.nll == pytest.approx(mean)
    assert found.perplexity == pytest.approx(math.exp(min(mean, 700)), rel=1e-9)
    assert found.bits_per_byte == pytest.approx(sum(losses) / math.log(2) / text_bytes)
    assert (found.ratio, found.ratio_se) == (None, None)


def test_a_uniform_model_by_hand() -> None:
    """Over 4 tokens with 8 choices each: perplexity 8; 12 bits on 6 bytes are 2 bits per byte."""
    found = score(np.array([4 * math.log(8)]), None, 4, 6)
    assert found.perplexity == pytest.approx(8)
    assert found.bits_per_byte == pytest.approx(2)


def test_the_standard_error_is_that_of_the_mean_over_windows() -> None:
    losses = np.array([10.0, 14.0, 18.0])
    found = score(losses, None, 2, 1)
    assert found.nll == 7
    assert found.nll_se == pytest.approx(2 / math.sqrt(3))


def test_the_ratio_is_the_quotient_of_the_perplexities() -> None:
    losses = lanes()
    dense, sparse = (score(losses[lane], None, SCORED, 1).perplexity for lane in (DENSE, PRUNED))
    found, error = ratio(losses[PRUNED], losses[DENSE], SCORED)
    assert found == pytest.approx(sparse / dense)
    differences = (losses[PRUNED] - losses[DENSE]) / SCORED
    assert error == pytest.approx(found * differences.std(ddof=1) / math.sqrt(40))


def test_the_error_of_a_ratio_covers_what_other_windows_would_give() -> None:
    """Delta method against a bootstrap of the windows."""
    losses = lanes()
    found, error = ratio(losses[PRUNED], losses[DENSE], SCORED)
    rng = np.random.default_rng(1)
    drawn = [rng.integers(0, 40, 40) for _ in range(2000)]
    spread = np.std([ratio(losses[PRUNED][rows], losses[DENSE][rows], SCORED)[0] for rows in drawn])
    assert error == pytest.approx(spread, rel=0.1)
    assert abs(found - 1) > 10 * error


def test_paired_errors_are_far_smaller_than_unpaired() -> None:
    losses = lanes()
    scores = {lane: score(values, None, SCORED, 1) for lane, values in losses.items()}
    quotient, paired = ratio(losses[PRUNED], losses[DENSE], SCORED)
    unpaired = quotient * math.hypot(scores[PRUNED].nll_se or 0, scores[DENSE].nll_se or 0)
    assert paired is not None
    assert paired < unpaired / 10


def test_one_window_has_no_error() -> None:
    one = {lane: values[:1] for lane, values in lanes().items()}
    row = language_row("de", calibrated=True, scored=SCORED, scored_bytes=[1000], losses=one)
    assert {s.nll_se for s in row.scores.values()} == {None}
    assert {s.ratio_se for s in row.scores.values()} == {None}
    assert row.against_control is not None
    assert row.against_control_se is None


def test_a_row_holds_every_lane_on_the_same_windows() -> None:
    losses, sizes = lanes(), list(range(1000, 1040))
    row = language_row("sw", calibrated=False, scored=SCORED, scored_bytes=sizes, losses=losses)
    assert (row.language, row.calibrated, row.windows) == ("sw", False, 40)
    assert (row.tokens, row.bytes) == (40 * SCORED, sum(sizes))
    assert list(row.scores) == [DENSE, PRUNED, CONTROL]
    assert row.scores[DENSE].ratio is None
    for lane in (PRUNED, CONTROL):
        found = row.scores[lane]
        assert found.ratio == pytest.approx(found.perplexity / row.scores[DENSE].perplexity)
        assert found.bits_per_byte == pytest.approx(losses[lane].sum() / math.log(2) / sum(sizes))
    assert row.against_control == pytest.approx(row.scores[PRUNED].perplexity / row.scores[CONTROL].perplexity)
    assert row.against_control_se == ratio(losses[PRUNED], losses[CONTROL], SCORED)[1]


def test_without_a_control_there_is_no_comparison_with_it() -> None:
    losses = {lane: values for lane, values in lanes().items() if lane != CONTROL}
    row = language_row("sw", calibrated=False, scored=SCORED, scored_bytes=[1] * 40, losses=losses)
    assert (row.against_control, row.against_control_se) == (None, None)
    assert list(row.scores) == [DENSE, PRUNED]


def test_equal_lanes_have_the_ratio_one_without_error() -> None:
    dense = lanes()[DENSE]
    assert ratio(dense, dense.copy(), SCORED) == (1.0, 0.0)


def test_a_broken_model_has_a_large_but_finite_perplexity() -> None:
    assert perplexity(1e6) == math.exp(700)
    assert math.isfinite(score(np.full(3, 1e9), np.ones(3), 2, 1).ratio or math.inf)


def test_text_without_bytes_has_no_bits_per_byte() -> None:
    assert math.isnan(score(np.ones(2), None, 2, 0).bits_per_byte)


@settings(deadline=None)
@given(st.floats(1e-6, 1e12), st.floats(1e-6, 1e12))
def test_signal_to_noise_in_decibel(signal: float, noise: float) -> None:
    decibel, relative = signal_to_noise(signal, noise)
    assert decibel == pytest.approx(10 * math.log10(signal / noise), abs=1e-9)
    assert relative == noise / signal


def test_signal_to_noise_at_its_ends() -> None:
    assert signal_to_noise(5.0, 0.0) == (None, 0.0)
    assert signal_to_noise(0.0, 0.0) == (None, 0.0)
    assert signal_to_noise(10.0, 1.0) == (pytest.approx(10.0), 0.1)
    assert signal_to_noise(1.0, 1.0)[0] == 0.0
