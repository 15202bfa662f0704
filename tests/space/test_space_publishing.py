"""From a result to a repository: refused, renamed, under way while the page is loaded anew, there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

BASE = "demo/tiny-multilingual-llama"
NAME = "#name input, #name textarea"


def test_publishing(visit: Callable[..., Any], site: Any) -> None:
    (notes := site.folder / "notes").mkdir()
    (notes / "notes.txt").write_text("not a model")
    site.hub.add_repo("taker/taken", notes)
    visitor = visit("taker")
    page = visitor.page
    visitor.plan(BASE)
    beside = page.context.new_page()  # a tab that was opened before there was a result
    beside.goto(site.url)
    beside.wait_for_selector("#prune:visible:not([disabled])", timeout=25_000)
    visitor.prune()
    visitor.result()
    held = page.input_value(NAME)

    # It fails: nothing stays.
    page.fill(NAME, "unlucky")
    site.hub.fault("POST /api/models/taker/unlucky/commit", status=403, message="no")
    page.click("#publish")
    assert "Your sign-in may not write to taker/unlucky." in visitor.state("no-write")
    assert ("model", "taker/unlucky") not in site.hub.store.repositories
    site.hub.clear_faults()

    # A name that is none; what is typed next takes the words away, and the card names the new repository.
    page.fill(NAME, "-a")
    page.wait_for_selector("#publish-notice:not(:has(.notice))", state="attached")
    page.click("#publish")
    assert re.search(r"taker/-a.* Use letters, digits", visitor.state("problem"))
    page.fill(NAME, "taken")
    page.wait_for_selector("#publish-notice:not(:has(.notice))", state="attached")
    page.wait_for_selector("#preview:has-text('taker/taken')", state="attached")

    # The repository exists.
    page.click("#publish")
    assert "taker/taken already exists. Open a pull request there, or choose another name." in visitor.state(
        "repo-exists"
    )
    assert page.inner_text("#publish-pr") == "Open a pull request in taker/taken"
    page.fill(NAME, "free")
    page.wait_for_selector("#publish-pr", state="hidden")
    page.wait_for_selector("#publish-notice:not(:has(.notice))", state="attached")

    # The other tab does not delete it unasked.
    beside.click("#prune")
    beside.wait_for_selector("[data-state=unpublished]")
    assert held in beside.inner_text("#notice")
    assert beside.evaluate("document.activeElement.closest('#notice') !== null")  # far above the button
    assert page.is_visible("#publish")

    # Under way while the page is loaded anew: seen again, not to be deleted, and it gets there.
    page.fill(NAME, "taken")
    page.click("#publish")
    visitor.state("repo-exists")
    site.hub.fault("POST /api/models/taker/taken/commit", kind="stall", seconds=8)
    page.click("#publish-pr")
    page.wait_for_selector("#publish[disabled]:has-text('Publishing')")
    visitor.open()
    page.wait_for_selector("#publish[disabled]:has-text('Publishing')")
    assert page.is_disabled("#over")
    assert page.input_value(NAME) == "taken"
    beside.click("#prune")
    beside.wait_for_selector("[data-state=being-published]")
    visitor.state("published")
    assert "Pull request opened" in page.inner_text("#done")
    assert "refs/pr/1" in site.hub.repository("taker/taken").refs

    # Started over here; the other tab may begin anew.
    page.click("#over")
    page.wait_for_selector("#choose:visible")
    assert page.locator("#notice .notice").count() == 0
    beside.click("#prune")
    beside.wait_for_selector("#work .stages")
    beside.click("#cancel")
    beside.wait_for_selector("#choose:visible")
