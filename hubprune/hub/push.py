"""Folder -> Hub: one commit, private until it is there.

    look at the files -> look at the repository -> create it, private -> upload -> one commit -> public, if asked for

Whatever breaks off before the commit leaves an empty private repository; the same command goes on from there.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from huggingface_hub import CommitInfo, CommitOperationDelete, ModelInfo
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from hubprune.errors import HubpruneError, NotFound, RepoExists, UploadInterrupted
from hubprune.events import Event, Progress, Published, Stage, Warned
from hubprune.hub.client import Hub, quiet, whoami
from hubprune.hub.failures import status_of, translated
from hubprune.hub.refresh import refresh
from hubprune.hub.retry import is_transient, patiently
from hubprune.hub.secrets import cause_to_show
from hubprune.hub.target import full_name, interrupted, refuse_account
from hubprune.hub.upload import (
    LocalFile,
    additions,
    checked_files,
    equals,
    has_content,
    holds_recipe,
    offers_xet,
    preupload,
    stale_weights,
    unwarned,
)

MESSAGE = "Upload a model pruned with hubprune"
# Remembers that a repository was created by an unfinished push that is to end in public. Folders named .cache are
# never uploaded.
MARK = Path(".cache") / "hubprune" / "push.json"
ONE_BY_ONE_BYTES = 2**20  # files from this size on are uploaded one by one before the commit, for the progress bar


def push(
    hub: Hub,
    folder: str | Path,
    repo_id: str,
    *,
    private: bool = True,
    create_pr: bool = False,
    message: str | None = None,
    force: bool = False,
) -> Generator[Event, None, Published]:
    """Publish a folder as one commit; return the Published, which is also the last event.

    Args:
        repo_id: "owner/name", or a name alone for the account's own repository.
        private: Whether a repository that is created stays private. The visibility of an existing one is never changed.
        create_pr: Propose the commit as a pull request to an existing repository.
        message: First line of the commit's message.
        force: Write into a repository that holds something else; its weight files are replaced.

    Where the repository already holds this model, a card that changed is committed with its plots and results, and
    otherwise nothing: Published then names the commit that is there.

    Raises NotSignedIn, NoWritePermission, RepoExists, NotFound (a pull request to a missing repository),
    UploadInterrupted (the same call completes it), HubpruneError for files that must not be published.
    """
    folder = Path(folder).expanduser()
    files = checked_files(folder)
    user = whoami(hub)
    repo_id = full_name(repo_id, user)
    yield Stage("publish", f"Publishing to {repo_id}")
    with quiet():
        with translated(repo_id):
            info = _look(hub, repo_id)
        holds_it = info is not None and has_content(info) and equals(info, files)
        _refuse(info, repo_id, create_pr=create_pr, allowed=holds_it or force)
        try:
            if info is None:
                info = _create(hub, repo_id, folder, private)
            mark = _read_mark(folder, hub, repo_id)
            made: CommitInfo | None
            if holds_it:
                made = yield from refresh(hub, repo_id, files, info, message, create_pr=create_pr)
            else:
                made = yield from _commit(hub, repo_id, files, info, message or MESSAGE, create_pr)
            commit, pull_request = (made.oid, made.pr_url) if made else (str(info.sha), None)
            if info.private and not private and mark and not create_pr:
                patiently(lambda: hub.api.update_repo_settings(repo_id, private=False), reconnect=True)
                info.private = False
        except HubpruneError:
            raise
        except Exception as error:
            if (ours := interrupted(error, repo_id)) is None:
                raise
            raise ours from cause_to_show(error)
    _forget_mark(folder)
    if bool(info.private) != private and not create_pr:
        kept = "private" if info.private else "public"
        yield Warned(f"{repo_id} stays {kept}: the visibility of an existing repository is never changed.")
    published = Published(repo_id, f"{hub.endpoint}/{repo_id}", commit, bool(info.private), pull_request)
    yield published
    return published


def check_target(
    hub: Hub, repo_id: str, folder: Path | None = None, *, create_pr: bool = False, force: bool = False
) -> None:
    """Before hours of work, or before `folder` is touched: could the result be published there at all?

    Without a folder a repository that holds a model of hubprune passes: whether it is this very model shows later.

    Raises UsageError (no name of a repository), NotSignedIn, NoWritePermission, RepoExists, NotFound.
    """
    files = checked_files(folder) if folder else []
    with quiet():
        repo_id = full_name(repo_id, whoami(hub))
        with translated(repo_id):
            account = patiently(lambda: hub.api.whoami(cache=True))
            info = _look(hub, repo_id)
    refuse_account(account, repo_id, create_pr=create_pr)
    known = info is not None and (equals(info, files) if folder else holds_recipe(info))
    _refuse(info, repo_id, create_pr=create_pr, allowed=force or known)


def _refuse(info: ModelInfo | None, repo_id: str, *, create_pr: bool, allowed: bool) -> None:
    """Raise where there is nothing to open a pull request in, or something that must not be overwritten."""
    if info is None and create_pr:
        raise NotFound(
            f"There is no repository {repo_id} to open a pull request in, or it is not visible to this account.",
            "Publish without a pull request to create it.",
        )
    if info is not None and has_content(info) and not (allowed or create_pr):
        raise RepoExists(
            f"{repo_id} exists and holds something else.",
            "Choose another name, open a pull request with --create-pr, or replace its weights with --force.",
        )


def _look(hub: Hub, repo_id: str) -> ModelInfo | None:
    """The repository as it is now, or None."""
    try:
        return patiently(lambda: hub.api.model_info(repo_id, files_metadata=True))
    except RepositoryNotFoundError:
        return None


def _create(hub: Hub, repo_id: str, folder: Path, private: bool) -> ModelInfo:
    """Create the repository, private, and remember where it is to become public."""
    if not private:  # before the request, whose answer may get lost for good
        _write_mark(folder, hub, repo_id)
    try:
        patiently(lambda: hub.api.create_repo(repo_id, private=True))
    except HfHubHTTPError as error:
        # An answer that got lost on the way makes the second try meet the repository of the first.
        if status_of(error) != 409 or (found := _look(hub, repo_id)) is None or has_content(found):
            if not is_transient(error):
                _forget_mark(folder)  # the Hub said no: there is no repository of this push
            raise
    info = _look(hub, repo_id)
    if info is None:
        raise UploadInterrupted(f"{repo_id} was created, but is not there yet.", "Run the same command again.")
    return info


def _commit(
    hub: Hub, repo_id: str, files: list[LocalFile], info: ModelInfo, message: str, create_pr: bool
) -> Generator[Event, None, CommitInfo]:
    """Upload the files and make the commit; return its CommitInfo."""
    total = sum(file.size for file in files)
    yield Progress("publish", 0, total, "byte")
    with ExitStack() as open_files:
        xet = offers_xet(hub, repo_id, create_pr=create_pr)
        added = additions(files, xet=xet, open_files=open_files)
        # Before the commit, so that its tries have nothing left to upload; large files one by one, for the progress.
        small = [operation for file, operation in zip(files, added, strict=True) if file.size < ONE_BY_ONE_BYTES]
        preupload(hub, repo_id, small, create_pr=create_pr)
        done = sum(file.size for file in files if file.size < ONE_BY_ONE_BYTES)
        for file, operation in zip(files, added, strict=True):
            if file.size >= ONE_BY_ONE_BYTES:
                preupload(hub, repo_id, [operation], create_pr=create_pr)
                done += file.size
                yield Progress("publish", done, total, "byte")
        deleted = [CommitOperationDelete(name, is_folder=False) for name in stale_weights(info, files)]
        made = _send(hub, repo_id, [*added, *deleted], files, info, message, create_pr)
    yield Progress("publish", total, total, "byte")
    return made


def _send(
    hub: Hub,
    repo_id: str,
    operations: list[Any],
    files: list[LocalFile],
    info: ModelInfo,
    message: str,
    create_pr: bool,
) -> CommitInfo:
    """create_commit, tried again; a commit whose answer got lost is found instead of being made twice."""

    def send() -> CommitInfo:
        with unwarned():
            return hub.api.create_commit(
                repo_id, operations, commit_message=message, parent_commit=info.sha, create_pr=create_pr
            )

    try:
        return patiently(send, reconnect=True)
    except HfHubHTTPError as error:
        # 412: the head is no longer the commit that was looked at. Either it is ours, or somebody else was faster.
        if status_of(error) != 412 or create_pr:
            raise
        head = _look(hub, repo_id)
        if head is None or not equals(head, files):
            raise RepoExists(
                f"{repo_id} has been changed by somebody else during the upload.",
                "Look at it, then run the command again.",
            ) from None
        url = f"{hub.endpoint}/{repo_id}/commit/{head.sha}"
        return CommitInfo(commit_url=url, commit_message=message, commit_description="", oid=str(head.sha))


def _write_mark(folder: Path, hub: Hub, repo_id: str) -> None:
    try:
        (folder / MARK).parent.mkdir(parents=True, exist_ok=True)
        (folder / MARK).write_text(json.dumps({"endpoint": hub.endpoint, "repo_id": repo_id}), encoding="utf-8")
    except OSError:
        pass  # a folder that cannot be written to: a broken-off push then ends private, never the other way round


def _read_mark(folder: Path, hub: Hub, repo_id: str) -> bool:
    try:
        return bool(json.loads((folder / MARK).read_text()) == {"endpoint": hub.endpoint, "repo_id": repo_id})
    except (OSError, ValueError):
        return False


def _forget_mark(folder: Path) -> None:
    try:
        (folder / MARK).unlink(missing_ok=True)
        (folder / MARK).parent.rmdir()
        (folder / MARK).parent.parent.rmdir()
    except OSError:
        pass  # other things lie in .cache, or nothing was there
