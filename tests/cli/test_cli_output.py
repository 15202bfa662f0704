"""What commands print: data on stdout in four formats, talk on stderr, the next command at the end."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from made_up_results import made_up_model, made_up_report

from hubprune.errors import Offline
from hubprune.events import Event, Measured, Progress, Published, Stage, Warned
from hubprune.recipe import Recipe
from hubprune.report import DENSE, PRUNED

URL = "https://huggingface.co/me/base-sparsegpt50-sw"
PUBLISHED = Published("me/base-sparsegpt50-sw", URL, "c" * 40, True)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple, dict]]:
    """Runs and connection made up; what they were called with."""
    made: list[tuple[str, tuple, dict]] = []
    results: dict[str, Any] = {
        "prune": made_up_report(),
        "push": (made_up_report(), PUBLISHED),
        "publish": PUBLISHED,
        "evaluate": made_up_report(sparsity=None, against=made_up_model(id="org/dense")),
    }

    def fake(name: str):
        def run(*words: Any, **more: Any) -> Generator[Event, None, Any]:
            made.append((name, words, more))
            yield Stage("prune", "Pruning 2 blocks")
            yield Progress("prune", 1, 2, "block")
            yield Warned("Something is odd.")
            yield Measured(made_up_report().languages[0])
            return results[name]

        return run

    for name in results:
        monkeypatch.setattr(f"hubprune.run.{name}", fake(name))
    monkeypatch.setattr("hubprune.hub.connect", lambda **more: made.append(("connect", (), more)))
    return made


def made_up_plan(recipe: Recipe, hub: Any, repo_id: str | None, *, private: bool, **changes: Any):
    from hubprune.planning import Plan

    facts = {
        "model": made_up_model(),
        "recipe": recipe.replace(seq_len=2048, device="cuda:0", eval_lang=("sw", "en")),
        "repo_id": repo_id or "me/base-sparsegpt50-sw",
        "private": private,
        "gated": "manual",
        "downloads": 1_200_000_000,
        "output": 1_210_000_000,
        "state": 1_000_000_000,
        "disk_needed": 2_410_000_000,
        "disk_free": 90_000_000_000,
        "memory_needed": 3_000_000_000,
        "memory_free": 9_000_000_000,
        "gpu_memory_needed": 4_000_000_000,
        "gpu_memory_free": 8_000_000_000,
        "seconds": 5000.0,
        "tasks": ["xcopa_sw"],
        "loads_with": ["transformers", "vLLM"],
        "warnings": ["Quantize first."],
    }
    return Plan(**(facts | changes))


@pytest.fixture
def plans(calls, monkeypatch) -> list[tuple[str, tuple, dict]]:
    monkeypatch.setattr("hubprune.planning.make_plan", made_up_plan)
    return calls


def test_prune_in_plain_lines(cli, calls) -> None:
    answer = cli("prune", "org/base", "out dir", "--lang", "sw", "--token", "secret", "--cache-dir", "/c")
    assert answer.code == 0
    head, swahili, english, empty, *facts = (line.split("\t") for line in answer.out.splitlines())
    assert head[:3] == ["language", "calibrated", "dense_perplexity"]
    assert dict(zip(head, swahili, strict=True))["pruned_ratio"] == "1.1"
    assert english[:2] == ["en", "no"]
    assert empty == [""]
    assert {key for key, _ in facts} == {"verdict", "folder"}
    assert answer.err.splitlines() == [
        "[prune] Pruning 2 blocks",
        "Warning: Something is odd.",
        "[measure] Swahili: perplexity 1,234 dense, 1,358 pruned (×1.100), control 1,852 (×1.500)",
        "Next: hubprune push 'out dir'",
    ]
    assert calls[0] == ("connect", (), {"token": "secret", "cache_dir": "/c"})
    name, (recipe, out), more = calls[1]
    assert (name, recipe, out) == ("prune", Recipe("org/base", lang="sw"), Path("out dir"))
    assert more["command"] == "hubprune prune org/base 'out dir' --lang sw"
    assert (more["force"], more["kept"]) == (False, None)


def test_prune_names_the_folder_after_model_method_pattern_language(cli, calls) -> None:
    assert cli("prune", "org/base", "--lang", "sw", "--pattern", "2:4", "-q").out == "base-sparsegpt2of4-sw\n"


def test_quiet_prints_the_place_and_warnings_only(cli, calls) -> None:
    answer = cli("push", "org/base", "--lang", "sw", "-q")
    assert (answer.out, answer.err) == ("me/base-sparsegpt50-sw\n", "Warning: Something is odd.\n")
    assert cli("prune", "org/base", "out", "--format", "quiet").out == "out\n"


def test_json_is_one_object_with_the_keys_of_the_results(cli, calls) -> None:
    answer = cli("push", "org/base", "--lang", "sw", "--json")
    data = json.loads(answer.out)
    assert set(made_up_report().to_dict()) < set(data)
    assert data["schema_version"] == 1
    assert data["published"] == {
        "repo_id": "me/base-sparsegpt50-sw",
        "url": URL,
        "commit": "c" * 40,
        "private": True,
        "pull_request": None,
    }
    assert "Next: hubprune inspect me/base-sparsegpt50-sw" in answer.err


def test_json_spells_infinity_as_null(cli, calls, monkeypatch) -> None:
    report = made_up_report()
    score = dataclasses.replace(report.languages[0].scores[PRUNED], perplexity=float("inf"))
    report.languages[0].scores[PRUNED] = score

    def run(*words: Any, **more: Any) -> Generator[Event, None, Any]:
        yield Stage("prune", "x")
        return report

    monkeypatch.setattr("hubprune.run.prune", run)
    assert json.loads(cli("prune", "m", "--json").out)["languages"][0]["scores"]["pruned"]["perplexity"] is None


def test_push_passes_on_what_was_asked(cli, calls) -> None:
    words = [
        "push",
        "org/base",
        "me/x",
        "--lang",
        "sw",
        "--public",
        "--create-pr",
        "--commit-message",
        "hello",
        "--force",
    ]
    assert cli(*words).code == 0
    name, (recipe, repo_id), more = calls[-1]
    assert (name, recipe.model, repo_id) == ("push", "org/base", "me/x")
    assert (more["private"], more["create_pr"], more["message"], more["force"]) == (False, True, "hello", True)


def test_push_of_a_pruned_folder_publishes_it(cli, calls, tmp_path) -> None:
    Recipe("org/base", lang="sw").save(tmp_path)
    made_up_report().save(tmp_path)
    assert cli("push", str(tmp_path), "-q").out == "me/base-sparsegpt50-sw\n"
    assert calls[-1][:2] == ("publish", (tmp_path, None))
    answer = cli("push", str(tmp_path), "--lang", "en", "--no-control")
    assert answer.code == 2
    assert "pruned already, and --lang, --no-control cannot change that" in answer.err
    answer = cli("push", str(tmp_path), "me/x", "--dry-run", "--json")
    data = json.loads(answer.out)
    assert (data["repo_id"], data["private"], data["files"]) == ("me/x", True, 2)
    assert answer.err == f"Next: hubprune push {tmp_path} me/x\n"


def test_plan_and_dry_run_are_the_same(cli, plans) -> None:
    plan = cli("plan", "org/base", "me/x", "--lang", "sw", "--token", "secret")
    dry = cli("push", "org/base", "me/x", "--lang", "sw", "--dry-run", "--token", "secret")
    assert (plan.code, plan.out, plan.err) == (dry.code, dry.out, dry.err)
    assert "publish\tme/x, private unless you say --public (a repository that exists keeps its visibility)" in plan.out
    assert "result\t1.2 GB: same size as the dense model; zeros do not speed up standard runtimes" in plan.out
    assert plan.err == "Warning: Quantize first.\nNext: hubprune push org/base me/x --lang sw\n"


def test_plan_as_json_and_quiet(cli, plans) -> None:
    data = json.loads(cli("plan", "org/base", "--lang", "sw", "--public", "--json").out)
    assert (data["schema_version"], data["fits"], data["private"]) == (1, True, False)
    assert data["recipe"]["lang"] == {"sw": 1.0}
    assert data["model"]["id"] == "org/base"
    assert cli("plan", "org/base", "--lang", "sw", "-q").out == "me/base-sparsegpt50-sw\n"


def test_plan_on_a_terminal(terminal, plans) -> None:
    answer = terminal("plan", "org/base", "--lang", "sw", "--public")
    text = " ".join(answer.out.split())
    for words in (
        "440 million weights (73.3 % of the model) in 28 blocks, by sparsegpt",
        "Swahili; 128 windows of 2048 tokens",
        "4.0 GB needed, 8.0 GB free",
        "about 83 min on cuda:0",
        "apache-2.0",
        "gated: ask for access",
        "public: everyone can see it",
        "same size as the dense model; zeros do not speed up standard runtimes",
    ):
        assert words in text
    assert max(map(len, answer.out.splitlines())) <= 80


def test_a_plan_that_does_not_fit_says_so(cli, calls, monkeypatch) -> None:
    def short(*words: Any, **more: Any):
        return made_up_plan(*words, **more, disk_free=1)

    monkeypatch.setattr("hubprune.planning.make_plan", short)
    answer = cli("plan", "org/base", "--lang", "sw")
    assert "disk\t2.4 GB needed, 1 bytes free: NOT ENOUGH" in answer.out
    assert "does not fit this computer" in answer.err


@pytest.mark.parametrize("columns", [80, 120])
def test_the_table_of_seven_languages(terminal, calls, monkeypatch, columns: int) -> None:
    report = made_up_report(codes=("sw", "en", "ar", "de", "es", "ru", "zh"))

    def run(*words: Any, **more: Any) -> Generator[Event, None, Any]:
        yield Stage("prune", "Pruning")
        return report, PUBLISHED

    monkeypatch.setattr("hubprune.run.push", run)
    answer = terminal("push", "org/base", "--lang", "sw", columns=columns)
    assert answer.code == 0
    lines = answer.out.splitlines()
    heading = next(line for line in lines if "Perplexity" in line)
    assert heading.split() == ["Perplexity", "Dense", "English-calibrated", "Swahili-calibrated"]
    swahili = next(line for line in lines if line.startswith(" Swahili"))
    control, pruned = ["1,852", "×1.500", "±", "0.010"], ["1,358", "×1.100", "±", "0.010", "▲"]
    assert swahili.split() == ["Swahili", "*", "1,234", *control, *pruned]
    english = next(line for line in lines if line.startswith(" English"))
    assert english.split()[-1] == "▼"
    assert max(len(line) for line in lines) <= columns
    order = [answer.out.index(part) for part in (" Swahili *", "Calibrating in Swahili", f"Published: {URL}")]
    assert order == sorted(order)
    assert "Private; to show it: hf repos settings me/base-sparsegpt50-sw --public" in lines
    assert answer.err.endswith("Next: hubprune inspect me/base-sparsegpt50-sw\n")


def test_marks_and_verdict_share_one_threshold(terminal, calls, monkeypatch) -> None:
    rows = [
        dataclasses.replace(row, against_control=ratio, against_control_se=0.01, windows=windows)
        for row, ratio, windows in zip(made_up_report().languages, (0.977, 1.5), (8, 4), strict=True)
    ]

    def run(*words: Any, **more: Any) -> Generator[Event, None, Any]:
        yield Stage("prune", "Pruning")
        return made_up_report(languages=rows)

    monkeypatch.setattr("hubprune.run.prune", run)
    answer = terminal("prune", "org/base", "--lang", "sw", columns=200)
    assert "▲" not in answer.out + answer.err, "2.3 standard errors of 8 windows, and 4 windows: neither tells"
    assert "▼" not in answer.out
    assert "changed Swahili perplexity by no more than the windows' noise" in answer.out
    assert "±  one standard error over the windows of the evaluation text; it does not cover the draw" in answer.out


def test_a_narrow_terminal_leaves_the_errors_out(terminal, calls) -> None:
    answer = terminal("prune", "org/base", "--lang", "sw", columns=64)
    swahili = next(line for line in answer.out.splitlines() if line.startswith(" Swahili"))
    assert swahili.split()[-3:] == ["1,358", "×1.100", "▲"]


def test_verbose_adds_bits_per_byte(terminal, calls) -> None:
    assert "Bits per byte" not in terminal("prune", "org/base", "--lang", "sw").out
    assert "Bits per byte" in terminal("prune", "org/base", "--lang", "sw", "-v").out


def test_eval_names_the_two_models(terminal, cli, calls) -> None:
    answer = terminal("eval", "org/base", "--against", "org/dense", "--lang", "sw,en")
    heading = next(line for line in answer.out.splitlines() if "Perplexity" in line)
    assert heading.split()[:2] == ["Perplexity", "dense"]
    assert heading.split()[-1] == "base"
    assert answer.err.endswith("Next: hubprune inspect org/base\n")
    assert cli("eval", "org/base", "--against", "org/dense", "--lang", "sw,en", "-q").out == "sw\t1.1\nen\t1.4\n"
    name, (recipe, against), more = calls[-1]
    assert (name, recipe.eval_lang, against) == ("evaluate", ("sw", "en"), "org/dense")
    assert more["command"] == "hubprune eval org/base --against org/dense --lang sw,en -q"


def test_eval_of_one_model_shows_its_figures_and_no_verdict(terminal, cli, calls, monkeypatch) -> None:
    rows = [
        dataclasses.replace(row, scores={DENSE: row.scores[DENSE]}, against_control=None, against_control_se=None)
        for row in made_up_report().languages
    ]
    report = made_up_report(sparsity=None, languages=rows)

    def run(*words: Any, **more: Any) -> Generator[Event, None, Any]:
        yield Measured(report.languages[0])
        return report

    monkeypatch.setattr("hubprune.run.evaluate", run)
    answer = terminal("eval", "org/base", "--lang", "sw,en")
    assert ["English", "1,234"] in [line.split() for line in answer.out.splitlines()]
    assert "Calibrating" not in answer.out
    assert "dense" not in answer.out + answer.err
    plain_answer = cli("eval", "org/base", "--lang", "sw,en")
    assert "verdict" not in plain_answer.out
    assert plain_answer.err.endswith("Next: hubprune plan org/base --lang sw,en\n")
    assert cli("eval", "org/base", "--lang", "sw,en", "-q").out == "org/base\n"


def test_a_run_without_measurement(cli, calls, monkeypatch) -> None:
    def run(*words: Any, **more: Any) -> Generator[Event, None, Any]:
        yield Stage("prune", "Pruning")
        return made_up_report(measured=False)

    monkeypatch.setattr("hubprune.run.prune", run)
    answer = cli("prune", "org/base", "out", "--no-eval")
    assert answer.out.startswith("verdict\tNothing was measured")


def test_foreign_code_is_warned_of_and_asked_about(terminal, cli, calls) -> None:
    words = ["prune", "org/base", "--lang", "sw", "--trust-remote-code"]
    answer = cli(*words)
    assert answer.code == 0
    assert answer.err.startswith("Warning: --trust-remote-code runs Python code that org/base brings along")
    done = len(calls)
    answer = terminal(*words, answers="n\n")
    assert answer.code == 1
    assert "Nothing was done." in answer.err
    assert len(calls) == done + 1  # connected, not pruned
    assert terminal(*words, answers="y\n").code == 0
    assert terminal(*words, "--yes").code == 0


def test_going_public_is_asked_on_a_terminal(terminal, cli, calls) -> None:
    words = ["push", "org/base", "--lang", "sw", "--public"]
    assert terminal(*words, answers="n\n").code == 1
    assert terminal(*words, answers="y\n").code == 0
    assert terminal(*words, "-y").code == 0
    assert cli(*words).code == 0
    assert terminal("push", "org/base", "--lang", "sw").code == 0


def test_a_failure_in_the_middle_closes_the_run(cli, calls, monkeypatch) -> None:
    closed = []

    def run(*words: Any, **more: Any) -> Generator[Event, None, Any]:
        try:
            yield Stage("download", "Downloading")
            raise Offline("The Hub cannot be reached.", "Check the network.")
        finally:
            closed.append(True)

    monkeypatch.setattr("hubprune.run.prune", run)
    answer = cli("prune", "org/base", "--lang", "sw", "--json")
    assert (answer.code, closed) == (1, [True])
    assert json.loads(answer.out)["error"]["type"] == "Offline"


def test_control_c_closes_the_run_and_prints_the_command(cli, calls, monkeypatch) -> None:
    closed = []

    def run(*words: Any, **more: Any) -> Generator[Event, None, Any]:
        try:
            yield Stage("prune", "Pruning")
            raise KeyboardInterrupt
        finally:
            closed.append(True)

    monkeypatch.setattr("hubprune.run.push", run)
    answer = cli("push", "org/base", "--lang", "sw", "--token", "very-secret")
    assert (answer.code, closed) == (130, [True])
    assert answer.err.endswith("To go on:\n  hubprune push org/base --lang sw\n")


def test_env_shows_versions_and_no_token(cli, monkeypatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_" + "x" * 30)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    data = json.loads(cli("env", "--json").out)
    assert {"hubprune", "python", "torch", "transformers", "device"} < set(data)
    assert (data["signed_in"], data["HF_HUB_OFFLINE"]) == ("yes", "1")
    assert "xxx" not in str(data)
