"""Two visitors at once: a place in line, and nobody sees or publishes what is another's."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

BASE = "demo/tiny-multilingual-llama"


def test_two_visitors_at_once(visit: Callable[..., Any], site: Any) -> None:
    alice, bob = visit("alice", "hf_alice_write"), visit("bob", "hf_bob_write")
    for visitor in (alice, bob):
        visitor.plan(BASE)
    alice.prune()
    alice.page.wait_for_selector("#work .stages")
    bob.prune()
    assert re.search(r"You are 2nd in line, about \d+ s\.", bob.state("queued"))
    alice.result()
    bob.result()
    assert alice.page.input_value("#owner input") == "alice"
    assert bob.page.input_value("#owner input") == "bob"

    # The key of alice's run is worth nothing to somebody else who is signed in.
    stored = alice.page.evaluate("JSON.stringify(localStorage)")
    thief = visit("bob", "hf_bob_write")
    thief.page.evaluate(
        "all => Object.entries(JSON.parse(all)).forEach(([k, v]) => localStorage.setItem(k, v))", stored
    )
    thief.open()
    assert thief.page.is_visible("#choose")
    assert thief.page.is_hidden("#look")

    # Signed out meanwhile: the owner still sees the result, and is told how to publish it.
    alice.context.clear_cookies()
    alice.open()
    words = alice.state("signed-out-late")
    assert re.search(r"Your sign-in ended while pruning\. Your result is kept for (29|30) min\. Sign in again", words)
    assert alice.page.is_disabled("#publish")

    # No token in what the server said, wrote down or sent.
    for visitor in (alice, bob, thief):
        assert "hf_" not in visitor.page.content().replace("hf_jobs", "")
    assert not re.search(r"hf_(alice|bob)|mock-oauth", site.log.read_text())

    bob.page.click("#over")
    bob.page.wait_for_selector("#choose:visible")
    assert len(list(site.folder.glob("*/run-*"))) >= 1
