"""Drawings as SVG in three cuts; the page shows the one in which letters have about the size of its own.

matplotlib draws them in placeholder colours, which become variables of the page's theme: one drawing serves light
and dark. Text stays text, in the page's own fonts. Which cut is shown follows from the room there is, counted in
letters (results.css), so that a visitor's large letters are large here too.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable
from typing import Any

from . import html

SLIM, NARROW, WIDE = 1.75, 3.6, 7.2  # inches of 72 points
CUTS = {"slim": SLIM, "narrow": NARROW, "wide": WIDE}
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


def in_cuts(name: str, said: str, draw: Callable[[float], Any]) -> str:
    """All cuts of a chart, named for screen readers; the table beside it holds the same figures."""
    cuts = "".join(
        f'<div class="cut {cut}" aria-hidden="true">{_svg(draw, width, f"{name}-{cut}")}</div>'
        for cut, width in CUTS.items()
    )
    return f'<div class="chart" role="img" aria-label="{html.esc(said)}">{cuts}</div>'


def figure(width: float, height: float, *, left: float, right: float, top: float, bottom: float) -> tuple[Any, Any]:
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
