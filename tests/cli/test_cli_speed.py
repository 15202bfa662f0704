"""`hubprune eval --speed`: the figures arrive in the JSON, and what does not fit is said instead."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from hubprune.generation import speed
from hubprune.report import Report

QUICK = ("--lang", "sw", "--eval-text", "demo", "--eval-samples", "2", "--seq-len", "32", "--device", "cpu")
NOTHING_ELSE = ("--tasks", "none", "--no-generate", "--json")


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few tokens, and no process of their own for the models: tests/generation has those."""
    monkeypatch.setattr(speed, "peaks", lambda work: speed.Alone(dict.fromkeys(work.batches, len(work.folder)), 0, 0))
    few = partial(speed.measure_speed, prompt_tokens=8, new_tokens=2, rounds=2)
    monkeypatch.setattr("hubprune.run.speed.measure_speed", few)


def test_two_models(cli: Callable, model_folder: Path) -> None:
    answer = cli("eval", str(model_folder), "--against", str(model_folder), *QUICK, "--speed", *NOTHING_ELSE)
    assert answer.code == 0, answer.err
    assert "[speed] Measuring memory and speed" in answer.err
    report = json.loads(answer.out)
    found = report["speed"]
    assert [(row["lane"], row["form"], row["batch"]) for row in found["rows"]] == [
        (lane, "dense", batch) for batch in (1, 8) for lane in ("dense", "pruned")
    ]
    assert {row["peak_memory"] for row in found["rows"]} == {len(str(model_folder))}
    assert all(row["prefill"] > 0 and row["decode"] > 0 for row in found["rows"])
    assert [row["prefill_ratio"] is None for row in found["rows"]] == [True, False, True, False]
    assert found["device"].startswith("cpu (")
    assert (found["dtype"], found["prompt_tokens"], found["new_tokens"], found["rounds"]) == ("float32", 8, 2, 2)
    assert "speed" in report["run"]["stage_seconds"]
    assert report["sizes"]["dense"] == report["sizes"]["pruned"]
    assert Report.from_dict(report).speed.rows[1].lane == "pruned"


def test_one_model_that_does_not_fit(cli: Callable, model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubprune.run.speed.free_memory", lambda: 20_000_000)
    answer = cli("eval", str(model_folder), *QUICK, "--speed", *NOTHING_ELSE)
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)["speed"]
    sentence = "Speed was not measured: the models need about 22.2 MB of memory, and 20.0 MB are free."
    assert (found["rows"], found["notes"]) == ([], [sentence])
    assert sentence in answer.err


def test_without_the_flag_nothing_is_measured(cli: Callable, model_folder: Path) -> None:
    answer = cli("eval", str(model_folder), *QUICK, *NOTHING_ELSE)
    assert answer.code == 0, answer.err
    report = json.loads(answer.out)
    assert report["speed"] is None
    assert report["sizes"]["dense"]["download"] > report["sizes"]["dense"]["weights"] > 8_000_000
