"""The two charts of a result as SVG, each in a narrow and a wide cut; the page shows the one that fits.

matplotlib draws them in placeholder colours, which become variables of the page's theme: one drawing serves light
and dark. Text stays text, in the page's own fonts.
"""

from __future__ import annotations

import io
import math
import re
import threading
from collections.abc import Callable
from typing import Any

from hubprune.publishing import tables
from hubprune.publishing.block_plot import languages_of, lines_of
from hubprune.publishing.text import listed, name_of, ratio
from hubprune.report import PRUNED, Report

from . import html

NARROW, WIDE = 3.6, 7.2  # inches of 72 points; shown at about 1.35 px a point
FEW_LINES = 3  # with more, all but some stand back
INK, QUIET, FAINT, TARGET, OTHER, PAGE = "#010101", "#020202", "#030303", "#040404", "#050505", "#060606"
VARIABLES = {INK: "ink", QUIET: "quiet", FAINT: "line", TARGET: "target", OTHER: "control", PAGE: "surface"}
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.linewidth": 0.8,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": QUIET,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "text.color": INK,
}
_one_at_a_time = threading.Lock()  # matplotlib's settings are one for the whole process


def cost(report: Report) -> str:
    """Perplexity relative to the original model in each language."""
    rows = [row for row in tables.language_rows(report) if row.language and row.ratio and math.isfinite(row.ratio)]
    if not rows:
        return ""
    said = "; ".join(f"{row.name} {ratio(row.ratio or 0)} times" for row in rows)
    return _both(
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
    height = 0.95 + 0.34 * len(rows)
    made, axes = _figure(width, height, left=0.95, right=0.75, top=0.42, bottom=0.48)
    axes.axvline(1, color=INK, linewidth=1)
    for y, row in enumerate(rows):
        axes.axhline(y, color=FAINT, linewidth=0.7, zorder=0)
        if row.control_ratio and math.isfinite(row.control_ratio):
            axes.plot([row.ratio, row.control_ratio], [y, y], color=FAINT, linewidth=3, zorder=1)
            axes.plot(row.control_ratio, y, "o", color=OTHER, markerfacecolor=PAGE, markersize=8, markeredgewidth=1.8)
        if row.ratio and row.ratio_se and math.isfinite(row.ratio_se):
            axes.plot([row.ratio - row.ratio_se, row.ratio + row.ratio_se], [y, y], color=TARGET, linewidth=2)
        axes.plot(row.ratio, y, "o", color=TARGET, markersize=7, markeredgewidth=0, zorder=4)
        bold = "bold" if row.target else "normal"
        axes.text(
            1.03, y, f"× {ratio(row.ratio or 0)}", transform=axes.get_yaxis_transform(), va="center", fontweight=bold
        )
        label = f"★ {row.name}" if row.target else row.name
        axes.text(-0.03, y, label, transform=axes.get_yaxis_transform(), va="center", ha="right", fontweight=bold)
    axes.set_yticks([])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    _ratio_axis(axes, [1.0, *(v for row in rows for v in (row.ratio, row.control_ratio) if v and math.isfinite(v))])
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
    said = "; ".join(f"{name_of(code)} {100 * value:.2g} %" for code, value in last.items())
    return _both(
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
        f"block is one of the model's layers. Drawn strong: {html.esc(listed(drawn))}.</p>"
    )


def emphasised(report: Report) -> list[str]:
    """The languages whose lines stand out: those of the calibration text, and the one that ends worst."""
    lines = lines_of(report)
    last = {code: lines[PRUNED, code][-1][1] for code in languages_of(report) if lines.get((PRUNED, code))}
    targets = [code for code in tables.calibration_languages(report) if code in last]
    worst = max(last, key=last.__getitem__)
    return [*targets, *([worst] if worst not in targets else [])]


def _errors(report: Report, languages: list[str], width: float) -> Any:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    lines, targets = lines_of(report), tables.calibration_languages(report)
    made, axes = _figure(width, 2.5 if width == NARROW else 2.9, left=0.5, right=0.85, top=0.18, bottom=0.45)
    ends, strong = [], emphasised(report)
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
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_xlabel("block")
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    _spread(axes, ends)
    return made


def _spread(axes: Any, ends: list[tuple[float, str, bool]]) -> None:
    """Names at the ends of their lines, moved apart so that none covers another, and no farther than that takes.

    Each of `ends`: where a line ends, its name, whether it is drawn strong.
    """
    scale, shift = axes.transData, 10.5  # points between two lines of text
    groups: list[list[tuple[float, str, bool]]] = []  # names that touch, each as (place of its line's end, ...)
    for value, name, strong in sorted(ends):
        groups.append([(scale.transform((0, value))[1], name, strong)])
        while len(groups) > 1 and _places(groups[-1], shift)[0] - _places(groups[-2], shift)[-1] < shift:
            groups[-2:] = [groups[-2] + groups[-1]]
    for group in groups:
        for (_, name, strong), y in zip(group, _places(group, shift), strict=True):
            axes.text(
                1.03, axes.transAxes.inverted().transform((0, y))[1],
                name, transform=axes.transAxes, va="center",
                fontweight="bold" if strong else "normal", fontsize=8.5,
            )  # fmt: skip


def _places(group: list[tuple[float, str, bool]], shift: float) -> list[float]:
    """Evenly apart, around the middle of where their lines end."""
    middle = sum(y for y, *_ in group) / len(group)
    return [middle + shift * (place - (len(group) - 1) / 2) for place in range(len(group))]


def _figure(width: float, height: float, *, left: float, right: float, top: float, bottom: float) -> tuple[Any, Any]:
    """A figure with one plain axis; margins in inches."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height), dpi=72)
    FigureCanvasSVG(made)
    made.patch.set_visible(False)
    axes = made.add_axes(
        (left / width, bottom / height, 1 - (left + right) / width, 1 - (top + bottom) / height), facecolor="none"
    )
    axes.spines[["top", "right", "left"]].set_visible(False)
    return made, axes


def _ratio_axis(axes: Any, values: list[float]) -> None:
    low, high = min(values), max(values)
    if high / low < 3:
        room = 0.08 * max(high - low, 0.05)
        axes.set_xlim(low - room, high + room)
        axes.locator_params(axis="x", nbins=5)
        return
    axes.set_xscale("log")
    axes.set_xlim(low / 1.1, high * 1.1)
    ticks = [tick for tick in (0.5, 1, 2, 3, 5, 10, 30, 100, 300, 1000, 1e4, 1e5, 1e6) if low / 1.1 <= tick <= high]
    axes.set_xticks(ticks, [f"{tick:,g}" for tick in ticks])
    axes.set_xticks([], minor=True)


def _key(made: Any, entries: list[tuple[str, str, str]], width: float, height: float) -> None:
    """What the marks mean; one under the other where there is little width."""
    for place, (mark, text, colour) in enumerate(entries):
        x, y = (
            (0.02, 1 - (0.12 + 0.17 * place) / height) if width == NARROW else (0.02 + 0.36 * place, 1 - 0.14 / height)
        )
        made.text(x, y, f"{mark} {text}", color=colour, va="center", fontweight="bold", fontsize=8.5)


def _both(name: str, said: str, draw: Callable[[float], Any]) -> str:
    """Both cuts of a chart, named for screen readers; the table beside it holds the same figures."""
    cuts = "".join(
        f'<div class="cut {cut}" aria-hidden="true">{_svg(draw, width, f"{name}-{cut}")}</div>'
        for cut, width in (("narrow", NARROW), ("wide", WIDE))
    )
    return f'<div class="chart" role="img" aria-label="{html.esc(said)}">{cuts}</div>'


def _svg(draw: Callable[[float], Any], width: float, salt: str) -> str:
    import matplotlib

    with _one_at_a_time, matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update({**STYLE, "svg.hashsalt": salt})
        buffer = io.StringIO()
        draw(width).savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'(<svg [^>]*?) height="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg [^>]*?) width="[^"]*"', r'\1 width="100%"', text, count=1)
    text = re.sub(r"(font: [^;\"']*?\d+(?:\.\d+)?px)[^;\"]*", r"\1 var(--sans)", text)
    text = re.sub(r'id="([^"]+)"', lambda found: f'id="{salt}-{found[1]}"', text)
    text = re.sub(r'(xlink:href="#|url\(#)', lambda found: f"{found[1]}{salt}-", text)
    for colour, variable in VARIABLES.items():
        text = text.replace(colour, f"var(--{variable})")
    return text
