"""Documents to token windows.

    documents --tokens.tokenise--> (ids, bytes) of each --join--> one stream --cut--> full windows of seq_len

Documents are tokenised one by one without special tokens and joined by the model's end-of-document token, or by the
tokens of a blank line where it has none. Where the tokenizer puts a beginning token before a text, each window's first
token is that one. Every token of a window but the first is scored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from hubprune.calibration.tokens import Tokens, frame, tokenise

BATCH = 64  # documents tokenised at a time; never changes a result


@dataclass(frozen=True)
class Windows:
    """Full windows of one text."""

    tokens: np.ndarray  # (windows, seq_len) int64
    bytes: np.ndarray  # (windows, seq_len) int64, UTF-8 bytes of each token's text; 0 for a token that is none
    documents: tuple[str, ...] = ()  # digests of the documents with a token in the windows, in order

    @property
    def scored_bytes(self) -> tuple[int, ...]:
        """UTF-8 bytes of each window's text without its first token."""
        return tuple(int(count) for count in self.bytes[:, 1:].sum(axis=1))

    @property
    def sha256(self) -> str:
        """Of the token ids as int32 little-endian, windows in order."""
        return hashlib.sha256(self.tokens.astype("<i4").tobytes()).hexdigest()


def windows(
    tokenizer: Any, documents: Iterable[tuple[str, str]], *, seq_len: int, count: int
) -> Generator[int, None, Windows]:
    """Cut the first `count` full windows of `seq_len` tokens from (digest, text) pairs; fewer where the text runs out.

    Reads no more documents than it needs, up to a batch. Yields the number of windows reached so far.
    """
    edges = frame(tokenizer)
    content = seq_len - (edges.beginning is not None)
    source = iter(documents)
    parts: list[Tokens] = []
    starts: list[tuple[int, str]] = []
    length = 0
    while length < count * content and (batch := list(islice(source, BATCH))):
        for (digest, _), document in zip(batch, tokenise(tokenizer, [text for _, text in batch]), strict=True):
            if not len(document[0]):
                continue
            if parts:
                parts.append(edges.between)
                length += len(edges.between[0])
            starts.append((length, digest))
            parts.append(document)
            length += len(document[0])
        yield min(count, length // content)
    found = min(count, length // content)
    ids = cut([ids for ids, _ in parts], found, content)
    counts = cut([counts for _, counts in parts], found, content)
    if edges.beginning is not None:
        ids, counts = (np.insert(array, 0, value, axis=1) for array, value in ((ids, edges.beginning), (counts, 0)))
    return Windows(ids, counts, tuple(digest for start, digest in starts if start < found * content))


def cut(parts: list[np.ndarray], found: int, content: int) -> np.ndarray:
    """The first `found` runs of `content` values of the joined parts, (found, content) int64."""
    flat = np.concatenate([np.zeros(0, dtype=np.int64), *parts])
    return flat[: found * content].reshape(found, content)
