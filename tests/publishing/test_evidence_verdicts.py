"""The sentences on tasks and on generated text: true to the numbers, and to the noise."""

from __future__ import annotations

import dataclasses
import re

import made_up_evidence as evidence
import made_up_reports as made
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubprune.publishing.generation_verdict import fisher, generation_verdict
from hubprune.publishing.task_tables import task_table
from hubprune.publishing.task_verdict import task_caution, task_verdict
from hubprune.publishing.verdict import verdict
from hubprune.report import CONTROL, DENSE, PRUNED, Report, TaskRow


def chosen(better: int, worse: int, code: str = "sw", name: str = "") -> TaskRow:
    """The pruned model better than the control on some items, worse on others."""
    return dataclasses.replace(evidence.task(code, name), against_control=evidence.paired(better, worse))


def of(*rows: TaskRow, **changes: object) -> Report:
    return made.report(tasks=list(rows), **changes)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            [chosen(26, 6)],
            "On tasks, Swahili text was worth choosing over English text: +10.0 ± 2.7 points on reasoning (XCOPA).",
        ),
        (
            [chosen(6, 26)],
            "On tasks, English text was the better choice than Swahili text: −10.0 ± 2.7 points on reasoning (XCOPA).",
        ),
        (
            [chosen(12, 10)],
            "On tasks, choosing Swahili over English text made no difference beyond the noise: +1.0 ± 2.4 points on "
            "reasoning (XCOPA, inside the noise).",
        ),
        (
            [chosen(0, 0)],
            "On tasks, choosing Swahili over English text made no difference beyond the noise: 0.0 ± 0.0 points on "
            "reasoning (XCOPA, no item differs).",
        ),
        (
            [chosen(8, 0)],
            "On tasks, choosing Swahili over English text made a difference so small that another draw of calibration "
            "text could undo it: +4.0 ± 1.4 points on reasoning (XCOPA).",
        ),
        (
            [chosen(26, 6), chosen(6, 26, name="arc_sw")],
            "On tasks, choosing Swahili over English text gained here and lost there: +10.0 ± 2.7 points on reasoning "
            "(XCOPA) and −10.0 ± 2.7 on reasoning (arc_sw).",
        ),
        (
            [chosen(26, 6), chosen(12, 10, name="arc_sw"), chosen(6, 17, "en")],
            "On tasks, Swahili text was worth choosing over English text: +10.0 ± 2.7 points on reasoning "
            "(XCOPA) and +1.0 ± 2.4 on reasoning (arc_sw, inside the noise); in English: −5.5 ± 2.4 points on "
            "reasoning (xcopa_en).",
        ),
        (
            [evidence.at_chance("sw"), chosen(6, 17, "en")],
            "So they do not say either whether Swahili text was worth choosing.",
        ),
        (
            [chosen(6, 17, "en")],
            "No task was measured in Swahili, so whether that text was worth choosing is not known from tasks.",
        ),
    ],
)
def test_the_choice_of_language_on_tasks(rows: list[TaskRow], expected: str) -> None:
    cost, choice = re.fullmatch(r"(.+?[a-z)]\.) ((?:On tasks|So they|No task).+)", task_verdict(of(*rows))).groups()
    assert choice == expected
    assert cost.startswith(("Pruning changed task scores: ", "The tasks do not say what pruning cost: "))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            [chosen(26, 6)],
            "Pruning changed task scores: −4.5 ± 2.3 points on reasoning (XCOPA, inside the noise). On tasks, Swahili ",
        ),
        (
            [evidence.at_chance("sw"), chosen(6, 17, "en")],
            "The tasks do not say what pruning cost: on knowledge (Global MMLU) the dense model is no better than "
            "guessing. So they do not say either",
        ),
        (
            [dataclasses.replace(chosen(26, 6), items=29)],
            "The tasks do not say what pruning cost: on reasoning (XCOPA) too few items were asked to tell. So they",
        ),
        (
            [chosen(26, 6), dataclasses.replace(chosen(26, 6), task="belebele_swh_Latn", kind="reading", items=29)],
            "Pruning changed task scores: −4.5 ± 2.3 points on reasoning (XCOPA, inside the noise); on reading "
            "comprehension (Belebele) too few items were asked to tell. On tasks, Swahili text was worth choosing over "
            "English text: +10.0 ± 2.7 points on reasoning (XCOPA).",
        ),
        (
            [chosen(26, 6), dataclasses.replace(chosen(26, 6, "de"), calibrated=True)],
            "Pruning changed task scores: −4.5 ± 2.3 points on reasoning (XCOPA, Swahili, inside the noise) and "
            "−7.0 ± 2.3 on reasoning (xcopa_de, German).",
        ),
    ],
)
def test_the_loss_against_the_original_comes_first(rows: list[TaskRow], expected: str) -> None:
    assert task_verdict(of(*rows)).startswith(expected)


def test_few_items_are_neither_noise_nor_a_difference() -> None:
    few = dataclasses.replace(chosen(26, 6), items=29)
    for row, said in ((few, "+10.0 (too few items to tell)"), (chosen(26, 6), "+10.0 ± 2.7 (p < 0.001)")):
        table = task_table(of(row))
        assert table.rows[0][table.columns.index("Change to control")] == said
        assert ("Fewer than 30 independent items" in " ".join(table.notes)) == (row is few)


def test_english_text_has_no_control_to_miss() -> None:
    """With the control's own text there is nothing that a control could have shown."""
    missing = "no control was run"
    for code in ("sw", "en"):
        report = made.report(
            made.recipe(lang={code: 1.0}, control=None),
            texts=[made.record(code, "calibration"), made.record(code, "evaluation")],
            languages=[made.language(code, target=True, control=False)],
            tasks=[evidence.without(evidence.task(code, calibrated=True), CONTROL)],
        )
        assert (missing in verdict(report)) == (missing in task_verdict(report)) == (code == "sw")


def test_many_tasks_are_summed_up() -> None:
    rows = [chosen(26, 6, name=f"a{n}") for n in range(2)] + [chosen(12, 10, name=f"b{n}") for n in range(3)]
    assert task_verdict(of(*rows)) == (
        "Pruning changed task scores: inside the noise on 5 tasks (−4.5 points). "
        "On tasks, Swahili text was worth choosing over English text: higher on 2 tasks (+10.0 points) and inside the "
        "noise on 3 tasks (+1.0 points)."
    )


def test_without_control_the_cost_is_said_and_the_choice_is_not() -> None:
    report, _ = evidence.half()
    assert task_verdict(report) == (
        "Pruning changed task scores: −7.0 ± 2.3 points on reasoning (xcopa_en); no task was measured in Swahili; no "
        "control was run, so what the choice of calibration language did to them is not known."
    )


def test_an_evaluation_speaks_of_its_two_models() -> None:
    report = evidence.full(
        made.recipe(lang={}, control=None),
        texts=[],
        sparsity=None,
        languages=[made.language("sw", target=False, control=False)],
        tasks=[evidence.without(evidence.task("sw"), CONTROL)],
        generations=[evidence.generation("sw", {DENSE: 1.0, PRUNED: 0.875})],
        model=made.model(id="me/sparse"),
        against=made.model(id="org/base"),
    )
    assert task_verdict(report) == (
        "On tasks, me/sparse against org/base: −4.5 ± 2.3 points on reasoning (XCOPA, inside the noise)."
    )
    assert generation_verdict(report) == (
        "7 of 8 texts by me/sparse stay in Swahili (base 8, which may be chance); 12 % of its 4-grams are repeats "
        "(base 3 %)."
    )
    alone = [evidence.without(evidence.task("sw"), PRUNED, CONTROL)]
    assert task_verdict(dataclasses.replace(report, tasks=alone)) == ""


def test_nothing_measured_is_no_sentence() -> None:
    assert task_verdict(made.report()) == ""
    assert generation_verdict(made.report()) == ""


def stays(*shares: float | None, prompts: int = 8) -> str:
    row = evidence.generation("sw", dict(zip((DENSE, CONTROL, PRUNED), shares, strict=True)), prompts)
    return generation_verdict(made.report(generations=[row]))


def test_generated_text_in_a_sentence() -> None:
    repeats = "; 12 % of its 4-grams are repeats (dense 3 %, English-calibrated 31 %)."
    assert stays(1.0, 0.25, 0.875) == (
        f"7 of 8 texts by this model stay in Swahili (dense 8, English-calibrated 2, a difference beyond "
        f"chance){repeats}"
    )
    assert "English-calibrated 5, which may be chance)" in stays(1.0, 0.625, 0.875)
    assert "English-calibrated 7)" in stays(1.0, 0.875, 0.875)
    assert stays(None, None, None) == f"Whether text generated in Swahili stays in that language is not known{repeats}"


def test_many_languages_are_summed_up() -> None:
    codes = list(made.RATIOS)[:3]
    rows = [dataclasses.replace(evidence.generation(code), calibrated=True) for code in codes]
    assert generation_verdict(made.report(generations=rows)).startswith(
        "21 of 24 texts by this model stay in their 3 lang"
    )


@pytest.mark.parametrize(
    ("one", "other", "number", "p"),
    [(8, 2, 8, 0.00699), (7, 2, 8, 0.04056), (7, 5, 8, 0.56923), (4, 4, 8, 1.0), (0, 0, 3, 1)],
)
def test_fishers_exact_test(one: int, other: int, number: int, p: float) -> None:
    assert fisher(one, other, number) == pytest.approx(p, abs=1e-5)


@given(st.integers(1, 60), st.data())
def test_fishers_test_is_symmetric_and_a_probability(number: int, data: st.DataObject) -> None:
    one, other = data.draw(st.integers(0, number)), data.draw(st.integers(0, number))
    p = fisher(one, other, number)
    assert 0 < p <= 1
    assert p == fisher(other, one, number) == pytest.approx(fisher(number - one, number - other, number))


def test_the_caution_about_tasks_names_its_sources() -> None:
    assert all(words in task_caution() for words in ("2 to 5 points", "2311.09755", "multiple choice", "2606.17609"))
