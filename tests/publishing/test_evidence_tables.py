"""Generated text, sizes and speed as strings, with nothing claimed that was not measured."""

from __future__ import annotations

import dataclasses
import math

import made_up_evidence as evidence
import made_up_reports as made

from hubprune.publishing import generation_tables, speed_tables
from hubprune.report import CONTROL, DENSE, PRUNED, Size, Speed


def test_generated_text_as_strings() -> None:
    table = generation_tables.generation_table(evidence.full())
    lanes = ("Dense", "English-calibrated", "Swahili-calibrated")
    assert table.columns == [
        "Language",
        *(f"Still in the language: {lane}" for lane in lanes),
        *(f"Repeated: {lane}" for lane in lanes),
        "Prompts",
    ]
    assert table.rows == [
        ["Swahili", "100 %", "25 %", "88 %", "3 %", "31 %", "12 %", "8"],
        ["English", "100 %", "100 %", "88 %", "3 %", "31 %", "12 %", "8"],
    ]
    assert table.targets == [0]
    assert table.notes[0] == "Greedy continuations of 48 tokens."


def test_a_language_that_cannot_be_told_is_not_known() -> None:
    row = evidence.generation("sw", {DENSE: None, CONTROL: None, PRUNED: math.nan})
    table = generation_tables.generation_table(made.report(generations=[row]))
    assert table.rows[0][1] == "not known"
    assert table.notes[-1] == "Not known in Swahili: it could not be told."  # a result that does not say why
    reasons = {"sw": "lingua was not installed", "co": "lingua does not know the language", "en": None}
    silent = evidence.generation("sw", {DENSE: None})
    rows = [dataclasses.replace(silent, language=code, unknown=why) for code, why in reasons.items()]
    rows[2] = evidence.generation("en", {DENSE: 1.0})
    assert generation_tables.generation_table(made.report(generations=rows)).notes[4:] == [
        "Not known in Swahili: lingua was not installed.",
        "Not known in Corsican: lingua does not know the language.",
    ]
    partly = evidence.generation("sw", {DENSE: 1.0, PRUNED: None})
    assert generation_tables.generation_table(made.report(generations=[partly])).rows[0][1:3] == ["100 %", "not known"]


def test_no_generated_text_says_why() -> None:
    report, _ = evidence.half()
    table = generation_tables.generation_table(report)
    assert table.rows == []
    assert table.notes == [
        "No text was generated, because the model does not fit into memory whole: it needs about 1.6 GB, and 1.1 GB "
        "are free."
    ]
    assert generation_tables.generation_table(made.report()).notes == []


def test_sizes_in_words() -> None:
    assert speed_tables.size_words(made.report()) == ""
    report = made.report(sizes=evidence.sizes())
    assert speed_tables.size_words(report) == "weights 1.2 GB, download 1.2 GB; dense the same"
    packed = made.report(sizes={DENSE: Size(10**9, 10**9 + 10**7), PRUNED: Size(6 * 10**8, 61 * 10**7)})
    assert speed_tables.size_words(packed) == "weights 600 MB (dense 1.0 GB), download 610 MB (dense 1.0 GB)"
    alone = made.report(sizes={DENSE: Size(10**9, 10**9)})
    assert speed_tables.size_words(alone) == "weights 1.0 GB, download 1.0 GB"


def test_speed_as_strings() -> None:
    table = speed_tables.speed_table(evidence.full())
    assert table.columns == ["Model", "Batch", "Prefill, tokens/s", "Decode, tokens/s", "Peak memory"]
    assert [cells[:2] for cells in table.rows[:3]] == [["Dense", "1"], ["Pruned", "1"], ["Pruned, as 2:4", "1"]]
    assert table.rows[5] == ["Pruned, as 2:4", "8", "47,002 (× 1.14)", "402 (× 0.88)", "1.9 GB"]
    assert table.notes[0].startswith("Measured on NVIDIA L4 in bfloat16: prompts of 512 tokens, 64 tokens generated;")
    assert table.notes[-1] == "The 2:4 rows leave lm_head dense."
    assert speed_tables.ratios_in_words(evidence.full()) == "prefill × 0.78 to × 1.14, decode × 0.80 to × 1.00"


def test_speed_that_could_not_be_measured_says_why() -> None:
    speed = Speed("cpu", "float32", 0, 0, 0, [], ["Speed was not measured: the models are too large."])
    report = made.report(speed=speed)
    table = speed_tables.speed_table(report)
    assert (table.rows, table.notes) == ([], ["Speed was not measured: the models are too large."])
    assert speed_tables.ratios_in_words(report) == ""
    assert speed_tables.speed_table(made.report()).notes == []


def test_a_rate_that_is_not_finite_has_no_number() -> None:
    speed = evidence.speed()
    broken = dataclasses.replace(speed.rows[1], prefill=math.inf, prefill_ratio=math.nan)
    report = made.report(speed=dataclasses.replace(speed, rows=[speed.rows[0], broken]))
    assert speed_tables.speed_table(report).rows[1][2] == "not finite"
    assert speed_tables.ratios_in_words(report) == "decode × 1.00"
