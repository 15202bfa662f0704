"""What was asked of the server: one record for each request, without any secret."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.requests import Request


@dataclass
class RequestRecord:
    """A request and what became of it.

    Attributes:
        method: HTTP method.
        path: Path as sent, percent-encoded.
        query: Query as sent, without the question mark.
        status: HTTP status of the answer; 0 if there was none.
        authorized: Whether the request carried an ``Authorization`` header. Its value is not kept.
        user_agent: ``User-Agent`` header.
        range: ``Range`` header.
        fault: Kind of the fault that this request met, if any.
        bytes_received: Length of the request body as far as it was read.
        bytes_sent: Length of the answer's body as far as it was sent; that of a HEAD request is 0.
    """

    method: str
    path: str
    query: str = ""
    status: int = 0
    authorized: bool = False
    user_agent: str = ""
    range: str = ""
    fault: str | None = None
    bytes_received: int = 0
    bytes_sent: int = 0


class RequestLog:
    """All requests in order of arrival, except those to ``/_test``.

    Args:
        tokens: Texts that are replaced by ``***`` wherever a client may have put them.
    """

    def __init__(self, tokens: Iterable[str]) -> None:
        self._tokens = tuple(tokens)
        self.records: list[RequestRecord] = []

    def open(self, request: Request, raw_path: str) -> RequestRecord:
        """Begin the record of a request that has just arrived."""
        authorization = request.headers.get("authorization", "")
        secrets = [*self._tokens, *authorization.split()[1:]]

        def redact(text: str) -> str:
            for secret in secrets:
                text = text.replace(secret, "***")
            return text

        record = RequestRecord(
            method=request.method,
            path=redact(raw_path),
            query=redact(request.url.query),
            authorized=bool(authorization),
            user_agent=redact(request.headers.get("user-agent", "")),
            range=redact(request.headers.get("range", "")),
        )
        if not raw_path.startswith("/_test/"):
            self.records.append(record)
        return record
