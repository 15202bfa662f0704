"""Models by name, as the Hub lists them."""

from __future__ import annotations

import contextlib
import re

from hubprune.demo.loop import BASE

from . import html
from .hubs import reading

HITS = 8
OFFLINE_FIRST = (BASE, "comes with hubprune: prunes in seconds")


def models(text: str, token: str | None) -> list[tuple[str, str]]:
    """(id, one short fact) of models whose name holds the text, the most downloaded first."""
    text = (text or "").strip()[:96]
    words = re.sub(r"[^\w./ -]", "", text)
    found = [OFFLINE_FIRST] if words.lower() in BASE.lower() else []
    if len(words) < 2:
        return found
    with reading("", token) as hub, contextlib.suppress(Exception):  # no suggestions; the name can still be typed
        listed = hub.api.list_models(search=words, filter="text-generation", sort="downloads", limit=HITS)
        found += [(one.id, downloads(one.downloads or 0)) for one in listed if one.id != BASE]
    return found[:HITS]


def downloads(number: int) -> str:
    """ "1.2M downloads a month"."""
    for size, unit in ((10**6, "M"), (10**3, "k")):
        if number >= size:
            return f"{number / size:.3g}{unit} downloads a month"
    return f"{number} downloads a month" if number else ""


def hits(found: list[tuple[str, str]], said: str = "") -> str:
    """The models as buttons."""
    buttons = "".join(
        f'<li><button type="button" data-model="{html.esc(name)}"><span>{html.esc(name)}</span>'
        f"<small>{html.esc(fact)}</small></button></li>"
        for name, fact in found
    )
    count = said or f"{len(found)} model{'s' if len(found) != 1 else ''} found"
    return (
        f'<p class="visually-hidden">{html.esc(count)}</p><ul class="hits" aria-label="Models">{buttons}</ul>'
        if found
        else f'<p class="visually-hidden">{html.esc(said or "No model found")}</p>'
    )
