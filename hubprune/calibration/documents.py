"""Documents: what one is, how it is told apart from others, and which use it serves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass

CALIBRATION, CONTROL, EVALUATION = "calibration", "control", "evaluation"


@dataclass(frozen=True)
class Corpus:
    """Text of one language in one split, found but not yet read.

    `read(seed)` gives the documents: drawn at random for a seed, in the order of the file for None.
    """

    source: str  # as the record names it: a data set id, the name of a file or folder, "demo"
    spec: str  # resolved: finds the same text again
    key: tuple[str, ...]  # equal for two corpora that hold the same documents
    read: Callable[[int | None], Iterator[str]]
    drawing: str  # how `read` draws, as part of a sentence: "shuffled", "shuffled in a buffer of 1,000"
    revision: str | None = None
    config: str | None = None
    split: str | None = None
    license: str | None = None
    share: str | None = None  # "calibration" or "evaluation": only the documents dealt to that use

    def documents(self, seed: int | None, without: Container[str] = ()) -> Iterator[tuple[str, str]]:
        """(digest, stripped text) of each document of this share, each text once, none of those in `without`."""
        for digest, text in distinct(self.read(seed)):
            if digest not in without and self.share in (None, dealt_to(digest)):
                yield digest, text


def distinct(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(digest, stripped text), each text once, none empty."""
    seen: set[str] = set()
    for raw in texts:
        text = clean(raw)
        name = digest_of(text)
        if text and name not in seen:
            seen.add(name)
            yield name, text


def clean(text: str) -> str:
    """Stripped of white space at both ends; halves of a surrogate pair, which no UTF-8 has, become U+FFFD."""
    text = text.strip()
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip()
    return text


def digest_of(text: str) -> str:
    """SHA-256 of the stripped text in UTF-8, as hexadecimal digits."""
    return hashlib.sha256(text.strip().encode()).hexdigest()


def dealt_to(digest: str) -> str:
    """The use of a document of a text without splits: 3 of 5 calibrate, 2 of 5 are measured on, by the digest alone."""
    return CALIBRATION if int(digest[:8], 16) % 5 < 3 else EVALUATION
