"""How the plots look: two calm palettes that colour-blind readers can tell apart, one type size, no ornament."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9,  # at 100 px an inch: 12.5 px on the card
    "axes.titlesize": 9,
    "axes.labelsize": 8.5,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 9,
    "axes.linewidth": 0.8,
    "lines.solid_capstyle": "round",
}
DOTS_PER_INCH = 200  # 8 inches = 1,600 px, shown at 800


@dataclass(frozen=True)
class Theme:
    """Colours of one mode. The page is opaque, so that a card stays legible where the mode was guessed wrong."""

    page: str
    text: str
    quiet: str  # axes and small print
    faint: str  # links between two dots
    grid: str
    target: str
    control: str


LIGHT = Theme("#ffffff", "#1f2328", "#59636e", "#d0d7de", "#e8ebef", "#0b63b0", "#c2570c")
DARK = Theme("#0d1117", "#e6edf3", "#9aa4b0", "#3d444d", "#21272f", "#6cb6ff", "#f0a35e")


def figure(width: float, height: float, theme: Theme) -> Any:
    """An empty figure in the theme's colours, in inches; its axes must be styled by `save`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, facecolor=theme.page)
    FigureCanvasAgg(made)
    made.theme = theme  # type: ignore[attr-defined]
    return made


def save(made: Any, path: Path) -> None:
    """Style all axes of the figure and write it, without a date or a program's name in it."""
    theme: Theme = made.theme
    for axes in made.axes:
        axes.set_facecolor(theme.page)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.spines["bottom"].set_color(theme.faint)
        axes.tick_params(axis="x", colors=theme.quiet, length=3)
        axes.tick_params(axis="y", which="both", color=theme.faint, length=0)
        axes.xaxis.label.set_color(theme.quiet)
        if axes.get_yscale() == "log":
            axes.tick_params(axis="y", labelcolor=theme.quiet)
    made.savefig(path, format="png", facecolor=theme.page, metadata={"Software": None})


def language_labels(axes: Any, languages: list[tuple[str, bool]], theme: Theme) -> None:
    """Names down the left side, the first on top; calibration languages (True) stand out."""
    axes.set_ylim(len(languages) - 0.4, -0.6)
    axes.set_yticks(range(len(languages)), [name for name, _ in languages])
    axes.tick_params(axis="y", pad=8)
    for y, (label, (_, calibrated)) in enumerate(zip(axes.get_yticklabels(), languages, strict=True)):
        axes.axhline(y, color=theme.grid, linewidth=0.8, zorder=0)
        label.set_color(theme.target if calibrated else theme.text)
        label.set_fontweight("bold" if calibrated else "normal")


def pair(axes: Any, y: float, target: float | None, control: float | None, theme: Theme) -> None:
    """The two lanes of one language: a full dot, a hollow one, a faint line between them."""
    if target is not None and control is not None:
        axes.plot([target, control], [y, y], color=theme.faint, linewidth=2, zorder=1)
    style = {"linestyle": "none", "marker": "o"}
    if control is not None:  # wider than the full dot, so that it shows around one in the same place
        ring = {"markersize": 10, "markeredgewidth": 1.8, "markerfacecolor": theme.page}
        axes.plot(control, y, color=theme.control, zorder=3, **ring, **style)
    if target is not None:
        axes.plot(target, y, color=theme.target, zorder=4, markersize=7, markeredgewidth=0, **style)


def key(made: Any, left: float, lanes: list[tuple[str, str, str]]) -> None:
    """A line above everything that names the lanes in their own colours: (mark, words, colour)."""
    top = 1 - 0.2 / made.get_figheight()
    for mark, words, colour in lanes:
        label = made.text(left, top, f"{mark}  {words}", color=colour, va="center", fontweight="bold")
        left += label.get_window_extent(made.canvas.get_renderer()).width / made.bbox.width + 0.03
