"""Tables, hints and styles of the page, without a browser."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("gradio", reason="The tests of the Space need the extra `space`.")
sys.path.insert(0, str(Path(__file__).parents[2] / "space"))
sys.path.insert(0, str(Path(__file__).parents[1] / "publishing"))
import made_up_evidence as evidence
from hubprune_space import advanced, forms, hints, look, result_tables, words

from hubprune.publishing.generation_verdict import generation_verdict
from hubprune.publishing.task_verdict import task_verdict
from hubprune.run.examine import DEFAULT_SEQ_LEN

SETTINGS = forms.SETTINGS


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_tasks_and_texts_are_shown_with_their_verdicts() -> None:
    report = evidence.full()
    shown = text_of(result_tables.evidence(report))
    for verdict in (task_verdict(report), generation_verdict(report)):
        assert verdict
        assert " ".join(hints.plainly(verdict).split()) in shown
    for row in report.tasks:
        assert row.task in shown
    assert not re.search(r"\bdense\b", shown, re.IGNORECASE)


def test_what_was_not_asked_for_is_not_spoken_of() -> None:
    recipe = evidence.full().recipe
    asked = evidence.full(tasks=[], generations=[], no_tasks={"sw": "lm-eval has none"})
    assert "No task was measured in Swahili: lm-eval has none." in text_of(result_tables.evidence(asked))
    quiet = evidence.full(tasks=[], generations=[], recipe={**recipe, "tasks": [], "generate": False})
    assert result_tables.evidence(quiet) == ""


def test_the_control_is_in_every_row() -> None:
    report = evidence.full()
    table = result_tables.languages(report)
    for row in re.findall(r"<tr class=.*?</tr>", table):
        assert row.count('class="below"') == 2
    score = report.languages[0].scores["control"].perplexity
    assert f"control: </span>{score:.2f}</small>" in table


def test_the_words_of_the_page() -> None:
    assert hints.plainly("The dense model lost 5 % ± 1 % (p = 0.04); Dense, dense") == (
        "The original lost 5\u00a0% ±\u00a01\u00a0% (p\u00a0=\u00a00.04); Original, original"
    )


def test_hints_say_what_is_done() -> None:
    assert advanced.LONGEST_WINDOW == DEFAULT_SEQ_LEN
    assert advanced.most() == words.megabytes(SETTINGS.text_bytes)
    with pytest.raises(forms.Refused, match=f"larger than {advanced.most()}"):
        forms.own_text(b"a" * (SETTINGS.text_bytes + 1))
    assert forms.own_text(b"a" * SETTINGS.text_bytes)


def test_styles_of_narrow_screens_survive_gradio() -> None:
    """Within @media it keeps only selectors with `.gradio-container .contain` before them, split at every comma."""
    for sheet in look.CSS:
        for block in re.findall(
            r"(?m)^@media \(max-width[^{]*\{(.*?)^\}", sheet.read_text(encoding="utf-8"), re.DOTALL
        ):
            for selector in re.findall(r"([^{}]+)\{", block):
                assert "gradio-container" not in selector
                assert not re.search(r"\([^)]*,", selector), selector
