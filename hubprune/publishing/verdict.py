"""What the table means, in one plain sentence made from its numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hubprune.publishing import tables
from hubprune.publishing.tables import Figures
from hubprune.publishing.text import MINUS, count, listed, name_of
from hubprune.report import Report

NOISE = 2.0  # standard errors within which a difference of log perplexities counts as none


@dataclass(frozen=True)
class Effect:
    """A ratio of two perplexities of one language, and its standard error."""

    name: str
    ratio: float
    error: float | None

    @property
    def kind(self) -> str:
        """ "lower", "higher", "noise", or "unknown" where no standard error is known."""
        if self.error is None or not math.isfinite(self.error):
            return "unknown"
        if abs(math.log(self.ratio)) < NOISE * self.error / self.ratio or self.ratio == 1:
            return "noise"
        return "lower" if self.ratio < 1 else "higher"

    @property
    def amount(self) -> str:
        """The size of the change: "9 %", "0.4 %"; three times and more: "a factor of 3.2"."""
        return (
            f"a factor of {self.ratio:,.3g}" if self.ratio >= 3 else f"{abs(self.ratio - 1) * 100:.{self._digits}f} %"
        )

    @property
    def signed(self) -> str:
        """The change with its sign: "−9 %"."""
        if self.ratio >= 3:
            return self.amount
        return f"{MINUS if self.ratio < 1 else '+'}{self.amount}"

    @property
    def margin(self) -> str:
        """ " (± 1 %)", or nothing."""
        if self.kind == "unknown" or self.error is None:
            return ""
        if self.ratio >= 3:
            return f" (± {self.error:,.2g})"
        percent = self.error * 100
        return f" (± {percent:.{self._digits}f} %)" if percent >= 0.05 else " (± <0.1 %)"

    @property
    def _digits(self) -> int:
        certain = self.error is not None and self.error < 0.005
        return 1 if certain or abs(self.ratio - 1) < 0.02 else 0


def verdict(report: Report) -> str:
    """One sentence: what calibrating in the target language changed against the control, or what pruning cost.

    A difference under two paired standard errors is called noise, whatever its sign.
    """
    rows = [row for row in tables.language_rows(report) if row.language]
    if not rows:
        return "Nothing was measured, so what this pruning cost is not known in any language."
    broken = [row.name for row in rows if not _usable(row.pruned)]
    if broken:
        return f"The pruned model does not work in {listed(broken)}: its perplexity there is not a finite number."
    control = tables.control_language(report)
    compared = [row for row in rows if _usable(row.against_control)]
    if control and compared:
        return _against_control(report, compared, control)
    costs = [row for row in rows if _usable(row.ratio)]
    return _cost(report, costs) if costs else "There is no dense model beside these figures, so they show no cost."


def caution() -> str:
    """What perplexity cannot say; stands beside every verdict."""
    return (
        "Perplexity is not knowledge or reasoning: calibrating in the target language generally keeps perplexity in "
        "that language, but does not reliably keep what the model knows and how it reasons "
        "(Kurz et al., TACL 14, 2026; arXiv 2408.14398; aclanthology.org/2026.tacl-1.9)."
    )


def _usable(value: float | None) -> bool:
    return value is not None and math.isfinite(value) and value > 0


def _against_control(report: Report, rows: Sequence[Figures], control: str) -> str:
    languages = tables.calibration_languages(report)
    control_name = name_of(control)
    names = listed([name_of(code) for code in languages]) or "the chosen text"
    effects = {row.language: _effect(row.name, row.against_control, row.against_control_se) for row in rows}
    targets = [effects[row.language] for row in rows if row.target]
    rest = {row.language: effects[row.language] for row in rows if not row.target}
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
        verb = "changed" if len(rest) > 1 or next(iter(rest.values())).kind != "noise" else "stayed"
        sentence += f"; perplexity in {_others(rest)} {verb} {_spread(list(rest.values()))}"
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
            return f"{start} changed {effect.name} perplexity only inside the noise ({effect.signed}{_plain(effect)})"
    return f"{start} changed {effect.name} perplexity by {effect.signed}, with too few windows to tell that from noise"


def _many(start: str, targets: Sequence[Effect]) -> str:
    parts = []
    for kind, words in (
        ("lower", "kept perplexity lower in"),
        ("higher", "made perplexity higher in"),
        ("noise", "changed perplexity only inside the noise in"),
        ("unknown", "changed perplexity, with too few windows to tell that from noise, in"),
    ):
        found = [effect for effect in targets if effect.kind == kind]
        if found:
            parts.append(f"{words} {listed([f'{effect.name} ({effect.signed}{_plain(effect)})' for effect in found])}")
    return f"{start} {listed(parts)}"


def _plain(effect: Effect) -> str:
    return effect.margin.replace(" (", " ").rstrip(")")


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
    """ "by +2 % (± 1 %)", "inside the noise", "by −2 % to +6 %"."""
    if len(effects) == 1:
        only = effects[0]
        return "inside the noise" if only.kind == "noise" else f"by {only.signed}{only.margin}"
    if all(effect.kind == "noise" for effect in effects):
        return "only inside the noise"
    low, high = (pick(effects, key=lambda effect: effect.ratio) for pick in (min, max))
    return f"by {low.signed} to {high.signed}" if low.signed != high.signed else f"by {low.signed}"


def _cost(report: Report, rows: Sequence[Figures]) -> str:
    effects = [_effect(row.name, row.ratio, row.ratio_se) for row in rows]
    first = max(1, sum(row.target for row in rows)) if len(effects) > 3 else len(effects)
    parts = [f"by {effect.signed}{effect.margin} in {effect.name}" for effect in effects[:first]]
    if effects[first:]:
        parts.append(f"{_spread(effects[first:])} in {count(len(effects) - first, 'other language')}")
    sentence = f"Pruning changed perplexity {listed(parts)}"
    if not tables.calibration_languages(report):
        return f"{sentence}."
    return f"{sentence}; no control was run, so what the choice of calibration language did to it is not known."


def _effect(name: str, ratio: float | None, error: float | None) -> Effect:
    assert ratio is not None  # callers filtered with _usable
    return Effect(name, ratio, error)
