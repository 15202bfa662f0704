"""What the tasks say, in one plain sentence made from their numbers."""

from __future__ import annotations

from collections.abc import Sequence

from hubprune.publishing import points, tables, task_tables
from hubprune.publishing.points import INSIDE, Change
from hubprune.publishing.text import count, listed, name_of
from hubprune.report import PRUNED, Report, TaskRow

MOST_NAMED = 3


def task_verdict(report: Report) -> str:
    """Whether the choice of calibration language was worth it on tasks, or what pruning cost; of an evaluation, how its
    two models compare. '' where no task was measured, or one model alone.

    Tasks on which the dense model is no better than guessing are left out: they have nothing to lose.
    """
    rows = [row for row in task_tables.ordered(report) if PRUNED in row.scores]
    if not rows:
        return ""
    names = tables.model_names(report)
    control = tables.control_language(report)
    if names:
        return _cost(report, rows, f"On tasks, {names[PRUNED]} against {next(iter(names.values()))}")
    targets = [row for row in rows if row.calibrated] or rows
    cost = _cost(report, targets, "Pruning changed task scores")
    if control and any(row.against_control for row in rows):
        choice = _choice(report, rows, name_of(control))
        return f"{cost} {choice}" if choice else cost
    if tables.calibration_languages(report) and not tables.control_is_pointless(report):
        unknown = "no control was run, so what the choice of calibration language did to them is not known"
        cost = f"{cost.rstrip('.')}; {unknown}."
    return cost


def task_caution() -> str:
    """What task scores cannot say; stands beside every verdict on them."""
    return (
        "Differences of less than 2 to 5 points on a task are within calibration noise (arXiv 2311.09755), and "
        "multiple choice overstates pruned models (arXiv 2606.17609)."
    )


def _choice(report: Report, rows: Sequence[TaskRow], control: str) -> str:
    """The chosen text against the control's, in the calibration languages first; '' where their tasks do not tell."""
    codes = tables.calibration_languages(report)
    chosen = listed([name_of(code) for code in codes]) or "the chosen"
    alone = " alone" if control in [name_of(code) for code in codes] else ""
    targets = [row for row in rows if row.calibrated and row.against_control]
    rest = [row for row in rows if not row.calibrated and row.against_control]
    if not targets:
        return f"No task was measured in {chosen}, so whether that text was worth choosing is not known from tasks."
    heard = _changes(targets, points.against_control)
    if not heard:
        return f"So they do not say either whether {chosen} text was worth choosing."
    start = _judged(heard, chosen, f"{control}{alone}")
    return f"{start}: {_parts(heard)}{_elsewhere(rest)}."


def _judged(changes: Sequence[Change], chosen: str, control: str) -> str:
    """The conclusion, before the numbers it is drawn from."""
    told = [change for change in changes if change.kind != "noise"]
    clear = {change.kind for change in told if not change.small}
    choice = f"On tasks, choosing {chosen} over {control} text"
    if not told:
        return f"{choice} made no difference beyond the noise"
    if not clear:
        return f"{choice} made a difference so small that another draw of calibration text could undo it"
    if len({change.kind for change in told}) > 1:
        return f"{choice} gained here and lost there"
    if clear == {"higher"}:
        return f"On tasks, {chosen} text was worth choosing over {control} text"
    return f"On tasks, {control} text was the better choice than {chosen} text"


def _cost(report: Report, rows: Sequence[TaskRow], start: str) -> str:
    heard = _changes(rows, points.against_dense)
    if not heard:
        return f"The tasks do not say what pruning cost: {_unheard(rows)}{_missing(report)}."
    return f"{start}: {_parts(heard)}{'; ' if _unheard(rows) else ''}{_unheard(rows)}{_missing(report)}."


def _changes(rows: Sequence[TaskRow], of: object) -> list[Change]:
    """The changes of the rows that say something."""
    found = [of(row) for row in rows if points.standing(row) == "above"]  # type: ignore[operator]
    return [change for change in found if change is not None]


def _parts(changes: Sequence[Change]) -> str:
    """ "+6.5 ± 2.1 points on reasoning (XCOPA) and +0.5 ± 0.9 on grammar (MultiBLiMP, inside the noise)"; summed up
    where many.
    """
    if len(changes) > MOST_NAMED:
        return _summed_up(changes)
    several = len({change.row.language for change in changes}) > 1
    words = []
    for place, change in enumerate(changes):
        task, more = task_tables.called(change.row, language=several)
        more = ", ".join(filter(None, (more, change.in_words if change.kind == "noise" else "")))
        words.append(f"{change.shown}{'' if place else ' points'} on {task}{f' ({more})' if more else ''}")
    return listed(words)


def _summed_up(changes: Sequence[Change]) -> str:
    parts = []
    for kind, words in (("higher", "higher on"), ("lower", "lower on"), ("noise", f"{INSIDE} on")):
        found = [change for change in changes if change.kind == kind]
        if found:
            low, high = (points.signed(pick(change.points for change in found)) for pick in (min, max))
            spread = low if low == high else f"{low} to {high}"
            parts.append(f"{words} {count(len(found), 'task')} ({spread} points)")
    return listed(parts)


def _unheard(rows: Sequence[TaskRow]) -> str:
    """Tasks that say nothing, and why."""
    few = [row for row in rows if points.standing(row) == "few"]
    guessing = [row for row in rows if points.silence(row) and row not in few]
    parts = []
    if guessing:
        parts.append(f"on {_named(guessing)} the dense model is no better than guessing")
    if few:
        parts.append(f"on {_named(few)} too few items were asked to tell")
    return "; ".join(parts)


def _named(rows: Sequence[TaskRow]) -> str:
    """ "knowledge (Global MMLU) and reasoning (XCOPA)"; a number where many."""
    if len(rows) > MOST_NAMED:
        return count(len(rows), "task")
    several = len({row.language for row in rows}) > 1
    found = [task_tables.called(row, language=several) for row in rows]
    return listed([f"{task} ({more})" if more else task for task, more in found])


def _missing(report: Report) -> str:
    """Calibration languages without a task."""
    codes = task_tables.without(report)
    names = [name_of(code) for code in tables.calibration_languages(report) if code in codes]
    return f"; no task was measured in {listed(names)}" if names else ""


def _elsewhere(rows: Sequence[TaskRow]) -> str:
    """The same choice in the languages that it was not made for."""
    heard = _changes(rows, points.against_control)
    if not heard:
        return ""
    said = [row for row in rows if points.standing(row) == "above"]
    names = list(dict.fromkeys(task_tables.language_name(row) for row in said))
    where = listed(names) if len(names) <= MOST_NAMED else count(len(names), "other language")
    return f"; in {where}: {_parts(heard)}"
