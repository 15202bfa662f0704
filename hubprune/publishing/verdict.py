"""What the table means, in one plain sentence made from its numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hubprune.publishing import tables
from hubprune.publishing.noise import Effect
from hubprune.publishing.tables import Figures
from hubprune.publishing.text import count, listed, name_of
from hubprune.report import DENSE, PRUNED, Report

TOO_FEW = "with too few windows to tell that from noise"
NO_MORE = "by no more than the windows' noise"


def verdict(report: Report) -> str:
    """One sentence: what calibrating in the target language changed against the control, or what pruning cost; of an
    evaluation, how its two models compare.

    A difference that `Effect` does not tell from noise is called noise, whatever its sign.
    """
    rows = [row for row in tables.language_rows(report) if row.language]
    if not rows:
        return "Nothing was measured, so what this pruning cost is not known in any language."
    names = tables.model_names(report)
    for lane in (PRUNED, DENSE) if names else (PRUNED,):
        values = [(row.name, row.pruned if lane == PRUNED else row.dense) for row in rows]
        broken = [name for name, value in values if value is not None and not _usable(value)]
        if broken:
            model = names.get(lane, "The pruned model")
            return f"{model} does not work in {listed(broken)}: its perplexity there is not a finite number."
    costs = [effect(row, row.ratio, row.ratio_se) for row in rows if _usable(row.ratio)]
    if names:
        if PRUNED not in names:
            return f"{names[DENSE]} was measured alone, so its perplexity is compared with nothing."
        return _comparison(names[PRUNED], names[DENSE], costs)
    control = tables.control_language(report)
    compared = {row.language: found for row in rows if (found := against_control(row))}
    if control and compared:
        return _against_control(report, rows, compared, control)
    if not costs:
        return "There is no dense model beside these figures, so they show no cost."
    return _cost(report, costs, sum(row.target for row in rows if _usable(row.ratio)))


def effect(row: Figures, ratio: float | None, error: float | None) -> Effect:
    """The ratio as something that can be told from noise, or not."""
    assert ratio is not None  # callers asked `_usable`
    return Effect(row.name, ratio, error, row.windows)


def against_control(row: Figures) -> Effect | None:
    """What the chosen text changed in a language against the control's text; None where that was not measured."""
    return effect(row, row.against_control, row.against_control_se) if _usable(row.against_control) else None


def caution() -> str:
    """What perplexity cannot say; stands beside every verdict."""
    return (
        "Perplexity is not knowledge or reasoning: calibrating in the target language generally keeps perplexity in "
        "that language, but does not reliably keep what the model knows and how it reasons "
        "(Kurz et al., TACL 14, 2026; arXiv 2408.14398; aclanthology.org/2026.tacl-1.9)."
    )


def _usable(value: float | None) -> bool:
    return value is not None and math.isfinite(value) and value > 0


def _against_control(report: Report, rows: Sequence[Figures], effects: dict[str, Effect], control: str) -> str:
    languages = tables.calibration_languages(report)
    control_name = name_of(control)
    names = listed([name_of(code) for code in languages]) or "the chosen text"
    found = [(row.target, row.language, effects[row.language]) for row in rows if row.language in effects]
    targets = [effect for target, _, effect in found if target]
    rest = {code: effect for target, code, effect in found if not target}
    if not targets:
        return (
            f"The calibration language was not measured; against {control_name} calibration, perplexity changed "
            f"{_spread(list(rest.values()))}."
        )
    alone = " alone" if control in languages else ""
    start = f"Calibrating in {names} instead of {control_name}{alone}"
    sentence = _one_target(start, targets[0]) if len(languages) == len(targets) == 1 else _many(start, targets)
    if control in rest:
        sentence += _and_control(rest.pop(control))
    if len(targets) == 1 and targets[0].kind == "higher" and not alone:
        sentence += f"; {control_name} text was the better choice for {targets[0].name} here"
    if rest:
        sentence += f"; against {control_name} calibration{alone}, perplexity in {_others(rest)} changed "
        sentence += _spread(list(rest.values()))
    return f"{sentence}."


def _others(rest: dict[str, Effect]) -> str:
    names = [effect.name for effect in rest.values()]
    return listed(names) if len(names) < 3 else count(len(names), "other language")


def _one_target(start: str, effect: Effect) -> str:
    match effect.kind:
        case "lower":
            return f"{start} kept {effect.name} perplexity {effect.amount} lower{effect.margin}"
        case "higher":
            return f"{start} {_raised(effect)}"
        case "noise":
            return f"{start} changed {effect.name} perplexity {NO_MORE} ({effect.measured})"
    return f"{start} changed {effect.name} perplexity by {effect.signed}, {TOO_FEW}"


def _many(start: str, targets: Sequence[Effect]) -> str:
    parts = []
    for kind, words in (
        ("lower", "kept perplexity lower in"),
        ("higher", "made perplexity higher in"),
        ("noise", f"changed perplexity {NO_MORE} in"),
        ("unknown", f"changed perplexity, {TOO_FEW}, in"),
    ):
        found = [effect for effect in targets if effect.kind == kind]
        if found:
            parts.append(f"{words} {listed([f'{effect.name} ({effect.measured})' for effect in found])}")
    return f"{start} {listed(parts)}"


def _raised(effect: Effect) -> str:
    if effect.ratio >= 3:
        return f"multiplied {effect.name} perplexity by {effect.ratio:,.3g}{effect.margin}"
    return f"made {effect.name} perplexity {effect.amount} higher{effect.margin}"


def _and_control(effect: Effect) -> str:
    match effect.kind:
        case "higher" if effect.ratio >= 3:
            return f", and {_raised(effect)}"
        case "higher":
            return f", and cost {effect.name} {effect.amount}{effect.margin}"
        case "lower":
            return f", and lowered {effect.name} perplexity by {effect.amount}{effect.margin}"
        case "noise":
            return f", with no clear change in {effect.name}"
    return f", and changed {effect.name} by {effect.signed}"


def _spread(effects: Sequence[Effect]) -> str:
    """ "by +2 % (± 1 %)", "by no more than the windows' noise", "by −2 % to +6 %"."""
    if all(effect.kind == "noise" for effect in effects):
        return NO_MORE
    if len(effects) == 1:
        return f"by {effects[0].signed}{effects[0].margin}"
    return f"by {_range(effects)}"


def _range(effects: Sequence[Effect]) -> str:
    low, high = (pick(effects, key=lambda effect: effect.ratio) for pick in (min, max))
    return f"{low.signed} to {high.signed}" if low.signed != high.signed else low.signed


def _cost(report: Report, effects: Sequence[Effect], targets: int) -> str:
    first = max(1, targets) if len(effects) > 3 else len(effects)
    parts = [f"by {effect.signed}{effect.margin} in {effect.name}" for effect in effects[:first]]
    if effects[first:]:
        parts.append(f"{_spread(effects[first:])} in {count(len(effects) - first, 'other language')}")
    sentence = f"Pruning changed perplexity {listed(parts)}"
    if not tables.calibration_languages(report) or tables.control_is_pointless(report):
        return f"{sentence}."
    return f"{sentence}; no control was run, so what the choice of calibration language did to it is not known."


def _comparison(model: str, against: str, effects: Sequence[Effect]) -> str:
    """The two models of an evaluation: who has the lower perplexity, and where."""
    if not effects:
        return f"The perplexities of {model} and {against} have no finite ratio."
    only = effects[0]
    if len(effects) == 1 and only.kind in ("lower", "higher"):
        return f"{model}'s perplexity is {only.amount} {only.kind} than {against}'s{only.margin} in {only.name}."
    parts = []
    for kind, words in (
        ("lower", "lower"),
        ("higher", "higher"),
        ("noise", "the same within the windows' noise"),
        ("unknown", f"another, {TOO_FEW},"),
    ):
        if found := [effect for effect in effects if effect.kind == kind]:
            where = listed([f"{effect.name} ({effect.measured})" for effect in found])
            if len(found) > 3:
                where = f"{count(len(found), 'language')} ({_range(found)})"
            parts.append(f"{words} in {where}")
    return f"{model}'s perplexity, compared with {against}'s, is {listed(parts)}."
