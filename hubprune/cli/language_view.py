"""The languages as a table, and the tasks of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hubprune.languages import Language, default_text
from hubprune.task_table import Family, default_tasks, family_of, tasks_of

if TYPE_CHECKING:
    from rich.table import Table

    from hubprune.cli.output import Output

LICENCE = "ODC-By 1.0"  # of allenai/c4 and of HuggingFaceFW/fineweb-2, as their pages say
HEAD = ("code", "name", "autonym", "source", "tasks", "task_data", "task_licences")
TASK_HEAD = ("task", "default", "kind", "data", "licence", "chance", "metric")
UNKNOWN = "not known"  # a licence that was found nowhere
SHORT = {"global_piqa_nonparallel_cloze": "global_piqa"}  # family -> its name where space is short


def default_families(code: str) -> list[tuple[str, Family]]:
    """The tasks a language is measured with by itself unless told otherwise, with their families."""
    return [(task, family) for task in default_tasks(code) if (family := family_of(task))]


def language_data(found: list[Language]) -> list[dict[str, Any]]:
    """All that is known of each, for programs."""
    return [
        {"code": one.code, "name": one.name, "autonym": one.autonym, "rtl": one.rtl}
        | {"source": default_text(one.code), "licence": LICENCE, "tasks": task_data(one.code)}
        for one in found
    ]


def task_data(code: str) -> list[dict[str, Any]]:
    """The tasks of a language, for programs."""
    defaults = default_tasks(code)
    return [
        {"task": task, "default": task in defaults, "kind": family.kind, "data": family.dataset}
        | {"licence": family.license, "chance": round(family.chance, 4), "metric": family.metric}
        | {"generates": family.generates, "note": family.note}
        for task, family in tasks_of(code)
    ]


def language_lines(found: list[Language]) -> str:
    """Tab-separated lines; those of the tasks follow where it is one language."""
    rows: list[tuple[str, ...]] = [HEAD]
    for one in found:
        tasks = default_families(one.code)
        parts = (
            [task for task, _ in tasks],
            [family.dataset for _, family in tasks],
            [family.license or UNKNOWN for _, family in tasks],
        )
        rows.append((one.code, one.name, one.autonym, default_text(one.code), *(",".join(part) for part in parts)))
    lines = ["\t".join(row) for row in rows]
    if len(found) == 1:
        lines += ["\t".join(TASK_HEAD), *("\t".join(row) for row in task_rows(found[0].code))]
    return "\n".join(lines)


def task_rows(code: str) -> list[tuple[str, ...]]:
    """The tasks of a language as words, in the order of TASK_HEAD."""
    return [
        (
            *(row["task"], "yes" if row["default"] else "no", row["kind"], row["data"], row["licence"] or UNKNOWN),
            *(f"{row['chance']:.0%}", row["metric"]),
        )
        for row in task_data(code)
    ]


def show_languages(output: Output, found: list[Language]) -> None:
    """A table, one line each; for one language its tasks under it."""
    table = plain_table("code", "language", "own name", "default text", "default tasks")
    for one in found:
        names = ", ".join(SHORT.get(family.name, family.name) for _, family in default_families(one.code))
        table.add_row(one.code, one.name, one.autonym, default_text(one.code), names or "none")
    if len(found) > 1:
        named = f"{len(found)} languages; both data sets of text are under {LICENCE}."
        output.show(table, f"{named} Data and licence of the tasks: hubprune languages CODE.")
        return
    output.show(table, f"The text is under {LICENCE}.", "")
    rows = task_data(found[0].code)
    if not rows:
        output.show("No task of lm-eval is known for it.")
        return
    tasks = plain_table("task", "kind", "data set", "licence", "chance")
    for row in rows:
        name = f"{row['task']} *" if row["default"] else row["task"]
        tasks.add_row(name, row["kind"], row["data"], row["licence"] or UNKNOWN, f"{row['chance']:.0%}")
    notes = [f"{row['task']}: {row['note']}." for row in rows if row["note"]]
    output.show(
        tasks, "* measured unless --tasks says otherwise; beside other languages, tasks that they share.", *notes
    )


def plain_table(*titles: str) -> Table:
    """An empty table whose long words are folded."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, padding=(0, 1), show_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold")
    return table
