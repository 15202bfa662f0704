"""What the answers of the Hub's interface look like: a proxy, or a damaged line, may answer 200 with anything.

huggingface_hub takes an answer that says 200 at its word, and stumbles over a KeyError or a UnicodeDecodeError. The
routes that a pull and a push use are checked here before it sees them; other routes are none of our business.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

Check = Callable[[Any], bool]
PAGE = "it is a web page"
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def text(value: Any) -> bool:
    """A string."""
    return isinstance(value, str)


def number(value: Any) -> bool:
    """A whole number, which True is not."""
    return type(value) is int


def flag(value: Any) -> bool:
    """True or false."""
    return isinstance(value, bool)


def maybe(check: Check) -> Check:
    """The value, or none."""
    return lambda value: value is None or check(value)


def each(check: Check) -> Check:
    """A list of such values."""
    return lambda value: isinstance(value, list) and all(check(item) for item in value)


def record(**fields: Check) -> Check:
    """An object with these fields, and any others."""
    return lambda value: isinstance(value, dict) and all(check(value.get(name)) for name, check in fields.items())


def like(pattern: str) -> Check:
    """Text in which the pattern is found."""
    return lambda value: isinstance(value, str) and re.search(pattern, value) is not None


date = maybe(lambda value: isinstance(value, str) and DATE.match(value) is not None)
account = record(name=text, orgs=maybe(each(record())), auth=maybe(record(accessToken=maybe(record()))))
sibling = record(
    rfilename=text,
    size=maybe(number),
    blobId=maybe(text),
    lfs=maybe(record(sha256=text, size=number, pointerSize=number)),
)
info = record(
    id=text,
    sha=text,
    private=maybe(flag),
    siblings=maybe(each(sibling)),
    cardData=maybe(record()),
    lastModified=date,
    createdAt=date,
)
entry = record(type=text, path=text, oid=text, size=maybe(number), lfs=maybe(record(oid=text, size=number)))


def listing(value: Any) -> bool:
    """The top of a repository. huggingface_hub would remember for good that there is nothing."""
    return bool(value) and each(entry)(value)


action = record(href=text, header=maybe(record()))
upload = record(
    oid=text, size=number, actions=maybe(record(upload=action, verify=maybe(action))), error=maybe(record())
)
verdict = record(errors=maybe(each(record())), warnings=maybe(each(record())))
modes = record(files=each(record(path=text, uploadMode=like("^(lfs|regular)$"), shouldIgnore=flag, oid=maybe(text))))
created = record(url=like("^https?://[^/]+/.*[^/]+/[^/]+$"))
commit = record(commitOid=text, commitUrl=like("/commit/"), pullRequestUrl=maybe(like(r"/discussions/\d+")))

REPOSITORY = r"/api/(?:models|datasets|spaces)/"
# A repository of the early days has no owner; what stands behind its name is no name.
NAME = r"[^/]+(?:/(?!(?:refs|discussions|parquet|croissant|scan)$)[^/]+)?"
ROUTES: list[tuple[str, str, Check]] = [
    ("GET", r"/api/whoami-v2", account),
    ("GET", rf"{REPOSITORY}{NAME}(?:/revision/[^/]+)?", info),
    ("GET", rf"{REPOSITORY}.+/tree/[^/]+", listing),
    ("GET", rf"{REPOSITORY}.+/tree/[^/]+/.+", each(entry)),
    ("POST", rf"{REPOSITORY}.+/paths-info/[^/]+", each(entry)),
    ("GET", rf"{REPOSITORY}.+/xet-(?:read|write)-token/[^/]+", record()),
    ("POST", r"/api/repos/create", created),
    ("POST", r"/api/validate-yaml", verdict),
    ("POST", rf"{REPOSITORY}.+/preupload/[^/]+", modes),
    ("POST", r"/.+\.git/info/lfs/objects/batch", record(objects=each(upload))),
    ("POST", rf"{REPOSITORY}.+/commit/[^/]+", commit),
]


def complaint(
    method: str, target: str, content_type: str, asked: Callable[[], bytes], answer: Callable[[], bytes]
) -> str | None:
    """What is wrong with an answer that says it is one, or None.

    Args:
        method: of the request.
        target: path and query of the request, percent-encoded.
        content_type: of the answer.
        asked: gives the body of the request.
        answer: gives the body of the answer. Both are called where the body is no stream.
    """
    path, _, query = target.partition("?")
    check = next((check for verb, route, check in ROUTES if verb == method and re.fullmatch(route, path)), None)
    if check is None:
        writes = method not in ("GET", "HEAD")
        return PAGE if writes and content_type.startswith("text/html") and _is_page(answer()) else None
    if (check is info and "expand=" in query) or (check is listing and "cursor=" in query):
        check = record() if check is info else each(entry)  # some fields alone; a further page, which may be empty
    try:
        data = json.loads(answer())
    except (ValueError, RecursionError):
        return PAGE if _is_page(answer()) else "it is no JSON"
    if not check(data) or not _complete(path, data, asked):
        return "it is JSON of another shape"
    return None


def _is_page(body: bytes) -> bool:
    """Whether it is markup; a plain "OK" may also call itself HTML."""
    return body.lstrip()[:1] == b"<"


def is_readable_error(body: bytes) -> bool:
    """Whether huggingface_hub can look for a reason in the body of an error: an object, or no JSON at all."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return True
    return isinstance(data, dict) and (not isinstance(data.get("errors"), list) or each(record())(data["errors"]))


def _complete(path: str, data: Any, asked: Callable[[], bytes]) -> bool:
    """Whether an answer about files speaks of those that the request named."""
    for part, key, name in (("/preupload/", "files", "path"), ("/objects/batch", "objects", "oid")):
        if part in path:
            return {one[name] for one in json.loads(asked())[key]} == {one[name] for one in data[key]}
    return True
