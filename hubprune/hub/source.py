"""MODEL -> where it is: a folder, or a commit of a repository."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import parse_hf_uri
from huggingface_hub.errors import HfUriError, HFValidationError
from huggingface_hub.utils import validate_repo_id

from hubprune.errors import NotFound, UsageError
from hubprune.hub.client import Hub, quiet
from hubprune.hub.failures import translated
from hubprune.hub.retry import patiently
from hubprune.hub.secrets import scrub

FORMS = "MODEL is a Hub id such as owner/name, an existing folder, or hf://owner/name@revision."


@dataclass(frozen=True)
class Source:
    """A model's place. On the Hub: `id` and `revision` (a commit). Local: `folder`, and the folder's name as `id`."""

    id: str
    revision: str | None
    folder: Path | None
    local: bool


def resolve(hub: Hub, model: str, revision: str | None = None) -> Source:
    """Find MODEL, and the commit that `revision` (a branch, tag or commit; main by default) stands for now.

    Where the Hub cannot be reached, the commit that the cache remembers for that revision is taken.

    Raises UsageError for words that can be neither id nor folder, NotFound, RevisionNotFound, Gated, Offline.
    """
    folder = Path(model).expanduser()
    if model and folder.is_dir():
        if revision is not None:
            raise UsageError(f"{model} is a folder and has no revisions.", "Leave --revision out, or name a Hub id.")
        folder = folder.resolve()
        return Source(folder.name, None, folder, True)
    repo_id, in_uri = split_model(model)
    if in_uri and revision and in_uri != revision:
        raise UsageError(f"Two revisions are asked for: {in_uri} and {revision}.", "Name one of them.")
    with translated(repo_id), quiet():
        commit = patiently(
            lambda: hub.api.resolve_revision(repo_id, revision=in_uri or revision, cache_dir=hub.cache_dir)
        )
    return Source(repo_id, commit.resolved, None, False)


def split_model(model: str) -> tuple[str, str | None]:
    """Hub id and revision of a MODEL that is no folder. Raises UsageError, and NotFound for a missing folder."""
    if "://" in model:
        return _split_uri(model)
    path = Path(model).expanduser()
    if path.is_file():
        raise UsageError(f"{model} is a file.", "Give the folder it lies in.")
    if _looks_like_path(model):
        raise NotFound(f"There is no folder {model}.", FORMS)
    try:
        validate_repo_id(model)
    except HFValidationError:
        raise UsageError(f"{scrub(model)!r} is neither a folder nor a possible name on the Hub.", FORMS) from None
    return model, None


def _split_uri(uri: str) -> tuple[str, str | None]:
    if not uri.startswith("hf://"):
        raise UsageError(f"{scrub(uri)!r} is not an address of a model.", FORMS)
    body, at, revision = uri.removeprefix("hf://").removeprefix("models/").rstrip("/").partition("@")
    if re.fullmatch(r"[\w.-]+", body) and (not at or re.fullmatch(r"[\w.-]+", revision)):
        return split_model(body)[0], revision or None  # an id without owner, which parse_hf_uri does not take
    try:
        parsed = parse_hf_uri(uri.rstrip("/"))
    except HfUriError as error:
        raise UsageError(f"{scrub(uri)!r} is not an address of a model: {scrub(str(error))}", FORMS) from None
    if parsed.type != "model":
        raise UsageError(f"{uri} is a {parsed.type}, not a model.", FORMS)
    if parsed.path_in_repo:
        raise UsageError(f"{uri} names something inside a repository.", "Name the repository alone.")
    return parsed.id, parsed.revision


def _looks_like_path(model: str) -> bool:
    return (
        model.startswith((".", "/", "~"))
        or model.endswith("/")
        or "\\" in model
        or model.count("/") > 1
        or bool(re.match(r"^[A-Za-z]:", model))
    )
