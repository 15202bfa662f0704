"""Routes about Spaces and Jobs. Both are recorded, never run: a Space is always running, a job always completed."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import JSONResponse, Response, StreamingResponse

from .errors import HubError
from .info import space_runtime
from .records import Repository, now
from .routing import Call

HARDWARE = [
    {
        "name": "a10g-small",
        "prettyName": "Nvidia A10G - small",
        "cpu": "4 vCPU",
        "ram": "15 GB",
        "ephemeralStorage": "110 GB",
        "unitCostMicroUSD": 16667,
        "unitCostUSD": 0.016667,
        "unitLabel": "minute",
        "accelerator": {
            "type": "gpu",
            "model": "A10G",
            "quantity": "1",
            "vram": "24 GB",
            "manufacturer": "Nvidia",
        },
    }
]


def _space(call: Call, *, write: bool = False) -> Repository:
    call.parts["kinds"] = "spaces"
    return call.repository(write=write)


async def environment(call: Call) -> Response:
    """Read, set or delete a Space's secrets or variables. The values of secrets are not kept."""
    body = await call.json()
    store = call.app.store
    with store.lock:
        space = _space(call, write=True)
        is_secret = call.parts["names"] == "secrets"
        values = space.secrets if is_secret else space.variables
        if call.request.method == "POST":
            values[body["key"]] = now() if is_secret else str(body["value"])
            store.save()
        elif call.request.method == "DELETE":
            values.pop(body["key"], None)
            store.save()
        answer = {
            name: {"key": name, "updatedAt": value} if is_secret else {"key": name, "value": value, "updatedAt": now()}
            for name, value in values.items()
        }
    return JSONResponse(answer)


async def runtime(call: Call) -> Response:
    """The runtime of a Space."""
    return JSONResponse(space_runtime(_space(call)))


async def hardware(call: Call) -> Response:
    """Change the hardware of a Space."""
    body = await call.json()
    store = call.app.store
    with store.lock:
        space = _space(call, write=True)
        space.hardware = body["flavor"]
        store.save()
        return JSONResponse(space_runtime(space))


async def jobs_hardware(call: Call) -> Response:
    """The hardware that jobs may ask for."""
    return JSONResponse(HARDWARE)


def _check_namespace(call: Call) -> str:
    namespace = call.parts["namespace"]
    if not call.require_user().is_member(namespace):
        raise HubError(403, f"You don't have access to the jobs of {namespace}")
    return namespace


async def jobs(call: Call) -> Response:
    """List the jobs of a namespace, or record a new one. The values of its secrets are not kept."""
    namespace, store = _check_namespace(call), call.app.store
    if call.request.method != "POST":
        return JSONResponse([job for job in store.jobs.values() if job["owner"]["name"] == namespace])
    if not call.require_user().can_write(namespace):
        raise HubError(403, "This token may not start jobs")
    body = await call.json()
    body["secrets"] = dict.fromkeys(body.get("secrets") or {}, "***")
    job = {
        **body,
        "id": secrets.token_hex(12),
        "createdAt": now(),
        "owner": {"id": "0" * 24, "name": namespace, "type": "user"},
        "initiator": {"type": "user", "id": "0" * 24, "name": call.require_user().name},
        "status": {"stage": "COMPLETED", "message": None},
    }
    with store.lock:
        store.jobs[str(job["id"])] = job
        store.save()
    return JSONResponse(job)


def _job(call: Call) -> dict[str, Any]:
    namespace = _check_namespace(call)
    job = call.app.store.jobs.get(call.parts["job"])
    if job is None or job["owner"]["name"] != namespace:
        raise HubError(404, "Job not found")
    return job


async def job_details(call: Call) -> Response:
    """One job."""
    return JSONResponse(_job(call))


async def job_logs(call: Call) -> Response:
    """The log of a job as server-sent events: a first line, then its command."""
    job = _job(call)
    lines = ["===== Job started =====", " ".join(str(word) for word in job.get("command") or [])]

    async def events() -> AsyncIterator[str]:
        for line in lines:
            yield f"data: {json.dumps({'data': line, 'timestamp': job['createdAt']})}\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")


ROUTES = [
    ("GET POST DELETE /api/spaces/{repository}/{names}", environment),
    ("GET /api/spaces/{repository}/runtime", runtime),
    ("POST /api/spaces/{repository}/hardware", hardware),
    ("GET /api/jobs/hardware", jobs_hardware),
    ("GET POST /api/jobs/{namespace}", jobs),
    ("GET /api/jobs/{namespace}/{job}", job_details),
    ("GET /api/jobs/{namespace}/{job}/logs", job_logs),
]
