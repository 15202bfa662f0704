"""Routes about refs: list them, make and delete branches and tags, squash the history of a branch."""

from __future__ import annotations

import re

from starlette.responses import JSONResponse, Response

from .errors import HubError
from .records import Repository
from .routing import Call

NAME = re.compile(r"(?!.*(?:\.\.|//|@\{))[A-Za-z0-9_][\w./+@-]*(?<![./])")


async def list_refs(call: Call) -> Response:
    """All refs, by kind; those of pull requests only if asked for."""
    with call.app.store.lock:
        repository = call.repository()
        answer = {
            "branches": _with_prefix(repository, "refs/heads/"),
            "tags": _with_prefix(repository, "refs/tags/"),
            "converts": _with_prefix(repository, "refs/convert/"),
        }
        if call.flag("include_prs"):
            answer["pullRequests"] = _with_prefix(repository, "refs/pr/")
    return JSONResponse(answer)


def _with_prefix(repository: Repository, prefix: str) -> list[dict[str, str]]:
    return [
        {"name": ref.removeprefix("refs/" if prefix == "refs/pr/" else prefix), "ref": ref, "targetCommit": oid}
        for ref, oid in repository.refs.items()
        if ref.startswith(prefix)
    ]


async def branch(call: Call) -> Response:
    """Create a branch (409 if it exists) or delete one (404 if it does not; 403 for main)."""
    body = await call.json()
    ref = f"refs/heads/{_check_name(call.parts['name'])}"
    store = call.app.store
    with store.lock:
        repository = call.repository(write=True)
        if call.request.method == "DELETE":
            if ref == "refs/heads/main":
                raise HubError(403, "The default branch cannot be deleted")
            _delete(repository, ref)
        elif ref in repository.refs:
            raise HubError(409, f'Reference already exists: "{ref}"')
        else:
            repository.refs[ref] = store.resolve(repository, body.get("startingPoint") or "main")
        store.save()
    return JSONResponse({"ok": True}, 200 if call.request.method == "DELETE" else 201)


async def tag(call: Call) -> Response:
    """Create a tag at a revision (409 if it exists), or delete one (404 if it does not)."""
    body = await call.json()
    store = call.app.store
    with store.lock:
        repository = call.repository(write=True)
        if call.request.method == "DELETE":
            _delete(repository, f"refs/tags/{call.parts['revision']}")
        else:
            ref = f"refs/tags/{_check_name(body['tag'])}"
            if ref in repository.refs:
                raise HubError(409, "Tag reference exists already")
            repository.refs[ref] = store.resolve(repository, call.parts["revision"])
        store.save()
    return JSONResponse({"ok": True})


async def squash(call: Call) -> Response:
    """Replace the history of a branch by a single commit with the same files."""
    body, name = await call.json(), call.parts["name"]
    store = call.app.store
    with store.lock:
        repository = call.repository(write=True)
        ref = f"refs/heads/{name}"
        if ref not in repository.refs:
            raise HubError(404, f"Invalid rev id: {name}", "RevisionNotFound")
        title = body.get("message") or "Super-squash branch"
        store.commit(repository, ref, None, store.tree(repository, ref), title=title, author=call.require_user().name)
        store.save()
    return JSONResponse({"ok": True})


def _check_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise HubError(400, f"Invalid reference name: {name}")
    return name


def _delete(repository: Repository, ref: str) -> None:
    if ref not in repository.refs:
        raise HubError(404, f'Reference does not exist: "{ref}"', "RevisionNotFound")
    del repository.refs[ref]


ROUTES = [
    ("GET /api/{kinds}/{repository}/refs", list_refs),
    ("POST DELETE /api/{kinds}/{repository}/branch/{name}", branch),
    ("POST DELETE /api/{kinds}/{repository}/tag/{revision}", tag),
    ("POST /api/{kinds}/{repository}/super-squash/{name}", squash),
]
