"""Tasks on the command line: without lm-eval, and a gate that is shut."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hubprune.publishing.card import CARD_FILE
from hubprune.report import Report

SHORT = ["--lang", "sw", "--calib", "demo", "--eval-text", "demo", "--samples", "3", "--eval-samples", "3"]
SHORT += ["--seq-len", "64", "--method", "wanda", "--device", "cpu", "--no-generate"]


@pytest.fixture
def words(model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    return ["prune", str(model_folder), "out", *SHORT]


def test_yes_goes_on_without_lm_eval_and_the_card_says_so(cli: Callable, words: list[str], monkeypatch) -> None:
    monkeypatch.setattr("hubprune.tasks.names.find_spec", lambda name: None)
    refused = cli(*words)
    assert refused.code == 1
    assert "pip install 'hubprune[eval]'" in refused.err
    assert not Path("out").exists()
    answer = cli(*words, "-y")
    assert answer.code == 0, answer.err
    assert (
        "lm-eval, which is not installed. Perplexity is all that is measured, and the card will say so." in answer.err
    )
    assert Report.load(Path("out")).tasks == []
    assert Report.load(Path("out")).no_tasks == {"": "lm-eval was not installed"}
    assert "Perplexity is all that was measured." in Path("out", CARD_FILE).read_text()


def test_a_person_is_asked(terminal: Callable, words: list[str], monkeypatch) -> None:
    monkeypatch.setattr("hubprune.tasks.names.find_spec", lambda name: None)
    assert terminal(*words, answers="n\n").code == 1
    answer = terminal(*words, answers="y\n")
    assert answer.code == 0, answer.err
    assert "Go on with perplexity alone?" in answer.err


def test_named_tasks_need_lm_eval_whatever_is_answered(cli: Callable, words: list[str], monkeypatch) -> None:
    monkeypatch.setattr("hubprune.tasks.names.find_spec", lambda name: None)
    assert cli(*words, "--tasks", "xcopa_sw", "-y").code == 1


def test_a_shut_gate_is_exit_3_and_the_result_stays(cli: Callable, words: list[str]) -> None:
    answer = cli(*words, "--tasks", "none", "--max-ppl-ratio", "1.0", "--json")
    assert answer.code == 3
    error = json.loads(answer.out)["error"]
    assert error["type"] == "QualityGate"
    assert "perplexity in Swahili is" in answer.err
    assert "to publish it all the same: hubprune push out" in answer.err
    assert Path("out", CARD_FILE).is_file()
