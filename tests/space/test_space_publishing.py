"""From a result to a repository: refused, renamed, under way while the page is loaded anew, there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from eavesdrop import Eavesdropper, told_to_anybody

BASE = "demo/tiny-multilingual-llama"
NAME = "#name input, #name textarea"
TOKEN = "hf_taker_write"


def downloaded(page: Any) -> str:
    """Press Download: Card; returns the file."""
    with page.expect_download() as begun:
        page.click(".downloads a:has-text('Card')")
    assert begun.value.suggested_filename == "README.md"
    return str(begun.value.path().read_text(encoding="utf-8"))


def test_publishing(visit: Callable[..., Any], site: Any) -> None:
    (notes := site.folder / "notes").mkdir()
    (notes / "notes.txt").write_text("not a model")
    site.hub.add_repo("taker/taken", notes)
    visitor = visit("taker")
    page = visitor.page
    ears, told = Eavesdropper(visitor), [told_to_anybody(site)]
    visitor.open()
    visitor.speaks("English")
    visitor.plan(BASE)
    beside = page.context.new_page()  # a tab that was opened before there was a result
    beside.goto(site.url)
    beside.wait_for_selector("#prune:visible:not([disabled])", timeout=25_000)
    visitor.prune()
    page.wait_for_selector("#work .stages li.now")
    told += [told_to_anybody(site), told_to_anybody(site, site.cookie("taker", TOKEN))]
    visitor.result()
    held = page.input_value(NAME)

    # The card to be downloaded has the name that stands there, however soon it is asked for; so has a page loaded anew.
    assert f"# taker/{held}" in downloaded(page)
    page.fill(NAME, "kept")
    assert "# taker/kept" in downloaded(page)
    visitor.open()
    visitor.result()
    assert page.input_value(NAME) == "kept"
    assert "# taker/kept" in downloaded(page)
    second = page.context.new_page()  # a tab of the same result
    second.goto(site.url)
    second.wait_for_selector("#look .result-head", timeout=25_000)

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

    # In the other tab nothing of that stands beside another name, nor is it read out there.
    second.wait_for_selector("#publish-notice .notice", state="attached")
    assert second.input_value(NAME) == "kept"
    assert not second.is_visible("#publish-notice .notice")
    assert not second.is_visible("#publish-pr")
    assert "already exists" not in second.inner_text("#said")
    second.fill(NAME, "taken")
    second.wait_for_selector("#publish-notice .notice:has-text('taker/taken already exists.')")
    second.wait_for_selector("#publish-pr")

    page.fill(NAME, "free")
    page.wait_for_selector("#publish-pr", state="hidden")
    page.wait_for_selector("#publish-notice:not(:has(.notice))", state="attached")

    # The other tab does not delete it unasked.
    beside.click("#prune")
    beside.wait_for_selector("[data-state=unpublished]")
    assert beside.get_attribute("#prune", "data-busy") is None  # it was refused, and may be pressed again
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
    second.wait_for_selector("#publish-notice .progress:has-text('taker/taken: ')")
    told += [told_to_anybody(site), told_to_anybody(site, site.cookie("taker", TOKEN))]
    visitor.open()
    page.wait_for_selector("#publish[disabled]:has-text('Publishing')")
    assert page.is_disabled("#over")
    assert page.input_value(NAME) == "taken"
    assert page.is_disabled(NAME)
    beside.click("#prune")
    beside.wait_for_selector("[data-state=being-published]")
    visitor.state("published")
    assert "Pull request opened" in page.inner_text("#done")
    assert "refs/pr/1" in site.hub.repository("taker/taken").refs
    assert "# taker/taken" in downloaded(page)

    # Started over here; the other tab may begin anew.
    page.click("#over")
    page.wait_for_selector("#choose:visible")
    assert page.locator("#notice .notice").count() == 0
    second.wait_for_selector("#choose:visible")
    assert "deleted in another tab or browser of yours. Choose anew here" in second.inner_text("[data-state=replaced]")
    beside.click("#prune")
    beside.wait_for_selector("#work .stages, #look .result-head")
    beside.wait_for_selector("#look .result-head", timeout=120_000)

    # Nothing that went to a page, nor what anybody can ask for, names the visitor's token.
    streams = "".join(text for place, text in ears.heard.items() if place.endswith("/gradio_api/queue/data"))
    assert "Publishing" in streams
    assert "Perplexity" in streams
    for text in [*told, *ears.heard.values(), site.log.read_text()]:
        assert TOKEN not in text
