"""Is a text still in its language? Asked of lingua, which works offline and loads no pickle."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

# Two languages nearer to each other than this in lingua's confidence are not told apart. Its low-accuracy mode takes
# 70 MB where the other takes 1 GB, and names 97 to 100 % of texts of 150 characters right (benchmarks/LOG.md).
LEAST_DISTANCE = 0.05
LEAST_LETTERS = 12  # of alphabets; shorter texts say too little
LEAST_SIGNS = 4  # of Chinese and Japanese writing
SIGNS = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
SPELLINGS = {"no": "nb", "fil": "tl"}  # our code -> lingua's
WRITTEN_ALIKE = {"nb": {"nn"}, "ms": {"id"}, "id": {"ms"}, "hr": {"bs"}, "bs": {"hr"}}  # not told apart in short texts


def in_language(texts: Sequence[str], language: str) -> float | None:
    """Share of texts that are in the language; None where lingua is not installed or does not know it.

    A text that is empty, too short to tell, or of no language counts as not in it.
    """
    detector, known = _lingua()
    code = SPELLINGS.get(language, language)
    if detector is None or code not in known or not texts:
        return None
    return sum(_is_in(detector, text, code) for text in texts) / len(texts)


def _is_in(detector: Any, text: str, code: str) -> bool:
    letters = sum(character.isalpha() for character in text)
    if letters < LEAST_LETTERS and len(SIGNS.findall(text)) < LEAST_SIGNS:
        return False
    found = detector.detect_language_of(text)
    name = found.iso_code_639_1.name.lower() if found else ""
    return name == code or name in WRITTEN_ALIKE.get(code, ())


@functools.cache
def _lingua() -> tuple[Any, frozenset[str]]:
    """(detector of all its languages, their codes); (None, nothing) where it is not installed."""
    if find_spec("lingua") is None:
        return None, frozenset()
    from lingua import Language, LanguageDetectorBuilder

    builder = LanguageDetectorBuilder.from_all_languages().with_low_accuracy_mode()
    codes = frozenset(language.iso_code_639_1.name.lower() for language in Language.all())
    return builder.with_minimum_relative_distance(LEAST_DISTANCE).build(), codes
