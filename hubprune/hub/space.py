"""Folder -> Space of the Hub: created private unless asked otherwise, set up, and filled by one commit.

    look at the files -> look at the Space -> create it, or set what differs -> one commit, or none

Whatever breaks off before the commit leaves the Space empty or with its old files; the same call goes on from there.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Generator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from huggingface_hub import CommitOperationDelete, SpaceHardware, SpaceInfo
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from hubprune.errors import HubpruneError, NoWritePermission, RepoExists, UploadInterrupted, UsageError
from hubprune.events import Event, Progress, Stage, Warned
from hubprune.hub.client import Hub, quiet, whoami
from hubprune.hub.failures import said, status_of, translated
from hubprune.hub.retry import patiently
from hubprune.hub.secrets import cause_to_show, scrub
from hubprune.hub.target import full_name, interrupted, refuse_account
from hubprune.hub.upload import (
    LocalFile,
    additions,
    checked_files,
    offers_xet,
    preupload,
    same_content,
    unwarned,
)

HARDWARE = "zero-a10g"  # ZeroGPU; the name is older than its GPUs
MARK = "hubprune_space/__init__.py"  # a Space that holds this file was deployed by hubprune
OURS = (
    "hubprune_space/*",
    "hubprune-*.whl",
)  # what an earlier deployment left and this one does not replace is deleted
BY_THE_HUB = (".gitattributes", "README.md")  # what a new Space may begin with
MESSAGE = "Deploy hubprune"
KIND = "space"


@dataclass(frozen=True)
class Deployed:
    """A Space that holds the files. `changed`: a commit was made; `hardware`: what it runs on or has asked for."""

    repo_id: str
    url: str
    commit: str
    private: bool
    created: bool
    changed: bool
    hardware: str


def deploy(
    hub: Hub,
    folder: str | Path,
    repo_id: str,
    *,
    hardware: str | None = None,
    variables: Mapping[str, str] | None = None,
    private: bool = True,
    message: str | None = None,
    force: bool = False,
) -> Generator[Event, None, Deployed]:
    """Have a Space hold the files of a folder; return the Deployed. Where it holds them already, no commit is made.

    Args:
        repo_id: "owner/name", or a name alone for the account's own Space.
        hardware: What the Space runs on; None: what it has, for a new one ZeroGPU.
        variables: Environment variables of the Space. Everyone who sees the Space can read them.
        private: Whether a Space that is created is private. The visibility of an existing one is never changed.
        message: First line of the commit's message.
        force: Write into a Space that was not made by hubprune; its other files stay.

    Raises UsageError (no name of a repository, unknown hardware), NotSignedIn, NoWritePermission (hardware that the
    account may not use, too), RepoExists, UploadInterrupted (the same call completes it), HubpruneError for files or
    variables that must not be published.
    """
    files, variables = checked_files(Path(folder)), dict(variables or {})
    check_settings(hardware, variables)
    repo_id = full_name(repo_id, whoami(hub))
    yield Stage("publish", f"Deploying to the Space {repo_id}")
    with quiet():
        with translated(repo_id, KIND):
            refuse_account(patiently(lambda: hub.api.whoami(cache=True)), repo_id)
            info = _look(hub, repo_id)
        created = info is None
        if info is not None and not (is_ours(info) or is_empty(info) or force):
            raise RepoExists(
                f"The Space {repo_id} exists and was not made by hubprune.",
                "Choose another name with --to, or write into it with --force.",
            )
        asked = hardware or HARDWARE if created else hardware
        try:
            if info is None:
                info = _create(hub, repo_id, asked or HARDWARE, variables, private)
            else:
                _set_up(hub, repo_id, info, hardware, variables)
            stale = stale_files(info, files)
            changed = bool(stale) or not holds(info, files)
            commit = str(info.sha)
            if changed:
                commit = yield from _commit(hub, repo_id, files, stale, commit, message or MESSAGE)
        except HubpruneError:
            raise
        except Exception as error:
            if (ours := _not_hosted(error, asked) or interrupted(error, repo_id, KIND)) is None:
                raise
            raise ours from cause_to_show(error)
    if bool(info.private) != private:
        kept = "private" if info.private else "public"
        yield Warned(f"The Space {repo_id} stays {kept}: the visibility of an existing Space is never changed.")
    url = f"{hub.endpoint}/spaces/{repo_id}"
    return Deployed(repo_id, url, commit, bool(info.private), created, changed, asked or _hardware(info))


def check_settings(hardware: str | None, variables: Mapping[str, str]) -> None:
    """Raise UsageError for hardware that there is not, HubpruneError for a variable with an access token in it."""
    known = [one.value for one in SpaceHardware]
    if hardware is not None and hardware not in known:
        raise UsageError(f"There is no hardware {hardware!r} for Spaces.", f"Known: {', '.join(known)}.")
    for name, value in variables.items():
        if scrub(value) != value:
            raise HubpruneError(
                f"The variable {name} contains an access token, and everyone could read it, so nothing is uploaded.",
                "Take it out; if the Space needs it, add it as a secret in its settings on the Hub.",
            )


def is_ours(info: SpaceInfo) -> bool:
    """Whether hubprune deployed something there."""
    return any(file.rfilename == MARK for file in info.siblings or [])


def is_empty(info: SpaceInfo) -> bool:
    """Whether the Space holds nothing but what the Hub itself puts into a new one."""
    return all(file.rfilename in BY_THE_HUB for file in info.siblings or [])


def holds(info: SpaceInfo, files: list[LocalFile]) -> bool:
    """Whether the Space holds these very files."""
    remote = {file.rfilename: file for file in info.siblings or []}
    return all(file.name in remote and same_content(remote[file.name], file) for file in files)


def stale_files(info: SpaceInfo, files: list[LocalFile]) -> list[str]:
    """Files of an earlier deployment that this one has no more: another version's wheel would be used beside ours."""
    names = {file.name for file in files}
    there = [file.rfilename for file in info.siblings or [] if file.rfilename not in names]
    return sorted(name for name in there if any(fnmatch.fnmatchcase(name, ours) for ours in OURS))


def _look(hub: Hub, repo_id: str) -> SpaceInfo | None:
    """The Space as it is now, or None."""
    try:
        return patiently(lambda: hub.api.space_info(repo_id, files_metadata=True))
    except RepositoryNotFoundError:
        return None


def _hardware(info: SpaceInfo) -> str:
    runtime = info.runtime
    return str((runtime and (runtime.requested_hardware or runtime.hardware)) or "")


def _create(hub: Hub, repo_id: str, hardware: str, variables: Mapping[str, str], private: bool) -> SpaceInfo:
    listed = [{"key": key, "value": value} for key, value in variables.items()]
    try:
        patiently(
            lambda: hub.api.create_repo(
                repo_id,
                repo_type=KIND,
                private=private,
                space_sdk="gradio",
                space_hardware=hardware,  # type: ignore[arg-type]  # its name is what is sent
                space_variables=listed,
            )
        )
    except HfHubHTTPError as error:
        # An answer that got lost on the way makes the second try meet the Space of the first.
        if status_of(error) != 409 or (found := _look(hub, repo_id)) is None or not is_empty(found):
            raise
    info = _look(hub, repo_id)
    if info is None:
        raise UploadInterrupted(
            f"The Space {repo_id} was created, but is not there yet.", "Run the same command again."
        )
    return info


def _set_up(hub: Hub, repo_id: str, info: SpaceInfo, hardware: str | None, variables: Mapping[str, str]) -> None:
    """Set what differs: each change restarts the Space."""
    there = patiently(lambda: hub.api.get_space_variables(repo_id), reconnect=True) if variables else {}
    for key, value in variables.items():
        if key not in there or there[key].value != value:
            patiently(partial(hub.api.add_space_variable, repo_id, key, value), reconnect=True)
    if hardware and hardware != _hardware(info):
        asked = SpaceHardware(hardware)
        patiently(lambda: hub.api.request_space_hardware(repo_id, asked), reconnect=True)


def _commit(
    hub: Hub, repo_id: str, files: list[LocalFile], stale: list[str], parent: str, message: str
) -> Generator[Event, None, str]:
    """Upload the files and make the commit; return its id."""
    total = sum(file.size for file in files)
    yield Progress("publish", 0, total, "byte")
    with ExitStack() as open_files:
        xet = offers_xet(hub, repo_id, create_pr=False, kind=KIND)
        added = additions(files, xet=xet, open_files=open_files)
        preupload(hub, repo_id, added, create_pr=False, kind=KIND)
        deleted = [CommitOperationDelete(name, is_folder=False) for name in stale]

        def send() -> str:
            with unwarned():
                made = hub.api.create_commit(
                    repo_id, [*added, *deleted], commit_message=message, repo_type=KIND, parent_commit=parent
                )
            return made.oid

        try:
            commit = patiently(send, reconnect=True)
        except HfHubHTTPError as error:
            # 412: the head is no longer the commit that was looked at. Either it is ours, or somebody else was faster.
            head = _look(hub, repo_id) if status_of(error) == 412 else None
            if head is None:
                raise
            if stale_files(head, files) or not holds(head, files):
                raise RepoExists(
                    f"The Space {repo_id} has been changed by somebody else during the upload.",
                    "Look at it, then run the command again.",
                ) from None
            commit = str(head.sha)
    yield Progress("publish", total, total, "byte")
    return commit


def _not_hosted(error: Exception, hardware: str | None) -> NoWritePermission | None:
    """The sentence for 402: this account may not have such a Space."""
    if not isinstance(error, HfHubHTTPError) or status_of(error) != 402:
        return None
    step = "Hardware other than ZeroGPU needs a PRO or paid account: --hardware zero-a10g, or `hf spaces hardware`."
    if hardware == HARDWARE:
        step = "Free accounts may host few ZeroGPU Spaces, PRO and paid organisations more: delete one, or upgrade."
    return NoWritePermission(f"This account may not host a Space on {hardware}: {scrub(said(error))}.", step)
