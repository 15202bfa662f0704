"""The two plots of a report, each for light and dark pages, as PNG files whose bytes depend on the report alone.

perplexity   what pruning cost each language: ratio to the dense model, the control beside it
blocks       error of the block outputs on their way through the model, language by language, and the mean
             signal-to-noise ratio
"""

from __future__ import annotations

import threading
from pathlib import Path

from hubprune.publishing import block_plot, cost_plot
from hubprune.publishing.theme import DARK, LIGHT, STYLE, save
from hubprune.report import Report

FOLDER = "plots"
KINDS = {"perplexity": cost_plot, "blocks": block_plot}
_one_at_a_time = threading.Lock()  # matplotlib's settings are one for the whole process


def names(kind: str) -> tuple[str, str]:
    """File names of a plot: light, dark."""
    return f"{kind}-light.png", f"{kind}-dark.png"


def kinds(report: Report) -> list[str]:
    """The plots this report has numbers for."""
    return [kind for kind, plot in KINDS.items() if plot.possible(report)]


def draw(report: Report, folder: Path) -> list[Path]:
    """Write the plots into the folder, and remove those this report has no numbers for; returns their paths."""
    possible = kinds(report)
    for kind in KINDS.keys() - set(possible):
        for name in names(kind):
            (folder / name).unlink(missing_ok=True)
    if not possible:
        return []
    import matplotlib

    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    with _one_at_a_time, matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)  # type: ignore[arg-type]
        for kind in possible:
            for theme, name in zip((LIGHT, DARK), names(kind), strict=True):
                save(KINDS[kind].figure_of(report, theme), folder / name)
                paths.append(folder / name)
    return paths
