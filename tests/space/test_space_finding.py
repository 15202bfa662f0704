"""What the lists of languages find for a code, and for one or two letters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from test_space_look import FIELD, labels_of, leaves, text_in

from hubprune.languages import codes, known, resolve

Visit = Callable[..., Any]
# For what is typed: of the labels that the list shows the best, whose first is under Enter; and the one that is taken
# where the field is left.
TAKEN = """([labels, all]) => all.map((typed) => {
    const lower = labels.map((label) => label.toLowerCase()), shown = lower.filter((label) => label.includes(typed));
    const ranks = shown.map((label) => hubpruneFinding.rank(label, typed)), best = Math.min(...ranks);
    const name = (label) => labels[lower.indexOf(label)];
    const first = shown.filter((_, at) => ranks[at] === best).map(name);
    return [typed, first, name(shown[hubpruneFinding.meant(shown, typed)])];
})"""


def test_a_code_is_its_language(visit: Visit) -> None:
    """As on the command line. "es" stands in Esperanto, "tr" only in Central Kurdish, "zh" only in Breton."""
    page = visit().page
    labels = labels_of(page)
    leaves(page)
    named = {resolve(label.split(" · ")[0].split(" (")[0]).code: label for label in labels}
    assert len(named) == len(labels) == len(known())
    asked = {tag: named[one.code] for one in known() for tag in codes(one.code)}
    assert len(asked) > 2 * len(labels)
    assert asked["swh"] == asked["sw"]
    taken = page.evaluate(TAKEN, [labels, list(asked)])
    assert [found for found in taken if found[1:] != [[asked[found[0]]], asked[found[0]]]] == []

    for text, name in (("es", "Spanish ("), ("tr", "Turkish ·"), ("ZH", "Chinese (")):
        assert text_in(page, text)
        page.keyboard.press("Enter")
        page.wait_for_function("name => document.querySelector('#language input').value.startsWith(name)", arg=name)
    for text, name in (("ta", "Tamil ·"), ("lt", "Lithuanian ·"), ("swh", "Swahili ·")):
        assert text_in(page, text)
        choice, told = leaves(page)
        assert (choice.startswith(name), told) == (True, ""), choice
    page.click(FIELD)
    page.keyboard.insert_text("tr")  # before gradio has filtered its list
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#language input').value === 'Turkish · Türkçe'")


def test_two_letters_are_the_beginning_of_a_word(visit: Visit) -> None:
    page = visit().page
    assert text_in(page, "zn") == []  # only within Breton's own name
    assert leaves(page) == ("Swahili · Kiswahili", "No language here is called “zn”. Swahili · Kiswahili stays chosen.")
    assert text_in(page, "ol") == ["Hawaiian · ʻŌlelo Hawaiʻi"]  # not Polish, nor Mongolian
    assert leaves(page)[0].startswith("Hawaiian")
    assert len(text_in(page, "zhon")) == 1  # three letters and more count within a word: Brezhoneg
    assert leaves(page)[0].startswith("Breton")
    assert len(text_in(page, "文")) == 1  # where words are not set apart, any sign counts
    assert leaves(page)[0].startswith("Chinese")


def test_other_strings_are_searched_as_ever(visit: Visit) -> None:
    """The search of strings is the browser's own, but for labels of the lists of languages."""
    page = visit().page
    fails = """(call) => { try { return call(); } catch (error) { return error.name; } }"""
    assert page.evaluate(
        f"""() => {{ const fails = {fails}, label = 'french · français', includes = String.prototype.includes;
        return [
            fails(() => includes.call(null, 'a')), fails(() => includes.call(undefined, 'a')),
            fails(() => 'abc'.includes(/b/)), fails(() => label.includes(/f/)),
            'null'.includes(null), 'undefined'.includes(), label.includes(undefined), includes.call(120, 2),
            'abcabc'.includes('a', 1), 'abcabc'.includes('a', 4), 'a tr b'.includes('r b'),
            label.includes('francais'), label.includes('francais', 9), label.includes('francais', 10),
            label.includes('fr', 9), label.includes('fr', 10),
            includes.name, includes.length, Object.keys(String.prototype).length,
        ]; }}"""
    ) == [
        *("TypeError", "TypeError", "TypeError", "TypeError"),
        *(True, True, False, True),
        *(True, False, True),
        *(True, True, False),
        *(True, True),  # French's code, wherever one looks
        *("includes", 1, 0),
    ]


def test_the_other_lists_of_languages_know_codes_too(visit: Visit) -> None:
    page = visit().page
    page.click("#advanced > button")
    for text, key, name in (("es", "Enter", "Spanish ("), ("zh", "Tab", "Chinese (")):
        page.click("#measured input")
        page.keyboard.type(text)
        page.wait_for_timeout(250)
        page.keyboard.press(key)
        page.wait_for_function("name => document.querySelector('#measured .token')?.innerText && "
                               "[...document.querySelectorAll('#measured .token')].at(-1).innerText.startsWith(name)",
                               arg=name)  # fmt: skip
