"""One table: what huggingface_hub raises -> what hubprune says. A subclass stands before its parent.

    GatedRepoError                       Gated             terms not accepted | awaiting review | not signed in | scope
    DisabledRepoError                    NotFound
    RepositoryNotFoundError              NotFound
    RevisionNotFoundError                RevisionNotFound
    RemoteEntryNotFoundError             NotFound
    HfHubHTTPError, by status            Gated, NotSignedIn, NoWritePermission, NotFound, RepoExists, HubTrouble
    OfflineModeIsEnabled                 Offline
    LocalTokenNotFoundError              NotSignedIn
    FileMetadataError                    HubTrouble
    LocalEntryNotFoundError, DryRunError,
    RevisionResolutionError              what stands behind them, else Offline
    NotASafetensorsRepoError             NoSafetensors
    SafetensorsParsingError              CheckpointDamaged
    HFValidationError, HfUriError        UsageError
    Garbled, BreaksOff (hub/session.py)  HubTrouble
    HTTPError (of the transport)         Offline
    OSError                              NotEnoughDisk where the disk is full, HubTrouble for an incomplete download

Whatever is not in the table passes unchanged: it is a defect. No message ever carries a token.
"""

from __future__ import annotations

import contextlib
import errno
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from huggingface_hub import errors as hub_errors

from hubprune import errors as ours
from hubprune.errors import HubpruneError
from hubprune.hub.secrets import cause_to_show, scrub

# Base class of the errors of the HTTP library that huggingface_hub uses (httpx2, or httpx before version 2).
if TYPE_CHECKING:
    TransportError = Exception
else:
    TransportError = hub_errors.HfHubHTTPError.__bases__[0]


class Garbled(TransportError):
    """An answer that says it is one and is none; its text says what it is instead."""


class BreaksOff(TransportError):
    """A download whose connection breaks off again and again."""


KINDS = {"model": "model", "dataset": "data set", "space": "Space"}
LOGIN = "Sign in with `hf auth login`, or set HF_TOKEN."
THEN_LOGIN = LOGIN[0].lower() + LOGIN[1:]  # within a sentence; the variable keeps its capitals


@contextlib.contextmanager
def translated(name: str, kind: str = "model") -> Iterator[None]:
    """Within this block, errors of huggingface_hub about the repository `name` become errors of hubprune.

    `kind` is "model", "dataset" or "space". Errors that are not in the table pass unchanged.
    """
    try:
        yield
    except HubpruneError:
        raise
    except Exception as error:
        translation = translate(error, name, kind)
        if translation is None:
            raise
        raise translation from cause_to_show(error)


def translate(error: BaseException, name: str, kind: str = "model") -> HubpruneError | None:
    """The error of hubprune that says what `error` means, or None where the table has no row for it."""
    for types, row in TABLE:
        if isinstance(error, types) and (translation := row(error, name, KINDS.get(kind, kind))) is not None:
            return type(translation)(scrub(translation.sentence), scrub(translation.next_step))
    return None


def said(error: Any) -> str:
    """What the server said, on one line, or the error's own first line."""
    text = getattr(error, "server_message", None) or str(error).strip()
    return " ".join(text.split()).rstrip(".") if text else type(error).__name__


def status_of(error: Any) -> int | None:
    """The HTTP status of an answer that was turned into `error`, if it was one."""
    return getattr(getattr(error, "response", None), "status_code", None)


def _request(error: Any) -> Any:
    """The request that was answered with this error (`error.request` itself is not always set)."""
    return error.response.request


def _page(error: Any, name: str, kind: str) -> str:
    """Address of the repository's page on the Hub that answered."""
    url = urlsplit(str(_request(error).url))
    return f"{url.scheme}://{url.netloc}/{'' if kind == 'model' else 'datasets/' if 'set' in kind else 'spaces/'}{name}"


def _signed_in(error: Any) -> bool:
    return "authorization" in _request(error).headers


def _gated(error: Any, name: str, kind: str) -> HubpruneError:
    text = said(error).lower()
    page = _page(error, name, kind)
    if not _signed_in(error):
        return ours.Gated(
            f"{name} is gated, and you are not signed in.", f"Accept its terms at {page}; then: {THEN_LOGIN}"
        )
    if "token" in text or "scope" in text or "fine-grained" in text:
        return ours.Gated(
            f"Your token lacks the scope to read gated repositories such as {name}.",
            "Tick the access to public gated repositories in the token's settings, or use another token.",
        )
    if "review" in text or "pending" in text:
        return ours.Gated(f"Your request for access to {name} awaits its authors' review.", f"See {page}")
    return ours.Gated(
        f"{name} is gated, and you have not accepted its terms.", f"Accept them at {page} and run the command again."
    )


def _not_found(error: Any, name: str, kind: str) -> HubpruneError:
    sentence = f"There is no {kind} {name} on the Hub, or it is private and not visible to this account."
    if _signed_in(error):
        return ours.NotFound(sentence, "Check the spelling, or use a token of an account that may see it.")
    return ours.NotFound(sentence, f"Check the spelling. If it is private: {THEN_LOGIN}")


def _revision(error: Any, name: str, kind: str) -> HubpruneError:
    found = re.search(r"/(?:revision|resolve|tree)/([^/?]+)", str(_request(error).url))
    revision = f" {found[1].replace('%2F', '/')!r}" if found else ""
    return ours.RevisionNotFound(
        f"{name} has no revision{revision}.", "Name one of its branches, tags or commits, or leave --revision out."
    )


def _status(error: Any, name: str, kind: str) -> HubpruneError:
    """An answer that has no class of its own in huggingface_hub."""
    status, text = status_of(error), said(error)
    request = _request(error)
    writing = request.method not in ("GET", "HEAD") and "paths-info" not in str(request.url)
    if status == 401:
        if not _signed_in(error):
            return ours.NotSignedIn("The Hub asks for a token, and there is none.", LOGIN)
        return ours.NotSignedIn("The Hub does not accept the token: it is wrong, revoked or expired.", LOGIN)
    if status == 403 and "gated" in text.lower():
        return _gated(error, name, kind)
    if status in (402, 403):
        if writing:
            return ours.NoWritePermission(
                f"This account and token may not write to {name}: {text}.",
                "Use a token with write access to that namespace, or another name.",
            )
        return ours.NotFound(f"This account and token may not read {name}: {text}.", "Use a token with read access.")
    if status == 404:
        return ours.NotFound(f"The Hub has nothing of that name: {name} ({text}).", "Check the spelling.")
    if status == 409:
        return ours.RepoExists(f"{name} exists already: {text}.", "Choose another name.")
    if status == 429:
        return ours.HubTrouble(
            "The Hub answers that there were too many requests.", "Wait a few minutes and run the same command again."
        )
    if status is not None and status >= 500:
        return ours.HubTrouble(f"The Hub is in trouble (error {status}).", "Try again in a few minutes.")
    return ours.HubTrouble(
        f"The Hub refused the request for {name}: {text}.", "Try again later; HUBPRUNE_DEBUG=1 shows the whole answer."
    )


def _behind(error: BaseException, name: str, kind: str) -> HubpruneError:
    """Errors that only say "not in the cache and not reachable": the reason is their cause."""
    translation = translate(error.__cause__, name, kind) if error.__cause__ is not None else None
    return translation or _offline(error, name, kind)


def _offline(error: BaseException, name: str, kind: str) -> HubpruneError:
    return ours.Offline(
        f"The {kind} {name} is not completely in the cache, and offline mode is on.",
        "Unset HF_HUB_OFFLINE to download it.",
    )


def _unreachable(error: BaseException, name: str, kind: str) -> HubpruneError:
    return ours.Offline(
        f"The Hub cannot be reached ({said(error)}).",
        "Check the network and HF_ENDPOINT; HF_HUB_OFFLINE=1 uses what is in the cache.",
    )


def _entry(error: Any, name: str, kind: str) -> HubpruneError:
    path = urlsplit(str(_request(error).url)).path
    file = re.sub(r"^.*?/resolve/[^/]+/", "", path)
    return ours.NotFound(
        f"A file is missing in the {kind} {name}: {file}.", "Check the name and the revision, or choose another."
    )


def _header(error: BaseException, name: str, kind: str) -> HubpruneError:
    """The library's own text names the file with its path on this machine; only its name is told."""
    file = re.search(r"for '(?:[^']*[/\\])?([^'/\\]+)'", str(error))
    return ours.CheckpointDamaged(
        f"{file[1] if file else 'A weight file'} of {name} has no readable header.",
        "Download or copy the model again, or use another revision.",
    )


def _system(error: Any, name: str, kind: str) -> HubpruneError | None:
    if error.errno == errno.ENOSPC:
        return ours.NotEnoughDisk(f"The disk is full while {name} is being stored.", "Free some space and try again.")
    if "Consistency check failed" in str(error):
        return ours.HubTrouble(f"A file of {name} arrived incomplete.", "Run the same command again.")
    return None


Row = Callable[[Any, str, str], HubpruneError | None]
TABLE: list[tuple[tuple[type[BaseException], ...], Row]] = [
    ((hub_errors.GatedRepoError,), _gated),
    (
        (hub_errors.DisabledRepoError,),
        lambda e, name, kind: ours.NotFound(f"The Hub has disabled the {kind} {name}.", f"Choose another {kind}."),
    ),
    ((hub_errors.RepositoryNotFoundError,), _not_found),
    ((hub_errors.RevisionNotFoundError,), _revision),
    ((hub_errors.RemoteEntryNotFoundError,), _entry),
    ((hub_errors.HfHubHTTPError,), _status),
    ((hub_errors.OfflineModeIsEnabled,), _offline),
    ((hub_errors.LocalTokenNotFoundError,), lambda e, name, kind: ours.NotSignedIn("You are not signed in.", LOGIN)),
    (
        (hub_errors.FileMetadataError,),
        lambda e, name, kind: ours.HubTrouble(
            f"The Hub's answer about {name} is incomplete: {said(e)}.",
            "Run the same command again; if it stays so, check HF_ENDPOINT.",
        ),
    ),
    (
        (hub_errors.LocalEntryNotFoundError, hub_errors.DryRunError, hub_errors.RevisionResolutionError),
        _behind,
    ),
    (
        (hub_errors.NotASafetensorsRepoError,),
        lambda e, name, kind: ours.NoSafetensors(
            f"{name} has no safetensors weights.", "Use a repository or a revision that has them."
        ),
    ),
    ((hub_errors.SafetensorsParsingError,), _header),
    (
        (hub_errors.HFValidationError, hub_errors.HfUriError),
        lambda e, name, kind: ours.UsageError(
            f"{name!r} is not the name of a {kind} on the Hub.", "It reads owner/name."
        ),
    ),
    (
        (Garbled,),
        lambda e, name, kind: ours.HubTrouble(
            f"An answer about {name} is no answer of the Hub: {said(e)}.",
            "Run the same command again; if it stays so, look for a proxy or a sign-in page, and check HF_ENDPOINT.",
        ),
    ),
    (
        (BreaksOff,),
        lambda e, name, kind: ours.HubTrouble(
            f"A download of {name} does not get on: {said(e)}.",
            "Run the same command again; files that arrived whole are kept.",
        ),
    ),
    ((TransportError,), _unreachable),
    ((OSError,), _system),
]
