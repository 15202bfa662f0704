"""Two visitors at once: a place in line, and nobody sees or publishes what is another's."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

BASE = "demo/tiny-multilingual-llama"


def test_two_visitors_at_once(visit: Callable[..., Any], site: Any) -> None:
    anna, bob = visit("anna"), visit("bob")
    anna.page.click("#advanced > button")
    for language in ("German", "Spanish", "Arabic", "Chinese", "Russian"):  # so that anna's run takes a while
        anna.page.fill("input[aria-label*='Measure']", language)
        anna.page.wait_for_timeout(300)
        anna.page.keyboard.press("Enter")
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
    assert len(list(site.folder.glob("*/run-*"))) >= 1
