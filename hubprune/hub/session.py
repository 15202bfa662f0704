"""Every request of huggingface_hub and its answer, watched: no endless silence, no endless wait, no garbled answer.

huggingface_hub shares one HTTP client among all its calls. Its own waits have no bounds: for a silent Hub, for one that
asks for patience again and again (each Retry-After is slept, whatever it says), and for a download that breaks off
again and again (each piece that arrives starts its count of tries anew, one call deeper than before).
"""

from __future__ import annotations

import re
import threading
from typing import Any

from huggingface_hub.utils import get_session, hf_raise_for_status, parse_ratelimit_headers

from hubprune.hub.answers import complaint, is_readable_error
from hubprune.hub.failures import BreaksOff, Garbled

LONGEST_SILENCE = 120.0  # seconds without a byte, after which a connection counts as broken
LONGEST_WAIT = 120.0  # seconds; a Hub that asks for more patience than this is not waited for
VALIDATE = "/api/validate-yaml"
BUSY = (408, 429, 500, 502, 503, 504)
MOST_BREAKS = 200  # of one download

_lock = threading.Lock()
_waits: dict[str, float] = {}  # request -> seconds of patience asked for since it last answered
_breaks: dict[str, int] = {}  # request -> how often a download was taken up where it had broken off


def watch() -> None:
    """Have the client that huggingface_hub uses now watched. It makes itself a new one after failed connections."""
    hooks = get_session().event_hooks
    for kind, hook in (("request", bound_waits), ("request", bound_breaks), ("response", refuse_answer)):
        if hook not in hooks[kind]:
            hooks[kind].append(hook)


def bound_waits(request: Any) -> None:
    """Give a request a timeout where it has none: huggingface_hub's own client waits for ever."""
    given = request.extensions.get("timeout") or {}
    request.extensions["timeout"] = {
        step: min(given.get(step) or LONGEST_SILENCE, LONGEST_SILENCE) for step in ("connect", "read", "write", "pool")
    }


def bound_breaks(request: Any) -> None:
    """Raise BreaksOff for a download that was taken up too often."""
    if request.method != "GET":
        return
    name = _name(request)
    with _lock:
        resumed = re.fullmatch(r"bytes=\d+-", request.headers.get("range", ""))
        _breaks[name] = _breaks.get(name, 0) + 1 if resumed else 0
        count = _breaks[name] if resumed else _breaks.pop(name)
    if count > MOST_BREAKS:
        raise BreaksOff(f"the connection broke off {count} times")


def refuse_answer(response: Any) -> None:
    """Raise Garbled for an answer that is none, and at once the error of a Hub that asks for too much patience."""
    request, status = response.request, response.status_code
    target = request.url.raw_path.decode("ascii")
    path = target.partition("?")[0]
    if status >= 400:
        response.read()
        if not is_readable_error(response.content):
            raise Garbled(f"it says {status} in a shape of its own")
        if path == VALIDATE and status != 400:  # its body is read before its status is looked at
            hf_raise_for_status(response)
        if status in BUSY and _asks_too_much(request, response):
            hf_raise_for_status(response)
        if path != VALIDATE:
            return
    elif status >= 300:
        return
    with _lock:
        _waits.pop(_name(request), None)
    kind = response.headers.get("content-type", "")
    if wrong := complaint(request.method, target, kind, request.read, response.read):
        raise Garbled(wrong)


def asked_wait(response: Any) -> float | None:
    """Seconds of patience that an answer asks for, by Retry-After or by the Hub's own rate limit header."""
    headers = getattr(response, "headers", None) or {}
    asked = headers.get("retry-after", "")
    if asked.replace(".", "", 1).isdigit():
        return float(asked)
    limit = parse_ratelimit_headers(headers)
    return float(limit.reset_in_seconds) if limit is not None and limit.remaining == 0 else None


def _asks_too_much(request: Any, response: Any) -> bool:
    if (asked := asked_wait(response)) is None:
        return False
    url = _name(request)
    with _lock:
        _waits[url] = _waits.get(url, 0.0) + asked
        return _waits[url] > LONGEST_WAIT


def _name(request: Any) -> str:
    """Method and url of a request without the query, which is signed anew each time."""
    return f"{request.method} {request.url}".partition("?")[0]
