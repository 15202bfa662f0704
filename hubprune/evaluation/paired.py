"""Scores of items, and the difference between two models on the same items."""

from __future__ import annotations

import math

import numpy as np

from hubprune.evaluation.perplexity import mean_and_error
from hubprune.report import Paired


def paired(values: np.ndarray, reference: np.ndarray) -> Paired:
    """The mean of `values - reference`, both (items,), with its standard error and the exact sign test.

    The error is that of the mean of the differences (Miller 2024, arXiv 2411.00640, section 4.2), which is smaller than
    that of two independent samples: the same items are easy or hard for both models.
    """
    mean, error = mean_and_error(values - reference)
    better, worse = int((values > reference).sum()), int((values < reference).sum())
    return Paired(mean, error, better, worse, sign_test(better, worse))


def sign_test(better: int, worse: int) -> float | None:
    """Two-sided probability of a split at least as uneven among `better + worse` fair coins; None without any.

    For right-or-wrong scores this is McNemar's test in its exact form.
    """
    n = better + worse
    if not n:
        return None
    tail = sum(math.comb(n, k) for k in range(min(better, worse) + 1))
    return min(1.0, 2 * tail / 2**n)
