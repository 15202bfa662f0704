"""A control of another source than the calibration text: said where it is so, and only there."""

from __future__ import annotations

from typing import Any

import made_up_reports as made
import pytest

from hubprune.cli.results import verdicts_of
from hubprune.publishing import card
from hubprune.publishing.sources import other_sources
from hubprune.report import Report

OWN: dict[str, Any] = {"source": "notes_1.txt", "revision": None, "config": None, "split": None}
DEMO = {**OWN, "source": "demo"}
CRAWLED = {"source": "HuggingFaceFW/fineweb-2"}
SENTENCE = (
    "The Swahili text is the author's own (notes_1.txt), and the control's English text is from allenai/c4: a "
    "difference between the two may come from the source of the text and not only from its language."
)


def report(calibration: dict[str, Any], control: dict[str, Any], **changes: Any) -> Report:
    texts = [made.record("sw", "calibration", **calibration), made.record("en", "control", **control)]
    return made.report(texts=[*texts, made.record("sw", "evaluation"), made.record("en", "evaluation")], **changes)


def test_ones_own_text_against_a_corpus_is_said_in_card_and_terminal() -> None:
    found = report(OWN, {})
    assert other_sources(found) == SENTENCE
    assert verdicts_of(found)["verdict_sources"] == SENTENCE
    paragraphs = card.render(found, made.recipe(), repo_id="amina/pruned").split("\n\n")
    verdict = next(place for place, one in enumerate(paragraphs) if one.startswith("Calibrating in Swahili instead"))
    assert paragraphs[verdict + 1] == SENTENCE


@pytest.mark.parametrize(
    ("calibration", "control", "said"),
    [
        (OWN, DEMO, "the author's own (notes_1.txt), and the control's English text is the text of hubprune's demo:"),
        ({**OWN, "source": "self"}, {}, "is what the base model wrote itself, and the control's"),
        ({"source": "amina/news"}, {}, "is from amina/news, and the control's English text is from allenai/c4:"),
    ],
)
def test_other_kinds(calibration: dict[str, Any], control: dict[str, Any], said: str) -> None:
    assert said in other_sources(report(calibration, control))


@pytest.mark.parametrize(
    ("calibration", "control"),
    [({}, {}), (CRAWLED, {}), ({}, CRAWLED), (DEMO, DEMO), (OWN, {**OWN, "source": "english.txt"})],
)
def test_texts_of_one_kind_are_not_spoken_of(calibration: dict[str, Any], control: dict[str, Any]) -> None:
    found = report(calibration, control)
    assert other_sources(found) == ""
    assert "verdict_sources" not in verdicts_of(found)
    assert "from its language" not in card.render(found, made.recipe(), repo_id="amina/pruned")


def test_without_a_control_nothing_is_compared() -> None:
    assert other_sources(report(OWN, {}, recipe=made.recipe(control=None).to_dict())) == ""


def test_of_several_texts_those_of_another_source_are_named() -> None:
    found = made.report(
        texts=[
            made.record("sw", "calibration", **OWN),
            made.record("de", "calibration"),
            made.record("en", "control"),
        ]
    )
    assert other_sources(found) == SENTENCE
