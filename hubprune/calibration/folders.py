"""Text in files of this machine: one file, or a folder with languages and splits.

    folder/sw/train.jsonl  folder/sw/test.txt    a folder a language, files named after splits (or not)
    folder/sw.train.jsonl  folder/sw.test.jsonl  a file a language and split
    folder/sw.jsonl                              a file a language
    folder/*.txt                                 no language in the names: all of it is one language

Languages may be spelled in any way data sets do (sw, swh_Latn, swahili).
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

from hubprune.calibration.documents import CALIBRATION, EVALUATION, Corpus
from hubprune.calibration.files import KINDS, kind, read
from hubprune.calibration.specs import DEMO, Spec
from hubprune.errors import LanguageUnknown, TextUnavailable
from hubprune.languages import match_config, resolve

# The first that a source has is taken. Without any of them, one split serves both uses and is dealt by document.
SPLITS = {
    CALIBRATION: ("train", "training"),
    EVALUATION: ("test", "devtest", "validation", "valid", "val", "dev", "eval"),
}
ALL_SPLITS = SPLITS[CALIBRATION] + SPLITS[EVALUATION]
DEMO_LICENSE = "apache-2.0"  # the demo's text is part of this package


def find(spec: Spec, language: str, use: str, only: str | None) -> Corpus | None:
    """The text of a language in a file or folder; None where it has none.

    `only`: the language of text that names none, None where that cannot be told.
    Raises TextUnavailable for a folder without text or a split that it lacks.
    """
    assert spec.path is not None
    name = spec.name if spec.name == DEMO else spec.path.resolve().name
    single = spec.path.is_file()
    groups = listing_of_file(spec.path) if single else listing(spec.path)
    if not groups:
        what = "is not a text source" if single else "holds no text files"
        raise TextUnavailable(f"{name} {what}.", f"Text files end in {', '.join(KINDS)} (or .gz).")
    languages = [group for group in groups if group is not None]
    chosen = match_config(language, languages)
    if chosen is None and (languages or only != language):
        return None
    split, files = pick(groups[chosen], use, spec.split, name)
    shown = {path: str(path.relative_to(spec.path.parent)) for path in files}
    if single:
        shown = {spec.path: spec.name}

    def documents(seed: int | None) -> Iterator[str]:
        ordered = (text for path in files for text in read(path, shown[path], spec.column))
        if seed is None:
            return ordered
        shuffled = list(ordered)
        random.Random(seed).shuffle(shuffled)
        return iter(shuffled)

    return Corpus(
        source=name,
        spec=spec.written(name=name if spec.name == DEMO else portable(spec.path)),
        share=spec.share,
        key=tuple(str(path.resolve()) for path in files),
        read=documents,
        drawing="shuffled",
        config=chosen,
        split=split,
        license=DEMO_LICENSE if spec.name == DEMO else None,
    )


def covered(spec: Spec) -> list[str]:
    """The languages that a folder names, sorted; none for a file or a flat folder."""
    assert spec.path is not None
    groups = listing_of_file(spec.path) if spec.path.is_file() else listing(spec.path)
    return sorted(group for group in groups if group is not None)


Listing = dict[str | None, dict[str | None, list[Path]]]  # language as spelled -> split -> files; None: not named


def listing_of_file(path: Path) -> Listing:
    """A file that is text, in no language and no split; nothing for another."""
    return {None: {None: [path]}} if kind(path) else {}


def listing(folder: Path) -> Listing:
    """The text files of a folder in the order of their names. Where some name a language, only those."""
    groups: Listing = {}
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.name.startswith((".", "_")):
            continue
        if path.is_dir() and is_language(path.name):
            for file in sorted(path.rglob("*")):
                if file.is_file() and kind(file):
                    split = split_of(file.relative_to(path).parts[0]) or split_of(file.name)
                    groups.setdefault(path.name, {}).setdefault(split, []).append(file)
        elif path.is_file() and kind(path):
            stem = stem_of(path.name)
            language, _, rest = stem.partition(".")
            named = language if is_language(language) else None
            split = split_of(rest if named else stem)
            groups.setdefault(named, {}).setdefault(split, []).append(path)
    return {name: group for name, group in groups.items() if name is not None} or groups


def pick(splits: dict[str | None, list[Path]], use: str, asked: str | None, name: str) -> tuple[str | None, list[Path]]:
    """The split for a use, and its files."""
    if asked is not None:
        if asked not in splits:
            known = ", ".join(str(split) for split in splits if split) or "none"
            raise TextUnavailable(f"{name} has no split {asked!r}; it has: {known}.", "Name one of them, or none.")
        return asked, splits[asked]
    split = choose_split([split for split in splits if split is not None], use)
    return split, splits[split]


def choose_split(splits: list[str], use: str) -> str | None:
    """The split that serves a use, None of none. Where only one is fit for both, both get it, to be dealt.

    Measuring takes a held-out split, else what calibrates; calibrating takes train, else what is not held out.
    """
    held_out = next((split for split in SPLITS[EVALUATION] if split in splits), None)
    candidates = [split for split in SPLITS[CALIBRATION] if split in splits]
    candidates += [split for split in splits if split not in SPLITS[EVALUATION]]
    candidates += [split for split in splits if split != held_out]
    training = candidates[0] if candidates else held_out
    return (held_out or training) if use == EVALUATION else training


def split_of(name: str) -> str | None:
    """ "train" for train.jsonl, train-00000-of-00003.parquet and a folder train; None for a name that is no split."""
    word = re.split(r"[._-]", name.lower(), maxsplit=1)[0]
    return word if word in ALL_SPLITS else None


def stem_of(name: str) -> str:
    """ "sw.train" of sw.train.jsonl.gz."""
    stem = name[: -len(".gz")] if name.lower().endswith(".gz") else name
    return stem.rsplit(".", 1)[0]


def is_language(name: str) -> bool:
    """Whether a name is a language of the table. (Any three letters are a code of some language: `doc`, `all`.)"""
    try:
        return bool(resolve(name).autonym)
    except LanguageUnknown:
        return False


def portable(path: Path) -> str:
    """The path from the current folder where it lies below, else its name alone: recipes are published."""
    try:
        return path.resolve().relative_to(Path.cwd().resolve()).as_posix()
    except ValueError:
        return path.resolve().name
