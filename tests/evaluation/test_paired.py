"""Paired differences and the exact sign test against their definitions."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubprune.evaluation.paired import paired, sign_test

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
