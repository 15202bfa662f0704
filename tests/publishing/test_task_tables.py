"""Tasks as numbers and as strings: noise, chance, what was kept, and languages without any."""

from __future__ import annotations

import dataclasses
import math

import made_up_evidence as evidence
import made_up_reports as made
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubprune.publishing import points, task_tables
from hubprune.report import CONTROL, DENSE, PRUNED, Paired, TaskRow, TaskScore


def row(dense: float, pruned: float, items: int = 200, chance: float | None = 0.5, se: float | None = 0.03) -> TaskRow:
    scores = {DENSE: TaskScore(dense, se), PRUNED: TaskScore(pruned, se, Paired(pruned - dense, 0.02, 1, 2, 0.5))}
    return dataclasses.replace(evidence.task("sw"), scores=scores, items=items, chance=chance)


def test_the_table_as_strings() -> None:
    table = task_tables.task_table(evidence.full())
    assert table.columns == [
        *("Language", "Task", "Dense", "English-calibrated", "Swahili-calibrated"),
        *("Change to dense", "Change to control", "Kept", "Items"),
    ]
    assert table.rows[0] == [
        *("Swahili", "XCOPA (reasoning): xcopa_sw, acc, chance 50.0", "72.5", "58.0", "68.0"),
        *("−4.5 ± 2.3 (noise)", "+10.0 ± 2.7 (p < 0.001)", "80 ± 10 %", "200"),
    ]
    assert [cells[0] for cells in table.rows] == ["Swahili", "Swahili", "English", "English"]
    assert table.rows[2][5] == "−7.0 ± 2.3 (p = 0.004)"
    assert [cells[7] for cells in table.rows] == ["80 ± 10 %", "dense at chance", "72 ± 9 %", "dense at chance"]
    assert (table.targets, table.mean) == ([0, 1], None)
    said = " ".join(table.notes)
    assert "p of 0.05 or more is called noise" in said
    assert "Of twenty such tests" in said
    assert "Kept: the share that stays of what the dense model scores above chance." in said
    assert "no better than guessing" in said
    assert "Of a task with more than 200 items only the first 200 were asked, in the order of the data set" in said
    assert "were cut: 3 of 200 in global_mmlu_sw and 3 of 200 in global_mmlu_en." in said


def test_passages_count_not_their_items() -> None:
    """A dense model just above chance by 200 items is at chance by 30 passages; errors say what they count."""
    alone, shared = row(0.56, 0.5, se=0.03), dataclasses.replace(row(0.56, 0.5, se=0.03), passages=30)
    assert (points.standing(alone), points.standing(shared)) == ("above", "at")
    assert points.standing(dataclasses.replace(shared, passages=29)) == "few"
    (note,) = (note for note in task_tables.conditions(made.report(tasks=[alone, shared])) if "passage" in note)
    assert note == (
        "Items about one passage are not independent: the errors and p of xcopa_sw (30 for 200 items) are over "
        "passages."
    )
    many = made.report(tasks=[dataclasses.replace(shared, task=f"task_{n}") for n in range(9)])
    assert "task_0 (30 for 200 items) and 8 other tasks are over passages." in " ".join(task_tables.conditions(many))
    assert not any("passage" in note for note in task_tables.conditions(made.report(tasks=[alone])))


def test_without_control_there_are_no_columns_for_it() -> None:
    report = made.report(tasks=[evidence.without(evidence.task("sw"), CONTROL)])
    table = task_tables.task_table(report)
    assert table.columns == [
        *("Language", "Task", "Dense", "Swahili-calibrated", "Change to dense", "Kept", "Items"),
    ]


def test_a_language_without_tasks_says_why_and_has_no_zero() -> None:
    report, _ = evidence.half()
    table = task_tables.task_table(report)
    assert table.rows[-1] == ["Swahili", "none", "", "", "", "", ""]
    assert table.targets == [1]
    assert table.notes[-1] == "No task was measured in Swahili: the data set of xcopa_sw is not to be had."
    nothing = dataclasses.replace(report, tasks=[], no_tasks={"": "lm-eval is not installed"})
    table = task_tables.task_table(nothing)
    assert (table.rows, table.notes) == ([], ["No task was measured: lm-eval is not installed."])


def test_a_reason_for_a_language_that_has_a_task_after_all_is_not_told() -> None:
    report = made.report(tasks=[evidence.task("sw")], no_tasks={"sw": "of no account"})
    assert task_tables.without(report) == {}


@pytest.mark.parametrize(
    ("dense", "se", "items", "chance", "expected"),
    [
        (0.7, 0.03, 200, 0.5, "above"),
        (0.55, 0.03, 200, 0.5, "at"),
        (0.5, 0.0, 200, 0.5, "at"),
        (0.3, 0.03, 200, 0.5, "below"),
        (0.9, 0.05, 4, 0.5, "few"),
        (0.9, None, 200, 0.5, "few"),
        (math.nan, 0.03, 200, 0.5, "few"),
        (0.04, 0.03, 200, None, "at"),
        (0.4, 0.03, 200, None, "above"),
    ],
)
def test_the_dense_model_beside_guessing(dense, se, items, chance, expected: str) -> None:
    found = row(dense, 0.5, items, chance, se)
    assert points.standing(found) == expected
    assert (points.kept(found) is None) == (expected != "above")
    assert bool(points.silence(found)) == (expected != "above")


def test_the_border_of_chance_is_students_t() -> None:
    assert points.standing(row(0.5 + 2.04 * 0.1, 0.5, 30, se=0.1)) == "at"  # 2.045 with 29 degrees of freedom
    assert points.standing(row(0.5 + 2.05 * 0.1, 0.5, 30, se=0.1)) == "above"


@pytest.mark.parametrize(
    ("dense", "pruned", "chance", "kept"),
    [(0.7, 0.6, 0.5, 0.5), (0.7, 0.7, 0.5, 1.0), (0.7, 0.8, 0.5, 1.5), (0.7, 0.45, 0.5, -0.25), (0.4, 0.3, None, 0.75)],
)
def test_kept_is_the_share_above_chance(dense, pruned, chance, kept: float) -> None:
    assert points.kept(row(dense, pruned, chance=chance)) == pytest.approx(kept)


def test_less_than_chance_keeps_nothing() -> None:
    assert task_tables.kept(row(0.7, 0.45)) == "nothing: at chance or below"


def test_the_error_of_what_was_kept_agrees_with_a_simulation() -> None:
    import numpy as np

    from hubprune.evaluation.paired import paired
    from hubprune.evaluation.perplexity import mean_and_error

    random = np.random.default_rng(0)
    shares, told = [], []
    for _ in range(400):
        easy = random.random(500)
        dense, pruned = (easy < 0.8).astype(float), ((easy < 0.6) | (random.random(500) < 0.2)).astype(float)
        scores = {
            DENSE: TaskScore(*mean_and_error(dense)),
            PRUNED: TaskScore(*mean_and_error(pruned), paired(pruned, dense)),
        }
        found = dataclasses.replace(evidence.task("sw"), scores=scores, items=500)
        shares.append(points.kept(found))
        told.append(points.kept_error(found))
    assert np.mean(told) == pytest.approx(np.std(shares), rel=0.1)


@pytest.mark.parametrize(
    ("better", "worse", "kind", "judged"),
    [
        (0, 0, "noise", "equal"),
        (5, 15, "lower", "p = 0.041"),
        (6, 15, "noise", "noise"),
        (30, 5, "higher", "p < 0.001"),
        (0, 5, "noise", "noise"),
        (0, 6, "lower", "p = 0.031"),
    ],
)
def test_the_border_of_noise_is_the_sign_test(better: int, worse: int, kind: str, judged: str) -> None:
    change = points.Change(evidence.task("sw"), evidence.paired(better, worse))
    assert (change.kind, change.judged) == (kind, judged)


def test_a_mean_and_a_count_that_disagree_are_noise() -> None:
    assert points.Change(evidence.task("sw"), Paired(-0.02, 0.01, 30, 5, 0.0001)).kind == "noise"


@pytest.mark.parametrize(
    ("difference", "se", "shown"),
    [
        (-0.045, 0.0228, "−4.5 ± 2.3"),
        (0.0001, 0.01, "0.0 ± 1.0"),
        (0.1, None, "+10.0"),
        (math.nan, 0.1, "not finite"),
    ],
)
def test_points(difference: float, se: float | None, shown: str) -> None:
    assert points.Change(evidence.task("sw"), Paired(difference, se, 1, 2, 0.5)).shown == shown


NUMBER = st.floats(0, 1) | st.sampled_from([0.0, 0.5, 1.0, math.nan, math.inf, -math.inf])


@given(NUMBER, NUMBER, st.none() | NUMBER, st.none() | st.floats(0, 1), st.integers(0, 10**6))
def test_nothing_is_divided_by_nothing(dense, pruned, se, chance, items: int) -> None:
    found = row(dense, pruned, items, chance, se)
    report = made.report(tasks=[found])
    cells = " ".join(" ".join(line) for line in task_tables.task_table(report).rows)
    assert not any(word in cells for word in ("nan", "inf ", "None", "e+"))
    share = points.kept(found)
    assert share is None or math.isfinite(share)


def test_an_evaluation_names_its_models() -> None:
    report = made.report(
        made.recipe(lang={}, control=None),
        texts=[],
        sparsity=None,
        languages=[made.language("sw", target=False, control=False)],
        tasks=[evidence.without(evidence.at_chance("sw"), CONTROL), evidence.without(evidence.task("sw"), CONTROL)],
        model=made.model(id="me/sparse"),
        against=made.model(id="org/base"),
    )
    table = task_tables.task_table(report)
    assert table.columns == ["Language", "Task", "base", "sparse", "Change to base", "Kept", "Items"]
    assert table.rows[0][5] == "base at chance"
    assert "Where base is no better than guessing" in " ".join(table.notes)
    alone = dataclasses.replace(
        report,
        against=None,
        languages=[dataclasses.replace(report.languages[0], scores={DENSE: report.languages[0].scores[DENSE]})],
        tasks=[evidence.without(task, PRUNED) for task in report.tasks],
    )
    table = task_tables.task_table(alone)
    assert table.columns == ["Language", "Task", "sparse", "Remark", "Items"]
    assert [line[3] for line in table.rows] == ["sparse at chance", ""]


@pytest.mark.parametrize(
    ("value", "items", "chance", "expected"),
    [
        (1.0, 30, 0.95, "at"),
        (1.0, 30, 0.5, "above"),
        (0.0, 30, 0.05, "at"),
        (0.0, 30, 0.25, "below"),
    ],
)
def test_all_right_or_all_wrong_is_judged_exactly(value: float, items: int, chance: float, expected: str) -> None:
    """Without spread the standard error is 0, which would call one right answer certain."""
    row = evidence.full().tasks[0]
    scores = row.scores | {DENSE: dataclasses.replace(row.scores[DENSE], value=value, se=0.0)}
    assert points.standing(dataclasses.replace(row, scores=scores, items=items, chance=chance)) == expected
