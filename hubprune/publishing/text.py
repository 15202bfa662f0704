"""Words and numbers for people, and Markdown that foreign text cannot break out of."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence

from hubprune.languages import resolve

HUB = "https://huggingface.co"
MINUS = "−"
# A flag with its value, a dotted name with an underscore or a star in it.
CODE_LIKE = re.compile(r"(?<![\w-])--[a-z][a-z-]*(?:[ =]'[^'`]+')?|(?<![\w.*-])[\w.*]*(?:\w_\w|\*\.|\.\*)[\w.*]*\w")
BIDI = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Md(str):
    """Markdown that may stand in the card as it is. Any other string is escaped where it is printed."""

    __slots__ = ()


def md(pattern: str, *parts: object) -> Md:
    """`pattern.format(*parts)`, every part escaped unless it is Markdown already."""
    return Md(pattern.format(*(escape(part) for part in parts)))


def escape(part: object) -> Md:
    """The part as text that Markdown and HTML leave alone, on one line.

    Raises ValueError for None and for numbers that are not finite: they are absent facts, and those print nothing.
    """
    if isinstance(part, Md):
        return part
    if part is None or (isinstance(part, float) and not math.isfinite(part)):
        raise ValueError(f"{part!r} was about to be printed on a card")
    return _not_a_block(_inline(one_line(str(part))))


def prose(text: str) -> Md:
    """A sentence, escaped, with names of tensors, patterns and flags in it as code: "`--skip '*.down_proj'`"."""
    line, parts, end = one_line(text), [], 0
    for found in CODE_LIKE.finditer(line):
        parts += [_inline(line[end : found.start()]), code(found[0])]
        end = found.end()
    return _not_a_block("".join([*parts, _inline(line[end:])]))


def _inline(text: str) -> str:
    """Without meaning inside a line. An underscore between letters has none anyway."""
    text = re.sub(r"([\\`*\[\]|~$])", r"\\\1", text)
    text = re.sub(r"(?<![A-Za-z0-9])_+|_+(?![A-Za-z0-9])", lambda found: r"\_" * len(found[0]), text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("://", ":&#47;&#47;")
    return re.sub(r"(?i)\bwww\.", "www&#46;", text)


def _not_a_block(text: str) -> Md:
    """The same where it begins a line: no heading, list or rule."""
    text = re.sub(r"^(\d+)(?=[.)](\s|$))", r"\1\\", text)  # an ordered list
    return Md(re.sub(r"^(?=#|[-+](\s|$)|[-=]+\s*$)", r"\\", text))


def one_line(text: str) -> str:
    """The text without line breaks, control characters and marks that turn the writing direction."""
    text = BIDI.sub(
        "", "".join(" " if ord(character) < 32 or ord(character) == 127 else character for character in text)
    )
    return " ".join(text.split())


def code(text: str) -> Md:
    """The text as code, where its characters allow it; else escaped."""
    plain = re.fullmatch(r"[\w./:@+*=,%(){}\[\]'\" -]+", text) and text == text.strip()
    return Md(f"`{text}`") if plain else escape(text)


def fenced(text: str, language: str = "") -> Md:
    """A block of code, its fence longer than any in the text."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return Md(f"{fence}{language}\n{text.strip()}\n{fence}")


def link(text: str, url: str) -> Md:
    """A link; `url` is our own or was checked with `web_address`."""
    return md("[{}]({})", text, Md(url.replace("(", "%28").replace(")", "%29")))


def web_address(text: str | None) -> bool:
    """Whether the text is a plain http(s) address."""
    return bool(re.fullmatch(r"https?://[\w.-]+(:\d+)?(/[\w./~%+=&?#@:,()-]*)?", text or ""))


def hub_id(text: str, owner: bool = False) -> bool:
    """Whether the text can be the id of a repository; `owner`: with a namespace."""
    return bool(re.fullmatch(r"(\w[\w.-]*/)" + ("" if owner else "?") + r"\w[\w.-]{0,95}", text, re.ASCII))


def string_literal(text: str) -> str:
    """The text as a string of Python (and of JSON)."""
    return json.dumps(text, ensure_ascii=False)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], numbers: bool = True, words: int = 1) -> Md:
    """A Markdown table; with `numbers` every column but the first `words` is aligned to the right."""
    words = words if numbers else len(columns)
    rule = [":---"] * min(words, len(columns)) + ["---:"] * (len(columns) - words)
    lines: list[Sequence[str]] = [[escape(cell) for cell in columns], rule]
    lines += [[escape(cell) for cell in row] for row in rows]
    return Md("\n".join(re.sub(r"\|  (?=\|)", "| ", f"| {' | '.join(line)} |") for line in lines))


def listed(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


def name_of(code: str) -> str:
    """The English name of a language code."""
    return resolve(code).name


def count(number: int, one: str, many: str = "") -> str:
    """ "1 block", "28 blocks"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def figure(value: float) -> str:
    """A perplexity: "12.34", "123.4", "1,234", "1.23e+08"."""
    if not math.isfinite(value):
        return "not finite"
    if abs(value) >= 1e6:
        return f"{value:.2e}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 100 else f"{value:.2f}"


def ratio(value: float, error: float | None = None) -> str:
    """ "1.177 ± 0.004"; without an error (or one that is not finite) the ratio alone."""
    if not math.isfinite(value):
        return "not finite"
    digits = 3 if abs(value) < 10 else 2
    middle = figure(value) if abs(value) >= 100 else f"{value:.{digits}f}"
    if error is None or not math.isfinite(error):
        return middle
    least = 10.0**-digits
    small = 0 < error < least / 2
    shown = figure(error) if error >= 100 else f"{least if small else error:.{digits}f}"
    return f"{middle} ± {'<' if small else ''}{shown}"


def percent(share: float, digits: int = 1) -> str:
    """ "50.0 %"."""
    return f"{100 * share:.{digits}f} %"


def size(number: float) -> str:
    """Bytes in decimal units: "1.2 GB"."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "bytes" or number >= 100 else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def quantity(number: int) -> str:
    """ "596 million", "7.2 billion"."""
    for least, word in ((10**9, "billion"), (10**6, "million")):
        if number >= least:
            return f"{number / least:.3g} {word}" if number < 1000 * least else f"{number / least:,.0f} {word}"
    return f"{number:,}"


def duration(seconds: float) -> str:
    """ "42 s", "4 min 10 s", "1 h 12 min"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
