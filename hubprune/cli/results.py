"""What a command ends with: the result in the chosen format, where it lies, what it means."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hubprune.cli import evidence_text
from hubprune.cli import evidence_view as evidence
from hubprune.cli import report_view as view
from hubprune.cli.output import Output
from hubprune.cli.plan_view import STORAGE_TRUTH, lines_table, plan_data, plan_lines, visibility
from hubprune.publishing.generation_verdict import generation_verdict
from hubprune.publishing.sources import other_sources
from hubprune.publishing.speed_tables import size_words, speed_table
from hubprune.publishing.task_tables import conditions
from hubprune.publishing.task_verdict import task_caution, task_verdict
from hubprune.publishing.text import size
from hubprune.publishing.verdict import caution, verdict
from hubprune.report import PRUNED, Report

if TYPE_CHECKING:
    from hubprune.events import Published
    from hubprune.planning import Plan

CARD = "README.md"


def show_report(
    output: Output,
    report: Report,
    *,
    folder: Path | None = None,
    published: Published | None = None,
    quiet: str | None = None,
    more: dict[str, Any] | None = None,
) -> None:
    """The table, what it means, where the result lies. `more` are further keys of the JSON object."""
    sentences = verdicts_of(report)
    places = places_of(folder, published)
    data = {**report.to_dict(), "verdict": "", **sentences, **(more or {})}
    data |= {"folder": str(folder)} if folder else {}
    data |= {"published": dataclasses.asdict(published)} if published else {}

    def human() -> None:
        show_tables(output, report)
        output.show(*filter(None, [view.sparsity_line(report), size_line(report)]))
        output.show(*filter(None, [*sentences.values(), *cautions_of(report)]))
        for head, text in places:  # not wrapped: paths and addresses are copied
            output.line(f"{head}: {text}")

    output.result(
        quiet=quiet if quiet is not None else (published.repo_id if published else str(folder or "")),
        data=data,
        agent=lambda: sections(
            [view.tab_separated(report), *evidence_text.tables_of(report)],
            [*sentences.items(), *agent_facts(report, folder, published)],
        ),
        human=human,
    )


def show_tables(output: Output, report: Report) -> None:
    """Everything measured, one table after the other, each with what its signs mean."""
    width = output.console(output.stdout).width
    if report.languages:
        output.show("", view.language_table(report, width), *view.footnotes(report), "")
        if output.verbose:
            output.show(view.bits_table(report), "")
    if report.tasks:
        table, notes = evidence.task_view(report, width)
        output.show(table, *notes, "")
    elif report.languages and report.no_tasks:
        output.show(*conditions(report), "")
    if report.generations:
        output.show(evidence.generation_table(report))
    if notes := evidence.generation_footnotes(report) if report.languages else []:
        output.show(*notes, "")
    if report.speed:
        output.show(*([evidence.speed_table(report)] if report.speed.rows else []), *speed_table(report).notes, "")


def size_line(report: Report) -> str:
    """Bytes of the files, dense beside pruned."""
    words = size_words(report)
    return f"Files: {words}." if words else ""


def verdicts_of(report: Report) -> dict[str, str]:
    """What the figures mean: a sentence each on perplexity, on what the control leaves open, on tasks and on generated
    text, as far as they compare models.
    """
    compared = any(PRUNED in row.scores for row in report.languages)
    nothing = not (report.languages or report.tasks or report.generations)
    found = {
        "verdict": verdict(report) if compared or nothing else "",
        "verdict_sources": other_sources(report),
        "verdict_tasks": task_verdict(report),
        "verdict_generations": generation_verdict(report),
    }
    return {key: sentence for key, sentence in found.items() if sentence}


def cautions_of(report: Report) -> list[str]:
    """What the figures cannot say."""
    compared = any(PRUNED in row.scores for row in report.languages)
    return [caution()] * compared + [task_caution()] * any(PRUNED in row.scores for row in report.tasks)


def places_of(folder: Path | None, published: Published | None) -> list[tuple[str, str]]:
    """Where card and weights lie, in words."""
    if published:
        places = [("Pull request" if published.pull_request else "Published", published.pull_request or published.url)]
        if published.private and not published.pull_request:
            places.append(("Private; to show it", f"hf repos settings {published.repo_id} --public"))
        return places
    return [("Card", str(folder / CARD))] if folder else []


def agent_facts(report: Report, folder: Path | None, published: Published | None) -> list[tuple[str, Any]]:
    """Sizes, what was not measured, and where things lie, for programs."""
    facts: list[tuple[str, Any]] = [*evidence_text.facts(report), ("folder", folder)]
    if published:
        facts += list(dataclasses.asdict(published).items())
    return [(key, value) for key, value in facts if value not in (None, "")]


def sections(tables: Iterable[str], facts: Iterable[tuple[str, Any]]) -> str:
    """Tables and `key<TAB>value` lines, for programs; an empty line between them."""
    lines = [f"{key}\t{str(value).lower() if isinstance(value, bool) else value}" for key, value in facts]
    return "\n\n".join(filter(None, [*tables, "\n".join(lines)]))


def show_plan(output: Output, plan: Plan) -> None:
    """The plan; what is in the way of it goes to stderr."""
    lines = plan_lines(plan)
    output.result(
        quiet=plan.repo_id,
        data=plan_data(plan),
        agent=lambda: sections([], [(head.lower().replace(" ", "_"), text) for head, text in lines]),
        human=lambda: output.show(lines_table(lines)),
    )
    for warning in plan.warnings:
        output.warn(warning)
    if not plan.fits:
        output.warn("This run does not fit this computer; see the lines above that say NOT ENOUGH.")


def show_upload(output: Output, folder: Path, repo_id: str, *, private: bool) -> None:
    """What publishing a finished folder would do."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    total = sum(path.stat().st_size for path in files)
    lines = [
        ("Folder", f"{folder}: {len(files)} files, {size(total)}; {STORAGE_TRUTH}"),
        ("Publish", f"{repo_id}, {visibility(private=private)}"),
    ]
    output.result(
        quiet=repo_id,
        data={"folder": str(folder), "repo_id": repo_id, "private": private, "files": len(files), "bytes": total},
        agent=lambda: sections([], [(head.lower(), text) for head, text in lines]),
        human=lambda: output.show(lines_table(lines)),
    )
