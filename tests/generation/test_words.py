"""Prompts, repetition and language of texts, by hand and against definitions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubprune.errors import LanguageUnknown
from hubprune.generation import Continuation, generation_row, obstacle, prompts
from hubprune.generation.identify import codes_of, detector, identify, in_language, thorough
from hubprune.generation.prompt_table import PROMPTS
from hubprune.generation.repetition import mean_repetition, repetition, units
from hubprune.languages import known
from hubprune.report import DENSE, PRUNED, GenerationRow

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
    # 40 units, 37 grams, of which the first 4 are new.
    assert repetition("the Lord , the " * 10) == pytest.approx(33 / 37)
    assert repetition("") == repetition("one two three") == 0.0
    assert repetition("A b C d, a B c D") == pytest.approx(1 / 6)  # case is ignored, a mark is a unit
    assert mean_repetition(["a b c d e", "a a a a a a a a"]) == pytest.approx((0 + 4 / 5) / 2)
    with pytest.raises(ZeroDivisionError):
        mean_repetition([])


def test_what_goes_in_circles_without_words() -> None:
    assert repetition("." * 20) == repetition("。" * 20) == pytest.approx(16 / 17)
    assert repetition("- - - - - - - -") == pytest.approx(4 / 5)


def test_units_of_scripts_with_and_without_spaces() -> None:
    assert units("我们在这里。") == list("我们在这里。")
    assert units("我们 2024 年用 Python写") == ["我", "们", "2024", "年", "用", "python", "写"]
    assert units("habari za leo, Mama?") == ["habari", "za", "leo", ",", "mama", "?"]
    assert units("हिन्दी में") == ["हिन्दी", "में"]  # vowel signs are no letters to Unicode
    assert units("한국어는 한국말") == ["한국어는", "한국말"]
    assert units("ภาษาไทย") == list("ภาษาไทย")
    assert units("カタカナ ﾃ") == ["カ", "タ", "カ", "ナ", "ﾃ"]
    assert units("a\x00b\n") == ["ab"]


@pytest.mark.parametrize("language", PROMPTS)
def test_prompts_are_five_open_sentences_in_their_language(language: str) -> None:
    found = prompts(language)
    assert len(set(found)) == 5
    for prompt in found:
        assert prompt == " ".join(prompt.split())
        assert prompt[-1] not in ".?!。؟۔।:;"
    assert [text for text in found if not in_language([text], language)] == []


def test_a_language_without_prompts_of_its_own_has_a_beginning_or_nothing() -> None:
    assert prompts("swahili") == prompts("sw")
    assert prompts("el") == ("Στη χώρα μας",)
    assert prompts("haw") == ()
    assert all(prompts(language.code) or not language.prompt for language in known())
    with pytest.raises(LanguageUnknown):
        prompts("klingonish")


@pytest.mark.parametrize("language", TEXTS)
def test_a_text_is_in_its_language_and_no_other(language: str) -> None:
    assert in_language([TEXTS[language]], language) == 1.0
    others = [text for code, text in TEXTS.items() if code != language]
    assert in_language(others, language) == 0.0


@pytest.mark.parametrize(
    "text", ["", "   ", "。。。。。。。。", "1234 5678 90", "aaaa aaaa aaaa aaaa", "的" * 20, "na na na " * 5, "ok"]
)
@pytest.mark.parametrize("language", ["sw", "zh", "en", "ro"])
def test_what_is_no_language_is_not_in_it(text: str, language: str) -> None:
    assert in_language([text], language) == 0.0


def test_a_share() -> None:
    assert in_language([TEXTS["sw"], TEXTS["en"], "", TEXTS["sw"]], "sw") == 0.5


def test_languages_that_lingua_does_not_know() -> None:
    assert in_language([TEXTS["sw"]], "co") is None
    assert in_language([], "sw") is None


@pytest.mark.parametrize(("text", "languages"), [
    ("Setiap pagi ibu saya membuka toko kecil di jalan kami.", ("id", "ms")),
    ("Svako jutro moja majka otvara malu trgovinu u našoj ulici.", ("hr", "bs", "sr")),
    ("Щоранку моя мама відчиняє маленьку крамницю на нашій вулиці.", ("uk",)),
    ("Анам күн сайын таңертең көшеміздегі шағын дүкенді ашады.", ("kk", "uk")),
    ("Hver morgen åpner moren min den lille butikken i gata vår.", ("no",)),
    ("Hver morgen åbner min mor den lille butik i vores gade.", ("da",)),
    ("Tuwing umaga binubuksan ng nanay ko ang munting tindahan sa aming kalye.", ("fil",)),
])  # fmt: skip
def test_languages_that_are_not_told_apart_count_as_one(text: str, languages: tuple[str, ...]) -> None:
    asked = ("id", "ms", "hr", "bs", "sr", "uk", "kk", "no", "da", "fil", "sw", "en")
    assert tuple(code for code in asked if in_language([text], code)) == tuple(c for c in asked if c in languages)


CIRCLES = {"en": "The moment" + " of the most" * 14, "ru": "я не могу, что " * 10, "sw": "na mkewe. Alikuwa " * 10}


@pytest.mark.parametrize("language", CIRCLES)
def test_a_text_that_goes_in_circles_is_still_in_its_language(language: str) -> None:
    assert identify(CIRCLES[language], language) == language
    assert in_language([CIRCLES[language]], "ro") == 0.0


def test_a_plain_text_loads_no_large_model() -> None:
    before = thorough.cache_info().currsize
    assert in_language([TEXTS["zh"], TEXTS["ja"]], "sw") == 0.0
    assert thorough.cache_info().currsize == before


def test_every_code_of_the_exceptions_is_lingua_s() -> None:
    known_here = detector()[1].keys()
    assert all(codes_of(code) <= known_here for code in ("no", "fil", "id", "ms", "bs", "hr", "sr", "uk"))


def test_without_lingua_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert obstacle() is None
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert in_language([TEXTS["sw"]], "sw") is None
    assert "pip install 'hubprune[eval]'" in (obstacle() or "")
    assert row_of("sw").unknown == row_of("co").unknown == "lingua was not installed"


def test_a_language_that_lingua_does_not_know_is_another_reason() -> None:
    assert row_of("co").unknown == "lingua does not know the language"
    assert row_of("co").scores[DENSE].in_language is None
    assert row_of("sw").unknown is None


def row_of(code: str) -> GenerationRow:
    return generation_row(code, {DENSE: [Continuation(TEXTS["sw"], 20)]}, ["A"], 20, calibrated=True)


def test_a_row() -> None:
    dense = [Continuation(TEXTS["sw"], 20), Continuation(TEXTS["sw"], 18)]
    pruned = [Continuation(TEXTS["en"], 20), Continuation("na na na na na na na na", 8)]
    row = generation_row("sw", {DENSE: dense, PRUNED: pruned}, ["A", "B"], 20, calibrated=True)
    assert (row.scores[DENSE].in_language, row.scores[DENSE].repetition, row.scores[DENSE].tokens) == (1.0, 0.0, 38)
    assert (row.scores[PRUNED].in_language, row.scores[PRUNED].tokens) == (0.0, 28)
    assert row.scores[PRUNED].repetition == pytest.approx(0.4)
    assert [sample.prompt for sample in row.samples] == ["A", "B"]
    assert row.samples[1].texts == {DENSE: TEXTS["sw"], PRUNED: "na na na na na na na na"}
