"""Prompts that come with hubprune: beginnings of everyday texts, written for it, the same matters in every language."""

from __future__ import annotations

import functools
from pathlib import Path

from hubprune.languages import resolve

FILE = Path(__file__).with_name("prompts.txt")


def prompts(language: str) -> tuple[str, ...]:
    """The prompts of a language; for one without its own the beginning of a sentence in it, or none."""
    own = _all().get(language, ())
    beginning = resolve(language).prompt
    return own or ((beginning,) if beginning else ())


@functools.cache
def _all() -> dict[str, tuple[str, ...]]:
    """Language code -> prompts, from the file: `code|prompt`, one a line."""
    found: dict[str, list[str]] = {}
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            code, _, text = line.partition("|")
            found.setdefault(code, []).append(text)
    return {code: tuple(texts) for code, texts in found.items()}
