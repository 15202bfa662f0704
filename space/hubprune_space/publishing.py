"""Publish a visitor's own result, with the token of the request that asks for it.

The upload has a thread of its own: it goes on when the page is closed, and whoever opens the page again sees it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from hubprune import errors
from hubprune.events import Event, Progress, Published
from hubprune.hub import Hub, accounts

from . import problems, words
from .forms import Refused
from .gpu import failure
from .hubs import signed_in
from .run import Run, Upload, problem
from .runs import RUNS


def owners(token: str) -> list[str]:
    """The accounts that the visitor may publish to: their own, then their organisations. Raises Refused."""
    try:
        with signed_in(token) as hub:
            return accounts(hub)
    except errors.HubpruneError as error:
        raise Refused(problems.told(error)) from None


def begin(run: Run, token: str, repo_id: str, *, private: bool, create_pr: bool) -> None:
    """Publish a result from now on; `run.upload` says how far that is. Nothing, where an upload is under way."""
    upload = Upload(repo_id)
    if RUNS.publishes(run, upload):
        more = {"private": private, "create_pr": create_pr}
        threading.Thread(target=_work, args=(run, upload, token), kwargs=more, name="publish", daemon=True).start()


def _work(run: Run, upload: Upload, token: str, *, private: bool, create_pr: bool) -> None:
    """The thread of one upload."""
    try:
        for event in publish(run, token, upload.repo_id, private=private, create_pr=create_pr):
            if isinstance(event, words.Notice):
                upload.notice = event
            elif isinstance(event, Progress):
                upload.done, upload.total = event.done, event.total
            run.version += 1
    except Exception as error:  # a defect, or a broken connection that the package does not know
        upload.notice = problem(failure(error), run)
    finally:
        upload.over = True
        run.version += 1


def publish(run: Run, token: str, repo_id: str, *, private: bool, create_pr: bool) -> Iterator[Event | words.Notice]:
    """Publish the result; the last thing said is a Published or the reason why not. No empty repository stays."""
    from hubprune.run import publish as publish_folder

    with signed_in(token) as hub:
        there = exists(hub, repo_id)
        try:
            for event in publish_folder(run.out, repo_id, hub=hub, private=private, create_pr=create_pr):
                if isinstance(event, Published):
                    run.published = event
                yield event
        except errors.HubpruneError as error:
            yield of_error(error, repo_id, create_pr=create_pr)
        finally:
            if not there and run.published is None:
                remove_if_empty(hub, repo_id)


def of_error(error: errors.HubpruneError, repo_id: str, *, create_pr: bool) -> words.Notice:
    """The state that a failed publishing stands for."""
    match error:
        case errors.RepoExists():
            return words.repository_exists(repo_id)
        case errors.NoWritePermission() if create_pr:
            return words.no_pull_request(repo_id)
        case errors.NoWritePermission():
            return words.may_not_write(repo_id)
        case errors.UsageError():
            return words.known_problem(problems.sentence(error), words.NAME_RULE)
    return problems.told(error)


def exists(hub: Hub, repo_id: str) -> bool:
    """Whether there is such a repository now; also where the Hub does not say, so that nothing is ever removed then."""
    try:
        return hub.api.repo_exists(repo_id)
    except Exception:
        return True


def remove_if_empty(hub: Hub, repo_id: str) -> None:
    """Take back the repository that a failed publishing created, if nothing is in it."""
    with contextlib.suppress(Exception):  # the Hub is in trouble: an empty private repository is no harm
        files = hub.api.list_repo_files(repo_id)
        if set(files) <= {".gitattributes"}:
            hub.api.delete_repo(repo_id)
