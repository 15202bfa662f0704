"""What the generated texts say, in one plain sentence made from their numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hubprune.publishing import generation_tables, tables
from hubprune.publishing.generation_tables import known
from hubprune.publishing.points import SIGNIFICANT
from hubprune.publishing.text import count, listed, name_of
from hubprune.report import CONTROL, DENSE, PRUNED, GenerationRow, Report

MOST_NAMED = 2


def generation_verdict(report: Report) -> str:
    """How many of the texts are still in their language, model beside model, and how much they repeat; '' where no
    text was generated, or by one model alone.

    Shares are compared with Fisher's exact test: of so few texts most differences are chance.
    """
    rows = [row for row in generation_tables.ordered(report) if PRUNED in row.scores and row.samples]
    rows = [row for row in rows if row.calibrated] or rows[:1]
    if not rows:
        return ""
    names = {lane: name for lane, name in _names(report).items() if all(lane in row.scores for row in rows)}
    sayable = [row for row in rows if all(known(row.scores[lane]) is not None for lane in names)]
    repeats = _repeats(rows, names)
    if not sayable:
        where = listed([name_of(row.language) for row in rows])
        return f"Whether text generated in {where} stays in that language is not known{repeats}."
    if len(sayable) > MOST_NAMED:
        return f"{_stays(sayable, names, f'their {len(sayable)} languages')}{repeats}."
    return f"{'; '.join(_stays([row], names, name_of(row.language)) for row in sayable)}{repeats}."


def _names(report: Report) -> dict[str, str]:
    """Lane -> what it is called here, the pruned one first."""
    models = tables.model_names(report)
    named = generation_tables.headings(report)
    if not models and DENSE in named:
        named[DENSE] = "dense"
    own = models[PRUNED] if models else "this model"
    return {PRUNED: own} | {lane: named[lane] for lane in (DENSE, CONTROL) if lane in named}


def _stays(rows: Sequence[GenerationRow], names: dict[str, str], where: str) -> str:
    """ "7 of 8 texts by this model stay in Swahili (dense 8, English-calibrated 5, which may be chance)"."""
    number = sum(len(row.samples) for row in rows)
    stays = {lane: sum(round((known(row.scores[lane]) or 0) * len(row.samples)) for row in rows) for lane in names}
    own = stays.pop(PRUNED)
    sentence = f"{own:,} of {count(number, 'text')} by {names[PRUNED]} {'stays' if number == 1 else 'stay'} in {where}"
    if not stays:
        return sentence
    beside = ", ".join(f"{names[lane]} {found:,}" for lane, found in stays.items())
    against = CONTROL if CONTROL in stays else DENSE
    return f"{sentence} ({beside}{_told(own, stays[against], number)})"


def _told(own: int, other: int, number: int) -> str:
    """Whether two counts of the same number of texts differ by more than chance; '' for equal ones."""
    if own == other:
        return ""
    return ", which may be chance" if fisher(own, other, number) >= SIGNIFICANT else ", a difference beyond chance"


def _repeats(rows: Sequence[GenerationRow], names: dict[str, str]) -> str:
    """ "; 22 % of its 4-grams are repeats (dense 5 %, English-calibrated 30 %)"."""
    shares = {}
    for lane, name in names.items():
        found = [row.scores[lane].repetition for row in rows]
        if not all(map(math.isfinite, found)):
            return ""
        shares[name] = f"{100 * math.fsum(found) / len(found):.0f} %"
    own = shares.pop(names[PRUNED])
    beside = ", ".join(f"{name} {share}" for name, share in shares.items())
    return f"; {own} of its 4-grams are repeats" + (f" ({beside})" if beside else "")


def fisher(one: int, other: int, number: int) -> float:
    """Two-sided p of Fisher's exact test: `one` and `other` of `number` each."""
    both = one + other
    possible = range(max(0, both - number), min(number, both) + 1)
    ways = [math.comb(number, k) * math.comb(number, both - k) for k in possible]
    seen = math.comb(number, one) * math.comb(number, other)
    return sum(way for way in ways if way <= seen) / sum(ways)
