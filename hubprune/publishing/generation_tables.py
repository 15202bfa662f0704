"""The table of generated text: is it still in the prompts' language, and how much of it repeats itself?"""

from __future__ import annotations

import math

from hubprune.publishing import tables
from hubprune.publishing.tables import Table
from hubprune.publishing.text import listed, name_of
from hubprune.report import CONTROL, DENSE, PRUNED, GenerationRow, GenerationScore, Report

LANES = (DENSE, CONTROL, PRUNED)
UNKNOWN = "not known"
STAYS, REPEATS = "Still in the language", "Repeated"


def ordered(report: Report) -> list[GenerationRow]:
    """The languages, calibration languages first."""
    return sorted(report.generations, key=lambda row: not row.calibrated)


def headings(report: Report) -> dict[str, str]:
    """Lane -> name, of those that generated text."""
    measured = {lane for row in report.generations for lane in row.scores}
    names = tables.lane_names(report)
    return {lane: names.get(lane, lane.capitalize()) for lane in LANES if lane in measured}


def generation_table(report: Report) -> Table:
    """One language a row, a column for each figure of each lane."""
    rows, lanes = ordered(report), headings(report)
    return Table(
        columns=["Language", *(f"{kind}: {name}" for kind in (STAYS, REPEATS) for name in lanes.values()), "Prompts"]
        if rows
        else [],
        rows=[
            [
                name_of(row.language),
                *(in_language(row.scores.get(lane)) for lane in lanes),
                *(repeated(row.scores.get(lane)) for lane in lanes),
                f"{len(row.samples):,}",
            ]
            for row in rows
        ],
        targets=[index for index, row in enumerate(rows) if row.calibrated],
        mean=None,
        notes=_notes(report, rows),
    )


def in_language(score: GenerationScore | None) -> str:
    """The share in the language, "63 %", or "not known"."""
    share = known(score)
    return UNKNOWN if share is None else f"{100 * share:.0f} %"


def known(score: GenerationScore | None) -> float | None:
    """The share in the language; None where it cannot be told."""
    share = score.in_language if score else None
    return share if share is not None and math.isfinite(share) else None


def repeated(score: GenerationScore | None) -> str:
    """The share of 4-grams that repeat, "12 %"."""
    if score is None or not math.isfinite(score.repetition):
        return UNKNOWN
    return f"{100 * score.repetition:.0f} %"


def _notes(report: Report, rows: list[GenerationRow]) -> list[str]:
    if not rows:
        return [without(report)] if report.no_generations else []
    lengths = sorted({row.new_tokens for row in rows})
    found = [
        f"Greedy continuations of {listed([f'{length:,}' for length in lengths])} tokens.",
        f"{STAYS}: the share of them that a language identifier finds to be in the prompts' language.",
        f"{REPEATS}: the share of their 4-grams that stood in the same continuation before.",
        "Neither figure says whether what is written is true or makes sense: read the samples.",
    ]
    return found + unknown(report)


def unknown(report: Report) -> list[str]:
    """Why languages are "not known", a sentence for each reason."""
    reasons: dict[str, list[str]] = {}
    for row in ordered(report):
        if all(known(score) is None for score in row.scores.values()):
            reasons.setdefault(row.unknown or "it could not be told", []).append(name_of(row.language))
    return [f"Not known in {listed(names)}: {reason.strip().rstrip('.')}." for reason, names in reasons.items()]


def without(report: Report) -> str:
    """Why no text was generated, as a sentence; '' where some was or no reason is known."""
    if report.generations or not report.no_generations:
        return ""
    return f"No text was generated, because {report.no_generations.strip().rstrip('.')}."
