"""The sentence under the table: true to the numbers, and to the noise."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import made_up_reports as made
import pytest

from hubprune.publishing import tables
from hubprune.publishing.noise import t_quantile
from hubprune.publishing.verdict import caution, verdict
from hubprune.report import DENSE, PRUNED, LanguageRow, Report


def row(
    code: str, against: float | None, error: float | None = 0.01, target: bool = False, windows: int = 64
) -> LanguageRow:
    made_up = made.language(code, target=target, control=against is not None)
    return dataclasses.replace(made_up, against_control=against, against_control_se=error, windows=windows)


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
            "Calibrating in Swahili instead of English changed Swahili perplexity by no more than the windows' noise "
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


@pytest.mark.parametrize(
    ("degrees", "known"), [(1, 12.706), (4, 2.776), (5, 2.571), (10, 2.228), (20, 2.086), (60, 2.000), (10**9, 1.962)]
)
def test_students_t(degrees: int, known: float) -> None:
    assert t_quantile(degrees) == pytest.approx(known, abs=0.0006)


@pytest.mark.parametrize(("windows", "border"), [(6, 2.571), (11, 2.228), (61, 2.0003)])
def test_the_border_of_noise_is_students_t(windows: int, border: float) -> None:
    inside, outside = (math.exp(-0.01 * (border + step)) for step in (-0.001, 0.001))
    rows = [row("sw", ratio, 0.01 * ratio, target=True, windows=windows) for ratio in (inside, outside)]
    assert "changed Swahili perplexity by no more than the windows' noise" in verdict(swahili(rows[0]))
    assert "kept Swahili perplexity" in verdict(swahili(rows[1]))


@pytest.mark.parametrize("windows", [2, 4])
def test_very_few_windows_prove_nothing(windows: int) -> None:
    assert verdict(swahili(row("sw", 0.5, 0.001, target=True, windows=windows))) == (
        "Calibrating in Swahili instead of English changed Swahili perplexity by −50.0 %, with too few windows to tell "
        "that from noise."
    )
    assert "50.0 % lower" in verdict(swahili(row("sw", 0.5, 0.001, target=True, windows=5)))


def test_other_languages_are_summed_up() -> None:
    sentence = verdict(made.seven())
    assert sentence.endswith("; against English calibration, perplexity in 5 other languages changed by −3 % to +2 %.")
    one = verdict(swahili(row("sw", 0.91, target=True), row("en", 1.05), row("de", 1.001)))
    assert one.endswith(
        "; against English calibration, perplexity in German changed by no more than the windows' noise."
    )
    texts = [made.record(code, "calibration") for code in ("sw", "en")]
    mixed = [row("sw", 0.91, target=True), row("en", 1.0, target=True), row("de", 1.02)]
    assert verdict(made.report(texts=texts, languages=mixed)).endswith(
        "; against English calibration alone, perplexity in German changed by +2 % (± 1 %)."
    )


def test_two_target_languages_one_of_them_the_control() -> None:
    texts = [made.record(code, "calibration") for code in ("sw", "en")]
    languages = [row("sw", 0.91, target=True), row("en", 1.0, target=True)]
    assert verdict(made.report(texts=texts, languages=languages)) == (
        "Calibrating in Swahili and English instead of English alone kept perplexity lower in Swahili (−9 % ± 1 %) "
        "and changed perplexity by no more than the windows' noise in English (+0.0 % ± 1.0 %)."
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


def evaluation(*rows: tuple[str, float], model: str = "me/sparse", against: str = "org/base", **changes: Any) -> Report:
    """Of two checkpoints: (language, ratio of the perplexities)."""
    languages = []
    for code, ratio in rows:
        made_up = made.language(code, target=False, control=False)
        score = dataclasses.replace(made_up.scores[PRUNED], ratio=ratio, ratio_se=0.01)
        languages.append(dataclasses.replace(made_up, scores={**made_up.scores, PRUNED: score}, **changes))
    return made.report(
        made.recipe(lang={}, control=None),
        texts=[],
        sparsity=None,
        blocks=[],
        languages=languages,
        model=made.model(id=model),
        against=made.model(id=against, revision="f" * 40),
    )


def test_an_evaluation_speaks_of_its_two_models() -> None:
    one = evaluation(("sw", 0.91))
    assert verdict(one) == "me/sparse's perplexity is 9 % lower than org/base's (± 1 %) in Swahili."
    assert verdict(evaluation(("sw", 1.05))).startswith("me/sparse's perplexity is 5 % higher than org/base's")
    assert verdict(evaluation(("sw", 0.91), ("en", 1.05), ("de", 1.002))) == (
        "me/sparse's perplexity, compared with org/base's, is lower in Swahili (−9 % ± 1 %), higher in English (+5 % ± "
        "1 %) and the same within the windows' noise in German (+0.2 % ± 1.0 %)."
    )
    many = verdict(evaluation(*((code, 1.1 + place / 100) for place, code in enumerate(made.RATIOS))))
    assert many == "me/sparse's perplexity, compared with org/base's, is higher in 7 languages (+10 % to +16 %)."
    assert "another, with too few windows" in verdict(evaluation(("sw", 0.5), windows=3))
    assert "Pruning" not in verdict(one)
    table = tables.language_table(one)
    assert table.columns == ["Language", "base", "sparse", "Ratio to base", "Bits per byte", "Windows"]
    assert table.notes[0] == "base and sparse: perplexity, lower is better."
    assert "calibration" not in " ".join(table.notes)


def test_models_of_one_name_are_told_apart() -> None:
    assert tables.model_names(evaluation(("sw", 1.0), model="org/base")) == {
        DENSE: f"org/base@{'f' * 7}",
        PRUNED: f"org/base@{made.BASE[:7]}",
    }
    owners = evaluation(("sw", 1.0), model="me/base")
    assert tables.lane_names(owners) == {DENSE: "org/base", PRUNED: "me/base"}
    folders = dataclasses.replace(owners, model=made.model(id="x"), against=made.model(id="x"))
    assert tables.lane_names(folders) == {DENSE: "x (B)", PRUNED: "x (A)"}


def test_an_evaluation_of_one_model_has_nothing_to_compare() -> None:
    row = made.language("sw", target=False, control=False)
    report = dataclasses.replace(evaluation(), languages=[dataclasses.replace(row, scores={DENSE: row.scores[DENSE]})])
    report = dataclasses.replace(report, against=None)
    assert verdict(report) == "me/sparse was measured alone, so its perplexity is compared with nothing."
    assert tables.language_table(report).columns == ["Language", "sparse", "Bits per byte", "Windows"]
    assert tables.language_table(report).notes[0] == "sparse: perplexity, lower is better."
    broken = dataclasses.replace(row.scores[DENSE], perplexity=math.inf)
    report = dataclasses.replace(report, languages=[dataclasses.replace(row, scores={DENSE: broken})])
    assert verdict(report).startswith("me/sparse does not work in Swahili")


def test_large_factors_are_not_per_cents() -> None:
    sentence = verdict(swahili(row("sw", 0.9, target=True), row("en", 12.3, 0.4)))
    assert sentence.endswith(", and multiplied English perplexity by 12.3 (± 0.4).")


def test_the_caution_names_its_source() -> None:
    assert "not knowledge or reasoning" in caution()
    assert all(source in caution() for source in ("Kurz", "2408.14398", "2026.tacl-1.9"))
