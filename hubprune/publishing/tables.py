"""The table of a report: as numbers, and as the strings that the terminal, the card and a page show."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from hubprune.publishing import text
from hubprune.report import CONTROL, DENSE, PRUNED, LanguageRow, Report

MEAN = "Geometric mean"
COMPARABLE = (
    "Perplexities of different languages cannot be compared, because the tokenizer cuts them differently; ratios can, "
    "and so can bits per byte."
)
NOISE = "A difference is called noise where it is less than that error times the 97.5 % quantile of Student's t."
USUAL_CONTROL = "en"  # the recipe's default


@dataclass(frozen=True)
class Figures:
    """One line of the table as numbers: a language, or the mean over them (`language` is '' and `windows` 0)."""

    language: str
    name: str
    target: bool  # a calibration language
    dense: float | None  # perplexities
    control: float | None
    pruned: float | None
    ratio: float | None  # pruned / dense
    ratio_se: float | None
    control_ratio: float | None  # control / dense
    control_ratio_se: float | None
    against_control: float | None  # pruned / control
    against_control_se: float | None
    bits_dense: float | None  # bits per byte
    bits_pruned: float | None
    windows: int


@dataclass(frozen=True)
class Table:
    """Strings, ready to be set. `targets` are the indices of the calibration languages' rows, `mean` the mean's."""

    columns: list[str]
    rows: list[list[str]]
    targets: list[int]
    mean: int | None
    notes: list[str]


def language_rows(report: Report) -> list[Figures]:
    """The languages measured, calibration languages first, and with two or more of them the mean of their ratios.

    The mean is geometric and over ratios alone: perplexities of different languages are not comparable.
    """
    ordered = sorted(report.languages, key=lambda row: not row.calibrated)
    rows = [_figures(row) for row in ordered]
    if len(rows) < 2:
        return rows
    mean = Figures(
        *("", MEAN, False, None, None, None),
        ratio=geometric_mean(row.ratio for row in rows),
        ratio_se=None,
        control_ratio=geometric_mean(row.control_ratio for row in rows),
        control_ratio_se=None,
        against_control=geometric_mean(row.against_control for row in rows),
        against_control_se=None,
        bits_dense=None,
        bits_pruned=None,
        windows=0,
    )
    return [*rows, mean] if mean.ratio is not None else rows


def _figures(row: LanguageRow) -> Figures:
    dense, control, pruned = (row.scores.get(lane) for lane in (DENSE, CONTROL, PRUNED))
    return Figures(
        language=row.language,
        name=text.name_of(row.language),
        target=row.calibrated,
        dense=dense.perplexity if dense else None,
        control=control.perplexity if control else None,
        pruned=pruned.perplexity if pruned else None,
        ratio=pruned.ratio if pruned else None,
        ratio_se=pruned.ratio_se if pruned else None,
        control_ratio=control.ratio if control else None,
        control_ratio_se=control.ratio_se if control else None,
        against_control=row.against_control,
        against_control_se=row.against_control_se,
        bits_dense=dense.bits_per_byte if dense else None,
        bits_pruned=pruned.bits_per_byte if pruned else None,
        windows=row.windows,
    )


def geometric_mean(values: Iterable[float | None]) -> float | None:
    """The geometric mean; None where a value is missing, not finite or not above zero, or where there is none."""
    logs = [math.log(value) if value and math.isfinite(value) and value > 0 else None for value in values]
    known = [value for value in logs if value is not None]
    return math.exp(math.fsum(known) / len(known)) if known and len(known) == len(logs) else None


def worst(report: Report) -> Figures | None:
    """The language whose perplexity grew by the largest factor; None with fewer than two languages measured."""
    rows = [row for row in language_rows(report) if row.language and row.ratio is not None]
    grade = lambda row: row.ratio if math.isfinite(row.ratio) else math.inf  # noqa: E731
    return max(rows, key=grade) if len(rows) > 1 else None


def calibration_languages(report: Report) -> list[str]:
    """Codes of the languages whose text chose the weights, in the recipe's order; none for a method without text."""
    used = list(dict.fromkeys(record.language for record in report.texts if record.use == "calibration"))
    order = list(report.recipe.get("lang") or {})
    return sorted(used, key=lambda code: order.index(code) if code in order else len(order))


def control_language(report: Report) -> str | None:
    """Code of the control's calibration language; None where no control was measured."""
    control = report.recipe.get("control")
    return control if control and any(CONTROL in row.scores for row in report.languages) else None


def control_is_pointless(report: Report) -> bool:
    """Whether the calibration text was that of the usual control alone, so that a control would be the same again."""
    return calibration_languages(report) == [USUAL_CONTROL]


def model_names(report: Report) -> dict[str, str]:
    """Lane -> model, of an evaluation: its lanes are checkpoints, not calibrations. Empty for a pruning."""
    measured = {lane for row in report.languages for lane in row.scores}
    if report.sparsity is not None or not measured:
        return {}
    if PRUNED not in measured:
        return {DENSE: (report.against or report.model).id}
    model, against = report.model, report.against or report.model
    for one, other in (
        (model.id, against.id),
        (f"{model.id}@{(model.revision or '')[:7]}", f"{against.id}@{(against.revision or '')[:7]}"),
    ):
        if one != other:
            return {DENSE: other.rstrip("@"), PRUNED: one.rstrip("@")}
    return {DENSE: f"{against.id} (B)", PRUNED: f"{model.id} (A)"}


def lane_names(report: Report) -> dict[str, str]:
    """A heading for each lane: "Dense", "Swahili-calibrated", "English-calibrated"; of an evaluation, its models."""
    targets, control = calibration_languages(report), control_language(report)
    names = [text.name_of(code) for code in targets]
    pruned = f"{' + '.join(names)}-calibrated" if 0 < len(names) < 3 else "Pruned"
    middle = {CONTROL: f"{text.name_of(control)}-calibrated"} if control else {}
    return {DENSE: "Dense", **middle, PRUNED: pruned} | shortened(model_names(report))


def shortened(names: dict[str, str]) -> dict[str, str]:
    """Ids without their owners and paths without their folders, where that leaves different names."""
    short = {lane: name.rstrip("/").rsplit("/", 1)[-1] for lane, name in names.items()}
    return short if len(set(short.values())) == len(short) else names


def error_note(report: Report) -> str:
    """What stands behind a ±, and what does not."""
    covered = "one standard error over the windows of the evaluation text"
    if calibration_languages(report):
        covered += "; it does not cover the draw of the calibration text (one seed)"
    return f"{covered}. It is paired, and counts windows cut from one document as independent."


def language_table(report: Report) -> Table:
    """Perplexity of each lane, ratios with paired standard errors, bits per byte and windows, one language a row.

    Columns whose numbers this report lacks are left out.
    """
    figures = language_rows(report)
    names = lane_names(report)
    control = names.get(CONTROL, "")
    dense = names[DENSE] if model_names(report) else "dense"
    columns = {
        "Language": [row.name for row in figures],
        names[DENSE]: [_perplexity(row.dense) for row in figures],
        control: [_perplexity(row.control) for row in figures],
        names[PRUNED]: [_perplexity(row.pruned) for row in figures],
        f"Ratio to {dense}": [_ratio(row.ratio, row.ratio_se) for row in figures],
        "Ratio to control": [_ratio(row.against_control, row.against_control_se) for row in figures],
        "Bits per byte": [_bits(row) for row in figures],
        "Windows": [f"{row.windows:,}" if row.windows else "" for row in figures],
    }
    shown = {heading: cells for heading, cells in columns.items() if any(cells)}
    return Table(
        columns=list(shown),
        rows=[list(cells) for cells in zip(*shown.values(), strict=True)],
        targets=[index for index, row in enumerate(figures) if row.target],
        mean=next((index for index, row in enumerate(figures) if not row.language), None),
        notes=_notes(report, names, dense, figures),
    )


def _perplexity(value: float | None) -> str:
    return "" if value is None else text.figure(value)


def _ratio(value: float | None, error: float | None) -> str:
    return "" if value is None else text.ratio(value, error)


def _bits(row: Figures) -> str:
    values = (row.bits_dense, row.bits_pruned)
    return " → ".join(f"{bits:.3f}" for bits in values if bits is not None and math.isfinite(bits))


def _notes(report: Report, names: dict[str, str], dense: str, figures: list[Figures]) -> list[str]:
    """What a reader must know to read the table, one sentence each."""
    if not figures:
        return []
    measured = {lane for row in report.languages for lane in row.scores}
    shown = [name for lane, name in names.items() if lane in measured]
    notes = [f"{text.listed(shown)}: perplexity, lower is better."]
    if DENSE in measured and not model_names(report):
        notes.append(f"{names[DENSE]}: the base model, before pruning.")
    if len(report.languages) > 1:
        notes.append(COMPARABLE)
    if any("→" in _bits(row) for row in figures):
        notes.append(f"Bits per byte: {dense} → {names[PRUNED]}.")
    if any(row.ratio_se is not None for row in figures):
        notes.append(f"± is {error_note(report)}")
    if CONTROL in names:
        notes += [
            NOISE,
            f"Ratios are those of {names[PRUNED]}, the pruned model. {names[CONTROL]} is the control: the same method "
            "and pattern with that text, only measured.",
        ]
    return notes
