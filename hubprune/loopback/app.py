"""The application: logs each request, acts out faults, finds the handler, and turns errors into the Hub's answers."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections.abc import Mapping

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from . import account, commits, discussions, files, hooks, lfs, refs, repositories, spaces_jobs, trees
from .errors import HubError
from .faults import Connections, FaultQueue, FaultySend, act_before
from .request_log import RequestLog, RequestRecord
from .routing import Call, Router
from .store import Store
from .users import User

logger = logging.getLogger(__name__)

HUB_ROUTES = [
    *account.ROUTES,
    *trees.ROUTES,
    *commits.ROUTES,
    *refs.ROUTES,
    *discussions.ROUTES,
    *spaces_jobs.ROUTES,
    *lfs.HUB_ROUTES,
    *files.HUB_ROUTES,
    *hooks.ROUTES,
    *repositories.ROUTES,
]
STORAGE_ROUTES = [*lfs.STORAGE_ROUTES, *files.STORAGE_ROUTES]


class HubApp:
    """The ASGI application of both origins: the Hub itself, and the storage it sends clients to for large files.

    Args:
        store: The state.
        users: Access token -> user.
        endpoint: Origin of the Hub, for example ``http://127.0.0.1:40001``.
        storage: Origin of the storage. It differs from `endpoint`, so clients must not send their token there.
        part_bytes: Large files above this size are uploaded in several parts.
    """

    def __init__(
        self, store: Store, users: Mapping[str, User], *, endpoint: str, storage: str, part_bytes: int
    ) -> None:
        self.store = store
        self.users = users
        self.endpoint = endpoint
        self.storage = storage
        self.part_bytes = part_bytes
        self.faults = FaultQueue()
        self.connections = Connections()
        self.log = RequestLog(users)
        self._hub_router = Router(HUB_ROUTES)
        self._storage_router = Router(STORAGE_ROUTES)
        self._storage_port = int(storage.rsplit(":", 1)[1])
        self._signing_key = secrets.token_bytes(16)

    def signature(self, path: str) -> str:
        """What makes a url of the storage valid; it is sent as the query parameter ``signature``."""
        return hmac.new(self._signing_key, path.encode(), hashlib.sha256).hexdigest()[:32]

    def storage_url(self, path: str) -> str:
        """A signed url of the storage."""
        return f"{self.storage}{path}?signature={self.signature(path)}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        raw_path = scope["raw_path"].split(b"?")[0].decode("latin-1")
        record = self.log.open(request, raw_path)
        receive, send = _counting(record, receive, send)
        request = Request(scope, receive)
        fault = None if raw_path.startswith("/_test/") else self.faults.take(request.method, raw_path)
        if fault:
            record.fault = fault.kind
            connection = self.connections.of(scope)
            if await act_before(fault, connection, scope, receive, send):
                return
            send = FaultySend(fault, connection, send)
        response = await self._respond(request, raw_path)
        response.headers["X-Request-Id"] = f"Root=1-{secrets.token_hex(8)}"
        await response(scope, receive, send)

    async def _respond(self, request: Request, raw_path: str) -> Response:
        try:
            if request.scope["server"][1] == self._storage_port:
                self._check_signed(request, raw_path)
                handler, parts = self._storage_router.find(request.method, raw_path)
                response = await handler(Call(self, request, None, parts))
            else:
                handler, parts = self._hub_router.find(request.method, raw_path)
                response = await handler(Call(self, request, self._user(request), parts))
        except HubError as error:
            response = JSONResponse(error.body, error.status, error.headers)
        except ClientDisconnect:  # nobody is there to read an answer
            response = Response(status_code=400)
        except Exception:
            logger.exception("%s %s failed", request.method, raw_path)
            response = JSONResponse({"error": "Internal Server Error"}, 500)
        if request.method == "HEAD":
            empty = Response(status_code=response.status_code)
            empty.raw_headers = response.raw_headers
            return empty
        return response

    def _user(self, request: Request) -> User | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        if token.strip() not in self.users:
            raise HubError(401, "Invalid credentials in Authorization header")
        return self.users[token.strip()]

    def _check_signed(self, request: Request, raw_path: str) -> None:
        if request.headers.get("authorization"):
            raise HubError(400, "The Authorization header of the Hub was sent to its storage")
        if not hmac.compare_digest(request.query_params.get("signature", ""), self.signature(raw_path)):
            raise HubError(403, "The signature of this url is not valid")


def _counting(record: RequestRecord, receive: Receive, send: Send) -> tuple[Receive, Send]:
    """Wrap both directions of a request so that its record counts the bytes of the bodies."""

    async def counting_receive() -> Message:
        message = await receive()
        record.bytes_received += len(message.get("body", b""))
        return message

    async def counting_send(message: Message) -> None:
        if message["type"] == "http.response.start":
            record.status = message["status"]
        record.bytes_sent += len(message.get("body", b""))
        await send(message)

    return counting_receive, counting_send
