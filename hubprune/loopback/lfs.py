"""Routes that take large files in: the LFS batch protocol (one PUT, or several parts), and access to Xet storage."""

from __future__ import annotations

import time
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from .blobs import BlobWriter, check_sha256
from .errors import HubError
from .routing import Body, Call
from .transfer import receive

LFS_JSON = "application/vnd.git-lfs+json"


async def batch(call: Call) -> Response:
    """Say for each large file where to upload it; without an answer for those that are here already."""
    body = await call.json()
    call.require_user()
    call.repository()
    if body.get("operation", "upload") != "upload":
        raise HubError(422, "only uploads go through this server's LFS batch")
    objects = [Body(one) for one in body["objects"]]
    multipart = "multipart" in (body.get("transfers") or [])
    answers = [_upload_actions(call, check_sha256(one["oid"]), int(one["size"]), multipart) for one in objects]
    return JSONResponse({"transfer": "basic", "objects": answers}, media_type=LFS_JSON)


def _upload_actions(call: Call, sha256: str, size: int, multipart: bool) -> dict[str, Any]:
    app = call.app
    answer: dict[str, Any] = {"oid": sha256, "size": size}
    if app.store.blobs.has(sha256):
        return answer
    upload: dict[str, Any] = {"href": app.storage_url(f"/_lfs/{sha256}")}
    if multipart and size > app.part_bytes:
        count = -(-size // app.part_bytes)
        parts = {str(number): app.storage_url(f"/_lfs/{sha256}/{number}") for number in range(1, count + 1)}
        upload = {
            "href": f"{app.endpoint}/_lfs/{sha256}/complete",
            "header": {"chunk_size": str(app.part_bytes), **parts},
        }
    answer["actions"] = {"upload": upload, "verify": {"href": f"{app.endpoint}/_lfs/verify"}}
    return answer


async def put(call: Call) -> Response:
    """Take a large file; 422 if its bytes do not have the SHA-256 of its name."""
    with BlobWriter(call.app.store.blobs) as writer:
        await receive(call.request, writer)
        sha256 = writer.keep(call.parts["sha256"])
    return Response(headers={"ETag": f'"{sha256}"'})


async def put_part(call: Call) -> Response:
    """Take one part of a large file, to wait for the others; its ETag is its own SHA-256."""
    blobs = call.app.store.blobs
    with BlobWriter(blobs) as writer:
        await receive(call.request, writer)
        sha256 = writer.keep(as_file=blobs.part(call.parts["sha256"], int(call.parts["number"])))
    return Response(headers={"ETag": f'"{sha256}"'})


async def complete(call: Call) -> Response:
    """Join the parts of a large file; 400 if parts are missing, 422 if the whole does not have its SHA-256."""
    body = await call.json()
    parts = sorted((Body(part) for part in body["parts"]), key=lambda part: part["partNumber"])
    if [part["partNumber"] for part in parts] != list(range(1, len(parts) + 1)):
        raise HubError(400, "the parts must be numbered 1, 2, ...")
    etags = [str(part["etag"]) for part in parts]
    await run_in_threadpool(call.app.store.blobs.join_parts, call.parts["sha256"], etags)
    return JSONResponse({"success": True})


async def verify(call: Call) -> Response:
    """200 if a large file of that SHA-256 and size is here."""
    body = await call.json()
    path = call.app.store.blobs.path(body["oid"])
    if not path.exists() or path.stat().st_size != body["size"]:
        raise HubError(404, "object not found")
    return JSONResponse({"ok": True})


async def xet_token(call: Call) -> Response:
    """Where the Xet storage is, and until when the client may use it; 404 if this server has none."""
    xet = call.app.store.xet
    if xet is None:
        raise HubError(404, "Xet is not enabled on this server")
    call.repository(content=True, write=call.parts["scope"] == "write" and not call.flag("create_pr"))
    expires = int(time.time()) + 3600
    headers = {
        "X-Xet-Cas-Url": xet.address,
        "X-Xet-Token-Expiration": str(expires),
        "X-Xet-Access-Token": "loopback",
    }
    return JSONResponse({"casUrl": xet.address, "exp": expires, "accessToken": "loopback"}, headers=headers)


HUB_ROUTES = [
    ("POST /{prefix}{repository}.git/info/lfs/objects/batch", batch),
    ("POST /_lfs/{sha256}/complete", complete),
    ("POST /_lfs/verify", verify),
    ("GET /api/{kinds}/{repository}/xet-{scope}-token/{revision}", xet_token),
]
STORAGE_ROUTES = [
    ("PUT /_lfs/{sha256}", put),
    ("PUT /_lfs/{sha256}/{number}", put_part),
]
