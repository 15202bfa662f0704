"""The two charts of a result."""

from __future__ import annotations

import math
from typing import Any

from hubprune.publishing import block_plot, tables
from hubprune.publishing.block_plot import languages_of, lines_of
from hubprune.publishing.text import listed, name_of, ratio
from hubprune.report import PRUNED, Report

from . import html
from .cuts import FAINT, INK, NARROW, OTHER, PAGE, QUIET, SLIM, TARGET, WIDE, figure, in_cuts
from .phrases import two_digits

FEW_LINES = 3  # with more, all but some stand back
LETTER = 0.072  # inches of a letter of a name
LONGEST = 1.6  # inches that names may take
MOST_BLOCKS = {SLIM: 3, NARROW: 5, WIDE: 8}  # named on the axis


def cost(report: Report) -> str:
    """Perplexity relative to the original model in each language."""
    rows = [row for row in tables.language_rows(report) if row.language and row.ratio and math.isfinite(row.ratio)]
    if not rows:
        return ""
    said = "; ".join(f"{row.name} {ratio(row.ratio or 0)} times" for row in rows)
    return in_cuts(
        "cost", f"Perplexity relative to the original model: {said}.", lambda width: _cost(report, rows, width)
    )


def cost_caption(report: Report) -> str:
    """What stands above that chart."""
    rows = [row for row in tables.language_rows(report) if row.language]
    said = ["Perplexity of the pruned model in times of the original's: on the line at 1 nothing was lost."]
    if any(row.control_ratio for row in rows):
        said.append("The circle is the control, joined to the same language's dot by a bar.")
    if any(row.ratio_se for row in rows):
        said.append("The stroke through a dot is one standard error to each side; where none is seen, it is smaller.")
    if any(row.target for row in rows):
        said.append("★ marks the calibration language.")
    return f'<p class="quiet">{html.esc(" ".join(said))}</p>'


def _cost(report: Report, rows: list[tables.Figures], width: float) -> Any:
    slim = width == SLIM  # names stand above their lines there
    names = [f"★ {row.name}" if row.target else row.name for row in rows]
    left = 0.1 if slim else min(LONGEST, max(0.95, 0.1 + LETTER * max(map(len, names))))
    top, pitch = (0.62, 0.5) if slim else (0.42, 0.34)
    height = top + 0.53 + (0.2 if slim else 0) + pitch * len(rows)
    made, axes = figure(width, height, left=left, right=0.6 if slim else 0.75, top=top, bottom=0.68 if slim else 0.48)
    if not slim:
        axes.axvline(1, color=INK, linewidth=1)
    for y, (row, name) in enumerate(zip(rows, names, strict=True)):
        axes.axhline(y, color=FAINT, linewidth=0.7, zorder=0)
        if row.control_ratio and math.isfinite(row.control_ratio):
            axes.plot([row.ratio, row.control_ratio], [y, y], color=FAINT, linewidth=3, zorder=1)
            axes.plot(row.control_ratio, y, "o", color=OTHER, markerfacecolor=PAGE, markersize=8, markeredgewidth=1.8)
        if row.ratio and row.ratio_se and math.isfinite(row.ratio_se):
            axes.plot([row.ratio - row.ratio_se, row.ratio + row.ratio_se], [y, y], color=TARGET, linewidth=2)
        axes.plot(row.ratio, y, "o", color=TARGET, markersize=7, markeredgewidth=0, zorder=4)
        style = {
            "transform": axes.get_yaxis_transform(),
            "va": "center",
            "fontweight": "bold" if row.target else "normal",
        }
        axes.text(1.03, y, f"× {ratio(row.ratio or 0)}", **style)
        if slim:
            axes.plot([1, 1], [y - 0.2, y + 0.2], color=INK, linewidth=1, zorder=1)
            axes.text(-0.03, y - 0.42, name, **style)
        else:
            axes.text(-0.03, y, name, ha="right", **style)
    axes.set_yticks([])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    values = [1.0, *(v for row in rows for v in (row.ratio, row.control_ratio) if v and math.isfinite(v))]
    _ratio_axis(axes, values, 3 if slim else 6)
    if slim:
        told = "times the original's\nperplexity (1 = no cost)"
        made.text(0.5, 0.02, told, color=QUIET, ha="center", va="bottom")
    else:
        axes.set_xlabel("times the original's perplexity (1 = no cost)")
    entries = [("●", "pruned", TARGET)]
    if any(row.control_ratio for row in rows):
        entries.append(("○", "control", OTHER))
    _key(made, entries, width, height)
    return made


def errors(report: Report) -> str:
    """Error of the blocks' outputs, a line for each language; the calibration languages stand out."""
    languages = languages_of(report)
    lines = lines_of(report)
    if not languages or max((len(line) for line in lines.values()), default=0) < 2:
        return ""
    last = {code: lines[PRUNED, code][-1][1] for code in languages if lines.get((PRUNED, code))}
    said = "; ".join(f"{name_of(code)} {two_digits(100 * value)} %" for code, value in last.items())
    return in_cuts(
        "errors",
        f"Relative output error after the last block: {said}.",
        lambda width: _errors(report, languages, width),
    )


def errors_caption(report: Report) -> str:
    """What stands above that chart."""
    targets = tables.calibration_languages(report)
    worst = [name_of(code) for code in emphasised(report) if code not in targets]
    drawn = [
        *(["the calibration language (★)"] if targets else []),
        *(f"the one that ends worst, {one}" for one in worst),
    ]
    return (
        '<p class="quiet">How far the output of each block is from the original\'s (squared error, relative to it). A '
        f"block is one of the model's layers, counted from 1 (in the names of parameters, from 0). Drawn strong: "
        f"{html.esc(listed(drawn))}.</p>"
    )


def emphasised(report: Report) -> list[str]:
    """The languages whose lines stand out: those of the calibration text, and the one that ends worst."""
    lines = lines_of(report)
    last = {code: lines[PRUNED, code][-1][1] for code in languages_of(report) if lines.get((PRUNED, code))}
    targets = [code for code in tables.calibration_languages(report) if code in last]
    worst = max(last, key=last.__getitem__)
    return [*targets, *([worst] if worst not in targets else [])]


def _errors(report: Report, languages: list[str], width: float) -> Any:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    lines, targets = lines_of(report), tables.calibration_languages(report)
    ends, strong = [], emphasised(report)
    slim = width == SLIM  # a key above takes the place of the names at the lines' ends
    entries = _of_lines(languages, strong, targets) if slim else []
    height = {SLIM: 2.0 + 0.17 * len(entries), NARROW: 2.5, WIDE: 2.9}[width]
    names = 0.12 if slim else min(LONGEST, max(0.85, 0.1 + LETTER * max(len(name_of(code)) + 2 for code in languages)))
    made, axes = figure(width, height, left=0.5, right=names, top=0.18 + 0.17 * len(entries), bottom=0.45)
    _key(made, entries, width, height)
    quiet = {"linewidth": 1.2} if len(languages) <= FEW_LINES else {"linewidth": 0.9, "alpha": 0.6}
    for code in languages:
        line = lines.get((PRUNED, code))
        if not line:
            continue
        target = code in targets
        axes.plot(
            *zip(*line, strict=True),
            color=TARGET if target else INK if code in strong else QUIET,
            zorder=3 if code in strong else 2,
            **({"linewidth": 2.4 if target else 1.6} if code in strong else quiet),
        )
        ends.append((line[-1][1], f"★ {name_of(code)}" if target else name_of(code), code in strong))
    axes.set_yscale("log")
    low = min(value for line in lines.values() for _, value in line)
    high = max(value for line in lines.values() for _, value in line)
    axes.set_ylim(low * 0.85, high * 1.2)
    short = math.log10(high / low) < 1.3
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if short else (1.0,)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:g} %"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="y", which="both", length=0)
    blocks = max(block for line in lines.values() for block, _ in line)
    axes.set_xlim(1 - 0.03 * blocks, 1.03 * blocks)
    axes.set_xticks(block_plot.ticks(blocks, MOST_BLOCKS[width]))
    axes.set_xlabel("block")
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    if not slim:
        _spread(axes, ends)
    return made


def _of_lines(languages: list[str], strong: list[str], targets: list[str]) -> list[tuple[str, str, str]]:
    """What the lines are, where there is no room for a name at each."""
    groups = [
        ([f"★ {name_of(code)}" for code in strong if code in targets], "calibration languages", TARGET),
        ([name_of(code) for code in strong if code not in targets], "languages", INK),
        ([name_of(code) for code in languages if code not in strong], "other languages", QUIET),
    ]
    return [
        ("━", listed(names) if len(listed(names)) < 24 else f"{len(names)} {many}", colour)
        for names, many, colour in groups
        if names
    ]


def _spread(axes: Any, ends: list[tuple[float, str, bool]]) -> None:
    """Names at the ends of their lines, moved apart so that none covers another, and no farther than that takes.

    Each of `ends`: where a line ends, its name, whether it is drawn strong.
    """
    scale, shift = axes.transData, 10.5  # points between two lines of text
    room = (axes.bbox.y0, axes.bbox.y1)
    groups: list[list[tuple[float, str, bool]]] = []  # names that touch, each as (place of its line's end, ...)
    for value, name, strong in sorted(ends):
        groups.append([(scale.transform((0, value))[1], name, strong)])
        while len(groups) > 1 and _places(groups[-1], shift, room)[0] - _places(groups[-2], shift, room)[-1] < shift:
            groups[-2:] = [groups[-2] + groups[-1]]
    for group in groups:
        for (_, name, strong), y in zip(group, _places(group, shift, room), strict=True):
            axes.text(
                1.03, axes.transAxes.inverted().transform((0, y))[1],
                name, transform=axes.transAxes, va="center",
                fontweight="bold" if strong else "normal", fontsize=8.5,
            )  # fmt: skip


def _places(group: list[tuple[float, str, bool]], shift: float, room: tuple[float, float]) -> list[float]:
    """Evenly apart, around the middle of where their lines end, and beside the axes as long as there is room."""
    half = shift * (len(group) - 1) / 2
    middle = min(max(sum(y for y, *_ in group) / len(group), room[0] + half), max(room[1] - half, sum(room) / 2))
    return [middle - half + shift * place for place in range(len(group))]


def _ratio_axis(axes: Any, values: list[float], most: int) -> None:
    low, high = min(values), max(values)
    if high / low < 3:
        room = 0.08 * max(high - low, 0.05)
        axes.set_xlim(low - room, high + room)
        axes.locator_params(axis="x", nbins=most - 1)
        return
    axes.set_xscale("log")
    axes.set_xlim(low / 1.1, high * 1.1)
    ticks = [tick for tick in (0.5, 1, 2, 3, 5, 10, 30, 100, 300, 1000, 1e4, 1e5, 1e6) if low / 1.1 <= tick <= high]
    while len(ticks) > most:
        ticks = ticks[::2] if 1 in ticks[::2] else ticks[1::2]
    axes.set_xticks(ticks, [f"{tick:,g}" for tick in ticks])
    axes.set_xticks([], minor=True)


def _key(made: Any, entries: list[tuple[str, str, str]], width: float, height: float) -> None:
    """What the marks mean; one under the other where there is little width."""
    for place, (mark, text, colour) in enumerate(entries):
        x, y = (0.02 + 0.36 * place, 1 - 0.14 / height) if width == WIDE else (0.02, 1 - (0.12 + 0.17 * place) / height)
        made.text(x, y, f"{mark} {text}", color=colour, va="center", fontweight="bold", fontsize=8.5)
