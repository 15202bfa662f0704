"""Repetition and language of texts, by hand and against definitions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubprune.generation import Continuation, generation_row, identify
from hubprune.generation.identify import in_language
from hubprune.generation.repetition import mean_repetition, repetition, units_of
from hubprune.report import DENSE, PRUNED

TEXTS = {
    "sw": "Katika kijiji chetu watu huamka mapema na kwenda shambani kabla jua halijawa kali.",
    "en": "In our village people get up early and go to the field before the sun is high.",
    "de": "In unserem Dorf stehen die Leute früh auf und gehen aufs Feld, bevor die Sonne hoch steht.",
    "ar": "في قريتنا يستيقظ الناس مبكرا ويذهبون إلى الحقل قبل أن تشتد حرارة الشمس.",
    "zh": "在我们村里，人们很早起床，在太阳升高之前就到田里去干活。",
    "ru": "В нашей деревне люди встают рано и идут в поле, пока солнце не поднялось высоко.",
    "ja": "私たちの村では、人々は朝早く起きて、日が高くなる前に畑へ行きます。",
}


@given(st.lists(st.sampled_from("abc"), max_size=30))
def test_repetition_counts_the_grams_that_were_there_before(words: list[str]) -> None:
    seen, again, grams = [], 0, max(len(words) - 3, 0)
    for at in range(grams):
        gram = words[at : at + 4]
        again += gram in seen
        seen.append(gram)
    assert repetition(" ".join(words)) == pytest.approx(again / grams if grams else 0.0)


def test_repetition_by_hand() -> None:
    assert repetition("a b c d e f g h") == 0.0
    assert repetition("the Lord , " * 10) > 0.8
    assert repetition("") == repetition("one two three") == 0.0
    assert mean_repetition(["a b c d e", "a a a a a a a a"]) == pytest.approx((0 + 4 / 5) / 2)
    assert mean_repetition([]) == 0.0


def test_scripts_without_blanks_are_counted_by_character() -> None:
    assert units_of("我们在这里") == list("我们在这里")
    assert units_of("我们 2024 年") == ["我", "们", "2", "0", "2", "4", "年"]
    assert units_of("habari za leo") == ["habari", "za", "leo"]
    assert repetition("你要在你面前，" * 5) > 0.6


@pytest.mark.parametrize("language", TEXTS)
def test_a_text_is_in_its_language_and_no_other(language: str) -> None:
    assert in_language([TEXTS[language]], language) == 1.0
    others = [text for code, text in TEXTS.items() if code != language]
    assert in_language(others, language) == 0.0


@pytest.mark.parametrize("text", ["", "   ", "。。。。。。。。", "1234 5678 90", "aaaa aaaa aaaa aaaa", "ok"])
@pytest.mark.parametrize("language", ["sw", "zh", "en", "ro"])
def test_what_is_no_language_is_not_in_it(text: str, language: str) -> None:
    assert in_language([text], language) == 0.0


def test_a_share() -> None:
    assert in_language([TEXTS["sw"], TEXTS["en"], "", TEXTS["sw"]], "sw") == 0.5


def test_languages_that_lingua_does_not_know() -> None:
    assert in_language([TEXTS["sw"]], "co") is None
    assert in_language([], "sw") is None


def test_without_lingua_nothing_is_said(monkeypatch) -> None:
    identify._lingua.cache_clear()
    monkeypatch.setattr(identify, "find_spec", lambda name: None)
    assert in_language([TEXTS["sw"]], "sw") is None
    identify._lingua.cache_clear()


def test_a_row() -> None:
    dense = [Continuation(TEXTS["sw"], 20), Continuation(TEXTS["sw"], 18)]
    pruned = [Continuation(TEXTS["en"], 20), Continuation("na na na na na na na na", 8)]
    row = generation_row("sw", ["A", "B"], {DENSE: dense, PRUNED: pruned}, 20, calibrated=True)
    assert (row.scores[DENSE].in_language, row.scores[DENSE].repetition, row.scores[DENSE].tokens) == (1.0, 0.0, 38)
    assert (row.scores[PRUNED].in_language, row.scores[PRUNED].tokens) == (0.0, 28)
    assert row.scores[PRUNED].repetition == pytest.approx(0.4)
    assert [sample.prompt for sample in row.samples] == ["A", "B"]
    assert row.samples[1].texts == {DENSE: TEXTS["sw"], PRUNED: "na na na na na na na na"}
