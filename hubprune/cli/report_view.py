"""A report as tables: languages in rows, the dense and the pruned models in columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from hubprune.publishing.tables import MEAN, Figures, error_note, lane_names, language_rows, model_names
from hubprune.publishing.text import figure, name_of, percent, quantity, ratio
from hubprune.publishing.verdict import against_control
from hubprune.report import CONTROL, DENSE, PRUNED, Report, Score

if TYPE_CHECKING:
    from rich.table import Table

COLUMNS = (DENSE, CONTROL, PRUNED)
BETTER, WORSE = "▲", "▼"
Parts = tuple[str, str, str]  # perplexity, ratio to dense with its standard error, mark


def headings(report: Report) -> dict[str, str]:
    """The lanes that were measured, in the order of the columns, with what stands over them."""
    named = lane_names(report)
    measured = {lane for row in report.languages for lane in row.scores}
    return {lane: named.get(lane, lane.capitalize()) for lane in COLUMNS if lane in measured}


def language_table(report: Report, width: int) -> Table:
    """Perplexities with the ratio to the dense model, calibration languages first.

    Where the width does not suffice the standard errors are left out, the control's first.
    """
    from rich.console import Console

    tables = (table_of(report, errors=lanes) for lanes in ((CONTROL, PRUNED), (PRUNED,)))
    fitting = (table for table in tables if Console(width=1000).measure(table).maximum <= width)
    return next(fitting, None) or table_of(report, errors=())


def table_of(report: Report, *, errors: tuple[str, ...]) -> Table:
    """The table, with the standard errors of these lanes' ratios."""
    table = plain_table("Perplexity")
    named, rows = headings(report), language_rows(report)
    cells = {lane: aligned([parts_of(row, lane, errors=errors) for row in rows]) for lane in named}
    for title in named.values():
        table.add_column(title, justify="right", overflow="fold")
    for index, row in enumerate(rows):
        name = row.name + (" *" if row.target else "")
        style = "bold" if row.target else "dim" if row.name == MEAN else None
        table.add_row(name, *(cells[lane][index] for lane in named), style=style)
    return table


def plain_table(first: str) -> Table:
    """An empty table with its first column."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, padding=(0, 1), show_edge=False)
    table.add_column(first, no_wrap=True)
    return table


def aligned(parts: list[Parts]) -> list[str]:
    """Cells such as "14.02 ×1.139 ± 0.012 ▲", each part under its like."""
    widths = [max((len(part[place]) for part in parts), default=0) for place in range(3)]
    return [
        " ".join(
            text.ljust(width) if place else text.rjust(width)
            for place, (text, width) in enumerate(zip(part, widths, strict=True))
            if width
        )
        for part in parts
    ]


def parts_of(row: Figures, lane: str, *, errors: tuple[str, ...]) -> Parts:
    """The parts of a cell; each may be empty."""
    perplexity, times, error = {
        DENSE: (row.dense, None, None),
        CONTROL: (row.control, row.control_ratio, row.control_ratio_se),
        PRUNED: (row.pruned, row.ratio, row.ratio_se),
    }[lane]
    return (
        figure(perplexity) if perplexity is not None else "",
        f"×{ratio(times, error if lane in errors else None)}" if times is not None else "",
        mark(row) if lane == PRUNED else "",
    )


def mark(row: Figures) -> str:
    """Whether the chosen text did better or worse than the control's, by more than the windows' noise."""
    found = against_control(row)
    return {"lower": BETTER, "higher": WORSE}.get(found.kind, "") if found else ""


def footnotes(report: Report) -> list[str]:
    """What the signs in the table mean, as far as they occur."""
    rows, notes = language_rows(report), []
    if any(row.target for row in rows):
        notes.append("*  a calibration language")
    if any(row.ratio is not None for row in rows):
        notes.append("×  the ratio to the first column")
    if any(row.ratio_se is not None for row in rows):
        notes.append(f"±  {error_note(report)}")
    if any(mark(row) for row in rows):
        notes.append(
            f"{BETTER} {WORSE}  better, worse than {headings(report)[CONTROL]} by more than the windows' noise"
        )
    return notes


def sparsity_line(report: Report) -> str:
    """Zeros found in the stored weights, beside those asked for."""
    found = report.sparsity
    if found is None:
        return ""
    matrices = sum(row.matrices for row in found.modules)
    share, of_all = (found.stored / max(1, whole) for whole in (found.weights, found.parameters))
    return (
        f"{percent(share, 2)} zeros in {matrices} matrices of {quantity(found.weights)} weights "
        f"(asked for {percent(found.requested)}): {percent(of_all)} of the model."
    )


def bits_table(report: Report) -> Table:
    """Bits per byte: the figures that may be compared between languages."""
    table = plain_table("Bits per byte")
    named = headings(report)
    for title in (*named.values(), "Windows", "Tokens"):
        table.add_column(title, justify="right", overflow="fold")
    for row in report.languages:
        bits = [f"{row.scores[lane].bits_per_byte:.4f}" if lane in row.scores else "" for lane in named]
        table.add_row(name_of(row.language), *bits, f"{row.windows:,}", f"{row.tokens:,}")
    return table


def tab_separated(report: Report) -> str:
    """The table for programs: every number with all its digits, an empty cell for what was not measured."""
    if not report.languages:
        return ""
    named = lane_keys(report, [row.scores for row in report.languages])
    facts = ("perplexity", "bits_per_byte", "ratio", "ratio_se")
    head = ["language", "calibrated", *(f"{key}_{fact}" for key in named.values() for fact in facts)]
    lines = [[*head, "against_control", "against_control_se"]]
    for row in report.languages:
        scores = [text for lane in named for text in facts_of(row.scores.get(lane), facts)]
        ends = [digits(row.against_control), digits(row.against_control_se)]
        lines.append([row.language, "yes" if row.calibrated else "no", *scores, *ends])
    return "\n".join("\t".join(line) for line in lines)


def lane_keys(report: Report, measured: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """Lane -> what its columns are called: "dense", "pruned", "control"; of an evaluation, its models' names."""
    found = {lane for lanes in measured for lane in lanes}
    names = lane_names(report) if model_names(report) else {}
    return {lane: names.get(lane, lane) for lane in COLUMNS if lane in found}


def facts_of(score: Score | None, facts: tuple[str, ...]) -> list[str]:
    """The named numbers of a score as text."""
    return [digits(getattr(score, fact, None)) for fact in facts]


def digits(value: float | None) -> str:
    """A number with all its digits, '' for none."""
    return "" if value is None else repr(value)
