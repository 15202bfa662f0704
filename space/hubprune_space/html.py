"""Pieces of HTML. Every foreign word goes through `esc`."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Iterable
from html import escape as esc

from hubprune.languages import resolve

from . import text_words
from .forms import TEXT_FILE
from .words import Notice, roughly

NO_BREAK = "\N{NO-BREAK SPACE}"
TONES = {"info": "Note", "warning": "Careful", "problem": "Problem"}


def notice(item: Notice | None) -> str:
    """A state in its words; problems are read out at once, the rest when it suits (script/said.js)."""
    if item is None:
        return ""
    role = ' role="alert"' if item.tone == "problem" else ""
    code = command(item.code) if item.code else ""
    return (
        f'<div class="notice {item.tone}"{role} data-state="{esc(item.name)}">'
        f'<span class="visually-hidden">{TONES[item.tone]}: </span>'
        f"<p><strong>{esc(together(item.sentence))}</strong> {esc(together(item.action))}{_link(item)}</p>{code}</div>"
    )


def _link(item: Notice) -> str:
    """Where to go for it, if anywhere."""
    if not item.link:
        return ""
    words, address = item.link
    return f' <a href="{esc(address)}" target="_blank" rel="noopener">{esc(words)}</a>'


def command(text: str, label: str = "", note: str = "") -> str:
    """A command to copy; `note`: what must be known of it."""
    words = " ".join(f"<span>{esc(word)}</span>" for word in text.split(" "))  # lines end between words only
    head = f'<div class="command-label">{esc(label)}</div>' if label else ""
    note = note or (text_words.OWN_FILE if TEXT_FILE in text else "")
    told = f'<p class="quiet">{esc(note)}</p>' if note else ""
    return (
        f'<div class="command">{head}<pre tabindex="0" role="region" aria-label="{esc(label or "Command")}">'
        f'<code>{words}</code></pre><button type="button" class="copy" data-copy="{esc(text)}">Copy</button></div>'
        + told
    )


def together(text: str) -> str:
    """No line ends between a figure and its unit or its error."""
    return re.sub(
        r"(?<=\d) (?=(?:%|s|min|h|B|kB|MB|GB|TB)(?!\w))|(?<=±) |(?<=\bp) (?=[<=])|(?<=\bp [<=]) ", NO_BREAK, text
    )


def facts(rows: Iterable[tuple[str, str, str]]) -> str:
    """Names, values and hints, as a list of definitions; empty values are left out."""
    cells = "".join(
        f"<div><dt>{esc(name)}</dt><dd>{esc(value)}{f'<small>{esc(hint)}</small>' if hint else ''}</dd></div>"
        for name, value, hint in rows
        if value
    )
    return f'<dl class="facts">{cells}</dl>'


def in_language(text: str, code: str, element: str = "span", classes: str = "") -> str:
    """Text of a language: the browser chooses font, direction and voice by it."""
    made = f' class="{classes}"' if classes else ""
    return f'<{element}{made} lang="{esc(code)}" dir="{"rtl" if resolve(code).rtl else "auto"}">{esc(text)}</{element}>'


def direction(code: str) -> str:
    """An attribute: what stands around text of a right-to-left language begins where that text begins."""
    return ' dir="rtl"' if resolve(code).rtl else ""


def direction_of(text: str) -> str:
    """ "rtl" or "ltr", as a text's first letter runs; empty where it has none."""
    kinds = (unicodedata.bidirectional(letter) for letter in text)
    return next(("ltr" if kind == "L" else "rtl" for kind in kinds if kind in ("L", "R", "AL")), "")


def until(seconds: float) -> str:
    """ "until 14:05" by the visitor's clock (script/page.js), "for 30 min" without it."""
    return f'<time data-until="{1000 * (time.time() + seconds):.0f}">for {roughly(seconds)}</time>'


def fold(title: str, body: str, *, is_open: bool = False, classes: str = "") -> str:
    """What can be unfolded."""
    return (
        f'<details class="fold {classes}"{" open" if is_open else ""}><summary>{esc(title)}</summary>{body}</details>'
    )


def log(lines: Iterable[str]) -> str:
    """Lines of a log, those that are too long for the screen hanging under their beginning."""
    shown = "\n".join(f"<span>{esc(line)}</span>" for line in lines)
    return f'<pre class="log" tabindex="0" role="region" aria-label="Log">{shown}</pre>'
