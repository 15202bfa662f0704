"""How much of a text was there before: the sign of a model that goes in circles."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

LENGTH = 4  # units in a gram
# Scripts written without spaces between words: (first, last) code point.
UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x0F00, 0x0FFF),  # Tibetan
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x2FDF),  # parts of Han characters
    (0x3005, 0x3007),  # 々 〆 〇
    (0x3040, 0x31FF),  # Hiragana, Katakana, Bopomofo
    (0x3400, 0x9FFF),  # Han
    (0xF900, 0xFAFF),  # Han
    (0xFF66, 0xFF9F),  # Katakana of half width
    (0x20000, 0x3FFFF),  # Han
)
# Hangul is written with spaces; its compatibility letters lie among the above.
HANGUL_LETTERS = (0x3130, 0x318F)


def repetition(text: str) -> float:
    """The share of 4-grams that occurred before in the text, between 0 and 1; 0 for a text shorter than five units.

    A unit is a word, a punctuation mark, or one character of a script that is written without spaces. Case is ignored.
    """
    found = units(text)
    grams = [tuple(found[at : at + LENGTH]) for at in range(len(found) - LENGTH + 1)]
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def mean_repetition(texts: Iterable[str]) -> float:
    """The mean of the texts' repetition; raises ZeroDivisionError where there is none."""
    found = [repetition(text) for text in texts]
    return sum(found) / len(found)


def units(text: str) -> list[str]:
    """The text's words, marks and unspaced characters in order; accents and vowel signs stay with their letter."""
    found: list[str] = []
    joins = False  # whether the next letter belongs to the last unit
    for character in text.casefold():
        kind = unicodedata.category(character)[0]
        if kind == "M" and found:
            found[-1] += character
        elif character.isspace():
            joins = False
        elif kind in "LN" and not is_unspaced(character):
            if joins:
                found[-1] += character
            else:
                found.append(character)
            joins = True
        elif kind not in "C":
            found.append(character)
            joins = False
    return found


def is_unspaced(character: str) -> bool:
    """Whether the character belongs to a script that puts no spaces between words."""
    point = ord(character)
    if HANGUL_LETTERS[0] <= point <= HANGUL_LETTERS[1]:
        return False
    return any(first <= point <= last for first, last in UNSPACED)
