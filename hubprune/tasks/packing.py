"""Requests for log-likelihoods to token windows, each computed once however many requests it answers.

A request is a context and a continuation, as token ids. The model reads both but for the last token, and the request
is answered by the probabilities of the continuation's tokens. So a request whose tokens begin those of another one
needs no window of its own: choices "A", "B", "C", "D" behind one question share one window. Windows are filled up on
the right to one of a few lengths, which changes nothing in a causal model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

Request = tuple[tuple[int, ...], tuple[int, ...]]  # token ids of context and continuation, neither empty
STEPS = 4  # lengths of windows between two powers of two
SHORTEST = 16


@dataclass
class Sheet:
    """Windows of one length.

    Attributes:
        tokens: (windows, length) int64.
        readouts: (window, first position read, target tokens) of each request.
        requests: the requests' places in the list that was packed, one for each readout.
    """

    length: int
    rows: list[np.ndarray] = field(default_factory=list)
    readouts: list[tuple[int, int, tuple[int, ...]]] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)

    @property
    def tokens(self) -> np.ndarray:
        return np.stack(self.rows)


def pack(requests: Sequence[Request], longest: int) -> list[Sheet]:
    """Windows that answer all requests, by length; no window is longer than `longest` tokens.

    Requests must fit already: see `shorten`.
    """
    sheets: dict[int, Sheet] = {}
    host: tuple[int, ...] = ()
    at: tuple[Sheet, int] | None = None
    # In this order a request comes right before one that it begins; from the end, the longer one comes first.
    for place in sorted(range(len(requests)), key=lambda place: _read(requests[place]), reverse=True):
        context, continuation = requests[place]
        read = _read(requests[place])
        if at is None or host[: len(read)] != read:
            length = padded(len(read), longest)
            sheet = sheets.setdefault(length, Sheet(length))
            sheet.rows.append(np.array(read + (read[-1],) * (length - len(read)), dtype=np.int64))
            host, at = read, (sheet, len(sheet.rows) - 1)
        sheet, window = at
        sheet.readouts.append((window, len(context), continuation))
        sheet.requests.append(place)
    return [sheets[length] for length in sorted(sheets)]


def shorten(request: Request, longest: int, beginning: int | None) -> Request:
    """The request with its context cut from the left, so that what is read fits into `longest` tokens.

    The beginning token stays. A continuation that is too long by itself loses its first tokens.
    """
    context, continuation = request
    continuation = continuation[-longest:]
    room = longest + 1 - len(continuation)
    if len(context) <= room:
        return context, continuation
    kept = context[:1] if context[0] == beginning else ()
    return kept + context[len(context) - room + len(kept) :], continuation


def padded(length: int, longest: int) -> int:
    """The next length that windows are made of: from SHORTEST on, STEPS between two powers of two, up to `longest`."""
    power = 1 << (length - 1).bit_length()
    step = max(power // (2 * STEPS), 1)
    return min(max(SHORTEST, -(-length // step) * step), longest)


def digest(requests: Iterable[Request]) -> str:
    """SHA-256 over the token ids of requests, in order."""
    found = hashlib.sha256()
    for context, continuation in requests:
        for part in (context, continuation):
            found.update(len(part).to_bytes(4, "little") + np.array(part, dtype="<i4").tobytes())
    return found.hexdigest()


def _read(request: Request) -> tuple[int, ...]:
    context, continuation = request
    return context + continuation[:-1]
