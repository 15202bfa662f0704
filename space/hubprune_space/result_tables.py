"""The tables of a result: hubprune's own, in the words of the page, readable on a phone."""

from __future__ import annotations

from collections.abc import Sequence

from hubprune.publishing import generation_tables, tables, task_tables
from hubprune.publishing.generation_verdict import generation_verdict
from hubprune.publishing.tables import Table
from hubprune.publishing.task_verdict import task_caution, task_verdict
from hubprune.report import CONTROL, DENSE, PRUNED, Report

from . import hints, html, words

MARK = '<span class="mark">★<span class="visually-hidden"> calibration language: </span></span>'
LEAST = ("Windows", "Bits per byte")  # columns that narrow screens leave to the download
TO_CONTROL = "Ratio to control"


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
        f'<th scope="col"{_kind(label, under)}>{html.esc(hints.plainly(label))}'
        + (_below(f"{control} (control)" if under[label] == control else "to control") if label in under else "")
        + "</th>"
        for label in found.columns
    )
    rows = []
    for index, line in enumerate(found.rows):
        cells = dict(zip(found.columns, line, strict=True))
        target = index in found.targets
        own = html.in_language(words.own_name(codes[index]), codes[index], "small") if codes[index] else ""
        first = f'<th scope="row">{MARK if target else ""}<span>{html.esc(line[0])}</span>{own}</th>'
        rest = "".join(
            f"<td{_kind(label, under)}>{_cell(cell)}"
            + (_below(_cell(cells[under[label]]), "control: ") if label in under else "")
            + "</td>"
            for label, cell in list(cells.items())[1:]
        )
        rows.append(f'<tr class="{"target" if target else "mean" if index == found.mean else ""}">{first}{rest}</tr>')
    return (
        '<div class="scrolls" role="region" aria-label="Perplexity"><table class="languages">'
        "<caption>Perplexity in each language "
        "<span>Lower is better; ★ marks the calibration language.</span></caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
        + notes([*found.notes, *hints.READING])
    )


def evidence(report: Report) -> str:
    """What tasks and written texts say, where the run was to measure them: a sentence and a table each."""
    tasks, texts = task_tables.task_table(report), generation_tables.generation_table(report)
    found = ""
    if report.tasks or report.recipe.get("tasks"):
        said = task_verdict(report)
        found += _section("Knowledge and reasoning", said, tasks, hints.TASKS, task_caution() if said else "")
    if report.generations or report.recipe.get("generate"):
        found += _section("Texts that they wrote", generation_verdict(report), texts, hints.TEXTS)
    return found


def _section(title: str, verdict: str, table: Table, meanings: Sequence[str], caution: str = "") -> str:
    return (
        f"<section><h3>{title}</h3>"
        + (f'<p class="finding">{html.esc(hints.plainly(verdict))}</p>' if verdict else "")
        + stacked(table, title)
        + (_said(caution) if caution else "")
        + (notes([*table.notes, *meanings]) if table.rows else "".join(map(_said, table.notes)))
        + "</section>"
    )


def stacked(table: Table, name: str) -> str:
    """A table whose rows become lists of named figures where there is little width; the roles keep it a table."""
    if not table.rows:
        return ""
    labels = [hints.plainly(label) for label in table.columns]
    rows = []
    for index, line in enumerate(table.rows):
        target = index in table.targets
        first = f'<th scope="row" role="rowheader">{MARK if target else ""}{html.esc(hints.plainly(line[0]))}</th>'
        rest = "".join(
            f'<td role="cell" data-label="{html.esc(label)}">{html.esc(hints.plainly(cell)) or "–"}</td>'
            for label, cell in zip(labels[1:], line[1:], strict=True)
        )
        rows.append(f'<tr role="row"{" class=target" if target else ""}>{first}{rest}</tr>')
    heads = "".join(f'<th scope="col" role="columnheader">{html.esc(label)}</th>' for label in labels)
    return (
        f'<table class="stacked" role="table" aria-label="{html.esc(name)}"><thead role="rowgroup"><tr role="row">'
        f'{heads}</tr></thead><tbody role="rowgroup">{"".join(rows)}</tbody></table>'
    )


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
