"""What was measured beyond perplexity, as tables for a terminal: tasks, generated text, speed."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from hubprune.cli.report_view import BETTER, WORSE, plain_table
from hubprune.publishing import generation_tables, points, speed_tables, tables, task_tables
from hubprune.publishing.text import name_of
from hubprune.report import CONTROL, DENSE, PRUNED, Report, TaskRow

if TYPE_CHECKING:
    from rich.table import Table

NOISE, SILENT, FEW = "~", "°", "?"
FILLER = "\u00a0"  # a space that rich does not strip
ITEMS, CHANCE, TO_CONTROL, ERRORS, KEPT = "Items", "Chance", "To control", "errors", "Kept"
# What a narrow terminal goes without, in this order.
LEFT_OUT = (ITEMS, TO_CONTROL, CHANCE, ERRORS, KEPT, CONTROL)


def task_view(report: Report, width: int) -> tuple[Table, list[str]]:
    """The tasks under their languages, calibration languages first, and what the signs mean.

    Columns that do not fit the width are left out.
    """
    from rich.console import Console

    measure = Console(width=1000).measure
    choices = [frozenset(LEFT_OUT[:number]) for number in range(len(LEFT_OUT) + 1)]
    out = next((out for out in choices if measure(table_of(report, out)).maximum <= width), choices[-1])
    return table_of(report, out), task_footnotes(report, out)


def table_of(report: Report, out: frozenset[str]) -> Table:
    """The table without some columns."""
    table, rows = plain_table("Tasks"), task_tables.ordered(report)
    columns = columns_of(report, rows, out)
    for title in columns:
        table.add_column(title, justify="right", overflow="fold")
    shown = ""
    for index, row in enumerate(rows):
        style = "bold" if row.calibrated else None
        if (name := task_tables.language_name(row)) != shown:
            table.add_row(name + (" *" if row.calibrated else ""), style=style)
            shown = name
        table.add_row(f"  {row.task}", *(cells[index] for cells in columns.values()), style=style)
    for code in task_tables.without(report):
        if code and rows:
            table.add_row(f"{name_of(code)}: none")
    return table


def columns_of(report: Report, rows: list[TaskRow], out: frozenset[str]) -> dict[str, list[str]]:
    """Title -> cells, without those left out and those that are empty."""
    named = {lane: name.replace("-calibrated", "-\ncalibrated") for lane, name in task_tables.headings(report).items()}
    errors = ERRORS not in out
    found = {CHANCE: ["" if row.chance is None else f"{100 * row.chance:.1f}" for row in rows]}
    for lane, title in named.items():
        if lane not in out:
            cells = [task_tables.score(row.scores.get(lane)) for row in rows]
            marks = {DENSE: silent, PRUNED: mark}.get(lane)
            found[title] = aligned(cells, [marks(row) if marks else "" for row in rows])
    found["Change"] = changes([points.against_dense(row) for row in rows], errors=errors)
    found[TO_CONTROL] = changes([points.against_control(row) for row in rows], errors=errors)
    found[KEPT] = ["" if points.silence(row) else task_tables.kept(row).partition(":")[0] for row in rows]
    found[ITEMS] = [f"{row.items:,}" for row in rows]
    return {title: cells for title, cells in found.items() if title not in out and any(cells)}


def changes(found: list[points.Change | None], *, errors: bool) -> list[str]:
    """Points with their standard errors, those inside the noise marked."""
    shown = [(change.shown if errors else points.signed(change.points)) if change else "" for change in found]
    return aligned(shown, [unsure(change) if change else "" for change in found])


def unsure(change: points.Change) -> str:
    """The sign of a change that says nothing."""
    return FEW if change.kind == "few" else NOISE if change.kind == "noise" and not change.equal else ""


def in_one_cell(found: tables.Table) -> tables.Table:
    """The columns "Repeated: Dense", "Repeated: Pruned" as one, "Repeated", with cells such as "3 % / 12 %"; cells that
    say the same are said once.
    """
    places: dict[str, list[int]] = {}
    for place, title in enumerate(found.columns):
        places.setdefault(title.partition(": ")[0], []).append(place)
    unknown = generation_tables.UNKNOWN
    rows = [[[row[place] for place in group] for group in places.values()] for row in found.rows]
    joined = [[unknown if set(cells) == {unknown} else " / ".join(cells) for cells in row] for row in rows]
    return dataclasses.replace(found, columns=list(places), rows=joined)


def under_each_other(cells: list[str]) -> list[str]:
    """Cells of several figures, "100 % / 63 %", each figure as wide as the widest in its place."""
    found = [cell.split(" / ") for cell in cells]
    places = max(map(len, found), default=0)
    widths = [max(len(parts[place]) for parts in found if len(parts) == places) for place in range(places)]
    return [
        " / ".join(part.rjust(width, FILLER) for part, width in zip(parts, widths, strict=True))
        if len(parts) == places > 1
        else cell
        for cell, parts in zip(cells, found, strict=True)
    ]


def aligned(cells: list[str], marks: list[str]) -> list[str]:
    """Each cell with its mark, the marks under each other."""
    if not any(marks):
        return cells
    return [f"{cell} {mark or FILLER}" if cell else "" for cell, mark in zip(cells, marks, strict=True)]


def silent(row: TaskRow) -> str:
    """Whether the dense model is no better than guessing."""
    return SILENT if points.silence(row) and not points.too_few(row) else ""


def mark(row: TaskRow) -> str:
    """Whether the chosen text did better or worse than the control's, by the sign test over the items."""
    change = points.against_control(row)
    if change is None or points.standing(row) != "above":
        return ""
    return {"higher": BETTER, "lower": WORSE}.get(change.kind, "")


def task_footnotes(report: Report, out: frozenset[str]) -> list[str]:
    """What the signs in the table of tasks mean, as far as they occur; what was asked, and where nothing was."""
    rows, heads = task_tables.ordered(report), task_tables.headings(report)
    model = heads.get(DENSE, "dense") if tables.model_names(report) else "the dense model"
    shown = [points.against_dense(row) for row in rows]
    shown += [] if TO_CONTROL in out else [points.against_control(row) for row in rows]
    notes = ["   scores in per cent, changes in points"]
    if ERRORS not in out and any(change and change.paired.se is not None for change in shown):
        notes.append("±  one standard error, paired over the items, which are the same for all models")
    if any(change and change.kind == "few" for change in shown):
        notes.append(f"{FEW}  {points.TOO_FEW}: fewer than {points.FEWEST_ITEMS} that do not depend on each other")
    if any(change and change.kind == "noise" and not change.equal for change in shown):
        notes.append(f"{NOISE}  inside the noise: p of the exact sign test is {points.SIGNIFICANT:g} or more")
    if any(mark(row) for row in rows):
        notes.append(f"{BETTER} {WORSE}  better, worse than {heads[CONTROL]}, by more than that noise")
    if any(silent(row) for row in rows):
        notes.append(f"{SILENT}  {model} is no better than guessing by the noise of its items: the row says nothing")
    if KEPT not in out and any(points.kept(row) is not None for row in rows):
        notes.append(f"Kept: {task_tables.kept_means(rows, model)}.")
    return notes + task_tables.conditions(report)


def generation_table(report: Report) -> Table:
    """Generated text, one language a row; a cell holds the figures of all models, each under that of the row above."""
    found = in_one_cell(generation_tables.generation_table(report))
    columns = [under_each_other([row[place] for row in found.rows]) for place in range(len(found.columns))]
    return set_out(dataclasses.replace(found, rows=[list(row) for row in zip(*columns, strict=True)]))


def generation_footnotes(report: Report) -> list[str]:
    """What the figures of generated text are, or why there are none."""
    if not report.generations:
        return [sentence] if (sentence := generation_tables.without(report)) else []
    return [
        f"/  {' / '.join(generation_tables.headings(report).values())}",
        "Repeated: the share of 4-grams that stood in the same text before. Neither figure says whether the text is "
        "true or makes sense.",
        *generation_tables.unknown(report),
    ]


def speed_table(report: Report) -> Table:
    """Tokens per second and peak memory as measured."""
    return set_out(speed_tables.speed_table(report))


def set_out(found: tables.Table) -> Table:
    """A table of strings, calibration languages in bold with a star."""
    first, *others = found.columns
    table = plain_table(first)
    for title in others:
        table.add_column(title, justify="right", overflow="fold")
    for index, (name, *cells) in enumerate(found.rows):
        target = index in found.targets
        table.add_row(name + (" *" if target else ""), *cells, style="bold" if target else None)
    return table
