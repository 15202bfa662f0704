"""The tables of a result: hubprune's own, in the words of the page, readable on a phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hubprune.publishing import generation_tables, points, tables, task_tables
from hubprune.publishing.block_plot import languages_of, lines_of
from hubprune.publishing.generation_verdict import generation_verdict
from hubprune.publishing.tables import Table
from hubprune.publishing.task_verdict import task_caution, task_verdict
from hubprune.publishing.text import count, name_of
from hubprune.report import CONTROL, DENSE, PRUNED, Report, TaskRow

from . import hints, html, phrases

MARK = '<span class="mark">★<span class="visually-hidden"> calibration language: </span></span>'
LEAST = ("Windows", "Bits per byte")  # columns that narrow screens leave to the download
TO_CONTROL = "Ratio to control"
STAR = "★ marks the calibration language."


def languages(report: Report) -> str:
    """Perplexity in each language. The calibration language is marked by a star and a word, not by colour alone.

    Where there is little width, the control's figures stand under the pruned model's instead of beside them.
    """
    found, names = tables.language_table(report), tables.lane_names(report)
    control = names.get(CONTROL, "")
    under = {names[PRUNED]: control, f"Ratio to {names[DENSE].lower()}": TO_CONTROL} if control else {}
    under = {label: below for label, below in under.items() if below in found.columns}
    codes = [row.language for row in tables.language_rows(report)]
    heads = "".join(
        f'<th scope="col"{_kind(label, under)}>{html.esc(hints.plainly(label, report))}'
        + (_below(html.esc(hints.plainly(under[label], report))) if label in under else "")
        + "</th>"
        for label in found.columns
    )
    rows = []
    for index, line in enumerate(found.rows):
        cells = dict(zip(found.columns, line, strict=True))
        target = index in found.targets
        own = html.in_language(phrases.own_name(codes[index]), codes[index], "small") if codes[index] else ""
        first = f'<th scope="row">{MARK if target else ""}<span>{html.esc(hints.plainly(line[0]))}</span>{own}</th>'
        rest = "".join(
            f"<td{_kind(label, under)}>{_cell(cell)}"
            + (_below(_cell(cells[under[label]]), "control: ") if label in under else "")
            + "</td>"
            for label, cell in list(cells.items())[1:]
        )
        rows.append(f'<tr class="{"target" if target else "mean" if index == found.mean else ""}">{first}{rest}</tr>')
    return (
        '<div class="scrolls" role="region" aria-label="Perplexity"><table class="languages"><caption>Perplexity in '
        f"each language <span>Lower is better.{f' {STAR}' if found.targets else ''}</span></caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
        + notes(hints.of_languages(report, set(found.columns)))
    )


def evidence(report: Report) -> str:
    """What tasks and written texts say, where the run was to measure them: a sentence and a table each."""
    found = ""
    if report.tasks or report.recipe.get("tasks"):
        verdict = task_verdict(report)
        few = [_few(row) for row in task_tables.ordered(report)]
        section = _Section("Knowledge and reasoning", verdict, task_tables.task_table(report), hints.TASKS, few)
        found += section.shown(report, task_caution() if verdict else "")
    if report.generations or report.recipe.get("generate"):
        verdict, table = generation_verdict(report), generation_tables.generation_table(report)
        found += _Section("Texts that they wrote", verdict, table, hints.TEXTS).shown(report)
    return found


@dataclass(frozen=True)
class _Section:
    """What was measured beyond perplexity; `meanings`: plain things that a reader of the table must know; `few` as for
    `stacked`.
    """

    title: str
    verdict: str
    table: Table
    meanings: Sequence[str]
    few: Sequence[str] = ()

    def shown(self, report: Report, caution: str = "") -> str:
        said = [hints.plainly(note, report) for note in self.table.notes]
        return (
            f"<section><h3>{self.title}</h3>"
            + (f'<p class="finding">{html.esc(hints.plainly(self.verdict, report))}</p>' if self.verdict else "")
            + stacked(self.table, self.title, report, self.few)
            + (_said(caution) if caution else "")
            + (notes([*self.meanings, *said]) if self.table.rows else "".join(map(_said, said)))
            + "</section>"
        )


def stacked(table: Table, name: str, report: Report, few: Sequence[str] = ()) -> str:
    """A table whose rows become lists of named figures where there is little width; the roles keep it a table.

    `few`: for each row why its figures tell nothing, '' where they do. On narrow screens that takes the place of the
    figures until it is unfolded.
    """
    if not table.rows:
        return ""
    named = " named" if "Task" in table.columns else ""
    labels = [hints.plainly(label, report) for label in table.columns]
    rows = []
    for index, line in enumerate(table.rows):
        target = index in table.targets
        first = f'<th scope="row" role="rowheader">{MARK if target else ""}{html.esc(hints.plainly(line[0]))}</th>'
        why = few[index] if index < len(few) else ""
        cells = [_named(cell) for cell in line[1:]]
        if why:
            whose = f'<span class="visually-hidden">{html.esc(f"{line[0]}, {line[1]}")}: </span>'
            cells[0] += f'<details class="few"><summary>{whose}{html.esc(why)}</summary></details>'
        rest = "".join(
            f'<td role="cell"{"" if line[place] else " class=none"} data-label="{html.esc(labels[place])}">{cell}</td>'
            for place, cell in enumerate(cells, 1)
        )
        kind = " ".join(filter(None, ("target" if target else "", "told-little" if why else "")))
        rows.append(f'<tr role="row" class="{kind}">{first}{rest}</tr>')
    heads = "".join(f'<th scope="col" role="columnheader">{html.esc(label)}</th>' for label in labels)
    return (
        f'<div class="scrolls" role="region" aria-label="Table: {html.esc(name)}">'
        f'<table class="stacked{named}" role="table" aria-label="{html.esc(name)}"><thead role="rowgroup">'
        f'<tr role="row">{heads}</tr></thead><tbody role="rowgroup">{"".join(rows)}</tbody></table></div>'
    )


def _few(row: TaskRow) -> str:
    """Why the figures of a task tell nothing; '' where they may."""
    if not points.too_few(row):
        return ""
    asked = f"{row.items:,} on {count(row.passages, 'passage')}" if row.passages else f"{row.items:,}"
    return f"Too few questions to tell: {asked}"


def errors(report: Report) -> str:
    """The figures behind the lines of errors: after the first, the middle and the last block."""
    rows = []
    for code in languages_of(report):
        line = lines_of(report).get((PRUNED, code))
        if line:
            places = [line[0], line[len(line) // 2], line[-1]]
            cells = "".join(f"<td>{phrases.two_digits(100 * value)}{html.NO_BREAK}%</td>" for _, value in places)
            rows.append((f"<tr><th scope='row'>{html.esc(name_of(code))}</th>{cells}</tr>", [at for at, _ in places]))
    blocks = rows[0][1] if rows else []
    heads = "".join(f'<th scope="col">Block {number}</th>' for number in blocks)
    return (
        '<div class="scrolls" role="region" aria-label="Figures of the chart"><table class="plain">'
        f'<thead><tr><th scope="col">Language</th>{heads}</tr></thead>'
        f"<tbody>{''.join(row for row, _ in rows)}</tbody></table></div>"
    )


def _named(cell: str) -> str:
    """A cell; of a task its name, and beside it what programs call it."""
    name, found, code = cell.partition("): ")
    if not found:
        return html.esc(hints.plainly(cell)) or "–"
    return f"<span>{html.esc(name)}) <small>{html.esc(hints.plainly(code))}</small></span>"


def notes(sentences: Sequence[str]) -> str:
    """What a reader must know, to be unfolded."""
    items = "".join(f"<li>{html.esc(hints.plainly(note))}</li>" for note in sentences)
    return html.fold("How to read this table", f"<ul>{items}</ul>") if items else ""


def _said(sentence: str) -> str:
    return f'<p class="quiet">{html.esc(hints.plainly(sentence))}</p>'


def _kind(label: str, under: dict[str, str]) -> str:
    """The classes of a column."""
    if label in LEAST:
        return ' class="extra least"'
    return ' class="extra"' if label in under.values() else ""


def _below(made: str, said: str = "") -> str:
    """A second line of a cell, for narrow screens."""
    hidden = f'<span class="visually-hidden">{said}</span>' if said else ""
    return f'<small class="below">{hidden}{made}</small>'


def _cell(cell: str) -> str:
    """A figure; its error apart, because phones leave it out."""
    value, mark, error = cell.partition(" ± ")
    return html.esc(value) + (f'<span class="error">{mark}{html.esc(error)}</span>' if mark else "") or "–"
