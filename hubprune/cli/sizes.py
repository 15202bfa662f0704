"""How far, and how long still: numbers of the progress display."""

from __future__ import annotations

from hubprune.publishing.text import size

UNITS = ("block", "window", "file", "document", "task", "text", "item", "question", "round")
PLURALS = {unit: f"{unit}s" for unit in UNITS}


def amount(done: int, total: int, unit: str) -> str:
    """How far: "12/32 blocks", "1.2 GB of 16.1 GB"; without a total what there is."""
    if unit == "byte":
        return f"{size(done)} of {size(total)}" if total else size(done)
    return f"{done}/{total} {PLURALS.get(unit, unit)}" if total else f"{done} {PLURALS.get(unit, unit)}"


def roughly(seconds: float) -> str:
    """No more exact than an estimate is: "45 s", "12 min", "3 h 20 min"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
