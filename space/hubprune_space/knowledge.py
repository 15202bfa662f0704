"""What a result says of knowledge and reasoning, in one figure beside perplexity's."""

from __future__ import annotations

from hubprune.publishing import points, task_tables
from hubprune.report import PRUNED, Report

TITLE = "Knowledge and reasoning"
NOT_MEASURED = (TITLE, "not measured", "perplexity does not tell")


def tile(report: Report) -> tuple[str, str, str]:
    """Title, figure and hint: the largest loss in the calibration languages, and how sure it is."""
    rows = [row for row in task_tables.ordered(report) if PRUNED in row.scores]
    rows = [row for row in rows if row.calibrated] or rows
    if not rows:
        return NOT_MEASURED
    told = [row for row in rows if points.standing(row) == "above"]
    changes = [(row, change) for row in told if (change := points.against_dense(row))]
    if not changes:
        few = any(points.too_few(row) for row in rows)
        return TITLE, "cannot be told", "too few questions" if few else "the original only guesses"
    row, change = min(changes, key=lambda entry: entry[1].points)
    worst = f"worst of {len(changes)}: " if len(changes) > 1 else ""
    where = f"{worst}{task_tables.titled(row)}, {task_tables.language_name(row)}"
    return TITLE, f"{points.signed(change.points)} points", f"{where}; {change.in_words}"
