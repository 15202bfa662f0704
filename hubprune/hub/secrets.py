"""Access tokens never appear in a message, a traceback or an upload."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\bhf_\w{4,}")
_known_tokens: set[str] = set()


def remember_token(token: str | None) -> None:
    """Have `scrub` remove this token too, whatever it looks like."""
    if token:
        _known_tokens.add(token)


def forget_token(token: str | None) -> None:
    """The other way round: a token whose one request is over. What begins like a token is removed all the same."""
    _known_tokens.discard(token or "")


def known_tokens() -> frozenset[str]:
    """The tokens that `connect` was given or found in this process."""
    return frozenset(_known_tokens)


def scrub(text: str) -> str:
    """`text` without access tokens: those known, and whatever begins like one (`hf_...`)."""
    for token in sorted(_known_tokens, key=len, reverse=True):
        text = text.replace(token, "hf_***")
    return _TOKEN.sub("hf_***", text)


def cause_to_show(error: BaseException) -> BaseException | None:
    """`error` for a traceback, or None where one of the texts in its chain carries a token."""
    link: BaseException | None = error
    while link is not None:
        if scrub(str(link)) != str(link):
            return None
        link = link.__cause__ or link.__context__
    return error
