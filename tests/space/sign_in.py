"""A Hub's sign-in on loopback: enough of OpenID Connect for the sign-in that gradio does on a Space."""

from __future__ import annotations

import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "space-client"


class Provider:
    """Signs in whoever `account` names, as (name, access token); None refuses. A context manager.

    Attributes:
        scopes: what each sign-in asked for.
        seconds: how long a sign-in is good for.
    """

    def __init__(self) -> None:
        self.account: tuple[str, str] | None = None
        self.scopes: list[str] = []
        self.seconds = 3600
        self._key = RSAKey.generate_key(2048, parameters={"kid": "one"})
        self._codes: dict[str, tuple[str, str, str]] = {}  # code -> name, token, nonce
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(asked.query).items()}
                if asked.path == "/oauth/authorize":
                    self.send_response(302)
                    self.send_header("Location", provider.authorize(query))
                    self.end_headers()
                    return
                self._answer(provider.keys() if asked.path == "/oauth/keys" else provider.about())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._answer(provider.token({name: values[0] for name, values in parse_qs(body).items()}))

            def _answer(self, found: dict[str, Any]) -> None:
                body = json.dumps(found).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Provider:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown()
        self._server.server_close()

    def environment(self) -> dict[str, str]:
        """What the Hub sets on a Space with sign-in."""
        return {
            "OAUTH_CLIENT_ID": CLIENT,
            "OAUTH_CLIENT_SECRET": "space-secret",
            "OAUTH_SCOPES": "openid profile contribute-repos gated-repos",
            "OPENID_PROVIDER_URL": self.url,
        }

    def about(self) -> dict[str, Any]:
        """Where everything is."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/oauth/authorize",
            "token_endpoint": f"{self.url}/oauth/token",
            "jwks_uri": f"{self.url}/oauth/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def keys(self) -> dict[str, Any]:
        """What signatures are checked with."""
        return {"keys": [self._key.as_dict(private=False)]}

    def authorize(self, query: dict[str, str]) -> str:
        """Where the visitor is sent back to."""
        assert query["client_id"] == CLIENT
        self.scopes.append(query["scope"])
        if self.account is None:
            answer = {"error": "access_denied"}
        else:
            code = secrets.token_hex(8)
            self._codes[code] = (*self.account, query["nonce"])
            answer = {"code": code}
        back = query["redirect_uri"]
        return f"{back}{'&' if '?' in back else '?'}{urlencode({**answer, 'state': query['state']})}"

    def token(self, form: dict[str, str]) -> dict[str, Any]:
        """A code, once, for an access token."""
        name, token, nonce = self._codes.pop(form["code"])
        now = int(time.time())
        claims = {
            **{"iss": self.url, "aud": CLIENT, "sub": name, "nonce": nonce, "iat": now, "exp": now + self.seconds},
            **{"name": name.title(), "preferred_username": name, "profile": f"{self.url}/{name}", "picture": ""},
        }
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self._key)
        answer = {"access_token": token, "token_type": "bearer", "id_token": signed, "scope": self.scopes[-1]}
        return {**answer, "expires_in": self.seconds}
