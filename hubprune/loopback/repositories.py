"""Routes about repositories as a whole: create, delete, move, settings, info, list and search."""

from __future__ import annotations

import re
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, PlainTextResponse, Response

from .errors import HubError
from .info import describe
from .records import KINDS, Kind, Repository
from .routing import Body, Call
from .store import check_gate, check_repository_id
from .users import check_access

SPACE_SDKS = ("gradio", "streamlit", "docker", "static")
SORTS = {"createdAt": "created_at", "created_at": "created_at", "id": "id"}


def _kind(body: Body) -> Kind:
    kind = f"{body.get('type') or 'model'}s"
    if kind not in KINDS:
        raise HubError(400, f"Invalid repo type: {body['type']}")
    return KINDS[kind]


def _is_private(body: Body) -> bool:
    if body.get("visibility") not in (None, "public", "private", "protected"):
        raise HubError(400, f"Invalid visibility: {body['visibility']}")
    return body.get("visibility") == "private" or bool(body.get("private"))


async def create(call: Call) -> Response:
    """Create a repository; 409 with its url if it exists."""
    user, body = call.require_user(), await call.json()
    kind, namespace = _kind(body), body.get("organization") or user.name
    if not user.can_write(namespace):
        raise HubError(403, f'You don\'t have the rights to create a {kind} under the namespace "{namespace}"')
    repository = Repository(
        id=check_repository_id(f"{namespace}/{body['name']}"),
        kind=kind,
        private=_is_private(body),
        sdk=body.get("sdk"),
        hardware=body.get("hardware") or "cpu-basic",
        variables={one["key"]: one["value"] for one in body.get("variables") or []},
    )
    repository.secrets = {one["key"]: repository.created_at for one in body.get("secrets") or []}
    url = f"{call.app.endpoint}/{repository.url_path}"
    store = call.app.store
    with store.lock:
        if (kind, repository.id) in store.repositories:
            raise HubError(409, f"You already created this {kind} repo", body={"url": url})
        if kind == "space" and repository.sdk not in SPACE_SDKS:
            raise HubError(400, f'"sdk" must be one of {", ".join(SPACE_SDKS)}')
        store.add_repository(repository, user.name)
        store.save()
    return JSONResponse({"url": url, "name": repository.id, "id": repository.id})


async def delete(call: Call) -> Response:
    """Delete a repository. Contents stay on disk; other repositories may hold the same."""
    user, body = call.require_user(), await call.json()
    key = _kind(body), f"{body.get('organization') or user.name}/{body['name']}"
    store = call.app.store
    with store.lock:
        check_access(store.repositories.get(key), user, write=True)
        del store.repositories[key]
        store.save()
    return PlainTextResponse("OK")


async def move(call: Call) -> Response:
    """Rename a repository or give it to another namespace."""
    user, body = call.require_user(), await call.json()
    kind, source, target = _kind(body), body["fromRepo"], check_repository_id(body["toRepo"])
    store = call.app.store
    with store.lock:
        repository = check_access(store.repositories.get((kind, source)), user, write=True)
        if not user.can_write(target.split("/")[0]):
            raise HubError(403, f"You don't have write access to the namespace of {target}")
        if (kind, target) in store.repositories:
            raise HubError(409, f"{kind} {target} exists already")
        repository.id = target
        store.repositories[kind, target] = store.repositories.pop((kind, source))
        store.save()
    return PlainTextResponse("OK")


async def settings(call: Call) -> Response:
    """Change who sees a repository and who may download from it."""
    body = await call.json()
    with call.app.store.lock:
        repository = call.repository(write=True)
        if "visibility" in body or "private" in body:
            repository.private = _is_private(body)
        if "gated" in body:
            repository.gated = check_gate(body["gated"])
        call.app.store.save()
    return JSONResponse({"private": repository.private, "gated": repository.gated})


async def info(call: Call) -> Response:
    """What is known about a repository at a revision."""

    def answer() -> dict[str, Any]:
        store = call.app.store
        with store.lock:
            repository = call.repository()
            oid = store.resolve(repository, call.parts.get("revision", "main"))
            found = describe(store, repository, oid, blobs=call.flag("blobs"))
        return _expand(found, call.request.query_params.getlist("expand"))

    return JSONResponse(await run_in_threadpool(answer))


def _expand(found: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """Keep the members that ``expand`` asks for; all of them if it asks for none. Unknown names are ignored."""
    wanted = {"_id", "id", "modelId", *names}
    return {name: value for name, value in found.items() if not names or name in wanted}


async def listing(call: Call) -> Response:
    """List or search repositories; the newest change first unless ``sort`` says otherwise."""
    query = call.request.query_params
    limit = call.limit(1000)
    start = query.get("cursor", "0")
    if not re.fullmatch("[0-9]{1,9}", start):
        raise HubError(400, "Invalid cursor")
    keep_siblings = call.flag("full") or "siblings" in query.getlist("expand")

    def answer() -> list[dict[str, Any]]:
        store, found = call.app.store, []
        with store.lock:
            for repository in store.repositories.values():
                if repository.kind == call.kind and _matches(call, repository):
                    found.append(describe(store, repository, store.resolve(repository, "main")))
            sort = SORTS.get(query.get("sort", ""), "last_modified")
            found.sort(key=lambda one: str(getattr(store.repositories[call.kind, one["id"]], sort)), reverse=True)
        filters = [*query.getlist("filter"), *query.getlist("pipeline_tag")]
        found = [one for one in found if all(text in one["tags"] for text in filters)]
        if not keep_siblings:
            for one in found:
                del one["siblings"]
        return [_expand(one, query.getlist("expand")) for one in found]

    found = await run_in_threadpool(answer)
    stop = int(start) + limit
    headers = {}
    if stop < len(found):
        headers["Link"] = f'<{call.app.endpoint}{next_page(call, str(stop))}>; rel="next"'
    return JSONResponse(found[int(start) : stop], headers=headers)


def _matches(call: Call, repository: Repository) -> bool:
    query, user = call.request.query_params, call.user
    if repository.private and not (user and user.is_member(repository.namespace)):
        return False
    if query.get("search", "").lower() not in repository.id.lower():
        return False
    if "gated" in query and bool(repository.gated) != call.flag("gated"):
        return False
    return query.get("author") in (None, repository.namespace)


def next_page(call: Call, cursor: str) -> str:
    """Path and query of the page after this one."""
    url = call.request.url.include_query_params(cursor=cursor)
    return f"{call.request.scope['raw_path'].decode('latin-1').split('?')[0]}?{url.query}"


async def auth_check(call: Call) -> Response:
    """200 if the user may download from the repository."""
    call.repository(content=True, write=call.flag("write"))
    return PlainTextResponse("OK")


ROUTES = [
    ("POST /api/repos/create", create),
    ("DELETE /api/repos/delete", delete),
    ("POST /api/repos/move", move),
    ("GET /api/{kinds}", listing),
    ("GET /api/{kinds}/{repository}[/revision/{revision}]", info),
    ("PUT /api/{kinds}/{repository}/settings", settings),
    ("GET /api/{kinds}/{repository}/auth-check", auth_check),
]
