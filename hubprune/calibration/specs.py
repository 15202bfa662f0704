"""How a text source is written.

    auto        allenai/c4, or HuggingFaceFW/fineweb-2 for a language that c4 lacks
    demo        the text that comes with hubprune
    self        text that the model itself writes (to calibrate only)
    SOURCE[@REVISION][:CONFIG[:SPLIT[:COLUMN]]][#calibrate | #measure]

SOURCE is a file, a folder or the id of a data set of the Hub; what stands in the current folder is a file or folder.
A part may be empty: `owner/name::train` takes the split train of the language's own config, `notes.jsonl:::body` the
field body. A revision is a branch, a tag or a commit; files have no revision and no config, single files no split.
With #calibrate or #measure only the documents dealt to that use are taken, 3 and 2 of 5; a saved recipe says so
where one text served both. Several languages: a mapping in the recipe, or `sw=SOURCE,en=SOURCE`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hubprune.calibration.documents import CALIBRATION, EVALUATION
from hubprune.errors import LanguageUnknown, RecipeError, TextUnavailable
from hubprune.languages import resolve

AUTO, DEMO, SELF = "auto", "demo", "self"
GRAMMAR = "Write a file, a folder, or a data set as owner/name[@revision][:config[:split[:column]]]."
SHARES = {"calibrate": CALIBRATION, "measure": EVALUATION}
SUFFIXES = (".txt", ".jsonl", ".json", ".parquet", ".gz")
REPOSITORY = r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?"


@dataclass(frozen=True)
class Spec:
    """A source in its parts; `path` for a file or folder, `name` as written, for messages and ids."""

    name: str
    path: Path | None = None
    revision: str | None = None
    config: str | None = None
    split: str | None = None
    column: str | None = None
    share: str | None = None  # the use to which its documents are dealt, None: all documents

    def written(self, *, name: str | None = None, revision: str | None = None) -> str:
        """The spec in its own grammar, with another name or revision where given."""
        parts = [self.config or "", self.split or "", self.column or ""]
        at = revision or self.revision
        text = ((name or self.name) + (f"@{at}" if at else "") + ":" + ":".join(parts)).rstrip(":")
        return marked(text, self.share)


def marked(text: str, share: str | None) -> str:
    """A written source with the mark of the use to which its documents are dealt."""
    plain = re.sub(rf"#({'|'.join(SHARES)})$", "", text)
    return plain + "".join(f"#{word}" for word, use in SHARES.items() if use == share)


def parse(text: str) -> Spec:
    """The parts of a source that is neither "auto" nor "self". Raises TextUnavailable for what cannot be one."""
    text = text.strip()
    plain, _, word = text.rpartition("#")
    if plain and word in SHARES:
        return replace(parse(plain), share=SHARES[word])
    if text == DEMO:
        return Spec(DEMO, path=Path(__file__).parent.parent / "demo" / "text")
    if text and Path(text).expanduser().exists():
        return Spec(text, path=Path(text).expanduser())
    head, *parts = text.removeprefix("hf://").removeprefix("datasets/").split(":")
    config, split, column, *rest = (*(part or None for part in parts), None, None, None)
    if head and Path(head).expanduser().exists():
        if config:
            raise TextUnavailable(
                f"{text!r} names a config, but {head} is a file or folder.", "Write PATH::SPLIT:COLUMN."
            )
        return Spec(head, path=Path(head).expanduser(), split=split, column=column)
    name, _, revision = head.partition("@")
    if head.startswith((".", "/", "~")) or head.endswith(SUFFIXES):
        raise TextUnavailable(
            f"There is no file or folder {head!r}.", "Check the path; it counts from the current folder."
        )
    if any(rest) or not re.fullmatch(REPOSITORY, name):
        raise TextUnavailable(f"{text!r} is no text source.", GRAMMAR)
    return Spec(name, revision=revision or None, config=config, split=split, column=column)


def writes_itself(calib: str | Mapping[str, str]) -> bool:
    """Whether a recipe's `calib` asks for text that the model itself writes, in one of its languages."""
    found, rest = by_language(calib, "calib")
    return SELF in (*found.values(), rest)


def by_language(value: str | Mapping[str, str], key: str) -> tuple[dict[str, str], str | None]:
    """A recipe's `calib` or `eval_text` as (language code -> source, source of every language or None).

    `key` is the recipe's key, for messages. Raises RecipeError, LanguageUnknown.
    """
    if isinstance(value, str):
        pairs = [part.partition("=") for part in value.split(",")]
        if not all(equals for _, equals, _ in pairs) or Path(value).exists():
            return {}, value.strip() or AUTO
        value = {name: source for name, _, source in pairs}
    found: dict[str, str] = {}
    for name, source in value.items():
        if not isinstance(source, str) or not source.strip():
            raise RecipeError(f"{key} gives {name!r} the source {source!r}.", GRAMMAR)
        try:
            code = resolve(name.strip()).code
        except LanguageUnknown as error:
            raise LanguageUnknown(f"{key}: {error.sentence}", error.next_step) from None
        if found.setdefault(code, source.strip()) != source.strip():
            raise RecipeError(f"{key} gives {name!r} two sources.", "Give each language one.")
    return found, None
