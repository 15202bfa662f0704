"""Paired differences and the exact sign test against their definitions."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubprune.evaluation.paired import clustered_sign_test, paired, sign_test
from hubprune.evaluation.perplexity import mean_and_error

SCORES = st.lists(
    st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.0, 0.5, 1.0])), min_size=2, max_size=40
)


@given(st.integers(0, 7), st.integers(0, 7))
def test_the_sign_test_counts_the_splits_that_are_as_uneven(better: int, worse: int) -> None:
    n = better + worse
    if not n:
        assert sign_test(better, worse) is None
        return
    uneven = [abs(2 * sum(coins) - n) >= abs(better - worse) for coins in itertools.product((0, 1), repeat=n)]
    assert sign_test(better, worse) == pytest.approx(sum(uneven) / 2**n)


def test_the_sign_test_of_known_cases() -> None:
    assert sign_test(3, 12) == pytest.approx(0.03515625)
    assert sign_test(5, 5) == 1.0
    assert sign_test(0, 6) == pytest.approx(2 / 64)
    assert sign_test(4000, 4200) == pytest.approx(0.0280, abs=5e-4)  # the normal approximation with its correction


@given(SCORES)
def test_differences_are_those_of_the_items(scores: list[tuple[float, float]]) -> None:
    values, reference = (np.array(column) for column in zip(*scores, strict=True))
    found = paired(values, reference)
    differences = [a - b for a, b in scores]
    mean = sum(differences) / len(differences)
    variance = sum((d - mean) ** 2 for d in differences) / (len(differences) - 1)
    assert found.difference == pytest.approx(mean)
    assert found.se == pytest.approx(math.sqrt(variance / len(differences)), abs=1e-12)
    assert (found.better, found.worse) == (sum(d > 0 for d in differences), sum(d < 0 for d in differences))


def test_one_item_has_no_error() -> None:
    assert paired(np.array([1.0]), np.array([0.0])).se is None


# Items as (passage, score of one model, score of the other).
SCORE = st.sampled_from([0.0, 0.5, 1.0])
ITEMS = st.lists(st.tuples(st.integers(0, 6), SCORE, SCORE), min_size=2, max_size=20)


def of_items(items: list[tuple[int, float, float]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(scores, scores, passages counted from 0)."""
    passages, values, reference = (np.array(column) for column in zip(*items, strict=True))
    return values, reference, np.unique(passages, return_inverse=True)[1]


@given(ITEMS)
def test_the_clustered_error_is_its_definition(items: list[tuple[int, float, float]]) -> None:
    """Miller 2024: the covariances of items with one passage are added to the variances of the items."""
    values, reference, passages = of_items(items)
    found, groups = paired(values, reference, passages), len(set(passages))
    if groups == 1:
        assert found.se is None
        return
    deviations = (values - reference) - (values - reference).mean()
    n = len(items)
    products = [
        deviations[i] * deviations[j] for i in range(n) for j in range(n) if passages[i] == passages[j]
    ]  # i == j: the variances
    assert found.se == pytest.approx(math.sqrt(max(0, sum(products)) / n**2 * groups / (groups - 1)), abs=1e-9)


@given(ITEMS)
def test_the_clustered_test_counts_the_turned_passages_that_are_as_uneven(items: list) -> None:
    values, reference, passages = of_items(items)
    signs = np.sign(values - reference)
    if not signs.any():
        assert paired(values, reference, passages).p is None
        return
    sums = [sum(signs[passages == one]) for one in set(passages)]
    turned = [
        abs(sum(turn * one for turn, one in zip(turns, sums, strict=True))) >= abs(sum(sums))
        for turns in itertools.product((-1, 1), repeat=len(sums))
    ]
    assert paired(values, reference, passages).p == pytest.approx(sum(turned) / len(turned))


@given(SCORES)
def test_passages_with_one_item_each_change_nothing(scores: list[tuple[float, float]]) -> None:
    values, reference = (np.array(column) for column in zip(*scores, strict=True))
    plain, clustered = paired(values, reference), paired(values, reference, np.arange(len(scores)))
    assert clustered.se == pytest.approx(plain.se, abs=1e-12)
    assert clustered.p == (pytest.approx(plain.p) if plain.p is not None else None)
    assert (clustered.better, clustered.worse) == (plain.better, plain.worse)


@given(SCORES)
def test_the_same_items_asked_twice_say_no_more(scores: list[tuple[float, float]]) -> None:
    values, reference = (np.array(column) for column in zip(*scores, strict=True))
    once, alone = paired(values, reference), np.arange(len(scores))
    twice = paired(np.tile(values, 2), np.tile(reference, 2), np.tile(alone, 2))
    assert twice.difference == pytest.approx(once.difference)
    assert twice.se == pytest.approx(once.se, abs=1e-12)
    assert twice.p == (pytest.approx(once.p) if once.p is not None else None)
    assert mean_and_error(np.tile(values, 2), np.tile(alone, 2))[1] == pytest.approx(
        mean_and_error(values)[1], abs=1e-12
    )


def test_nothing_is_found_more_often_than_the_level_says() -> None:
    """Two models alike, questions of a passage right or wrong together: over items, too much would be "found"."""
    draws = np.random.default_rng(0)
    over_items = over_passages = 0
    for _ in range(400):
        of_passage = draws.choice([-1, 0, 1], p=[0.2, 0.6, 0.2], size=100)
        follows = draws.random((100, 3)) < 0.8
        signs = np.where(follows, of_passage[:, None], draws.choice([-1, 0, 1], size=(100, 3))).ravel()
        over_items += (sign_test(int((signs > 0).sum()), int((signs < 0).sum())) or 1) < 0.05
        over_passages += clustered_sign_test(signs, np.repeat(np.arange(100), 3)) < 0.05
    assert over_items > 2 * 0.05 * 400
    assert over_passages <= 0.07 * 400  # the level, and two standard errors of 400 draws


def test_a_thousand_passages_are_no_trouble() -> None:
    signs = np.ones(2500, dtype=np.int64)
    assert clustered_sign_test(signs, np.arange(2500) // 2) < 1e-300
    signs[::2] = -1
    assert clustered_sign_test(signs, np.arange(2500) // 2) == 1.0
