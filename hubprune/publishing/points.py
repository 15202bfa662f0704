"""Differences between task scores, in points: when is one more than noise, and how much of a score was kept?"""

from __future__ import annotations

import math
from dataclasses import dataclass

from hubprune.publishing.noise import t_quantile
from hubprune.publishing.text import MINUS
from hubprune.report import DENSE, PRUNED, Paired, TaskRow

SIGNIFICANT = 0.05  # of an exact test
# Another draw of calibration text changes a task's score by up to this much (Williams and Aletras 2024, 2311.09755).
DRAW = 5.0
# With fewer independent items neither a difference nor its absence says anything: one answer moves a score by three
# points and more, and an exact test finds only what is very large.
FEWEST_ITEMS = 30
INSIDE = "inside the noise"
TOO_FEW = "too few items to tell"


@dataclass(frozen=True)
class Change:
    """The difference between two models' mean scores on the same items of one task."""

    row: TaskRow
    paired: Paired

    @property
    def points(self) -> float:
        """Hundredths of the score."""
        return 100 * self.paired.difference

    @property
    def kind(self) -> str:
        """ "higher" or "lower" where the sign test tells it and the mean agrees, else "noise"; "few" items to tell."""
        if too_few(self.row):
            return "few"
        found = self.paired
        if not math.isfinite(found.difference) or found.p is None or not found.p < SIGNIFICANT:
            return "noise"
        if found.difference > 0 and found.better > found.worse:
            return "higher"
        return "lower" if found.difference < 0 and found.better < found.worse else "noise"

    @property
    def small(self) -> bool:
        """Whether another draw of the calibration text could have changed as much."""
        return not abs(self.points) >= DRAW

    @property
    def equal(self) -> bool:
        """Whether both models score the same on every item."""
        return self.paired.better == self.paired.worse == 0 and self.paired.difference == 0

    @property
    def in_words(self) -> str:
        """ "p = 0.031", "inside the noise", "no item differs", "too few items to tell"."""
        if self.kind == "few":
            return TOO_FEW
        if self.equal:
            return "no item differs"
        return INSIDE if self.kind == "noise" else self.judged

    @property
    def shown(self) -> str:
        """ "−4.5 ± 2.0"; without an error (or one that is not finite), or of too few items, the difference alone."""
        error = self.paired.se if math.isfinite(self.points) and self.kind != "few" else None
        margin = f" ± {100 * error:.1f}" if error is not None and math.isfinite(error) else ""
        return signed(self.points) + margin

    @property
    def judged(self) -> str:
        """ "p = 0.031", "p < 0.001", "noise", "equal" where no item differs, "too few items to tell"."""
        if self.kind == "few":
            return TOO_FEW
        if self.equal:
            return "equal"
        if self.kind == "noise" or self.paired.p is None:
            return "noise"
        return "p < 0.001" if self.paired.p < 0.001 else f"p = {self.paired.p:.3f}"


def signed(points: float) -> str:
    """ "+4.5", "−4.5", "0.0"."""
    if not math.isfinite(points):
        return "not finite"
    figure = f"{abs(points):.1f}"
    return figure if float(figure) == 0 else f"{MINUS if points < 0 else '+'}{figure}"


def against_dense(row: TaskRow) -> Change | None:
    """What pruning changed; of an evaluation, the model against the one it is compared with."""
    score = row.scores.get(PRUNED)
    return Change(row, score.against_dense) if score and score.against_dense else None


def against_control(row: TaskRow) -> Change | None:
    """What the chosen calibration text changed against the control's."""
    return Change(row, row.against_control) if row.against_control else None


def too_few(row: TaskRow) -> bool:
    """Whether a task has too few independent items to say anything of a difference."""
    return row.independent < FEWEST_ITEMS


def standing(row: TaskRow) -> str:
    """The dense model beside guessing: "above", "at" (within the noise of the items), "below", or "few" items to say.

    Guessing scores `chance`; where it cannot be scored, zero. Only a row that stands "above" says what pruning cost.
    """
    dense = row.scores.get(DENSE)
    if dense is None or not math.isfinite(dense.value):
        return "few"
    if too_few(row) or dense.se is None or not math.isfinite(dense.se):
        return "few"
    over = dense.value - (row.chance or 0.0)
    if dense.se == 0 and row.chance is not None and dense.value in (0, 1):  # no spread to judge by: exactly, then
        guessed = row.chance if dense.value else 1 - row.chance
        return "at" if 2 * guessed**row.independent > SIGNIFICANT else "above" if dense.value else "below"
    if abs(over) <= t_quantile(row.independent - 1) * dense.se:
        return "at"
    return "above" if over > 0 else "below"


def silence(row: TaskRow, dense: str = "dense") -> str:
    """Why a row says nothing about the cost of pruning, in a few words; '' where it does."""
    if row.chance is None:
        words = {"at": f"{dense} near zero", "few": "too few items"}
    else:
        words = {"at": f"{dense} at chance", "below": f"{dense} below chance", "few": "too few items"}
    return words.get(standing(row), "")


def kept_error(row: TaskRow) -> float | None:
    """The standard error of `kept`, by the delta method: both scores and their difference are on the same items."""
    share, pruned = kept(row), row.scores.get(PRUNED)
    if share is None or pruned is None or pruned.against_dense is None:
        return None
    dense = row.scores[DENSE]
    if pruned.se is None or dense.se is None or pruned.against_dense.se is None:
        return None
    twice_shared = pruned.se**2 + dense.se**2 - pruned.against_dense.se**2
    squared = pruned.se**2 + share**2 * dense.se**2 - share * twice_shared
    error = math.sqrt(max(0.0, squared)) / (dense.value - (row.chance or 0.0))
    return error if math.isfinite(error) else None


def kept(row: TaskRow) -> float | None:
    """The share that stays of what the dense model scores above guessing; below 0 for less than guessing.

    None where the dense model is not above guessing by more than the noise of its items, so nothing is divided by zero.
    """
    pruned = row.scores.get(PRUNED)
    if pruned is None or not math.isfinite(pruned.value) or standing(row) != "above":
        return None
    floor = row.chance or 0.0
    return (pruned.value - floor) / (row.scores[DENSE].value - floor)
