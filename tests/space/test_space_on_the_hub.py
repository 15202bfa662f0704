"""The Space as the Hub runs it: its variables, and its real sign-in with a provider on loopback."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from sign_in import Provider
from visitors import ROOT, Site, Visitor, serve, visiting

from hubprune.loopback import User

BASE = "demo/tiny-multilingual-llama"
HELD = "tiny-multilingual-llama-sparsegpt50-en"
BANNER = ("https://huggingface.co/", "https://fonts.googleapis.com/")
SPACE = {"SYSTEM": "spaces", "SPACE_ID": "acme/hubprune"}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as one:
        yield one


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("there")
    with serve(folder, [str(ROOT / "space" / "app.py")], **SPACE, **provider.environment()) as site:
        site.beside = (provider.url, *BANNER)
        yield site


@pytest.fixture
def visit_there(browser: Any, there: Site) -> Iterator[Callable[..., Visitor]]:
    yield from visiting(browser, there, banner)


def banner(visitor: Visitor, page: Any = None) -> None:
    """Answer what gradio asks for the Hub's line about the Space (not in the Hub's own frame); nothing leaves."""
    facts = {"id": SPACE["SPACE_ID"], "author": "acme", "likes": 0, "subdomain": "acme-hubprune", "sdk": "gradio"}

    def answer(route: Any) -> None:
        if "/api/spaces/" in route.request.url:
            route.fulfill(json=facts)
        else:
            route.fulfill(status=200, body="")

    (page or visitor.page).route(re.compile("|".join(BANNER)), answer)


def sign_in(visitor: Visitor, provider: Provider, name: str, button: str = "#login") -> None:
    """Press a button that leads to the provider, and come back as this account."""
    token = f"hf_{name}_oauth"
    visitor.site.hub.users[token] = User(name, "write")
    provider.account = (name, token)
    leave(visitor, button, f"Sign out ({name})")


def leave(visitor: Visitor, button: str, said: str) -> None:
    """Press a button that leaves the page, and wait until it is back and says something."""
    visitor.leaving = True
    visitor.page.click(button)
    visitor.page.wait_for_function(
        "said => document.querySelector('#login')?.innerText.includes(said)", arg=said, timeout=60_000
    )
    visitor.leaving = False


def test_sign_in_prune_publish_sign_out(visit_there: Callable[..., Visitor], there: Site, provider: Provider) -> None:
    visitor = visit_there()
    page = visitor.page
    visitor.speaks("English")
    visitor.plan(BASE)
    sign_in(visitor, provider, "ann", "#sign-in")
    page.wait_for_selector("#card .facts")  # what was filled in is still there
    assert f"ann/{HELD}" in page.inner_text("#card")
    metadata = yaml.safe_load((ROOT / "space" / "README.md").read_text(encoding="utf-8").split("---")[1])
    assert set(provider.scopes[-1].split()) == {"openid", "profile", *metadata["hf_oauth_scopes"]}
    visitor.prune()
    visitor.result()

    other_tab = page.context.new_page()
    banner(visitor, other_tab)
    other_tab.goto(there.url)
    other_tab.wait_for_selector("#look .result-head")
    leave(visitor, "#login", "Sign in")
    page.wait_for_selector("#choose:visible")  # nothing stays for the next person at this computer
    other_tab.wait_for_selector("#choose:visible")
    assert page.input_value("#model input, #model textarea") == ""
    other_tab.close()

    provider.account = None  # leave is refused at the Hub
    visitor.leaving = True
    page.click("#login")
    assert "You are not signed in: the Hub was not given leave." in visitor.state("sign-in-refused")
    visitor.leaving = False
    sign_in(visitor, provider, "ann")
    visitor.result()  # the account finds it
    page.click("#publish")
    assert f"ann/{HELD}" in visitor.state("published")
    assert there.hub.repository(f"ann/{HELD}").private
    leave(visitor, "#login", "Sign in")

    sign_in(visitor, provider, "ben")
    page.wait_for_selector("#choose:visible")  # another account sees nothing of it
    assert page.is_hidden("#look")

    elsewhere = visit_there()
    sign_in(elsewhere, provider, "ann")
    elsewhere.result()  # and the account finds it from anywhere
    for one in (visitor, elsewhere):
        assert "oauth" not in re.sub(r"class=\"[^\"]*\"", "", one.page.inner_html("main"))
    assert "_oauth" not in there.log.read_text()


def test_a_sign_in_that_ends_while_pruning(
    visit_there: Callable[..., Visitor], there: Site, provider: Provider
) -> None:
    visitor = visit_there()
    visitor.speaks("English")
    visitor.plan(BASE)
    provider.seconds = 20
    try:
        sign_in(visitor, provider, "cleo", "#sign-in")
        ends = time.monotonic() + 21  # not before it has ended
        visitor.prune()
        visitor.result()
        visitor.page.wait_for_timeout(max(0, 1000 * (ends - time.monotonic())))
        visitor.page.click("#publish")
        assert "Your result is kept for 30 min. Sign in again to publish." in visitor.state("signed-out-late")
    finally:
        provider.seconds = 3600
    assert ("model", f"cleo/{HELD}") not in there.hub.store.repositories
    leave(visitor, "#login", "Sign")  # the page may still offer to sign out
    visitor.open()
    if "Sign out" not in visitor.page.inner_text("#login"):
        sign_in(visitor, provider, "cleo")
    visitor.result()
    visitor.page.click("#publish")
    assert f"cleo/{HELD}" in visitor.state("published")
