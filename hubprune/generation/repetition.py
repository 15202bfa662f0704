"""How much of a text repeats itself: the plainest sign of a model that has lost its footing."""

from __future__ import annotations

import re
from collections.abc import Sequence

GRAM = 4
# Scripts without blanks between words: CJK ideographs, kana, Thai, Lao, Myanmar, Khmer, Tibetan.
UNSPACED = re.compile("[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
MOSTLY = 0.5


def repetition(text: str) -> float:
    """Share of the 4-grams that occurred before in the text; 0 for a text that is too short to have two.

    Grams are of words, or of characters where most letters belong to scripts that put no blanks between words
    (the measure of Welleck et al. 2020, arXiv 1908.04319, within one continuation).
    """
    units = units_of(text)
    grams = [tuple(units[at : at + GRAM]) for at in range(len(units) - GRAM + 1)]
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def mean_repetition(texts: Sequence[str]) -> float:
    """The mean over texts."""
    return sum(map(repetition, texts)) / len(texts) if texts else 0.0


def units_of(text: str) -> list[str]:
    """Words, or the characters of an unspaced script."""
    letters = [character for character in text if character.isalpha()]
    unspaced = sum(bool(UNSPACED.match(character)) for character in letters)
    return list("".join(text.split())) if letters and unspaced > MOSTLY * len(letters) else text.split()
