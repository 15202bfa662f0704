"""Parts of sentences: numbers, times, sizes and languages as this page says them."""

from __future__ import annotations

from hubprune.languages import resolve

MOST_NAMES = 4  # of a language, beside its two


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th."""
    if 10 <= number % 100 <= 20:
        return f"{number}th"
    return str(number) + {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def roughly(seconds: float) -> str:
    """No more exact than an estimate is: "20 s", "4 min", "1 h 10 min"."""
    if seconds < 55:
        return f"{max(5, round(seconds / 5) * 5)} s"
    minutes = max(1, round(seconds / 60))
    hours, rest = divmod(minutes, 60)
    return f"{minutes} min" if not hours else f"{hours} h {rest} min" if rest else f"{hours} h"


def two_digits(number: float) -> str:
    """As exact as is worth reading: "0.76", "8.2", "120"."""
    return f"{float(f'{number:.2g}'):,.15g}"


def megabytes(size: int) -> str:
    """ "2 MB", "0.5 MB"."""
    return f"{size / 1e6:g} MB"


def language_choice(code: str) -> str:
    """ "Swahili · Kiswahili", "Persian (Farsi) · فارسی": all that it may be looked for by."""
    language = resolve(code)
    names = f"{language.name} ({', '.join(language.also[:MOST_NAMES])})" if language.also else language.name
    return names if language.autonym in ("", language.name) else f"{names} · {language.autonym}"


def own_name(code: str) -> str:
    """What a language calls itself; empty where English calls it so too."""
    language = resolve(code)
    return "" if language.autonym == language.name else language.autonym
