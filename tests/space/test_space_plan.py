"""When the page plans: at a choice and on leaving a field, never for half a name, and the last wish wins."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "space"))
from hubprune_space.acts.choose import Choose

BASE = "demo/tiny-multilingual-llama"
FIELD = "#model input, #model textarea"
Visit = Callable[..., Any]


def record(page: Any) -> None:
    """Note all that the card ever says."""
    page.evaluate(
        "window.said = []; new MutationObserver(() => window.said.push(document.querySelector('#card').innerText))"
        ".observe(document.querySelector('#card'), {childList: true, subtree: true, characterData: true})"
    )


def asked(site: Any, name: str) -> int:
    """How often the Hub was asked about a model."""
    return len([one for one in site.hub.requests if name in one.path])


def said(page: Any) -> str:
    return "\n".join(page.evaluate("window.said"))


def test_half_a_name_is_not_planned_when_a_suggestion_is_taken(visit: Visit) -> None:
    for by_keyboard in (False, True):
        page = visit().page
        record(page)
        page.locator(FIELD).press_sequentially("demo/tiny-mul")
        page.wait_for_selector(f"#hits button[data-model='{BASE}']")
        if by_keyboard:
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.dataset.model") == BASE
            page.wait_for_timeout(1500)
            page.keyboard.press("Enter")
        else:
            page.click(f"#hits button[data-model='{BASE}']")
        page.wait_for_selector("#card .facts")
        page.wait_for_timeout(1500)
        assert "No model called" not in said(page)
        assert page.input_value(FIELD) == BASE


def test_a_pasted_address_is_planned_as_its_model(visit: Visit) -> None:
    visitor = visit()
    visitor.page.set_viewport_size({"width": 390, "height": 844})  # where a line at the field says what came out
    visitor.plan(f"https://huggingface.co/{BASE}/tree/main?not-for-all-audiences=true")
    assert visitor.page.get_attribute("#card .plan", "data-model") == BASE
    visitor.page.wait_for_selector("#answer:has-text('Plan ready')")
    assert visitor.page.get_attribute("#plan", "aria-busy") == "false"


def test_a_name_is_planned_when_its_field_is_left(visit: Visit) -> None:
    visitor = visit()
    visitor.page.fill(FIELD, "acme/nobody")
    visitor.page.click("h1")
    assert "No model called acme/nobody is visible to you." in visitor.state("not-found")


def test_leaving_a_field_as_it_was_asks_the_hub_nothing(visit: Visit, site: Any) -> None:
    visitor = visit()
    name = "acme/asked"
    site.hub.add_repo(name, Path(__file__).parents[2] / "hubprune" / "demo" / "model")
    visitor.plan(name)
    page = visitor.page
    page.click("#advanced > button")
    before = asked(site, name)
    for label in ("Windows of text", "Seed", "Revision"):
        page.get_by_label(label, exact=False).first.focus()
    page.focus(FIELD)
    page.click("h1")
    page.wait_for_timeout(1500)
    assert asked(site, name) == before


def test_what_runs_is_what_the_plan_shows(visit: Visit, site: Any) -> None:
    """A form that was changed behind the plan's back gets its plan first; meanwhile the old one stands back."""
    visitor = visit("planner")
    site.hub.add_repo("acme/another", Path(__file__).parents[2] / "hubprune" / "demo" / "model")
    visitor.plan(BASE)
    page = visitor.page
    page.wait_for_selector("#prune:visible:not([disabled])")
    assert page.get_attribute("#plan", "aria-busy") == "false"
    page.fill(FIELD, "acme/another")
    assert page.get_attribute("#plan", "aria-busy") == "true"
    page.evaluate("document.querySelector('#prune').click()")  # no field is left, so nothing else plans
    assert "The form has changed: this is its plan now. Look at it, and press Prune again." in visitor.state(
        "plan-changed"
    )
    assert page.inner_text("#card h2") == "another"
    assert page.get_attribute("#plan", "aria-busy") == "false"
    assert page.is_hidden("#work")


def test_the_account_stands_beside_the_name_on_a_phone(visit: Visit) -> None:
    page = visit("a-very-long-name-of-somebody-on-the-hub").page
    page.set_viewport_size({"width": 390, "height": 844})
    button, words = (page.locator(one).bounding_box() for one in ("#login", ".brand p"))
    name_ends = page.evaluate(
        "() => { const all = document.createRange(); all.selectNodeContents(document.querySelector('.brand h1'));"
        " return all.getBoundingClientRect().right; }"
    )
    assert button["x"] >= name_ends
    assert button["y"] + button["height"] <= words["y"]
    assert button["height"] >= 24


def test_the_last_wish_wins(visit: Visit, site: Any) -> None:
    visitor = visit()
    site.hub.fault("GET /api/models/acme/slow", kind="stall", seconds=4)
    page = visitor.page
    record(page)
    page.fill(FIELD, "acme/slow")
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    page.fill(FIELD, BASE)
    page.keyboard.press("Enter")
    page.wait_for_selector("#card .facts")
    page.wait_for_timeout(6000)
    site.hub.clear_faults()
    assert "acme/slow" not in said(page)
    assert "tiny-multilingual-llama" in page.inner_text("#card h2")


def test_requests_that_change_places_on_their_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's clock decides which wish was the last."""

    class Names:
        def __getattr__(self, name: str) -> str:
            return name

    request: Any = SimpleNamespace(session_hash="a")
    choose = Choose(Names())  # type: ignore[arg-type]
    monkeypatch.setattr(choose, "_card", lambda profile, token, own, fields, **more: {"card": fields[0]})

    def plan(when: float, model: str) -> Any:
        return choose.plan(request, None, None, when, None, model).get("card")

    assert plan(2, "new") == "new"
    assert plan(1, "old") is None
    assert "card" not in choose.plan_if_changed(request, None, None, 3, None, None, "new")  # planned already
    assert choose.plan_if_changed(request, None, None, 4, None, None, "newer")["card"] == "newer"

    def slow(profile: Any, token: Any, own: Any, fields: Any, **more: Any) -> Any:
        if fields[0] == "slow":
            assert plan(6, "quick") == "quick"
        return {"card": fields[0]}

    monkeypatch.setattr(choose, "_card", slow)
    assert plan(5, "slow") is None
    choose.forget("a")
    assert plan(1, "another visit") == "another visit"
