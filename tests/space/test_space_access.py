"""The page without a mouse, without eyes, with large letters, with colours of one's own, and on a phone."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from test_space_flow import TOO_WIDE, violations

sys.path.insert(0, str(Path(__file__).parents[2] / "space"))
from hubprune_space import writing

BASE = "demo/tiny-multilingual-llama"
FIELD = "#model input, #model textarea"
NAME = "#name input, #name textarea"
Visit = Callable[..., Any]
# Text that its own box cuts off, fields that scroll aside.
CUT = """() => [...document.querySelectorAll('main *')].filter((one) => {
    const style = getComputedStyle(one);
    const text = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    return text && one.getClientRects().length && !one.closest('.visually-hidden, .scrolls, textarea, input, pre, svg')
        && ((style.overflowX !== 'visible' && one.scrollWidth > one.clientWidth + 1)
            || (style.overflowY === 'hidden' && one.scrollHeight > one.clientHeight + 1));
}).map((one) => `${one.tagName}#${one.id}.${one.className} ${one.textContent.slice(0, 40)}`).slice(0, 5)"""
OVERLAP = """(pairs) => pairs.filter(([one, other]) => {
    const words = (selector) => { const all = document.createRange();
        all.selectNodeContents(document.querySelector(selector)); return all.getBoundingClientRect(); };
    const a = document.querySelector(one).getBoundingClientRect(), b = words(other);
    return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
})"""


def named(page: Any, role: str) -> list[str]:
    """Accessible names of all that has a role, as the browser tells them to a screen reader."""
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    return [
        one.get("name", {}).get("value", "")
        for one in tree
        if not one.get("ignored") and one.get("role", {}).get("value") == role
    ]


def title(page: Any, block: str) -> str:
    return str(page.inner_text(f"{block} [data-testid=block-info]")).strip()


def place(page: Any) -> str:
    """The block that the keyboard is in."""
    return str(page.evaluate("document.activeElement.closest('.block, button[id]')?.id ?? ''"))


def listen(page: Any) -> None:
    """Keep all that is read out when it suits."""
    page.wait_for_selector("#said", state="attached")
    page.evaluate(
        "window.heard = []; new MutationObserver((changes) => changes.forEach(({addedNodes}) => "
        "addedNodes.forEach((one) => heard.push(one.textContent)))).observe(document.querySelector('#said'), "
        "{childList: true})"
    )


def heard(page: Any) -> list[str]:
    return [str(one) for one in page.evaluate("heard")]


def fits(page: Any) -> None:
    """Twice as large letters: nothing is cut off, nothing wider than the screen, nothing over something else."""
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(TOO_WIDE) == []
        assert page.evaluate(CUT) == []
        assert page.evaluate(OVERLAP, [["#login", ".brand h1"], ["#login", ".brand p"]]) == []
    page.evaluate("document.documentElement.style.fontSize = ''")


def test_groups_have_names_and_answer_to_arrows(visit: Visit) -> None:
    visitor = visit()
    page = visitor.page
    listen(page)
    visitor.plan(BASE)
    assert "50 % of" in page.inner_text("#card")
    page.focus("#pattern input:checked")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#card:has-text('60 % of')")  # gradio has heard of it
    assert page.locator("#pattern label.selected").all_inner_texts() == ["60 %"]
    page.keyboard.press("Tab")
    assert place(page) == "measures"  # a group is one stop
    plans = [one for one in heard(page) if re.fullmatch(r"Plan ready: runs here, about \d+ (s|min)\.", one)]
    assert len(plans) == 2
    assert page.locator("[aria-live]").count() == 0  # gradio's own voice

    page.click("#advanced > button")
    page.wait_for_selector("#method input")
    assert {title(page, "#pattern"), title(page, "#method")} <= set(named(page, "radiogroup"))
    assert title(page, "#measures") in named(page, "group")
    buttons = named(page, "button")
    assert "Advanced" in buttons
    assert page.get_attribute("#advanced > button", "aria-expanded") == "true"
    assert f"{page.inner_text('#own-label')}: choose a file, or drop it here" in buttons

    # A list that is open is left by one Tab, to what follows it.
    page.click("#language input")
    page.wait_for_selector("#language div.options")
    page.wait_for_function("getComputedStyle(document.querySelector('#language div.options')).opacity === '1'")
    assert violations(page) == []
    page.keyboard.press("Tab")
    assert place(page) == "pattern"
    fits(page)


def test_a_phone_answers_where_the_model_was_named(visit: Visit) -> None:
    page = visit().page
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator(FIELD).press_sequentially("demo/tiny-multilingual-llama")
    page.wait_for_selector(f"#hits button[data-model='{BASE}']")
    assert page.is_hidden("#answer")
    before = page.evaluate("scrollY")
    page.keyboard.press("Enter")
    page.wait_for_selector("#answer:has-text('Plan ready: runs here, about')")
    assert page.is_hidden("#hits")
    assert page.evaluate("scrollY") == before
    assert page.evaluate("document.querySelector('#card').getBoundingClientRect().top > innerHeight")
    assert violations(page) == []
    assert page.inner_text("#answer a") == "See the plan"
    page.click("#answer a")
    assert place(page) == "card"
    assert page.evaluate("document.activeElement.getBoundingClientRect().bottom < innerHeight")
    page.fill(FIELD, "acme/nobody")
    assert page.is_hidden("#answer")
    for _ in range(2):  # the same again is answered again
        page.focus(FIELD)
        page.keyboard.press("Enter")
        page.wait_for_selector("#answer:has-text('No model called acme/nobody is visible to you.')")
        assert page.inner_text("#answer a") == "See what to do"  # there is no plan to be seen
    page.set_viewport_size({"width": 1280, "height": 900})
    assert page.is_hidden("#answer")  # the plan stands beside the field


def test_colours_of_ones_own(visit: Visit) -> None:
    """What a background alone would tell: such colours take it away."""
    visitor = visit("tona", forced_colors="active")
    page = visitor.page
    visitor.plan(BASE)
    page.wait_for_selector("#prune:visible")
    style = "(one, name) => getComputedStyle(one)[name]"

    def of(selector: str, name: str) -> str:
        return str(page.locator(selector).first.evaluate(style, name))

    assert of("#pattern label.selected", "backgroundColor") != of("#pattern label:not(.selected)", "backgroundColor")
    assert of("#measures input", "appearance") == "auto"
    for selector in (".badge", "#prune"):
        assert of(selector, "borderTopStyle") == "solid", selector
        assert of(selector, "borderTopWidth") != "0px", selector
    page.locator(".plan").evaluate(
        "(plan) => plan.insertAdjacentHTML('beforeend', `<div class=blocks><i class=done></i><i class=now></i><i></i>"
        "</div><div class=chart><svg><path style='stroke: var(--target)'/><text style='fill: var(--ink)'>1</text></svg>"
        "</div>`)"
    )
    looks = [of(f".blocks i:nth-child({n})", "backgroundColor") + of(f".blocks i:nth-child({n})", "borderTopWidth")
             for n in (1, 2, 3)]  # fmt: skip
    assert len(set(looks)) == 3
    ground = of("body", "backgroundColor")
    assert of(".chart path", "stroke") not in (ground, "rgb(11, 97, 88)")  # theirs, and no longer the page's
    assert of(".chart text", "fill") not in (ground, "rgb(27, 36, 35)")


def test_a_prompt_and_what_follows_are_one_text() -> None:
    arabic = writing.panes("ar", "تفتح أمي", [" دكانها", " x"])
    assert arabic.count('dir="rtl"') == 2
    assert arabic.count('<p class="whole" lang="ar">') == 2
    english = writing.panes("ar", "Every morning", [" she", " x"])  # a visitor's own beginning
    assert english.count('dir="ltr"') == 2
    assert "lang=" not in english
    assert writing.panes("ar", "1, 2", ["", ""]).count('dir="rtl"') == 2


def written(page: Any, code: str) -> Any:
    """Let both write on a phone; returns their texts."""
    page.click("#write")
    page.wait_for_selector(f"#written [aria-busy=false] p[lang={code}]", timeout=60_000)
    assert page.evaluate(TOO_WIDE) == []
    return page.locator("#written .whole")


def test_a_whole_visit_by_keyboard_in_arabic_and_chinese(visit: Visit, site: Any) -> None:
    site.hub.add_repo("mona/taken", Path(__file__).parents[2] / "hubprune" / "demo" / "model")
    visitor = visit("mona")
    page = visitor.page
    listen(page)
    page.click("#advanced > button")
    for field, name in (("#language", "Arabic"), ("#advanced [role=combobox][aria-label^=Mix]", "Chinese")):
        page.click(f"{field} input" if field == "#language" else field)
        page.keyboard.type(name)
        page.wait_for_timeout(250)
        page.keyboard.press("Tab")
    visitor.plan(BASE)
    page.wait_for_selector("#card:has-text('Arabic and 25 % Chinese')")
    page.click("#advanced > button")
    visitor.prune()
    visitor.result()
    page.wait_for_function("document.activeElement?.matches('#look h2')")
    assert re.fullmatch(r"Kept here until \d+:\d\d( [AP]M)?, then deleted\.", page.inner_text(".kept"))

    page.set_viewport_size({"width": 390, "height": 844})
    prompt = page.locator("#prompt textarea")
    assert prompt.evaluate("e => [e.lang, getComputedStyle(e).direction]") == ["ar", "rtl"]
    for text in written(page, "ar").all():
        assert text.evaluate("e => getComputedStyle(e).direction") == "rtl"
        pane = text.locator("xpath=..")
        assert pane.get_attribute("dir") == "rtl"
        assert pane.locator("h4").evaluate("e => getComputedStyle(e).direction") == "rtl"
        # What follows begins on the line where the prompt ends.
        assert text.evaluate(
            "e => { const [a, b] = [...e.children].map((one) => [...one.getClientRects()]);"
            " return a.length && b.length && Math.abs(a.at(-1).top - b[0].top) < 4; }"
        )
    assert page.locator("#written h4").all_inner_texts() == ["Original", "Pruned"]
    page.focus("#write-language input:checked")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('#prompt textarea').lang === 'zh'")
    page.wait_for_function("/\\p{Script=Han}/u.test(document.querySelector('#prompt textarea').value)")
    assert prompt.evaluate("e => getComputedStyle(e).direction") == "ltr"
    for text in written(page, "zh").all():
        assert text.evaluate("e => e.getClientRects().length && e.scrollWidth <= e.clientWidth")
        lines = text.locator(".prompt").evaluate("e => e.getClientRects().length")
        assert lines > 1  # broken between characters, not pushed out of its pane
    assert "Both have written." in heard(page)

    # Starting over deletes what was not published: asked about first.
    page.click("#over")
    assert page.evaluate("document.activeElement.textContent") == "Keep it"
    assert "not published" in page.inner_text("#over-question")
    assert violations(page) == []
    page.keyboard.press("Escape")
    assert place(page) == "over"
    assert page.is_visible("#look")

    page.click("#owner input")
    page.keyboard.type("nobody")
    page.keyboard.press("Tab")
    page.wait_for_selector("#owner .told:has-text('No account here is called “nobody”. mona stays chosen.')")

    # What was said of one name is not left standing beside another.
    page.fill(NAME, "taken")
    page.focus("#publish")
    page.keyboard.press("Enter")
    visitor.state("repo-exists")
    page.wait_for_function("document.activeElement?.dataset.state === 'repo-exists'")
    assert page.inner_text("#publish-pr") == "Open a pull request in mona/taken"
    assert page.locator("#publish-pr").evaluate("e => getComputedStyle(e).borderTopWidth") != "0px"
    assert violations(page) == []
    page.fill(NAME, "taken-not")
    page.wait_for_selector("#publish-pr", state="hidden")
    assert page.locator("#publish-notice .notice:visible").count() == 0
    fits(page)
    page.focus("#publish")
    page.keyboard.press("Enter")
    visitor.state("published")
    page.wait_for_function("document.activeElement?.matches('#done h2')")

    said = heard(page)
    order = [
        "Plan ready: runs here",
        ("Download", "Gather", "Calibrate and prune: block", "Measure"),  # at most one in five seconds
        "Done: tiny",
        "mona/taken already exists.",
        "Published",
    ]
    places = [next((n for n, one in enumerate(said) if one.startswith(words)), words) for words in order]
    assert all(isinstance(one, int) for one in places), (places, said)
    assert places == sorted(places)
    assert not [one for one in said if "common." in one]

    page.click("#over")  # nothing is lost now
    page.wait_for_function("document.activeElement?.id === 'choose-title'")
