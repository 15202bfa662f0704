"""Routes that send file contents: small files directly, large files by a signed redirect to the storage."""

from __future__ import annotations

from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from .errors import HubError
from .records import FileEntry
from .routing import Call
from .transfer import file_response


async def resolve(call: Call) -> Response:
    """A file at a revision: its bytes, or for a large file a redirect and what the client needs to know of it."""
    store = call.app.store
    with store.lock:
        repository = call.repository(content=True)
        oid = store.resolve(repository, call.parts["revision"])
        entry = repository.commits[oid].tree.get(call.parts["path"])
    headers = {
        "X-Repo-Commit": oid,
        "Access-Control-Expose-Headers": "X-Repo-Commit,X-Linked-Size,X-Linked-ETag,X-Xet-Hash",
    }
    if entry is None:  # with the commit, the client remembers that the file does not exist there
        raise HubError(404, "Entry not found", "EntryNotFound", headers=headers)
    headers["ETag"] = f'"{entry.etag}"'
    if not entry.lfs:
        return file_response(call.request, store.content(entry), headers)
    location = call.app.storage_url(f"/_cdn/{entry.sha256}")
    headers |= {
        "Location": f"{location}&filename={quote(call.parts['path'].rsplit('/', 1)[-1], safe='')}",
        "X-Linked-ETag": f'"{entry.sha256}"',
        "X-Linked-Size": str(entry.size),
        "Accept-Ranges": "bytes",
    }
    if file := store.xet_file(entry.sha256):
        route = f"{call.app.endpoint}/api/{repository.kind}s/{repository.id}/xet-read-token/{oid}"
        headers |= {
            "X-Xet-Hash": file.xet_hash,
            "X-Xet-Refresh-Route": route,
            "Link": f'<{route}>; rel="xet-auth"',
        }
    return Response(status_code=302, headers=headers)


async def download(call: Call) -> Response:
    """The bytes of a large file. The signature in the url is the permission."""
    sha256 = call.parts["sha256"]
    entry = FileEntry(size=0, oid="", sha256=sha256, lfs=True)
    path = await run_in_threadpool(call.app.store.content, entry)
    return file_response(call.request, path, {"ETag": f'"{sha256}"'})


HUB_ROUTES = [("GET /{prefix}{repository}/resolve/{revision}/{path}", resolve)]
STORAGE_ROUTES = [("GET /_cdn/{sha256}", download)]
