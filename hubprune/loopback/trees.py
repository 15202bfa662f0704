"""Routes that list what is in a repository: files and folders, and the history of commits."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from .errors import HubError
from .info import safetensors_header
from .records import FileEntry, Repository, Tree
from .repositories import next_page
from .routing import Call, parse_object
from .store import Store


async def tree(call: Call) -> Response:
    """A page of the files and folders under a path, sorted by path."""
    store = call.app.store
    limit = call.limit(100 if call.flag("expand") else 1000)
    cursor = _read_cursor(call.request.query_params.get("cursor", ""))
    with store.lock:
        repository = call.repository()
        files = store.tree(repository, call.parts["revision"])
        base = call.parts.get("path", "").strip("/")
        inside = {path: entry for path, entry in files.items() if not base or path.startswith(f"{base}/")}
        if base and not inside:
            raise HubError(404, f"{base} does not exist", "EntryNotFound")
        found = sorted(list_folder(inside, base, recursive=call.flag("recursive")).items())
        rest = [(path, entry) for path, entry in found if path > cursor]
        items = [_item(store, path, entry) for path, entry in rest[:limit]]
        if call.flag("expand"):
            for item in items:
                item["lastCommit"] = last_commit(store, repository, call.parts["revision"], item["path"])
    headers = {}
    if len(rest) > limit:
        after = base64.urlsafe_b64encode(items[-1]["path"].encode()).decode()
        headers["Link"] = f'<{call.app.endpoint}{next_page(call, after)}>; rel="next"'
    return JSONResponse(items, headers=headers)


def _read_cursor(text: str) -> str:
    try:
        return base64.b64decode(text, b"-_", validate=True).decode()
    except ValueError as error:
        raise HubError(400, "Invalid cursor") from error


def list_folder(files: Tree, base: str, *, recursive: bool) -> dict[str, FileEntry | None]:
    """What lies in the folder `base`: path -> file, or None for a folder.

    Args:
        files: The files under `base`.
        recursive: List what lies in its folders too.
    """
    found: dict[str, FileEntry | None] = {}
    depth = base.count("/") + 1 if base else 0
    for path, entry in files.items():
        segments = path.split("/")
        folders = ["/".join(segments[:end]) for end in range(depth + 1, len(segments))]
        found |= dict.fromkeys(folders if recursive else folders[:1])
        if recursive or not folders:
            found[path] = entry
    return found


def last_commit(store: Store, repository: Repository, revision: str, path: str) -> dict[str, str]:
    """The newest commit that changed a file, or anything in a folder."""

    def state(files: Tree) -> dict[str, FileEntry]:
        return {name: entry for name, entry in files.items() if name == path or name.startswith(f"{path}/")}

    history = store.history(repository, revision)
    found = history[0]
    for older in history[1:]:
        if state(older[1].tree) != state(found[1].tree):
            break
        found = older
    return {"id": found[0], "title": found[1].title, "date": found[1].date}


def _item(store: Store, path: str, entry: FileEntry | None) -> dict[str, Any]:
    if entry is None:
        return {"type": "directory", "oid": hashlib.sha1(path.encode()).hexdigest(), "size": 0, "path": path}
    item: dict[str, Any] = {"type": "file", "oid": entry.oid, "size": entry.size, "path": path}
    if entry.lfs:
        item["lfs"] = {"oid": entry.sha256, **entry.lfs_fields}
        if file := store.xet_file(entry.sha256):
            item["xetHash"] = file.xet_hash
    return item


async def paths_info(call: Call) -> Response:
    """The same about given paths; those that do not exist are left out."""
    if "form" in call.request.headers.get("content-type", ""):
        form = parse_qs((await call.request.body()).decode("utf-8", "replace"))
        paths, expand = form.get("paths", []), form.get("expand", [""])[0].lower() == "true"
    else:
        body = await call.json()
        paths, expand = [str(path) for path in body["paths"]], bool(body.get("expand"))
    store = call.app.store
    items = []
    with store.lock:
        repository = call.repository()
        files = store.tree(repository, call.parts["revision"])
        for path in (path.strip("/") for path in paths):
            if path in files or any(name.startswith(f"{path}/") for name in files):
                item = _item(store, path, files.get(path))
                if expand:
                    item["lastCommit"] = last_commit(store, repository, call.parts["revision"], path)
                items.append(item)
    return JSONResponse(items)


async def history(call: Call) -> Response:
    """The commits of a revision, newest first."""
    store = call.app.store
    with store.lock:
        commits = store.history(call.repository(), call.parts["revision"])
    return JSONResponse(
        [
            {
                "id": oid,
                "title": commit.title,
                "message": commit.message,
                "date": commit.date,
                "authors": [{"user": commit.author, "avatar": ""}],
            }
            for oid, commit in commits
        ]
    )


async def safetensors_metadata(call: Call) -> Response:
    """The headers of all shards that a safetensors index names, at the main revision."""

    def answer() -> dict[str, Any]:
        store = call.app.store
        with store.lock:
            files = store.tree(call.repository(content=True), "main")
            index_bytes = store.read_small(files, call.parts["path"])
            if index_bytes is None:
                raise HubError(404, "Entry not found", "EntryNotFound")
            index = parse_object(index_bytes)
            shards = sorted(set((index.get("weight_map") or {}).values()) & set(files))
            headers = {shard: safetensors_header(store, files[shard]) for shard in shards}
        return {"index": {"metadata": index.get("metadata")}, "headers": headers}

    return JSONResponse(await run_in_threadpool(answer))


ROUTES = [
    ("GET /api/{kinds}/{repository}/tree/{revision}[/{path}]", tree),
    ("POST /api/{kinds}/{repository}/paths-info/{revision}", paths_info),
    ("GET /api/{kinds}/{repository}/commits/{revision}", history),
    ("GET /api/{kinds}/{repository}/safetensors-metadata/{path}", safetensors_metadata),
]
