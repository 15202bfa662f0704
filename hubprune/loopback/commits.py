"""Routes that change files: how each file is to be sent, and the commit itself."""

from __future__ import annotations

import base64
import binascii
import fnmatch
import json
from collections.abc import Iterable
from typing import Any

from starlette.responses import JSONResponse, Response

from .discussions import open_discussion
from .errors import HubError
from .records import FileEntry, Tree
from .routing import Body, Call, parse_object
from .store import LFS_THRESHOLD_BYTES, Store, check_path
from .transfer import read_lines


def lfs_patterns(gitattributes: bytes) -> list[str]:
    """The file name patterns that a ``.gitattributes`` keeps as large files."""
    lines = gitattributes.decode("utf-8", "replace").splitlines()
    return [line.split()[0] for line in lines if "filter=lfs" in line.split()]


def is_large(path: str, size: int, patterns: Iterable[str]) -> bool:
    """Whether a file is kept as a large file, by its name or its size in bytes."""
    name = path.rsplit("/", 1)[-1]
    return size > LFS_THRESHOLD_BYTES or any(
        fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(path, pattern) for pattern in patterns
    )


def is_ignored(path: str, gitignore: str) -> bool:
    """Whether a ``.gitignore`` of plain patterns leaves a file out."""
    lines = [line.strip() for line in gitignore.splitlines()]
    patterns = [line for line in lines if line and not line.startswith("#")]
    folders = [f"{pattern}*" if pattern.endswith("/") else f"{pattern}/*" for pattern in patterns]
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in [*patterns, *folders])


async def preupload(call: Call) -> Response:
    """Say for each file how it is to be sent, and what is there now so that unchanged files need not be sent."""
    call.require_user()
    body = await call.json()
    store = call.app.store
    with store.lock:
        repository = call.repository(write=not call.flag("create_pr"))
        oid = store.resolve(repository, call.parts["revision"])
        tree = repository.commits[oid].tree
        files = [Body(file) for file in body["files"]]
        rules = store.read_small(tree, ".gitattributes") or b""
        for file in files:
            if file["path"] == ".gitattributes" and file["size"] <= 512:  # the sample is then the whole file
                rules = decode_base64(file["sample"])
        patterns = lfs_patterns(rules)
    answers = []
    for file in files:
        path = check_path(file["path"])
        answer: dict[str, Any] = {
            "path": path,
            "uploadMode": "lfs" if is_large(path, file["size"], patterns) else "regular",
            "shouldIgnore": is_ignored(path, body.get("gitIgnore") or ""),
        }
        if path in tree:
            answer["oid"] = tree[path].etag
        answers.append(answer)
    return JSONResponse({"commitOid": oid, "files": answers})


def decode_base64(text: str) -> bytes:
    """Decode base64. Raises HubError 400 if it is not."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise HubError(400, f"Invalid base64: {error}") from error


async def commit(call: Call) -> Response:
    """Make a commit of the operations that come as one JSON object a line, on a branch or as a pull request."""
    user, revision, create_pr = call.require_user(), call.parts["revision"], call.flag("create_pr")
    store = call.app.store
    to_pull_request = create_pr or revision.startswith("refs/pr/")
    store.resolve(call.repository(write=not to_pull_request), revision)  # refuse before the upload is read
    header: Body | None = None
    operations: list[tuple[str, Body]] = []
    async for line in read_lines(call.request):
        operation = parse_object(line)
        key, value = operation["key"], Body(operation["value"])
        if key == "header":
            header = value
        elif key == "file":
            operations.append((key, Body(path=value["path"], entry=_small_file(store, value))))
        else:
            operations.append((key, value))
    if header is None:
        raise HubError(400, "the header line is missing")
    title, message = header["summary"], header.get("description") or ""
    with store.lock:
        repository = call.repository(write=not to_pull_request)
        parent = store.resolve(repository, revision)
        if header.get("parentCommit") and not parent.startswith(header["parentCommit"]):
            raise HubError(412, "A commit has happened since. Please refresh and try again.")
        tree = dict(repository.commits[parent].tree)
        for key, value in operations:
            apply_operation(store, tree, key, value)
        page = f"{call.app.endpoint}/{repository.url_path}"
        answer = {"success": True, "hookOutput": ""}
        ref = revision if revision.startswith("refs/") else f"refs/heads/{revision}"
        if create_pr:
            number = open_discussion(repository, title, message, user.name, is_pull_request=True).number
            ref = f"refs/pr/{number}"
            answer["pullRequestUrl"] = f"{page}/discussions/{number}"
        elif ref not in repository.refs:
            raise HubError(400, f"{revision} is not a branch")
        oid = store.commit(repository, ref, parent, tree, title=title, message=message, author=user.name)
        store.save()
    return JSONResponse({**answer, "commitOid": oid, "commitUrl": f"{page}/commit/{oid}"})


def _small_file(store: Store, value: Body) -> FileEntry:
    data = decode_base64(value["content"]) if value.get("encoding") == "base64" else value["content"].encode()
    if len(data) > LFS_THRESHOLD_BYTES:
        raise HubError(400, f"{value['path']} is larger than 10 MiB and must be uploaded as a large file")
    return store.small_file(data)


def apply_operation(store: Store, tree: Tree, key: str, value: Body) -> None:
    """Change `tree` by one operation of a commit.

    Raises:
        HubError: 400 for an unknown operation, a bad path or a large file that was not uploaded; 404 if there is
            nothing to delete.
    """
    path = check_path(value["path"].rstrip("/") if key == "deletedFolder" else value["path"])
    if key == "file":
        tree[path] = value["entry"]
    elif key == "lfsFile":
        entry = store.large_file(value["oid"])
        if entry is None:
            reason = "an LFS pointer pointed to a file that does not exist"
            raise HubError(400, f"Your push was rejected because {reason}. Offending file: {path}")
        tree[path] = entry
    elif key == "deletedFile":
        if path not in tree:
            raise HubError(404, f"A file with this name doesn't exist: {path}", "EntryNotFound")
        del tree[path]
    elif key == "deletedFolder":
        for name in [name for name in tree if name.startswith(f"{path}/")]:
            del tree[name]
    else:
        raise HubError(400, f"unknown operation {json.dumps(key)}")


ROUTES = [
    ("POST /api/{kinds}/{repository}/preupload/{revision}", preupload),
    ("POST /api/{kinds}/{repository}/commit/{revision}", commit),
]
