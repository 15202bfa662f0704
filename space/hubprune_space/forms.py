"""What a visitor filled in -> a recipe. No word of a form is ever taken for a path on this machine."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from hubprune.demo.loop import BASE, LANGUAGES
from hubprune.hub import scrub
from hubprune.languages import resolve
from hubprune.publishing.text import listed, name_of
from hubprune.recipe import LEAST, Recipe

from . import text_words, words
from .settings import SETTINGS

LONGEST = 300  # characters of a field
MOST = 999_999_999  # of a number
DEMO_SAMPLES = 16  # windows; the text that comes with hubprune is short
SAMPLES = 128
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?", re.ASCII)
HOST = re.compile(r"(https?://)?(www\.)?(huggingface\.co|hf\.co)/", re.IGNORECASE)
TAB = "(?:tree|blob|raw|resolve|blame|edit|commits?|discussions)"  # follows a model's id in addresses of its page
OF_A_TAB = re.compile(rf"([^/]+/[^/]+)/{TAB}(?:/.*)?|([^/]+)/{TAB}/.+")
REVISION = re.compile(r"[A-Za-z0-9][\w./-]{0,99}", re.ASCII)
LISTS = ("measured", "measures")  # fields that hold several values
MEASURES = ("tasks", "texts")  # beside perplexity; off at first, because they may take longer than all the rest
TEXT_FILE = "calibration.txt"
Default = TypeVar("Default", int, None)
UNREADABLE = "Correct it, or reload the page."


class Refused(Exception):
    """A form that cannot become a recipe; `notice` says why."""

    def __init__(self, notice: words.Notice) -> None:
        super().__init__(notice.sentence)
        self.notice = notice


@dataclass(frozen=True)
class Form:
    """The fields of the first screen, as they come from the page: anything may stand in them."""

    model: str = ""
    language: str = "sw"
    pattern: str = "50%"
    method: str = "sparsegpt"
    also: str = ""  # second calibration language
    share: float = 25  # its share, per cent
    measured: list[str] = field(default_factory=list)  # languages beside the calibration languages and English
    samples: str = ""
    seq_len: str = ""
    seed: str = ""
    revision: str = ""
    measures: list[str] = field(default_factory=list)  # some of MEASURES
    own: str = ""  # mark of the visitor's own text, see mark()

    def __post_init__(self) -> None:
        """An empty field of the page may also come as None."""
        for entry in fields(self):
            if getattr(self, entry.name) is None:
                value = [] if entry.name in LISTS else entry.default
                object.__setattr__(self, entry.name, value)

    def recipe(self) -> Recipe:
        """The recipe; raises Refused, and what Recipe raises."""
        self._refuse_strange()
        model = hub_id(self.model)
        revision = self.revision.strip()
        if revision and (not REVISION.fullmatch(revision) or ".." in revision):
            raise Refused(words.known_problem("A revision is a branch, a tag or a commit.", "Correct it, or clear it."))
        demo = model == BASE
        lang = {self.language: 1.0}
        if self.also and self.also != self.language:
            share = min(90.0, max(5.0, float(self.share)))
            lang = {self.language: 100 - share, self.also: share}
        if demo and "tasks" in self.measures:
            raise Refused(words.tasks_need_the_hub())
        text = "demo" if demo else "auto"
        measured = tuple(dict.fromkeys([*lang, "en", *self.measured]))
        if demo and (missing := [name_of(code) for code in measured if resolve(code).code not in LANGUAGES]):
            raise Refused(text_words.no_demo_text(listed(missing), listed([name_of(code) for code in LANGUAGES])))
        return Recipe(
            model=model,
            revision=revision or None,
            lang=lang,
            method=self.method,
            pattern=self.pattern.strip() or "50%",
            calib=text,
            eval_text=text,
            eval_lang=measured,
            samples=whole("Windows of text", self.samples, DEMO_SAMPLES if demo else SAMPLES, LEAST["samples"]),
            seq_len=whole("Tokens in a window", self.seq_len, None, LEAST["seq_len"]),
            seed=whole("Seed", self.seed, 0, LEAST["seed"]),
            tasks=("auto",) if "tasks" in self.measures else (),
            generate="texts" in self.measures,
        )

    def _refuse_strange(self) -> None:
        """Raises Refused for what the page's own fields never hold; a client may send anything."""
        for name, value in vars(self).items():
            if name in LISTS:
                right = isinstance(value, list) and all(isinstance(one, str) for one in value)
            elif name == "share":
                right = isinstance(value, int | float)
            else:
                right = isinstance(value, str) and len(value) <= LONGEST
            if not right:
                raise Refused(words.known_problem(f"{name} cannot be read.", UNREADABLE))


def hub_id(text: str) -> str:
    """The id of a model on the Hub, from what was typed or pasted: an address of its page too, of a tab or a file there
    (which revision that shows is not looked at). Raises Refused.
    """
    name = text.strip()
    if address := HOST.match(name):
        name = re.split(r"[?#]", name[address.end() :])[0]
        if within := OF_A_TAB.fullmatch(name):
            name = within[1] or within[2]
    name = name.rstrip("/")
    if not HUB_ID.fullmatch(name) or scrub(name) != name or ".." in name or "--" in name:
        raise Refused(words.not_an_id(scrub(name)[:60] or "An empty field"))
    return name


def whole(label: str, text: str, default: Default, least: int) -> int | Default:
    """A number as it was typed, from `least` to MOST; the default where nothing was. Raises Refused."""
    plain = text.strip().replace(",", "").replace(" ", "")
    if not plain:
        return default
    if not re.fullmatch(r"\d{1,20}", plain, re.ASCII) or not least <= int(plain) <= MOST:
        wrong = f"{label} must be a whole number from {least:,} to {MOST:,}."
        raise Refused(words.known_problem(wrong, "Correct it, or leave it empty."))
    return int(plain)


def mark(data: bytes | None) -> str:
    """What tells one text of a visitor's own from another; empty where there is none."""
    return hashlib.sha256(data).hexdigest()[:16] if data is not None else ""


def filled_in(values: Sequence[Any], own: bytes | None) -> Form:
    """The form of the fields' values and the visitor's own text."""
    return replace(Form(*values), own=mark(own))


def own_text(data: bytes | None) -> str | None:
    """The visitor's own text, decoded; None where there is none. Raises Refused."""
    if data is None:
        return None
    if len(data) > SETTINGS.text_bytes:
        raise Refused(text_words.too_large(SETTINGS.text_bytes))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(text_words.not_utf8(error.start)) from None
    if not text.strip():
        raise Refused(text_words.empty())
    return text
