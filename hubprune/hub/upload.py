"""What is uploaded: the files of a folder, looked at before the first request, and how they travel."""

from __future__ import annotations

import contextlib
import os
import re
import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import CommitOperationAdd, ModelInfo
from huggingface_hub.hf_api import RepoSibling
from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

from hubprune import __version__
from hubprune.errors import HubpruneError, UsageError
from hubprune.hub.client import Hub
from hubprune.hub.files import CONFIG, INDEX
from hubprune.hub.retry import patiently
from hubprune.hub.secrets import known_tokens
from hubprune.hub.session import BUSY
from hubprune.hub.verify import git_hash, sha256
from hubprune.recipe import RECIPE_FILE

SKIPPED_FOLDERS = (".git", ".cache")  # never part of a repository; huggingface_hub skips them too
IN_GIT = (".gitattributes",)  # what the Hub itself puts into a new repository
CHUNK_BYTES = 4 * 2**20
_TOKEN = re.compile(rb"hf_[A-Za-z]{34}(?![A-Za-z0-9])")  # the form of a user's access token


@dataclass(frozen=True)
class LocalFile:
    """A file to upload: where it is, and its path in the repository."""

    path: Path
    name: str
    size: int

    @property
    def holds_weights(self) -> bool:
        return self.name.endswith(".safetensors")


def checked_files(folder: Path) -> list[LocalFile]:
    """Every file of the folder, in order of name.

    Raises UsageError for a folder that is not there or empty, and HubpruneError for anything that is not a regular
    file, a link that leads outside, and a file with an access token in it.
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}.", "Give the folder that `hubprune prune` wrote.")
    files = []
    for parent, folders, names in os.walk(folder):
        for name in folders:
            if (Path(parent) / name).is_symlink():
                _refuse(Path(parent) / name, "is a link to a folder")
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
        for name in sorted(names):
            path = Path(parent) / name
            if not path.is_file():
                _refuse(path, "is not a regular file")
            if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
                _refuse(path, "is a link that leads outside of the folder")
            files.append(LocalFile(path, path.relative_to(folder).as_posix(), path.stat().st_size))
    if not files:
        raise UsageError(f"The folder {folder} is empty.", "Give the folder that `hubprune prune` wrote.")
    for file in files:
        if holds_token(file):
            raise HubpruneError(
                f"{file.path} contains an access token, so nothing is uploaded.",
                "Remove the token from the file; if anyone else has seen it, revoke it.",
            )
    return sorted(files, key=lambda file: file.name)


def holds_token(file: LocalFile) -> bool:
    """Whether a token of this process, or what has the form of one, stands in the file (of weights: in the header)."""
    longest = max([40, *map(len, known_tokens())])
    with file.path.open("rb") as stream:
        left = file.size
        if file.holds_weights:
            left = min(file.size, 8 + int.from_bytes(stream.read(8), "little"))
            stream.seek(0)
        tail = b""
        while left > 0 and (chunk := stream.read(min(CHUNK_BYTES, left))):
            left -= len(chunk)
            text = tail + chunk
            if shows_token(text):
                return True
            tail = text[-longest:]
    return False


def shows_token(text: bytes, *, but: Collection[str] = ()) -> bool:
    """Whether a token of this process, or what has the form of one, stands in the text; `but` are no secrets."""
    return any(token.encode() in text for token in known_tokens() - set(but)) or bool(_TOKEN.search(text))


def holds_recipe(info: ModelInfo) -> bool:
    """Whether hubprune published something there."""
    return any(sibling.rfilename == RECIPE_FILE for sibling in info.siblings or [])


def has_content(info: ModelInfo) -> bool:
    """Whether somebody has put files into the repository."""
    return any(file.rfilename not in IN_GIT for file in info.siblings or [])


def equals(info: ModelInfo, files: list[LocalFile]) -> bool:
    """Whether the repository holds the same model: same weight files, same recipe and same configuration.

    A card that was edited on the Hub does not make it another model.
    """
    remote = {file.rfilename: file for file in info.siblings or []}
    local = {file.name: file for file in files}
    keys = {name for name in {*remote, *local} if name.endswith(".safetensors") or name in (RECIPE_FILE, CONFIG, INDEX)}
    if not any(name.endswith(".safetensors") for name in keys) and RECIPE_FILE not in keys:
        keys = {*remote, *local} - set(IN_GIT)
    if any(name not in remote or name not in local or remote[name].size != local[name].size for name in keys):
        return False
    return all(same_content(remote[name], local[name]) for name in sorted(keys))


def stale_weights(info: ModelInfo, files: list[LocalFile]) -> list[str]:
    """Weight files of the repository that the folder does not replace: they would be loaded beside the new ones."""
    names = {file.name for file in files}
    return sorted(
        file.rfilename
        for file in info.siblings or []
        if file.rfilename.endswith((".safetensors", ".safetensors.index.json")) and file.rfilename not in names
    )


def offers_xet(hub: Hub, repo_id: str, *, create_pr: bool, kind: str = "model") -> bool:
    """Whether this Hub takes files by Xet: the route that hf_xet fetches its token from is there."""
    headers = build_hf_headers(token=hub.api.token, library_name="hubprune", library_version=__version__)
    query = "?create_pr=1" if create_pr else ""
    url = f"{hub.endpoint}/api/{kind}s/{repo_id}/xet-write-token/main{query}"

    def ask() -> bool:
        response = get_session().get(url, headers=headers)
        if response.status_code in BUSY:
            hf_raise_for_status(response)
        return response.status_code not in (404, 405)

    return patiently(ask, reconnect=True)


def additions(files: list[LocalFile], *, xet: bool, open_files: contextlib.ExitStack) -> list[CommitOperationAdd]:
    """The operations that add the files. Without Xet they are open files: huggingface_hub sends those over HTTP."""
    return [
        CommitOperationAdd(file.name, file.path if xet else open_files.enter_context(file.path.open("rb")))
        for file in files
    ]


def same_content(remote: RepoSibling, local: LocalFile) -> bool:
    """Whether a file of the repository (asked for with files_metadata=True) and one of the folder are equal."""
    return sha256(local.path) == remote.lfs.sha256 if remote.lfs else git_hash(local.path) == remote.blob_id


def preupload(
    hub: Hub, repo_id: str, operations: list[CommitOperationAdd], *, create_pr: bool, kind: str = "model"
) -> None:
    """Upload the contents of large files, which the commit then only names."""

    def send() -> None:
        for operation in operations:
            if not isinstance(operation.path_or_fileobj, (str, Path, bytes)):
                operation.path_or_fileobj.seek(0)  # where a failed upload left it is anybody's guess
        with unwarned():
            hub.api.preupload_lfs_files(repo_id, operations, repo_type=kind, create_pr=create_pr, free_memory=False)

    patiently(send, reconnect=True)


@contextlib.contextmanager
def unwarned() -> Iterator[None]:
    """Within this block no Python warnings: huggingface_hub's calls to its HTTP library are not our user's business."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _refuse(path: Path, why: str) -> None:
    raise HubpruneError(f"{path} {why}, so nothing is uploaded.", "Put a copy of the file in its place, or remove it.")
