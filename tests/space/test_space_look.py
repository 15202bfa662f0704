"""How the page looks and behaves under the hand: lists, the upload field, the keyboard's place, narrow screens."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from test_space_flow import TOO_WIDE

from hubprune.languages import fold, known, plain

BASE = "demo/tiny-multilingual-llama"
FIELD = "#language input"
NAMES = re.compile(r" · | \(|\)|, ")
Visit = Callable[..., Any]


def text_in(page: Any, text: str) -> list[str]:
    """Type into the list of languages as a visitor does; returns what it offers then."""
    page.click(FIELD)
    page.keyboard.type(text)
    page.wait_for_timeout(250)
    return [str(one) for one in page.locator("#language li").all_inner_texts()]


def labels_of(page: Any) -> list[str]:
    """All that the list of languages offers."""
    page.click(FIELD)
    page.wait_for_selector("#language li")
    return [str(one.get_attribute("aria-label")) for one in page.locator("#language li").all()]


def leaves(page: Any) -> tuple[str, str]:
    """Go on with Tab; returns the choice, and what the field says. The list is gone then."""
    page.keyboard.press("Tab")
    page.wait_for_function("!document.querySelector('#language div.options')")
    page.wait_for_timeout(100)
    return page.input_value(FIELD), page.inner_text("#language .told")


def test_a_list_takes_what_is_typed(visit: Visit) -> None:
    page = visit().page
    assert len(text_in(page, "Kiswahili")) == 1  # what stood there is replaced, and filtered by the last letter too
    assert leaves(page) == ("Swahili · Kiswahili", "")
    assert len(text_in(page, "français")) == 1
    assert leaves(page) == ("French · Français", "")
    assert len(text_in(page, "arab")) == 1
    assert leaves(page) == ("Arabic · العربية", "")


def test_everyday_names_find_their_language(visit: Visit) -> None:
    page = visit().page
    for text, name in (("farsi", "Persian (Farsi) · فارسی"), ("普通话", "Chinese (Mandarin, "), ("हिंदी", "Hindi ("),
                       ("tagalog", "Filipino ("), ("bangla", "Bengali (")):  # fmt: skip
        assert len(text_in(page, text)) == 1
        assert leaves(page)[0].startswith(name)


def test_accents_are_not_asked_for(visit: Visit) -> None:
    """In all languages; what is typed exactly is found as before, and before its like."""
    page = visit().page
    for text, name in (("francais", "French ·"), ("tieng viet", "Vietnamese ·"), ("TÜRKÇE", "Turkish ·"),
                       ("türkce", "Turkish ·"), ("azerbaycanca", "Azerbaijani ("), ("hawaii", "Hawaiian ·"),
                       ("ıtalian", "Italian ·"), ("العربية", "Arabic ·"), ("Swahilí", "Swahili ·"),
                       ("bokmal", "Norwegian (")):  # fmt: skip
        assert len(text_in(page, text)) == 1, text
        assert leaves(page)[0].startswith(name)
    page.click(FIELD)
    page.wait_for_selector("#language li")
    page.evaluate("document.execCommand('insertText', false, 'yoruba'); document.activeElement.blur()")  # before gradio
    page.wait_for_function("document.querySelector('#language input').value === 'Yoruba · Yorùbá'")
    listed = {label: [plain(fold(part)) for part in NAMES.split(label) if part] for label in labels_of(page)}
    assert len(listed) == len(known())
    lost = page.evaluate(
        "all => Object.entries(all).flatMap(([label, typed]) => [label, ...typed].filter((one) => "
        "!label.toLowerCase().includes(one.toLowerCase())))",
        listed,
    )
    assert lost == []
    leaves(page)
    assert text_in(page, "`") == []  # nothing is left of it, and nothing is not found everywhere
    # Only labels of the lists answer so.
    assert page.evaluate("['Français'.includes('c'), 'é'.includes('e'), 'abc'.includes('b')]") == [False, False, True]


def test_the_best_match_is_first_and_under_enter(visit: Visit) -> None:
    """ "gal" stands in Bengali, which comes before Galician in the list."""
    page = visit().page
    assert len(text_in(page, "gal")) > 2
    tops = page.locator("#language li").evaluate_all(
        "all => all.map(e => [e.getBoundingClientRect().top, e.innerText.trim()]).sort((a, b) => a[0] - b[0])"
        ".map(([, text]) => text)"
    )
    assert tops[0] == "Galician (Gallego) · Galego"
    assert tops[1] == "Bengali (Bangla) · বাংলা"
    assert page.locator("#language li.active").inner_text().strip() == tops[0]
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(100)
    assert page.locator("#language li.active").inner_text().strip() == tops[1]
    page.keyboard.press("ArrowUp")
    page.wait_for_timeout(100)
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#language input').value === 'Galician (Gallego) · Galego'")


def test_an_empty_list_is_no_strip(visit: Visit) -> None:
    page = visit().page
    assert text_in(page, "Klingon") == []
    assert page.locator("#language div.options:visible").count() == 0


def test_a_list_says_when_it_does_not_know(visit: Visit) -> None:
    page = visit().page
    assert text_in(page, "Klingon") == []
    assert leaves(page) == (
        "Swahili · Kiswahili",
        "No language here is called “Klingon”. Swahili · Kiswahili stays chosen.",
    )
    for key in ("Enter", "Tab"):  # pressed before gradio has filtered its list
        page.click(FIELD)
        page.evaluate(
            """key => { const field = document.activeElement; document.execCommand('insertText', false, 'Elvish');
            if (key === 'Tab') field.blur();
            else field.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true})); }""",
            key,
        )
        page.wait_for_selector("#language .told:has-text('No language here is called “Elvish”. Swahili')")
        assert page.input_value(FIELD) == "Swahili · Kiswahili"
    assert len(text_in(page, "ese")) > 8
    assert leaves(page)[1] == "“ese” could be several languages. Swahili · Kiswahili stays chosen."
    assert len(text_in(page, "sp")) == 1
    page.click("#language li:has-text('Spanish')")
    page.wait_for_function("!document.querySelector('#language div.options')")
    assert (page.input_value(FIELD), page.inner_text("#language .told")) == (
        "Spanish (Castilian, Castellano) · Español",
        "",
    )


def test_a_list_takes_what_is_pasted_and_composed(visit: Visit) -> None:
    visitor = visit()
    page = visitor.page
    page.click(FIELD)
    page.evaluate("document.execCommand('insertText', false, 'Deutsch')")
    page.wait_for_timeout(250)
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#language input').value === 'German · Deutsch'")
    hand = visitor.context.new_cdp_session(page)
    page.click(FIELD)
    hand.send("Input.imeSetComposition", {"text": "中", "selectionStart": 1, "selectionEnd": 1})
    page.wait_for_timeout(250)
    assert page.locator("#language li").count() == 1
    # The key that ends a composition chooses nothing.
    ended = {"key": "Enter", "keyCode": 229, "bubbles": True}
    page.dispatch_event(FIELD, "keydown", ended)
    assert page.evaluate("document.activeElement.getAttribute('role')") == "combobox"
    hand.send("Input.insertText", {"text": "中文"})
    page.wait_for_timeout(250)
    assert leaves(page) == ("Chinese (Mandarin, 普通话, 汉语, 普通話) · 中文", "")


def test_a_file_is_refused_in_the_words_of_the_page(visit: Visit) -> None:
    page = visit().page
    page.click("#advanced > button")
    field = "#own input[type=file]"
    for name, size, said in (
        ("big.txt", 4_000_000, "Your text is larger than 2 MB. Choose a smaller file."),
        ("a.pdf", 4, "This is no .txt file. Save your text as plain text and choose it again."),
        ("little-too-big.txt", 2_000_001, "Your text is larger than 2 MB. Choose a smaller file."),
    ):
        page.set_input_files(field, {"name": name, "mimeType": "text/plain", "buffer": b"a" * size})
        page.wait_for_selector("#own-told .notice")
        assert said in " ".join(page.inner_text("#own-told").split())
    page.wait_for_timeout(500)
    assert page.locator(".toast-body").count() == 0
    assert page.locator("#own .file-preview").count() == 0
    page.set_input_files(field, {"name": "right.txt", "mimeType": "text/plain", "buffer": b"habari " * 100})
    page.wait_for_selector("#own .file-preview")
    assert page.inner_text("#own-told").strip() == ""


def check_tiles(page: Any) -> None:
    """Words in a tile are smaller than figures, and neither sticks out of it."""
    tiles = page.locator(".tiles > div").evaluate_all(
        """all => all.map((tile) => {
            const value = tile.querySelector('strong'), words = document.createRange();
            words.selectNodeContents(value);
            const text = words.getBoundingClientRect(), place = tile.getBoundingClientRect();
            return {text: value.textContent, size: parseFloat(getComputedStyle(value).fontSize),
                inside: text.left >= place.left && text.right <= place.right && tile.scrollWidth <= tile.clientWidth};
        })"""
    )
    figures, said = ([one for one in tiles if bool(re.search(r"\d", one["text"])) is kind] for kind in (True, False))
    assert [one["text"] for one in said] == ["not measured"]
    assert all(one["inside"] for one in tiles), tiles
    assert max(one["size"] for one in said) < 0.9 * min(one["size"] for one in figures), tiles


def test_the_keyboard_follows_and_folds_stay(visit: Visit) -> None:
    visitor = visit("lena")
    page = visitor.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.click("#hits button[data-model]")
    page.wait_for_function("document.activeElement?.closest('#model')")
    visitor.prune()
    page.wait_for_function("document.activeElement?.matches('#work h2')")
    page.evaluate(
        """() => { const log = () => document.querySelector('#work .log');
        const fold = document.querySelector('#work summary');
        fold.focus(); fold.click();
        let last = log().textContent;
        window.kept = [];
        new MutationObserver(() => { const now = log()?.textContent;
            if (!now || now === last) return;
            last = now;
            setTimeout(() => log() && kept.push([log().closest('details').open, document.activeElement.tagName]));
        }).observe(document.body, {childList: true, subtree: true, characterData: true}); }"""
    )
    visitor.result()
    kept = page.evaluate("kept")
    assert kept
    assert all(one == [True, "SUMMARY"] for one in kept), kept
    page.wait_for_function("document.activeElement?.matches('#look h2')")
    assert page.evaluate("scrollY") == 0

    # The whole third screen on a phone, with everything unfolded.
    for summary in page.locator("#look summary").all():
        summary.click()
    assert page.evaluate(TOO_WIDE) == []
    check_tiles(page)
    row = page.locator("table.languages tbody tr.target")
    assert re.fullmatch(r"control:\s+[\d.]+", row.locator(".below").first.inner_text())
    assert row.locator(".below:visible").count() == 2
    edges = page.locator(".tiles > div").evaluate_all("all => all.map(e => e.getBoundingClientRect())")
    for top in {edge["top"] for edge in edges}:
        line = [edge for edge in edges if edge["top"] == top]
        assert max(edge["right"] for edge in line) == pytest.approx(max(edge["right"] for edge in edges), abs=1)
    page.set_viewport_size({"width": 1280, "height": 900})
    assert row.locator(".below:visible").count() == 0
    heights = page.locator("#owner .wrap, #name :is(input, textarea)").evaluate_all(
        "all => all.filter(e => e.closest('#name') || e.querySelector('input')).map(e => e.getBoundingClientRect())"
    )
    check_tiles(page)
    assert len({round(one["top"]) for one in heights}) == len({round(one["bottom"]) for one in heights}) == 1

    visitor.start_over()
    page.wait_for_function("document.activeElement?.id === 'choose-title'")
    assert page.evaluate("scrollY") == 0
