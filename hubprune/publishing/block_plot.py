"""How the error grows through the model: a panel for each language, and the mean signal-to-noise ratio beside them."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

from hubprune.publishing import tables
from hubprune.publishing.text import name_of
from hubprune.publishing.theme import Theme, figure, key, language_labels, pair
from hubprune.report import CONTROL, PRUNED, Report

LEFT, RIGHT, GAP = 0.1, 0.975, 0.028  # shares of the width
HEAD, FOOT, BETWEEN = 0.68, 0.5, 0.58  # inches
Lines = dict[tuple[str, str], list[tuple[int, float]]]
COUNTED = "Blocks are counted from 1; in the names of parameters the same ones are counted from 0."


def possible(report: Report) -> bool:
    """Whether there are two blocks to draw a line between."""
    return len({index for line in lines_of(report).values() for index, _ in line}) > 1


def lines_of(report: Report) -> Lines:
    """(lane, language) -> (block, relative error), blocks counted from 1, without errors of zero or not finite."""
    lines: Lines = defaultdict(list)
    for row in sorted(report.blocks, key=lambda row: row.index):
        if row.lane in (PRUNED, CONTROL) and math.isfinite(row.relative_error) and row.relative_error > 0:
            lines[row.lane, row.language].append((row.index + 1, row.relative_error))
    return lines


def ticks(blocks: int, most: int) -> list[int]:
    """The blocks that an axis names: the first, and about `most` more at even distances."""
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if blocks <= step * (most + 1))
    return list(range(1, blocks + 1, step)) if step < 5 else [1, *range(step, blocks + 1, step)]


def languages_of(report: Report) -> list[str]:
    """The languages with a line, in the order of the table."""
    found = list(dict.fromkeys(language for _, language in lines_of(report)))
    table = [row.language for row in tables.language_rows(report)]
    return sorted(found, key=lambda code: table.index(code) if code in table else len(table))


def figure_of(report: Report, theme: Theme) -> Any:
    """The plot in one mode."""
    lines, lanes, targets = lines_of(report), tables.lane_names(report), tables.calibration_languages(report)
    languages = languages_of(report)
    columns = min(4 if len(languages) > 6 else 2 if len(languages) == 4 else 3, len(languages))
    rows = math.ceil(len(languages) / columns)
    panel = 1.5 if rows == 1 else 1.05
    height = HEAD + rows * panel + (rows - 1) * BETWEEN + FOOT
    made = figure(8, height, theme)
    names = 0.03 + 0.0095 * max(len(name_of(code)) for code in languages)  # room for the names beside the last panel
    width = (RIGHT - LEFT - names - GAP * columns) / (columns + 1)
    values = [value for line in lines.values() for _, value in line]
    blocks = max(index for line in lines.values() for index, _ in line)
    for place, code in enumerate(languages):
        row, column = divmod(place, columns)
        bottom = FOOT + (rows - 1 - row) * (panel + BETWEEN)
        axes = made.add_axes((LEFT + column * (width + GAP), bottom / height, width, panel / height))
        for lane, colour, style in ((CONTROL, theme.control, (0, (3, 1.5))), (PRUNED, theme.target, "-")):
            if line := lines.get((lane, code)):
                axes.plot(*zip(*line, strict=True), color=colour, linestyle=style, linewidth=1.8)
        _frame(axes, (min(values), max(values)), blocks, theme)
        _heading(axes, name_of(code), theme.target if code in targets else theme.text)
        axes.tick_params(axis="y", labelleft=column == 0)
        if place + columns >= len(languages):
            axes.set_xlabel("block", labelpad=2)
        else:
            axes.tick_params(axis="x", labelbottom=False)
    made.text(
        0.012,
        (FOOT + (height - HEAD - FOOT) / 2) / height,
        "relative output error (log scale)",
        rotation=90,
        va="center",
        color=theme.quiet,
    )
    left = LEFT + columns * (width + GAP) + names
    _snr(
        made.add_axes((left, FOOT / height, RIGHT - left, 1 - (HEAD + FOOT) / height)),
        report,
        languages,
        targets,
        theme,
    )
    shown = [("━●", f"{lanes[PRUNED]} (this model)", theme.target)]
    shown += [("╍○", f"{lanes[CONTROL]} (control)", theme.control)] if any(lane == CONTROL for lane, _ in lines) else []
    key(made, LEFT, shown)
    return made


def _heading(axes: Any, words: str, colour: str) -> None:
    axes.set_title(words, color=colour, fontweight="bold", loc="left", pad=5)


def _frame(axes: Any, bounds: tuple[float, float], blocks: int, theme: Theme) -> None:
    """The same logarithmic scale, in per cent, for every panel."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = bounds
    room = (high / low) ** 0.06 if high > low else 2
    axes.set_yscale("log")
    axes.set_ylim(low / room, high * room)
    axes.set_xlim(1 - 0.02 * blocks, blocks * 1.02)
    axes.set_xticks(ticks(blocks, 4))
    decades = math.log10(high * room * room / low)
    axes.yaxis.set_major_locator(
        LogLocator(subs=(1.0,) if decades > 1.5 else (1.0, 2.0, 5.0), numticks=5 if decades > 1.5 else 8)
    )
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:g} %"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="y", color=theme.grid, linewidth=0.8)


def _snr(axes: Any, report: Report, languages: list[str], targets: list[str], theme: Theme) -> None:
    """Mean signal-to-noise ratio over the blocks, one language a line."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in report.blocks:
        if row.snr_db is not None and math.isfinite(row.snr_db):
            found[row.lane, row.language].append(row.snr_db)
    means = {key: math.fsum(values) / len(values) for key, values in found.items()}
    language_labels(axes, [(name_of(code), code in targets) for code in languages], theme)
    for y, code in enumerate(languages):
        pair(axes, y, means.get((PRUNED, code)), means.get((CONTROL, code)), theme)
    axes.margins(x=0.15)
    axes.locator_params(axis="x", nbins=3)
    axes.set_xlabel("dB, higher is better", labelpad=2)
    _heading(axes, "Mean SNR", theme.text)
