"""The sentence under the table: true to the numbers, and to the noise."""

from __future__ import annotations

import dataclasses
import math

import made_up_reports as made
import pytest

from hubprune.publishing.verdict import caution, verdict
from hubprune.report import PRUNED, LanguageRow, Report


def row(code: str, against: float | None, error: float | None = 0.01, target: bool = False) -> LanguageRow:
    made_up = made.language(code, target=target, control=against is not None)
    return dataclasses.replace(made_up, against_control=against, against_control_se=error)


def swahili(*rows: LanguageRow) -> Report:
    return made.report(languages=list(rows))


@pytest.mark.parametrize(
    ("target", "control", "expected"),
    [
        (
            row("sw", 0.91, target=True),
            row("en", 1.05),
            "Calibrating in Swahili instead of English kept Swahili perplexity 9 % lower (± 1 %), "
            "and cost English 5 % (± 1 %).",
        ),
        (
            row("sw", 0.91, 0.003, target=True),
            row("en", 1.004, 0.003),
            "Calibrating in Swahili instead of English kept Swahili perplexity 9.0 % lower (± 0.3 %), "
            "with no clear change in English.",
        ),
        (
            row("sw", 0.985, target=True),
            row("en", 1.05),
            "Calibrating in Swahili instead of English changed Swahili perplexity only inside the noise "
            "(−1.5 % ± 1.0 %), and cost English 5 % (± 1 %).",
        ),
        (
            row("sw", 1.04, target=True),
            row("en", 0.97),
            "Calibrating in Swahili instead of English made Swahili perplexity 4 % higher (± 1 %), and lowered English "
            "perplexity by 3 % (± 1 %); English text was the better choice for Swahili here.",
        ),
        (
            row("sw", 0.5, None, target=True),
            row("en", 1.2, None),
            "Calibrating in Swahili instead of English changed Swahili perplexity by −50 %, with too few windows to "
            "tell that from noise, and changed English by +20 %.",
        ),
    ],
)
def test_against_the_control(target: LanguageRow, control: LanguageRow, expected: str) -> None:
    assert verdict(swahili(target, control)) == expected


def test_the_border_of_noise_is_two_standard_errors() -> None:
    assert "inside the noise" in verdict(swahili(row("sw", math.exp(-0.0199), 0.01 * math.exp(-0.0199), target=True)))
    assert "lower" in verdict(swahili(row("sw", math.exp(-0.0201), 0.01 * math.exp(-0.0201), target=True)))


def test_other_languages_are_summed_up() -> None:
    sentence = verdict(made.seven())
    assert sentence.endswith("; perplexity in 5 other languages changed by −3 % to +2 %.")
    one = verdict(swahili(row("sw", 0.91, target=True), row("en", 1.05), row("de", 1.001)))
    assert one.endswith("; perplexity in German stayed inside the noise.")


def test_two_target_languages_one_of_them_the_control() -> None:
    texts = [made.record(code, "calibration") for code in ("sw", "en")]
    languages = [row("sw", 0.91, target=True), row("en", 1.0, target=True)]
    assert verdict(made.report(texts=texts, languages=languages)) == (
        "Calibrating in Swahili and English instead of English alone kept perplexity lower in Swahili (−9 % ± 1 %) "
        "and changed perplexity only inside the noise in English (+0.0 % ± 1.0 %)."
    )


def test_without_control() -> None:
    languages = [made.language(code, target=code == "sw", control=False) for code in ("sw", "en")]
    assert verdict(made.report(languages=languages)) == (
        "Pruning changed perplexity by +18.4 % (± 0.4 %) in Swahili and by +22.7 % (± 0.4 %) in English; "
        "no control was run, so what the choice of calibration language did to it is not known."
    )


def test_a_method_without_text_has_no_choice_to_speak_of() -> None:
    languages = [made.language("sw", target=False, control=False)]
    assert (
        verdict(made.report(texts=[], languages=languages))
        == "Pruning changed perplexity by +18.4 % (± 0.4 %) in Swahili."
    )


def test_the_calibration_language_was_not_measured() -> None:
    sentence = verdict(swahili(row("en", 1.05), row("de", 1.02)))
    assert sentence == (
        "The calibration language was not measured; against English calibration, perplexity changed by +2 % to +5 %."
    )


def test_nothing_measured() -> None:
    assert "not known in any language" in verdict(made.bare()[0])


def test_a_model_that_broke_is_called_broken() -> None:
    broken = made.language("sw", target=True)
    scores = {**broken.scores, PRUNED: dataclasses.replace(broken.scores[PRUNED], perplexity=math.nan)}
    assert "does not work in Swahili" in verdict(swahili(dataclasses.replace(broken, scores=scores)))


def test_large_factors_are_not_per_cents() -> None:
    sentence = verdict(swahili(row("sw", 0.9, target=True), row("en", 12.3, 0.4)))
    assert sentence.endswith(", and multiplied English perplexity by 12.3 (± 0.4).")


def test_the_caution_names_its_source() -> None:
    assert "not knowledge or reasoning" in caution()
    assert all(source in caution() for source in ("Kurz", "2408.14398", "2026.tacl-1.9"))
