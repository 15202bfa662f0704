"""The figures of the third screen, made up: tables and charts on phones, with large letters, and counted from 1."""

from __future__ import annotations

import dataclasses
import math
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("gradio", reason="The tests of the Space need the extra `space`.")
sys.path.insert(0, str(Path(__file__).parents[2] / "space"))
sys.path.insert(0, str(Path(__file__).parents[1] / "publishing"))
import made_up_evidence as evidence
import made_up_reports as made
from hubprune_space import charts, cuts, hints, phrases, result_tables, results
from test_space_flow import TOO_WIDE, violations

from hubprune.report import PRUNED, Report

Visit = Callable[..., Any]
LONG = "nb"  # Norwegian Bokmål
# How high the letters of a chart are, and which texts of it leave its frame.
LETTERS = """() => [...document.querySelectorAll('#made .chart')].map((chart) => {
    const frame = chart.getBoundingClientRect();
    const texts = [...chart.querySelectorAll('text')].filter((one) => one.getClientRects().length);
    const boxes = texts.map((one) => [one.textContent, one.getBoundingClientRect()]);
    return {
        high: Math.min(...boxes.map(([, box]) => box.height)),
        out: boxes.filter(([, box]) => box.left < frame.left || box.right > frame.right || box.top < frame.top
            || box.bottom > frame.bottom).map(([text]) => text),
    };
})"""


def told() -> Report:
    """Seven languages, one with a long name; four tasks, of which two have too few questions."""
    seven = made.seven(28)
    few = [
        dataclasses.replace(evidence.task("sw"), items=20),
        dataclasses.replace(evidence.task("en"), items=90, passages=9),
    ]
    rename = lambda row: dataclasses.replace(row, language=LONG) if row.language == "de" else row  # noqa: E731
    return dataclasses.replace(
        seven,
        languages=[rename(row) for row in seven.languages],
        blocks=[rename(row) for row in seven.blocks],
        tasks=[evidence.task("sw"), *few, evidence.at_chance("en")],
        no_tasks={LONG: "lm-eval has none"},
    )


def shown(report: Report) -> str:
    return results.figures(SimpleNamespace(report=report, repo_name="name", keeps=lambda: 60.0))  # type: ignore[arg-type]


@pytest.fixture
def page(visit: Visit) -> Any:
    """The page with these figures on it."""
    page = visit().page
    page.evaluate(
        "made => document.querySelector('#choose').insertAdjacentHTML('afterend', "
        "`<div id=made style='max-width: 60rem'>${made}</div>`)",
        shown(told()) + results.samples(evidence.full().generations),
    )
    page.evaluate("document.querySelector('#choose').style.display = 'none'")
    return page


def test_few_questions_take_a_line_on_a_phone_and_their_figures_a_fold(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    rows = page.locator("#made table.named tbody tr")
    figures = [row.locator("td:nth-child(n + 3):visible").count() for row in rows.all()]
    assert figures == [7, 0, 0, 7, 0]  # none is hidden that tells something
    lines = [" ".join(row.inner_text().split()) for row in rows.all()]
    assert lines[1].endswith("Too few questions to tell: 20")
    assert lines[2].endswith("Too few questions to tell: 90 on 9 passages")
    assert all(rows.nth(place).bounding_box()["height"] < 80 for place in (1, 2))
    fold = rows.nth(1).locator("summary")
    fold.focus()
    page.keyboard.press("Enter")
    assert rows.nth(1).locator("td:nth-child(n + 3):visible").count() == 7
    assert rows.nth(2).locator("td:nth-child(n + 3):visible").count() == 0
    assert page.evaluate(TOO_WIDE) == []
    assert violations(page) == []
    page.set_viewport_size({"width": 1280, "height": 900})
    assert page.locator("#made .few:visible").count() == 0
    assert rows.nth(2).locator("td:nth-child(n + 3):visible").count() == 7


@pytest.mark.parametrize("width", [390, 1280])
def test_letters_of_charts_grow_with_the_visitors(page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    plain = page.evaluate(LETTERS)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    page.wait_for_timeout(100)
    large = page.evaluate(LETTERS)
    assert len(plain) == len(large) == 2
    for before, after in zip(plain, large, strict=True):
        assert before["out"] == after["out"] == []
        assert before["high"] > 11
        assert after["high"] > 1.5 * before["high"]
    assert page.evaluate(TOO_WIDE) == []
    assert page.locator("#made .chart svg:visible").count() == 2


@pytest.mark.parametrize(("width", "columns"), [(390, 1), (768, 3), (1280, 3)])
def test_what_three_models_wrote_stands_side_by_side_where_there_is_room(page: Any, width: int, columns: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    tops = page.evaluate(
        "[...document.querySelector('#made .pair').children].map((one) => Math.round(one.getBoundingClientRect().top))"
    )
    assert len(tops) == 3
    assert tops.count(tops[0]) == columns


def test_no_word_of_a_table_is_broken(page: Any) -> None:
    """With large letters tables scroll, or their figures stand under their names."""
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        for word in ("(reasoning)", "(noise)", "0.001)"):
            heights = page.evaluate(
                """word => [...document.querySelectorAll('#made table.named td:not([hidden])')].flatMap((cell) => {
                    const found = [], walk = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
                    while (walk.nextNode()) {
                        const at = walk.currentNode.data.indexOf(word);
                        if (at < 0 || !cell.getClientRects().length) continue;
                        const range = document.createRange();
                        range.setStart(walk.currentNode, at);
                        range.setEnd(walk.currentNode, at + word.length);
                        if (range.getClientRects().length) found.push(range.getClientRects().length);
                    }
                    return found;
                })""",
                word,
            )
            assert heights, word
            assert set(heights) == {1}, (width, word)


def test_a_fold_for_too_few_questions_alone() -> None:
    def rows(**changes: Any) -> list[str]:
        report = evidence.full(tasks=[dataclasses.replace(evidence.task("sw"), **changes)], generations=[])
        return re.findall(r"<summary><span[^>]*>[^<]*</span>([^<]+)<", result_tables.evidence(report))

    assert rows(items=29) == ["Too few questions to tell: 29"]
    assert rows(items=30) == []
    assert rows(items=300, passages=29) == ["Too few questions to tell: 300 on 29 passages"]
    assert rows(items=300, passages=30) == []


def test_blocks_are_counted_from_one() -> None:
    report = told()
    assert re.findall(r">(Block \d+)</th>", result_tables.errors(report)) == ["Block 1", "Block 15", "Block 28"]
    for cut in charts.errors(report).split('<div class="cut ')[1:]:
        ticks = [int(one) for one in re.findall(r"<text [^>]*>(\d+)</text>", cut)]
        assert ticks[0] == 1, cut[:10]
        assert max(ticks) <= 28
    assert "counted from 1 (in the names of parameters, from 0)" in charts.errors_caption(report)


@pytest.mark.parametrize("ratio", [0.4, 1.0, 37.0, 8.2e6, math.inf])
@pytest.mark.parametrize("languages", [1, 7])
def test_any_numbers_can_be_drawn(ratio: float, languages: int) -> None:
    seven = made.seven(2)
    rows = [row for row in seven.languages if row.calibrated] + [row for row in seven.languages if not row.calibrated]
    score = dataclasses.replace(rows[0].scores[PRUNED], ratio=ratio)
    rows[0] = dataclasses.replace(rows[0], scores={**rows[0].scores, PRUNED: score})
    report = dataclasses.replace(seven, languages=rows[:languages])
    drawn = charts.cost(report)
    assert drawn.count("<svg") == (0 if languages == 1 and ratio == math.inf else 3)
    assert charts.errors(report).count("<svg") == 3


def test_large_errors_are_plain_numbers() -> None:
    assert [phrases.two_digits(one) for one in (0.764, 8.25, 117.3, 1234567.0)] == ["0.76", "8.2", "120", "1,200,000"]
    assert "e+" not in result_tables.errors(told()) + charts.errors(told())


def test_each_cut_has_ids_of_its_own() -> None:
    shown = charts.cost(told()) + charts.errors(told())
    ids = re.findall(r' id="([^"]+)"', shown)
    assert len(ids) == len(set(ids))
    assert {one.split("-")[1] for one in ids} == set(cuts.CUTS)


def test_the_cards_names_of_the_models_are_told() -> None:
    assert hints.of_the_card(evidence.full()) == (
        "In the card, “Dense” is the original, “English-calibrated” the control and “Swahili-calibrated” the pruned "
        "model."
    )
    assert hints.of_the_card(evidence.half()[0]) == (
        "In the card, “Dense” is the original and “Swahili-calibrated” the pruned model."
    )
