"""Sections of the card beyond perplexity: tasks, generated text with samples, size and speed; None where absent."""

from __future__ import annotations

import html
import re

from hubprune.publishing import generation_tables, metadata, sections, speed_tables, task_tables, text
from hubprune.publishing.tables import Table
from hubprune.publishing.text import HUB, Md, code, count, link, md, name_of
from hubprune.report import GenerationRow, Report, TaskRow

LONGEST_SAMPLE = 800  # characters of a continuation on the card


def with_notes(table: Table, words: int = 1) -> Md | None:
    """A table and what must be known to read it; the notes alone where the table is empty."""
    parts = [sections.scores(table, words), md("{}", " ".join(table.notes)) if table.notes else None]
    return Md("\n\n".join(part for part in parts if part)) or None


def tasks(report: Report) -> Md | None:
    """The table of tasks, or why there is none."""
    return with_notes(task_tables.task_table(report), words=2)


def task_sources(report: Report) -> Md | None:
    """Where each task's items came from, enough to find them again."""
    return Md("\n".join(Md(f"- {_source_line(row)}") for row in task_tables.ordered(report))) or None


def _source_line(row: TaskRow) -> Md:
    parts = [md("**{}** ({}): {}", row.task, task_tables.language_name(row), _data(row))]
    labels = (("config", row.config), ("split", row.split))
    parts += [md("{} {}", label, code(value)) for label, value in labels if value]
    if row.license:
        parts.append(md("licence {}", row.license))
    shots = f"{count(row.shots, 'example')} in the prompt" if row.shots else "no examples in the prompt"
    ending = md("; version {} of the task", row.version) if row.version.strip() else Md("")
    if row.sha256:
        ending = Md(ending + md("; SHA-256 of the requests' token ids {}", code(row.sha256)))
    return Md(f"{', '.join(parts)}; {count(row.items, 'item')}, {shots}{ending}.")


def _data(row: TaskRow) -> Md:
    """The data set, linked at its commit where it is on the Hub."""
    if not metadata.task_on_the_hub(row):
        return Md("the author's own items")
    if re.fullmatch("[0-9a-f]{7,40}", row.revision or ""):
        address = f"{HUB}/datasets/{row.source}/tree/{row.revision}"
        return md("{} at {}", link(row.source, address), code((row.revision or "")[:7]))
    return link(row.source, f"{HUB}/datasets/{row.source}")


def generations(report: Report) -> Md | None:
    """The table of generated text, or why there is none."""
    return with_notes(generation_tables.generation_table(report))


def samples(report: Report) -> Md | None:
    """One prompt a language with each model's continuation. Foreign text: one HTML line each, in its own direction."""
    names = generation_tables.headings(report)
    parts = [_sample(row, names) for row in generation_tables.ordered(report) if row.samples]
    return Md("\n\n".join(parts)) if parts else None


def _sample(row: GenerationRow, names: dict[str, str]) -> Md:
    sample = row.samples[0]
    lines = [md("**{}**", name_of(row.language))]
    for lane, name in names.items():
        if lane in sample.texts:
            lines += [md("{}:", name), _quote(sample.prompt, sample.texts[lane])]
    return Md("\n\n".join(lines))


def _quote(prompt: str, continuation: str) -> Md:
    """The prompt in bold, then what follows it; nothing in it is read as Markdown or HTML."""
    shown = text.one_line(continuation)
    if len(shown) > LONGEST_SAMPLE:
        shown = f"{shown[:LONGEST_SAMPLE]}…"
    gap = " " if continuation[:1].isspace() or not shown else ""
    words = html.escape(shown) or "<i>(nothing)</i>"
    return Md(f'<blockquote dir="auto"><b>{html.escape(text.one_line(prompt))}</b>{gap}{words}</blockquote>')


def speed(report: Report) -> Md | None:
    """The table of speed as measured."""
    return with_notes(speed_tables.speed_table(report))
