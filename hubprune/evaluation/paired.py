"""Scores of items, and the difference between two models on the same items."""

from __future__ import annotations

import math

import numpy as np

from hubprune.evaluation.perplexity import mean_and_error
from hubprune.report import Paired


def paired(values: np.ndarray, reference: np.ndarray, clusters: np.ndarray | None = None) -> Paired:
    """The mean of `values - reference`, both (items,), with its standard error and the exact sign test.

    The error is that of the mean of the differences (Miller 2024, arXiv 2411.00640, section 4.2), which is smaller than
    that of two independent samples: the same items are easy or hard for both models.

    Args:
        clusters: (items,) int, the passage that each item is about, counted from 0; None where no two share one. Items
            about one passage are not independent, so error and test are over passages.
    """
    mean, error = mean_and_error(values - reference, clusters)
    signs = np.sign(values - reference).astype(np.int64)
    better, worse = int((signs > 0).sum()), int((signs < 0).sum())
    p = sign_test(better, worse) if clusters is None or not signs.any() else clustered_sign_test(signs, clusters)
    return Paired(mean, error, better, worse, p)


def sign_test(better: int, worse: int) -> float | None:
    """Two-sided probability of a split at least as uneven among `better + worse` fair coins; None without any.

    For right-or-wrong scores this is McNemar's test in its exact form.
    """
    n = better + worse
    if not n:
        return None
    tail = sum(math.comb(n, k) for k in range(min(better, worse) + 1))
    return min(1.0, 2 * tail / 2**n)


def clustered_sign_test(signs: np.ndarray, clusters: np.ndarray) -> float:
    """Two-sided probability that the signs add up to as much, when each cluster's are turned around by a fair coin.

    `signs` are -1, 0 or 1, (items,); `clusters` as in `paired`. Without a difference between two models, a cluster's
    differences are as likely as the same ones turned around, all together; clusters are independent (the randomization
    test of Canay, Romano and Shaikh 2017, Econometrica 85(3), section 2, over all sign changes). With clusters of one
    this is the sign test. All 2^G outcomes count: their sums are few, so their distribution is built up cluster by
    cluster, in float64.
    """
    sums = np.abs(np.bincount(clusters, weights=signs)).astype(np.int64)
    middle = int(sums.sum())
    chances = np.zeros(2 * middle + 1)  # of each sum from -middle to middle
    chances[middle] = 1.0
    for size in sums[sums > 0]:
        chances = (np.roll(chances, size) + np.roll(chances, -size)) / 2  # what goes round is zero: no sum is so large
    reached = abs(int(signs.sum()))
    as_far = np.abs(np.arange(-middle, middle + 1)) >= reached
    return min(1.0, float(chances[as_far].sum()))
