"""Failures on request: the next matching requests are answered as a bad network or a busy Hub would answer them."""

from __future__ import annotations

import asyncio
import fnmatch
import socket
import struct
import threading
from dataclasses import dataclass
from typing import Any, Literal, get_args

from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

FaultKind = Literal["status", "reset", "stall", "truncate", "corrupt", "page", "replace"]
FAULT_KINDS = get_args(FaultKind)
DESCRIBE = (b"content-length", b"content-type", b"etag")  # headers that belong to a body
PAGE = "<!doctype html><title>Proxy</title><p>Please sign in to this network."


@dataclass
class Fault:
    """One failure to act out.

    Args:
        match: Beginning of ``METHOD /path`` as sent (percent-encoded, without the query); ``*`` stands for anything.
        kind: ``status`` answers with an error instead; ``reset`` resets the connection instead; ``stall`` waits;
            ``truncate`` closes the connection in the middle of the answer's body; ``corrupt`` changes one byte of it;
            ``page`` answers with `body` instead, as a web page; ``replace`` does what was asked, then answers with
            `body`.
        status: HTTP status of a ``status`` fault (503 unless given) or of a ``page`` (200 unless given).
        message: Error message of a ``status`` fault.
        retry_after: ``Retry-After`` header of a ``status`` fault, in seconds.
        seconds: How long a ``stall`` lasts.
        after: Bytes of the answer's body that pass unharmed. A ``stall`` after 0 bytes comes before the headers.
        times: How many matching requests fail.
        skip: How many matching requests pass first.
        body: Body of a ``page`` or ``replace`` fault; each character stands for the byte of that number.
    """

    match: str
    kind: FaultKind = "status"
    status: int | None = None
    message: str = "injected fault"
    retry_after: float | None = None
    seconds: float = 5.0
    after: int = 0
    times: int = 1
    skip: int = 0
    body: str = PAGE

    def __post_init__(self) -> None:
        if self.kind not in FAULT_KINDS:
            raise ValueError(f"kind must be one of {', '.join(FAULT_KINDS)}, not {self.kind!r}")
        if self.status is None:
            self.status = 200 if self.kind == "page" else 503
        if not 400 <= self.status <= 599 and (self.kind, self.status) != ("page", 200):
            raise ValueError(f"status must be between 400 and 599, not {self.status}")
        if max(self.body, default="") > "\xff":
            raise ValueError("body holds a character that stands for no byte")


class FaultQueue:
    """The faults that wait for their requests."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Let `fault` wait behind those already there."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._faults.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that this request meets, if any; it is then used up once."""
        with self._lock:
            for fault in self._faults:
                if not fnmatch.fnmatchcase(f"{method} {path}", fault.match + "*"):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
                return fault
        return None


class Connections:
    """The open connections of a server, so that a fault can break the one its request came in on."""

    def __init__(self) -> None:
        self._open: dict[tuple[Any, Any], Connection] = {}

    def of(self, scope: Scope) -> Connection:
        """The connection of a request."""
        return self._open[scope["client"], scope["server"]]

    def protocol(self) -> type[H11Protocol]:
        """The protocol class for uvicorn whose connections are kept here."""
        connections = self

        class Protocol(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                connections._open[self.client, self.server] = Connection(transport)

            def connection_lost(self, exc: Exception | None) -> None:
                super().connection_lost(exc)
                if connection := connections._open.pop((self.client, self.server), None):
                    connection.lost.set()

        return Protocol


class Connection:
    """One open connection."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.lost = asyncio.Event()

    async def close(self) -> None:
        """Send what has been written, then close."""
        self._transport.close()
        await self.lost.wait()

    async def reset(self) -> None:
        """Close at once, so that the client sees "connection reset by peer"."""
        linger_zero = struct.pack("ii", 1, 0)
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_zero)
        self._transport.abort()
        await self.lost.wait()


async def act_before(fault: Fault, connection: Connection, scope: Scope, receive: Receive, send: Send) -> bool:
    """Act out what comes before the answer; return whether the request is thereby dealt with."""
    if fault.kind == "reset":
        await connection.reset()
        return True
    if fault.kind in ("status", "page"):
        while (await receive()).get("more_body"):  # take the upload, so that the client lives to read the answer
            pass
        assert fault.status is not None
        if fault.kind == "page":
            page = Response(fault.body.encode("latin-1"), fault.status, media_type="text/html")
            await page(scope, receive, send)
            return True
        headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
        headers |= {"X-Error-Message": fault.message}
        await JSONResponse({"error": fault.message}, fault.status, headers)(scope, receive, send)
        return True
    if fault.kind == "stall" and fault.after == 0:
        await asyncio.sleep(fault.seconds)
    return False


class FaultySend:
    """Stands between the application and the client and harms the body of the answer."""

    def __init__(self, fault: Fault, connection: Connection, send: Send) -> None:
        self._fault = fault
        self._connection = connection
        self._send = send
        self._left = fault.after
        self._done = fault.kind == "stall" and fault.after == 0
        self._closed = False
        self._start: Message | None = None  # held back until the body is known

    async def __call__(self, message: Message) -> None:
        if self._closed:
            return
        if self._fault.kind == "replace":
            await self._replace(message)
            return
        body = message.get("body", b"")
        if self._done or message["type"] != "http.response.body" or self._left >= len(body):
            self._left -= len(body)
            await self._send(message)
            return
        self._done = True
        head, tail = body[: self._left], body[self._left :]
        await self._send({"type": "http.response.body", "body": head, "more_body": True})
        if self._fault.kind == "truncate":
            self._closed = True
            await self._connection.close()
            return
        if self._fault.kind == "stall":
            await asyncio.sleep(self._fault.seconds)
        elif self._fault.kind == "corrupt":
            tail = bytes([tail[0] ^ 0xFF]) + tail[1:]
        await self._send({**message, "body": tail})

    async def _replace(self, message: Message) -> None:
        """Send other bytes as the body; an answer that has none stays as it is."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        assert self._start is not None
        self._closed = True
        if message.get("body") or message.get("more_body"):
            body = self._fault.body.encode("latin-1")
            kept = [(name, value) for name, value in self._start["headers"] if name.lower() not in DESCRIBE]
            self._start = {**self._start, "headers": [*kept, (b"content-length", b"%d" % len(body))]}
            message = {"type": "http.response.body", "body": body}
        await self._send(self._start)
        await self._send(message)
