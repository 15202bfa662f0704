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

# Name, title, CPU, memory, disk, GPUs, memory of all GPUs, dollars an hour: like the Hub's, which change.
FLAVOURS = (
    ("cpu-basic", "CPU Basic", "2 vCPU", "16 GB", "50 GB", "", "", 0.01),
    ("t4-small", "Nvidia T4 - small", "4 vCPU", "15 GB", "50 GB", "1 T4", "16 GB", 0.4),
    ("t4-medium", "Nvidia T4 - medium", "8 vCPU", "30 GB", "100 GB", "1 T4", "16 GB", 0.6),
    ("a10g-small", "Nvidia A10G - small", "4 vCPU", "15 GB", "110 GB", "1 A10G", "24 GB", 1.0),
    ("a10g-large", "Nvidia A10G - large", "12 vCPU", "46 GB", "200 GB", "1 A10G", "24 GB", 1.5),
    ("l4x1", "1x Nvidia L4", "8 vCPU", "30 GB", "400 GB", "1 L4", "24 GB", 0.8),
    ("l4x4", "4x Nvidia L4", "48 vCPU", "186 GB", "3200 GB", "4 L4", "96 GB", 3.8),
    ("l40sx1", "1x Nvidia L40S", "8 vCPU", "62 GB", "380 GB", "1 L40S", "48 GB", 1.8),
    ("a100-large", "Nvidia A100 - large", "12 vCPU", "142 GB", "1000 GB", "1 A100", "80 GB", 2.5),
    ("h200", "Nvidia H200", "23 vCPU", "256 GB", "3000 GB", "1 H200", "141 GB", 5.0),
)


def _hardware(name: str, title: str, cpu: str, memory: str, disk: str, gpus: str, vram: str, hourly: float) -> Any:
    """A flavour as the Hub describes it; it charges by the minute."""
    minute = hourly / 60
    facts: dict[str, Any] = {"name": name, "prettyName": title, "cpu": cpu, "ram": memory, "ephemeralStorage": disk}
    facts |= {"unitCostMicroUSD": round(minute * 1e6), "unitCostUSD": round(minute, 6), "unitLabel": "minute"}
    quantity, _, model = gpus.partition(" ")
    about = {"type": "gpu", "model": model, "quantity": quantity, "vram": vram, "manufacturer": "Nvidia"}
    return {**facts, "accelerator": about if gpus else None}


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
    return JSONResponse([_hardware(*flavour) for flavour in FLAVOURS])


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
