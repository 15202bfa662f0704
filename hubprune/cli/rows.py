"""A row of a table in words, as soon as it is final."""

from __future__ import annotations

from collections.abc import Mapping

from hubprune.publishing import points
from hubprune.publishing.generation_tables import known
from hubprune.publishing.task_tables import language_name
from hubprune.publishing.text import figure, name_of
from hubprune.report import CONTROL, DENSE, PRUNED, GenerationRow, LanguageRow, TaskRow

Row = LanguageRow | TaskRow | GenerationRow
NAMES = {DENSE: "dense", PRUNED: "pruned", CONTROL: "control"}


def stage_of(row: Row) -> str:
    """The stage that a row belongs to."""
    return {TaskRow: "tasks", GenerationRow: "generate"}.get(type(row), "measure")


def row_in_words(row: Row, names: Mapping[str, str] | None = None) -> str:
    """One row's result. `names`: what the lanes are called, of an evaluation its models."""
    called = NAMES | dict(names or {})
    if isinstance(row, TaskRow):
        return task_in_words(row, called)
    return generation_in_words(row, called) if isinstance(row, GenerationRow) else language_in_words(row, called)


def language_in_words(row: LanguageRow, names: Mapping[str, str]) -> str:
    """ "Swahili: perplexity 12.30 dense, 14.10 pruned (×1.146), control 18.20 (×1.480)"."""
    dense, pruned, control = (row.scores.get(lane) for lane in (DENSE, PRUNED, CONTROL))
    text = f"{name_of(row.language)}: perplexity"
    if dense:
        text += f" {figure(dense.perplexity)}" + (f" {names[DENSE]}" if pruned else "")
    if pruned:
        text += f", {figure(pruned.perplexity)} {names[PRUNED]}"
        text += f" (×{pruned.ratio:.3f})" if pruned.ratio is not None else ""
    if control:
        text += f", {names[CONTROL]} {figure(control.perplexity)}"
        text += f" (×{control.ratio:.3f})" if control.ratio is not None else ""
    return text


def task_in_words(row: TaskRow, names: Mapping[str, str]) -> str:
    """ "Swahili, xcopa_sw: acc 72.5 % dense, 68.0 % pruned (−4.5 ± 2.3 points), control 58.0 %"."""
    dense, pruned, control = (row.scores.get(lane) for lane in (DENSE, PRUNED, CONTROL))
    text = f"{language_name(row)}, {row.task}: {row.metric}"
    if dense:
        text += f" {100 * dense.value:.1f} %" + (f" {names[DENSE]}" if pruned else "")
    if pruned:
        change = points.against_dense(row)
        text += f", {100 * pruned.value:.1f} % {names[PRUNED]}" + (f" ({change.shown} points)" if change else "")
    if control:
        text += f", {names[CONTROL]} {100 * control.value:.1f} %"
    return text


def generation_in_words(row: GenerationRow, names: Mapping[str, str]) -> str:
    """ "Swahili, 8 texts: in the language 100 % dense, 88 % pruned, 25 % control; repeated 3 %, 12 %, 31 %"."""
    lanes = [lane for lane in (DENSE, PRUNED, CONTROL) if lane in row.scores]
    shares = {lane: known(row.scores[lane]) for lane in lanes}
    said = ", ".join(
        f"{'not known' if share is None else f'{100 * share:.0f} %'} {names[lane]}" for lane, share in shares.items()
    )
    repeated = ", ".join(f"{100 * row.scores[lane].repetition:.0f} %" for lane in lanes)
    return f"{name_of(row.language)}, {len(row.samples)} texts: in the language {said}; repeated {repeated}"
