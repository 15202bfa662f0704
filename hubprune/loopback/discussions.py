"""Routes about discussions and pull requests: open, read, merge. A merge takes the pull request's files as they are."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from .errors import HubError
from .records import Discussion, Repository, now
from .routing import Call


def open_discussion(
    repository: Repository, title: str, description: str, author: str, *, is_pull_request: bool
) -> Discussion:
    """Add a discussion; a pull request starts as a draft whose ref ``refs/pr/<number>`` is at main."""
    number = len(repository.discussions) + 1
    status = "draft" if is_pull_request else "open"
    discussion = Discussion(number, title, description, author, now(), is_pull_request, status)
    repository.discussions[str(number)] = discussion
    if is_pull_request:
        repository.refs[f"refs/pr/{number}"] = repository.refs["refs/heads/main"]
    return discussion


async def create(call: Call) -> Response:
    """Open a discussion or a pull request; whoever sees the repository may."""
    user, body = call.require_user(), await call.json()
    is_pull_request = bool(body.get("pullRequest"))
    with call.app.store.lock:
        discussion = open_discussion(
            call.repository(), body["title"], body.get("description") or "", user.name, is_pull_request=is_pull_request
        )
        call.app.store.save()
    return JSONResponse({"num": discussion.number, "pullRequest": is_pull_request}, 201)


def _find(call: Call, repository: Repository) -> Discussion:
    discussion = repository.discussions.get(call.parts["number"])
    if discussion is None:
        raise HubError(404, "Discussion not found")
    return discussion


async def details(call: Call) -> Response:
    """One discussion. Events and the diff are always empty."""
    with call.app.store.lock:
        repository = call.repository()
        discussion = _find(call, repository)
    return JSONResponse(
        {
            "num": discussion.number,
            "title": discussion.title,
            "description": discussion.description,
            "author": {"name": discussion.author},
            "createdAt": discussion.created_at,
            "status": discussion.status,
            "isPullRequest": discussion.is_pull_request,
            "repo": {"name": repository.id, "type": repository.kind},
            "events": [],
            "diff": "",
            "filesWithConflicts": [],
            "changes": {"base": "refs/heads/main", "mergeCommitId": discussion.merge_commit},
        }
    )


async def merge(call: Call) -> Response:
    """Merge a pull request: 400 for a discussion, 409 if it is merged already or main has moved on since."""
    store = call.app.store
    with store.lock:
        repository = call.repository(write=True)
        discussion = _find(call, repository)
        if not discussion.is_pull_request:
            raise HubError(400, "This discussion is not a pull request")
        head = f"refs/pr/{discussion.number}"
        ancestors = [oid for oid, _ in store.history(repository, head)]
        if discussion.status == "merged" or repository.refs["refs/heads/main"] not in ancestors:
            raise HubError(409, "This pull request cannot be merged: it is merged, or main has changed since")
        repository.refs["refs/heads/main"] = discussion.merge_commit = repository.refs[head]
        discussion.status = "merged"
        repository.last_modified = now()
        store.save()
    author = {"name": call.require_user().name}
    event = {"id": "1", "type": "status-change", "createdAt": now(), "author": author, "data": {"status": "merged"}}
    return JSONResponse(event)


ROUTES = [
    ("POST /api/{kinds}/{repository}/discussions", create),
    ("GET /api/{kinds}/{repository}/discussions/{number}", details),
    ("POST /api/{kinds}/{repository}/discussions/{number}/merge", merge),
]
