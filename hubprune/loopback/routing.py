"""From a url to the function that answers it.

A route is written ``"GET POST /api/{kinds}/{repository}/tree/{revision}"``. The names in braces say what may stand
there (`PLACEHOLDERS`); any other name is one segment. Urls are matched while still percent-encoded, because a revision
such as ``refs/pr/1`` is sent as the single segment ``refs%2Fpr%2F1``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response

from .errors import HubError
from .records import KINDS, URL_PREFIXES, Kind, Repository
from .users import User, check_access

if TYPE_CHECKING:
    from .app import HubApp

PLACEHOLDERS = {
    "kinds": "models|datasets|spaces",
    "prefix": "(?:datasets/|spaces/)?",
    "repository": "[^/]+/[^/]+",
    "path": ".+",
    "sha256": "[0-9a-f]{64}",
    "number": "[0-9]+",
    "names": "secrets|variables",
    "scope": "read|write",
}
ONE_SEGMENT = "[^/]+"

Handler = Callable[["Call"], Awaitable[Response]]


class Body(dict[str, Any]):
    """The JSON object that came with a request; a missing member is the client's mistake."""

    def __missing__(self, key: str) -> Any:
        raise HubError(400, f'"{key}" is required')


@dataclass
class Call:
    """A request on its way to its handler.

    Attributes:
        app: The server's shared parts: store, endpoint, signatures.
        request: The request itself.
        user: The user whose token it carried, or None.
        parts: What stood in place of the route's placeholders, percent-decoded.
    """

    app: HubApp
    request: Request
    user: User | None
    parts: dict[str, str]

    @property
    def kind(self) -> Kind:
        """Kind of repository that the url speaks of."""
        if "kinds" in self.parts:
            return KINDS[self.parts["kinds"]]
        return next((kind for kind, prefix in URL_PREFIXES.items() if prefix == self.parts.get("prefix")), "model")

    def require_user(self) -> User:
        """The user. Raises HubError 401 for strangers."""
        if self.user is None:
            raise HubError(401, "Invalid username or password.")
        return self.user

    def repository(self, *, write: bool = False, content: bool = False) -> Repository:
        """The repository that the url names, if the user may use it so; see `users.check_access` for the errors."""
        found = self.app.store.repositories.get((self.kind, self.parts["repository"]))
        return check_access(found, self.user, write=write, content=content)

    def flag(self, name: str) -> bool:
        """Whether the query switches `name` on."""
        return self.request.query_params.get(name, "").lower() in ("true", "1")

    def limit(self, default: int, most: int = 1000) -> int:
        """The query's ``limit``, cut to `most`. Raises HubError 400 if it is no positive whole number."""
        text = self.request.query_params.get("limit", str(default))
        if not re.fullmatch("[0-9]{1,9}", text) or int(text) == 0:
            raise HubError(400, '"limit" must be a positive whole number')
        return min(int(text), most)

    async def json(self) -> Body:
        """The request's body, a JSON object; empty if there is no body. Raises HubError 400 if it is anything else."""
        return parse_object(await self.request.body() or b"{}")


def parse_object(data: bytes) -> Body:
    """Read a JSON object. Raises HubError 400 if `data` is anything else."""
    try:
        value = json.loads(data)
    except ValueError as error:
        raise HubError(400, f"Invalid JSON: {error}") from error
    if not isinstance(value, dict):
        raise HubError(400, "Invalid JSON: an object is expected")
    return Body(value)


class Router:
    """The table of routes. HEAD is answered wherever GET is."""

    def __init__(self, routes: Iterable[tuple[str, Handler]]) -> None:
        self._routes = [(*compile_route(route), handler) for route, handler in routes]

    def find(self, method: str, raw_path: str) -> tuple[Handler, dict[str, str]]:
        """The handler of a request, and what stood in place of the placeholders.

        Raises:
            HubError: 404 if no route has this path, 405 if none of those that have it takes this method.
        """
        allowed: set[str] = set()
        for methods, pattern, handler in self._routes:
            if match := pattern.fullmatch(raw_path):
                if method in methods:
                    found = match.groupdict()
                    return handler, {name: unquote(text) for name, text in found.items() if text is not None}
                allowed |= methods
        if allowed:
            raise HubError(405, "Method not allowed", headers={"Allow": ", ".join(sorted(allowed))})
        raise HubError(404, "Sorry, we can't find the page you are looking for.")


def compile_route(route: str) -> tuple[set[str], re.Pattern[str]]:
    """Turn ``"GET /api/{name}"`` into its methods and the pattern of its path; ``[...]`` marks an optional part."""
    *methods, template = route.split()
    if "GET" in methods:
        methods.append("HEAD")
    pattern = re.escape(template).replace(r"\[", "(?:").replace(r"\]", ")?")
    pattern = re.sub(r"\\{(\w+)\\}", lambda m: f"(?P<{m[1]}>{PLACEHOLDERS.get(m[1], ONE_SEGMENT)})", pattern)
    return set(methods), re.compile(pattern)
