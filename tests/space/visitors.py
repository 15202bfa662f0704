"""The Space as a process with a Hub of its own, and visitors with browsers of theirs."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hubprune.loopback import TEST_USERS, LoopbackHub, User

ROOT = Path(__file__).parents[2]
MOCK_TOKEN = "mock-oauth-token-for-local-dev"  # what gradio hands out where there is no OAuth


@dataclass
class Site:
    """The app that runs, the Hub it speaks to, and the folder its runs lie in."""

    url: str
    hub: LoopbackHub
    folder: Path
    log: Path
    beside: tuple[str, ...] = ()  # other addresses that its pages may lead to

    def cookie(self, name: str, token: str) -> dict[str, Any]:
        """The session of a visitor who has signed in as somebody, signed as gradio signs it outside of a Space."""
        from itsdangerous import TimestampSigner

        info = {"preferred_username": name, "name": name, "profile": f"{self.hub.endpoint}/{name}", "picture": ""}
        signed_in = {"access_token": token, "scope": "openid profile", "userinfo": info}
        session = {"oauth_info": {**signed_in, "expires_at": int(time.time()) + 3600}}
        signer = TimestampSigner(hashlib.sha256(b"-v4").hexdigest())
        value = signer.sign(base64.b64encode(json.dumps(session).encode())).decode()
        return {"name": "session", "value": value, "url": self.url}


@contextmanager
def serve(folder: Path, command: list[str], **settings: str) -> Iterator[Site]:
    """The Space as a process of its own; `command` is for Python, `settings` are variables of the environment."""
    pytest.importorskip("authlib", reason="The tests of the Space need the extra `space`.")
    with LoopbackHub(folder / "hub", users={**TEST_USERS, MOCK_TOKEN: User("alice", "write", ("acme",))}) as hub:
        port = free_port()
        environment = {
            **os.environ,
            **hub.environment(MOCK_TOKEN),
            "HF_HOME": str(folder / "home"),
            "HUBPRUNE_SPACE_FOLDER": str(folder / "runs"),
            "GRADIO_SERVER_PORT": str(port),
            "TMPDIR": str(folder),
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(ROOT),
            **settings,
        }
        log = folder / "log.txt"
        with log.open("wb") as output:
            app = subprocess.Popen(
                [sys.executable, *command],
                env=environment,
                stdout=output,
                stderr=output,
                cwd=folder,
            )
        try:
            wait_for(lambda: listens(port) or app.poll() is not None, 120)
            assert app.poll() is None, log.read_text()
            yield Site(f"http://127.0.0.1:{port}", hub, folder / "runs", log)
        finally:
            app.terminate()
            app.wait(20)


class Visitor:
    """A person with a browser of their own; keeps what the page complained of and whom it asked."""

    def __init__(self, browser: Any, site: Site, **more: Any) -> None:
        self.site = site
        self.context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce", **more)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        self.leaving = False  # gradio's client reports the streams that it breaks off when the page is left
        self.page.on("console", lambda said: self._complain(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._note)

    def _complain(self, text: str) -> None:
        if not self.leaving:
            self.complaints.append(text)

    def _note(self, request: Any) -> None:
        if not request.url.startswith((self.site.url, *self.site.beside, "data:", "blob:")):
            self.strangers.append(request.url)

    def sign_in_as(self, name: str) -> None:
        """Into this account, which is made where there is none."""
        token = f"hf_{name}_write"
        self.site.hub.users.setdefault(token, User(name, "write"))
        self.context.add_cookies([self.site.cookie(name, token)])

    def open(self) -> None:
        """Load the page, and wait until it has said who is signed in and what there is to see."""
        self.leaving = True
        self.page.goto(self.site.url)
        self.leaving = False
        self.page.wait_for_function("document.querySelector('#login')?.innerText.includes('Sign')", timeout=25_000)
        self.page.wait_for_selector("#card h2, #card .notice, #work .stages, #look .result-head", timeout=25_000)

    def speaks(self, language: str) -> None:
        """Choose the calibration language. English needs no control, and is the quickest where any result will do."""
        self.page.click("#language input")
        self.page.keyboard.type(language)
        self.page.wait_for_function(
            "name => document.querySelector('#language li.active')?.getAttribute('aria-label').startsWith(name)",
            arg=language,
        )
        self.page.keyboard.press("Enter")
        self.page.wait_for_function(
            "name => document.querySelector('#language input').value.startsWith(name)", arg=language
        )

    def plan(self, model: str) -> str:
        """Name a model; returns the text of the plan card."""
        self.page.evaluate("document.querySelectorAll('#card :is(.notice, .plan)').forEach(e => e.dataset.old = 'yes')")
        self.page.fill("#model input, #model textarea", model)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("#card :is(.notice, .plan:has(.facts)):not([data-old])")
        return self.page.inner_text("#card")

    def state(self, name: str, timeout: float = 25_000) -> str:
        """Wait for a state to be told; returns its words."""
        found = self.page.wait_for_function(
            "name => { const told = document.querySelector(`[data-state=${name}]`); "
            "return told?.offsetParent ? told.innerText : null; }",
            arg=name,
            timeout=timeout,
        )
        return " ".join(found.json_value().split())

    def advanced(self, **texts: str) -> None:
        """Fill in fields under Advanced, by their labels."""
        self.page.click("#advanced > button")
        for label, text in texts.items():
            self.page.get_by_label(label.replace("_", " "), exact=False).first.fill(text)
            self.page.keyboard.press("Tab")

    def prune(self) -> None:
        """Press the button, once the plan allows it."""
        self.page.wait_for_selector("#prune:visible:not([disabled])", timeout=25_000)

        self.page.click("#prune")

    def result(self) -> None:
        self.page.wait_for_selector("#look .result-head", timeout=120_000)

    def start_over(self) -> None:
        """Delete a result that is not published: asked for twice."""
        self.page.click("#over")
        self.page.click("#over-question [data-over=yes]")


def visiting(
    browser: Any, site: Site, prepare: Callable[[Visitor], None] | None = None
) -> Iterator[Callable[..., Visitor]]:
    """What `visit` does, for any site. An account's run follows it into every browser: take new accounts."""
    visitors: list[Visitor] = []

    def new(name: str | None = None, **more: Any) -> Visitor:
        visitor = Visitor(browser, site, **more)
        visitors.append(visitor)
        if name:
            visitor.sign_in_as(name)
        if prepare:
            prepare(visitor)
        visitor.open()
        return visitor

    yield new
    for visitor in visitors:
        visitor.context.close()
    complaints = [complaint for visitor in visitors for complaint in visitor.complaints]
    strangers = [url for visitor in visitors for url in visitor.strangers]
    assert not complaints, complaints
    assert not strangers, strangers


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
