"""Two visitors at once: a place in line, and nobody sees or publishes what is another's."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from forged import forge

from hubprune.loopback import User

BASE = "demo/tiny-multilingual-llama"
GONE = "This result is no longer here"


def test_two_visitors_at_once(visit: Callable[..., Any], site: Any) -> None:
    anna, bob = visit("anna"), visit("bob")
    site.hub.users["hf_carol_write"] = User("carol", "write")
    bob.speaks("English")  # anna's run takes a while, and bob's need not
    for visitor in (anna, bob):
        visitor.plan(BASE)
    anna.prune()
    anna.page.wait_for_selector("#work .stages")
    bob.prune()
    assert re.search(r"You are 2nd in line, about \d+ (s|min)\.", bob.state("queued"))
    anna.result()
    bob.result()
    assert anna.page.input_value("#owner input") == "anna"
    assert bob.page.input_value("#owner input") == "bob"

    # An account finds its run in another browser too.
    elsewhere = visit("bob")
    elsewhere.result()
    assert elsewhere.page.input_value("#owner input") == "bob"

    # The key of anna's run is worth nothing to somebody else who is signed in.
    stored = anna.page.evaluate("JSON.stringify(localStorage)")
    thief = visit("carol")
    thief.page.evaluate(
        "all => Object.entries(JSON.parse(all)).forEach(([k, v]) => localStorage.setItem(k, v))", stored
    )
    thief.open()
    assert thief.page.is_visible("#choose")
    assert thief.page.is_hidden("#look")

    # Nor is it where the page is left out: nothing is told of the run, published or deleted.
    with anna.page.expect_request(lambda request: "/queue/join" in request.url) as asked:
        anna.page.fill("#name input, #name textarea", "mine")
    key = asked.value.post_data_json["data"][0]
    assert len(key) > 30
    before = set(site.folder.glob("*/run-*"))
    there = set(site.hub.store.repositories)
    for button in ("publish", "publish-pr"):
        assert GONE in forge(site, "carol", "click", button, [key, None, "carol/stolen", False])
        for owner in ("carol", "anna"):  # refused before that: the page that it claims to be offers no such owner
            assert '"success": false' in forge(site, "carol", "click", button, [key, owner, "stolen", False])
    assert GONE in forge(site, "carol", "click", "write", [key, None, "Habari"])
    assert "process_completed" in forge(site, "carol", "click", "over", [key])
    assert "stolen" not in forge(site, "carol", "input", "name", [key, None, "stolen"])
    seen = forge(site, "carol", "load", "", [key])
    assert "output" in seen
    assert not re.search(r"anna|result-head|Perplexity in", seen)
    assert "Sign in again to publish" in forge(site, None, "click", "publish", [key, None, "anna/stolen", False])
    assert set(site.hub.store.repositories) == there
    assert set(site.folder.glob("*/run-*")) == before

    # Signed out meanwhile: the owner still sees the result, and is told how to publish it.
    anna.context.clear_cookies()
    anna.open()
    words = anna.state("signed-out-late")
    assert re.search(r"You are not signed in now\. Your result is kept for (29|30) min\. Sign in again", words)
    assert anna.page.is_disabled("#publish")

    # No token in what the server said, wrote down or sent.
    for visitor in (anna, bob, elsewhere, thief):
        assert "hf_" not in visitor.page.content().replace("hf_jobs", "")
    assert not re.search(r"hf_(anna|bob|carol)|mock-oauth", site.log.read_text())

    bob.start_over()
    bob.page.wait_for_selector("#choose:visible")
    assert len(before - set(site.folder.glob("*/run-*"))) == 1  # bob's alone
    anna.open()
    anna.result()
    assert anna.page.input_value("#name input, #name textarea") == "mine"
    anna.sign_in_as("anna")
    anna.open()
    anna.page.click("#publish:not([disabled])")
    assert "anna/mine" in anna.state("published")
    assert set(site.hub.store.repositories) == {*there, ("model", "anna/mine")}
