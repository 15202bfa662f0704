"""The table as numbers and as strings."""

from __future__ import annotations

import dataclasses
import math
import subprocess
import sys

import made_up_reports as made
import pytest

from hubprune.publishing import tables
from hubprune.report import CONTROL, DENSE, PRUNED


def test_rows_put_calibration_languages_first_and_end_in_the_mean() -> None:
    rows = tables.language_rows(made.report())
    assert [(row.name, row.target) for row in rows] == [("Swahili", True), ("English", False), (tables.MEAN, False)]
    assert rows[-1].ratio == pytest.approx(math.sqrt(1.184 * 1.227))
    assert rows[-1].against_control == pytest.approx(math.sqrt(1.184 / 1.302 * 1.227 / 1.158))
    assert rows[-1].dense is None, "a mean of perplexities over languages would mean nothing"


def test_the_table_as_strings() -> None:
    table = tables.language_table(made.report())
    assert table.columns == [
        *("Language", "Dense", "English-calibrated", "Swahili-calibrated"),
        *("Ratio to dense", "Ratio to control", "Bits per byte", "Windows"),
    ]
    assert table.rows[0] == [
        *("Swahili", "21.37", "27.82", "25.30"),
        *("1.184 ± 0.004", "0.909 ± 0.004", "1.133 → 1.195", "64"),
    ]
    assert table.rows[2] == [tables.MEAN, "", "", "", "1.205", "0.982", "", ""]
    assert (table.targets, table.mean) == ([0], 2)
    assert any("cannot be compared" in note for note in table.notes)


def test_the_notes_say_what_stands_behind_a_plus_minus() -> None:
    said = " ".join(tables.language_table(made.report()).notes)
    assert "± is one standard error over the windows of the evaluation text; it does not cover the draw of" in said
    assert "the draw of the calibration text (one seed). It is paired, and counts windows cut from one document" in said
    without_text = " ".join(tables.language_table(made.report(texts=[])).notes)
    assert "± is one standard error over the windows of the evaluation text. It is paired" in without_text


def test_one_language_without_control_has_no_mean_and_no_control_columns() -> None:
    table = tables.language_table(made.report(languages=[made.language("sw", target=True, control=False)]))
    assert table.columns == ["Language", "Dense", "Swahili-calibrated", "Ratio to dense", "Bits per byte", "Windows"]
    assert len(table.rows) == 1
    assert table.mean is None
    assert not any("control" in note or "different languages" in note for note in table.notes)


def test_nothing_measured_is_an_empty_table() -> None:
    report, _ = made.bare()
    table = tables.language_table(report)
    assert (table.rows, table.targets, table.mean, table.notes) == ([], [], None, [])
    assert tables.worst(report) is None


def test_lanes_are_named_after_their_text() -> None:
    assert tables.lane_names(made.report()) == {
        DENSE: "Dense",
        CONTROL: "English-calibrated",
        PRUNED: "Swahili-calibrated",
    }
    texts = [made.record(code, "calibration") for code in ("sw", "ar", "de")]
    assert tables.lane_names(made.report(texts=texts))[PRUNED] == "Pruned"
    assert tables.lane_names(made.report(texts=texts[:2]))[PRUNED] == "Swahili + Arabic-calibrated"


def test_a_broken_language_is_the_worst() -> None:
    rows = [made.language("sw", target=True), made.language("en", target=False)]
    broken = dataclasses.replace(rows[1].scores[PRUNED], perplexity=math.inf, ratio=math.inf)
    rows[1] = dataclasses.replace(rows[1], scores={**rows[1].scores, PRUNED: broken})
    report = made.report(languages=rows)
    assert getattr(tables.worst(report), "name", None) == "English"
    assert tables.language_table(report).rows[1][3:5] == ["not finite", "not finite"]
    assert tables.geometric_mean([1.0, math.inf]) is None


def test_importing_is_light() -> None:
    program = """
import sys
from hubprune.publishing import card, folder, plots, tables, verdict
print(sorted({"torch", "transformers", "matplotlib", "jinja2", "huggingface_hub"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
