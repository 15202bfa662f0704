"""What pruning cost each language: perplexity relative to the dense model, dots with standard errors."""

from __future__ import annotations

import math
from typing import Any

from hubprune.publishing import tables
from hubprune.publishing.text import ratio
from hubprune.publishing.theme import Theme, figure, key, language_labels, pair
from hubprune.report import CONTROL, PRUNED, Report

TICKS = (0.2, 0.5, 1, 1.5, 2, 3, 5, 10, 20, 50, 100, 1e3, 1e4, 1e5, 1e6)


def possible(report: Report) -> bool:
    """Whether any language has a ratio."""
    return bool(rows_of(report))


def rows_of(report: Report) -> list[tables.Figures]:
    """Languages with a ratio that can be drawn, in the order of the table."""
    return [row for row in tables.language_rows(report) if row.language and drawable(row.ratio)]


def drawable(value: float | None) -> bool:
    """Whether a ratio has a place on the axis."""
    return value is not None and 1e-6 < value < 1e9


def figure_of(report: Report, theme: Theme) -> Any:
    """The plot in one mode."""
    rows, lanes = rows_of(report), tables.lane_names(report)
    controls = {row.language: row.control_ratio for row in rows if drawable(row.control_ratio)}
    height = 1.3 + 0.36 * len(rows)
    made = figure(8, height, theme)
    left = 0.04 + 0.0095 * max(len(row.name) for row in rows)
    axes = made.add_axes((left, 0.55 / height, 0.885 - left, 1 - 1.15 / height))
    _scale(axes, [1.0, *(row.ratio for row in rows if row.ratio), *(value for value in controls.values() if value)])
    language_labels(axes, [(row.name, row.target) for row in rows], theme)
    axes.axvline(1, color=theme.text, linewidth=1, zorder=1)
    axes.annotate("dense", (1, 1), (0, 3), ("data", "axes fraction"), "offset points", color=theme.quiet, ha="center")
    for y, row in enumerate(rows):
        control = controls.get(row.language)
        pair(axes, y, row.ratio, control, theme)
        _bar(axes, y, control, _control_error(report, row.language), theme.control)
        _bar(axes, y, row.ratio, row.ratio_se, theme.target)
        place = axes.get_yaxis_transform()
        axes.text(
            1.02, y, f"× {ratio(row.ratio or 0)}", transform=place, color=theme.target, va="center", fontweight="bold"
        )
    axes.set_xlabel("perplexity, relative to the dense model (lower is better)")
    shown = [("●", f"{lanes[PRUNED]} (this model)", theme.target)]
    shown += [("○", f"{lanes[CONTROL]} (control)", theme.control)] if controls else []
    key(made, left, shown)
    return made


def _control_error(report: Report, language: str) -> float | None:
    scores = [
        row.scores[CONTROL].ratio_se for row in report.languages if row.language == language and CONTROL in row.scores
    ]
    return scores[0] if scores else None


def _bar(axes: Any, y: float, middle: float | None, error: float | None, colour: str) -> None:
    """A line of one standard error to each side."""
    if middle is not None and error is not None and math.isfinite(error):
        ends = [max(middle - error, middle / 100), middle + error]
        axes.plot(ends, [y, y], color=colour, linewidth=1.8, zorder=3.5, solid_capstyle="butt")


def _scale(axes: Any, values: list[float]) -> None:
    """Limits with room around the dots; logarithmic from a factor of three on."""
    low, high = min(values), max(values)
    if high / low < 3:
        room = 0.07 * max(high - low, 0.05)
        axes.set_xlim(low - room, high + room)
        axes.locator_params(axis="x", nbins=6)
        return
    room = (high / low) ** 0.05
    ticks = [tick for tick in TICKS if low / room <= tick <= high * room]
    while len(ticks) > 8:
        ticks = ticks[::2] if 1 in ticks[::2] else ticks[1::2]
    axes.set_xscale("log")
    axes.set_xlim(low / room, high * room)
    axes.set_xticks(ticks, [f"{tick:,g}" for tick in ticks])
    axes.set_xticks([], minor=True)
