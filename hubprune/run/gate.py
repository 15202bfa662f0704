"""The quality gate: what a result must at least be worth to be published."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hubprune.errors import QualityGate, UsageError
from hubprune.publishing.points import FEWEST_ITEMS, kept, too_few
from hubprune.publishing.text import name_of
from hubprune.recipe import Recipe
from hubprune.report import PRUNED, Report
from hubprune.tasks import NO_TASK


@dataclass(frozen=True)
class Gate:
    """Limits that the user sets; None: no limit.

    Attributes:
        max_ppl_ratio: the largest perplexity ratio, pruned to dense, in any language measured.
        min_kept: the smallest share that is kept of what the dense model scores above guessing, in any task measured on
            which it does not just guess, from 0 to 1.
    """

    max_ppl_ratio: float | None = None
    min_kept: float | None = None

    def __post_init__(self) -> None:
        if self.max_ppl_ratio is not None and not (math.isfinite(self.max_ppl_ratio) and self.max_ppl_ratio > 0):
            raise UsageError(
                f"The largest perplexity ratio is {self.max_ppl_ratio:g}, but must be above 0.", "Try 1.2."
            )
        if self.min_kept is not None and not 0 < self.min_kept <= 1:
            raise UsageError(
                f"The share to be kept is {self.min_kept:g}, but must be above 0 and at most 1.", "Try 95%."
            )

    @property
    def is_set(self) -> bool:
        """Whether there is a limit."""
        return self.max_ppl_ratio is not None or self.min_kept is not None

    def refuse(self, recipe: Recipe) -> None:
        """Raise UsageError for a limit on what this recipe does not measure."""
        if self.max_ppl_ratio is not None and not recipe.measure:
            raise UsageError("--max-ppl-ratio needs a measurement.", "Leave --no-eval out.")
        if self.min_kept is not None and not (recipe.measure and recipe.tasks):
            raise UsageError("--min-kept needs tasks.", "Leave --no-eval and --tasks none out.")

    def check(self, report: Report, next_step: str) -> None:
        """Raise QualityGate with this next step where the report breaks a limit, or lacks what a limit needs."""
        if failures := self.failures(report):
            raise QualityGate(f"The quality gate is shut: {'; '.join(failures)}.", next_step)

    def failures(self, report: Report) -> list[str]:
        """What breaks a limit, in words."""
        found = []
        if self.max_ppl_ratio is not None:
            ratios = {row.language: row.scores[PRUNED].ratio for row in report.languages if PRUNED in row.scores}
            if not ratios:
                found.append("no perplexity was measured")
            for language, ratio in ratios.items():
                if ratio is None or not ratio <= self.max_ppl_ratio:  # NaN too
                    shown = "not a number" if ratio is None else f"{ratio:.3f} times the dense model's"
                    found.append(
                        f"perplexity in {name_of(language)} is {shown}, and at most {self.max_ppl_ratio:g} are allowed"
                    )
        if self.min_kept is not None:
            shares = {row.task: share for row in report.tasks if (share := kept(row)) is not None}
            if not shares:
                found.append(f"{_untold(report)}, so what is kept is not known")
            for language, reason in report.no_tasks.items():
                if language and reason != NO_TASK:
                    found.append(f"not all was measured in {name_of(language)}: {reason}")
            for task, share in shares.items():
                if not share >= self.min_kept:
                    found.append(
                        f"{task} keeps {share:.1%} of what the dense model scores above guessing, "
                        f"and at least {self.min_kept:.1%} must be kept"
                    )
        return found


def _untold(report: Report) -> str:
    """Why no task says what is kept."""
    if not report.tasks:
        return "no task was measured"
    few = sum(too_few(row) for row in report.tasks)
    if few == len(report.tasks):
        return f"every task has fewer than {FEWEST_ITEMS} items, too few to tell"
    return f"the dense model only guesses on {'every task with items enough to tell' if few else 'every task'}"


def share(text: str) -> float:
    """The number of "95%" or "0.95". Raises UsageError."""
    try:
        return float(text.rstrip("% ")) / (100 if text.strip().endswith("%") else 1)
    except ValueError as error:
        raise UsageError(f"{text!r} is no share.", "Try 95% or 0.95.") from error
