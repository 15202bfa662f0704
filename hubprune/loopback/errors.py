"""The one exception of the loopback Hub: an HTTP error with the headers the Hub's clients read."""

from __future__ import annotations

from collections.abc import Mapping


class HubError(Exception):
    """An error answer: HTTP status, message and, where the Hub has one, its error code.

    Args:
        status: HTTP status code, 400 to 599.
        message: Sent in the body as ``{"error": message}`` and in the header ``X-Error-Message``.
        code: Sent as ``X-Error-Code``: ``RepoNotFound``, ``RevisionNotFound``, ``EntryNotFound`` or ``GatedRepo``.
        headers: Further response headers.
        body: Further members of the JSON body.
    """

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message
        self.code = code
        self.extra_headers = dict(headers or {})
        self.extra_body = dict(body or {})

    @property
    def headers(self) -> dict[str, str]:
        """All response headers of this error."""
        one_line = " ".join(self.message.split()).encode("ascii", "replace").decode()
        code = {"X-Error-Code": self.code} if self.code else {}
        return {"X-Error-Message": one_line, **code, **self.extra_headers}

    @property
    def body(self) -> dict[str, object]:
        """The JSON body of this error."""
        return {"error": self.message, **self.extra_body}
