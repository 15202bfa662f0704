"""Perplexity, bits per byte and their paired differences, from the summed losses of windows.

Lanes are compared window by window: the same text stands in both, so the spread of the differences is much smaller
than the spread of the losses themselves, and it is the right one to judge a difference by.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from hubprune.report import CONTROL, DENSE, PRUNED, LanguageRow, Score


def language_row(
    language: str, *, calibrated: bool, scored: int, scored_bytes: Sequence[int], losses: Mapping[str, np.ndarray]
) -> LanguageRow:
    """One row of the table.

    Args:
        language: its code.
        calibrated: whether it is among the languages of the calibration text.
        scored: scored tokens of a window (all but the first).
        scored_bytes: UTF-8 bytes of the scored text of each window.
        losses: lane -> (windows,) summed negative log-likelihood of each window, nats; must hold DENSE.
    """
    scores = {
        lane: score(losses[lane], losses[DENSE] if lane != DENSE else None, scored, sum(scored_bytes))
        for lane in losses
    }
    against, against_se = None, None
    if PRUNED in losses and CONTROL in losses:
        against, against_se = ratio(losses[PRUNED], losses[CONTROL], scored)
    windows = len(losses[DENSE])
    return LanguageRow(
        language=language,
        calibrated=calibrated,
        windows=windows,
        tokens=windows * scored,
        bytes=int(sum(scored_bytes)),
        scores=scores,
        against_control=against,
        against_control_se=against_se,
    )


def score(losses: np.ndarray, dense: np.ndarray | None, scored: int, text_bytes: int) -> Score:
    """Perplexity exp(mean loss of a token), bits per byte, and the ratio to the dense lane where one is given."""
    mean, error = mean_and_error(losses / scored)
    paired = ratio(losses, dense, scored) if dense is not None else (None, None)
    return Score(
        perplexity=perplexity(mean),
        bits_per_byte=float(losses.sum()) / (math.log(2) * text_bytes) if text_bytes else math.nan,
        nll=mean,
        nll_se=error,
        ratio=paired[0],
        ratio_se=paired[1],
    )


def ratio(losses: np.ndarray, reference: np.ndarray, scored: int) -> tuple[float, float | None]:
    """(perplexity / reference perplexity, its standard error), paired over windows; delta method on the log."""
    mean, error = mean_and_error((losses - reference) / scored)
    quotient = perplexity(mean)
    return quotient, None if error is None else quotient * error


def mean_and_error(values: np.ndarray, clusters: np.ndarray | None = None) -> tuple[float, float | None]:
    """(mean, standard error of the mean); the error needs two values.

    With `clusters`, (values,) int, the cluster that each value belongs to, counted from 0, values of one cluster may
    depend on each other. The error is then that of Miller 2024 (arXiv 2411.00640, section 2.2): the root of the sum,
    over clusters, of the squared sums of deviations, divided by the number of values; under the root times G / (G - 1)
    for G clusters, so that clusters of one give the usual error. It needs two clusters.
    """
    mean = float(values.mean())
    if clusters is None:
        return mean, float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else None
    sums = np.bincount(clusters, weights=values - mean)
    if len(sums) < 2:
        return mean, None
    return mean, math.sqrt(len(sums) / (len(sums) - 1) * float(np.square(sums).sum())) / len(values)


def perplexity(nll: float) -> float:
    """exp(nll), at most the largest float."""
    return math.exp(min(nll, 700.0))


def signal_to_noise(signal: float, noise: float) -> tuple[float | None, float]:
    """(SNR in dB, relative error) from the sums of y^2 and (y - y')^2; no SNR where the outputs are equal."""
    relative = noise / signal if signal else 0.0
    return (None if relative == 0 else -10 * math.log10(relative)), relative
