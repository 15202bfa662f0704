"""The table of tasks: as the strings that the terminal, the card and a page show, and what must be known to read it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hubprune.publishing import points, tables
from hubprune.publishing.tables import Table
from hubprune.publishing.text import count, listed, name_of
from hubprune.report import CONTROL, DENSE, PRUNED, Report, TaskRow, TaskScore
from hubprune.task_names import ASKS_FOR, TITLES
from hubprune.task_table import family_of

LANES = (DENSE, CONTROL, PRUNED)
ANY = "Any language"  # a task that belongs to none
MANY_TESTS = 4
MOST_CUT = 3


def ordered(report: Report) -> list[TaskRow]:
    """The tasks, those in calibration languages first, languages in the order of the table of perplexities."""
    places = {row.language: place for place, row in enumerate(report.languages)}
    last = len(places)
    return sorted(report.tasks, key=lambda row: (not row.calibrated, places.get(row.language, last), row.language))


def without(report: Report) -> dict[str, str]:
    """Language -> why it has no task; "" for all of them. Languages that have another one are left out."""
    have = {row.language for row in report.tasks}
    return {code: reason for code, reason in report.no_tasks.items() if code not in have}


def missed(report: Report) -> dict[str, str]:
    """Language with tasks -> why a further task of its was not measured."""
    have = {row.language for row in report.tasks}
    return {code: reason for code, reason in report.no_tasks.items() if code and code in have}


def headings(report: Report) -> dict[str, str]:
    """Lane -> heading, of those measured on tasks, in the order of the columns."""
    measured = {lane for row in report.tasks for lane in row.scores}
    names = tables.lane_names(report)
    return {lane: names.get(lane, lane.capitalize()) for lane in LANES if lane in measured}


def language_name(row: TaskRow) -> str:
    """The English name of a task's language."""
    return name_of(row.language) if row.language else ANY


def task_table(report: Report) -> Table:
    """Scores of each lane in per cent, paired differences in points, what was kept, one task a row.

    A language without a task has a row without figures. Columns whose numbers this report lacks are left out.
    """
    rows, names = ordered(report), headings(report)
    chosen = tables.calibration_languages(report)
    missing = [code for code in without(report) if code] if rows else []
    missing.sort(key=lambda code: code not in chosen)
    dense = names.get(DENSE, "dense") if tables.model_names(report) else "dense"
    columns = {
        "Language": [language_name(row) for row in rows],
        "Task": [described(row) for row in rows],
        **{names[lane]: [score(row.scores.get(lane)) for row in rows] for lane in names},
        f"Change to {dense}": [change(points.against_dense(row)) for row in rows],
        "Change to control": [change(points.against_control(row)) for row in rows],
        "Kept" if PRUNED in names else "Remark": [kept(row, dense) for row in rows],
        "Items": [f"{row.items:,}" for row in rows],
    }
    shown = {heading: cells for heading, cells in columns.items() if any(cells)}
    lines = [list(cells) for cells in zip(*shown.values(), strict=True)] if rows else []
    lines += [[name_of(code), "none", *[""] * (len(shown) - 2)] for code in missing]
    bold = [row.calibrated for row in rows] + [code in chosen for code in missing]
    return Table(
        columns=list(shown),
        rows=lines,
        targets=[index for index, calibrated in enumerate(bold) if calibrated],
        mean=None,
        notes=notes(report, rows, dense),
    )


def described(row: TaskRow) -> str:
    """ "XCOPA (reasoning): xcopa_sw, acc, chance 50.0"; of a task that we have no name for "mine: acc"."""
    chance = f"chance {100 * row.chance:.1f}" if row.chance is not None else ""
    name = titled(row)
    code = row.task if title(row) else ""
    return f"{name}: {', '.join(filter(None, (code, row.metric, chance)))}"


def titled(row: TaskRow) -> str:
    """ "Belebele (reading comprehension)"; lm-eval's name where the task has no other."""
    kind = asks_for(row)
    return (title(row) or row.task) + (f" ({kind})" if kind else "")


def title(row: TaskRow) -> str:
    """What people call the task, "Belebele"; '' for parts of one, and for those of nobody's table."""
    family = family_of(row.task)
    return TITLES[family.name] if family and row.task in family.names.values() else ""


def asks_for(row: TaskRow) -> str:
    """What the task asks for, in words; '' where that is not known."""
    return ASKS_FOR.get(row.kind, row.kind)


def called(row: TaskRow, language: bool = False) -> tuple[str, str]:
    """What a sentence calls a task: ("reasoning", "XCOPA"), or its name and nothing; `language`: with its language."""
    kind, name = asks_for(row), title(row) or row.task
    where = language_name(row) if language else ""
    return (kind, ", ".join(filter(None, (name, where)))) if kind else (name, where)


def score(found: TaskScore | None) -> str:
    """A mean score in per cent, "61.5"."""
    if found is None:
        return ""
    return f"{100 * found.value:.1f}" if math.isfinite(found.value) else "not finite"


def change(found: points.Change | None) -> str:
    """ "−4.5 ± 2.0 (p = 0.031)"."""
    return f"{found.shown} ({found.judged})" if found else ""


def kept(row: TaskRow, dense: str = "dense") -> str:
    """ "83 ± 9 %"; why there is no figure, where the dense model is no better than guessing."""
    if quiet := points.silence(row, dense):
        return quiet
    share = points.kept(row)
    if share is None:
        return ""
    if share <= 0:
        return "nothing: at chance or below"
    error = points.kept_error(row)
    return f"{100 * share:.0f}" + (f" ± {100 * error:.0f} %" if error is not None else " %")


def notes(report: Report, rows: Sequence[TaskRow], dense: str) -> list[str]:
    """What a reader must know to read the table, one sentence each; where there is none, why."""
    model = dense if tables.model_names(report) else "the dense model"
    found = []
    if any(points.against_dense(row) for row in rows):
        found.append(
            "Scores in per cent; changes in points ± one standard error, paired over the items, which are the same for "
            "all models. p: the exact two-sided sign test over them; a change with a p of "
            f"{points.SIGNIFICANT:g} or more is called noise."
        )
        if any(points.too_few(row) for row in rows):
            found.append(f"Fewer than {points.FEWEST_ITEMS} independent items are too few to tell a change from noise.")
        if len(rows) >= MANY_TESTS:
            found.append("Of twenty such tests, one falls below that by chance alone.")
    elif rows:
        found.append("Scores in per cent.")
    if any(points.kept(row) is not None for row in rows):
        found.append(f"Kept: {kept_means(rows, model)}.")
    if any(points.silence(row) for row in rows):
        found.append(
            f"Where {model} is no better than guessing, by the noise of its items, there is nothing to lose and the "
            "row says nothing."
        )
    return found + conditions(report)


def kept_means(rows: Sequence[TaskRow], model: str) -> str:
    """What "kept" is a share of."""
    zero = " (above zero where guessing cannot be scored)" if any(row.chance is None for row in rows) else ""
    return f"the share that stays of what {model} scores above chance{zero}"


def conditions(report: Report) -> list[str]:
    """How many items were asked, which share passages, which were cut, which languages have no task and why, each one
    sentence.
    """
    rows, limit, found = ordered(report), report.recipe.get("limit"), []
    if isinstance(limit, int) and any(row.items >= limit for row in rows):
        found.append(
            f"Of a task with more than {count(limit, 'item')} only the first {limit:,} were asked, in the order of the "
            "data set as in lm-eval, not drawn at random; of a group of tasks, equally many of each."
        )
    shared = [f"{row.task} ({row.passages:,} for {row.items:,} items)" for row in rows if row.passages]
    if shared:
        where = listed(shared) if len(shared) <= MOST_CUT else f"{shared[0]} and {len(shared) - 1} other tasks"
        found.append(f"Items about one passage are not independent: the errors and p of {where} are over passages.")
    cut = [f"{row.truncated:,} of {row.items:,} in {row.task}" for row in rows if row.truncated]
    if cut:
        where = listed(cut) if len(cut) <= MOST_CUT else f"{cut[0]}, and some in {len(cut) - 1} other tasks"
        found.append(f"Some contexts are longer than the model's and were cut: {where}.")
    found += [
        f"In {name_of(code)} not all was measured: {reason.rstrip('.')}." for code, reason in missed(report).items()
    ]
    return found + [sentence_of(code, reason) for code, reason in without(report).items()]


def sentence_of(language: str, reason: str) -> str:
    """Why a language has no task: "No task was measured in German: ..."."""
    where = f" in {name_of(language)}" if language else ""
    return f"No task was measured{where}: {reason.strip().rstrip('.')}."
