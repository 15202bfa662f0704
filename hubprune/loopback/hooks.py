"""Routes under ``/_test``, for tests in other processes: read the log, ask for faults, gate a repository.

They need no token, appear in no log and meet no fault.
"""

from __future__ import annotations

from dataclasses import asdict

from starlette.responses import JSONResponse, Response

from .errors import HubError
from .faults import Fault
from .routing import Call


async def read_log(call: Call) -> Response:
    """All requests so far, or with DELETE none from now on."""
    records = call.app.log.records
    answer = [asdict(record) for record in records]
    if call.request.method == "DELETE":
        records.clear()
    return JSONResponse(answer)


async def add_fault(call: Call) -> Response:
    """Add a fault, given as the fields of `faults.Fault`; with DELETE, forget all of them."""
    if call.request.method == "DELETE":
        call.app.faults.clear()
    else:
        try:
            call.app.faults.add(Fault(**await call.json()))
        except (TypeError, ValueError) as error:
            raise HubError(400, str(error)) from error
    return JSONResponse({"ok": True})


async def gate(call: Call) -> Response:
    """Gate a repository: ``{"repo_id", "type"?, "mode"?: "manual", "auto" or false, "granted"?: [names]}``."""
    body = await call.json()
    call.app.store.gate(
        body["repo_id"], body.get("type", "model"), body.get("mode", "manual"), body.get("granted") or ()
    )
    return JSONResponse({"ok": True})


ROUTES = [
    ("GET DELETE /_test/log", read_log),
    ("POST DELETE /_test/fault", add_fault),
    ("POST /_test/gate", gate),
]
