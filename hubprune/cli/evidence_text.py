"""What was measured beyond perplexity, tab-separated for programs: every number with all its digits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hubprune.cli.report_view import digits, lane_keys
from hubprune.publishing import points, task_tables
from hubprune.report import Paired, Report


def tables_of(report: Report) -> list[str]:
    """Tasks, generated text and speed; '' for what was not measured."""
    return [tasks(report), generations(report), speed(report)]


def tasks(report: Report) -> str:
    """One task a line."""
    lanes = lane_keys(report, [row.scores for row in report.tasks])
    facts = ("score", "se", "change", "change_se", "change_p")
    ends = ("against_control", "against_control_se", "against_control_p", "kept", "truncated")
    head = ["task", "language", "calibrated", "metric", "kind", "items", "chance"]
    lines = []
    for row in task_tables.ordered(report):
        cells = [row.task, row.language, yes(row.calibrated), row.metric, row.kind, str(row.items), digits(row.chance)]
        for lane in lanes:
            found = row.scores.get(lane)
            cells += [digits(found.value if found else None), digits(found.se if found else None)]
            cells += paired(found.against_dense if found else None)
        lines.append([*cells, *paired(row.against_control), digits(points.kept(row)), str(row.truncated)])
    return table([*head, *(f"{key}_{fact}" for key in lanes.values() for fact in facts), *ends], lines)


def generations(report: Report) -> str:
    """One language a line."""
    lanes = lane_keys(report, [row.scores for row in report.generations])
    facts = ("in_language", "repetition")
    lines = []
    for row in report.generations:
        found = [row.scores.get(lane) for lane in lanes]
        cells = [digits(getattr(score, fact, None)) for score in found for fact in facts]
        lines.append([row.language, yes(row.calibrated), str(len(row.samples)), str(row.new_tokens), *cells])
    head = ["generated_in", "calibrated", "prompts", "new_tokens"]
    return table([*head, *(f"{key}_{fact}" for key in lanes.values() for fact in facts)], lines)


def speed(report: Report) -> str:
    """One model at one batch size a line."""
    facts = ("lane", "form", "batch", "prefill", "decode", "peak_memory", "prefill_ratio", "decode_ratio")
    rows = report.speed.rows if report.speed else []
    names = lane_keys(report, [{row.lane: row for row in rows}])
    lines = [[names[row.lane], row.form, *(digits(getattr(row, fact)) for fact in facts[2:])] for row in rows]
    return table(["model", *facts[1:]], lines)


def facts(report: Report) -> list[tuple[str, Any]]:
    """Bytes of the files, and why something was not measured."""
    sizes = lane_keys(report, [report.sizes])
    found: list[tuple[str, Any]] = [
        (f"{key}_{fact}_bytes", getattr(report.sizes[lane], fact))
        for lane, key in sizes.items()
        for fact in ("weights", "download")
    ]
    reasons = {f"no_tasks {code}".strip(): reason for code, reason in task_tables.without(report).items()}
    reasons["no_generations"] = report.no_generations or ""
    return found + [(key, " ".join(reason.split())) for key, reason in reasons.items()]


def paired(found: Paired | None) -> list[str]:
    """Difference, its error, p."""
    return [digits(getattr(found, fact, None)) for fact in ("difference", "se", "p")]


def table(head: list[str], lines: Iterable[list[str]]) -> str:
    """The table, its cells free of tabs and line breaks; '' without lines."""
    body = list(lines)
    return "\n".join("\t".join(" ".join(cell.split()) for cell in line) for line in [head, *body]) if body else ""


def yes(value: bool) -> str:
    """ "yes" or "no"."""
    return "yes" if value else "no"
