"""The commands on the demo's model and a Hub on loopback: nothing made up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hubprune.demo.offline import only
from hubprune.loopback import LoopbackHub, User
from hubprune.recipe import Recipe

USER, TOKEN = "amina", "hf_amina_token"
SHORT = [
    "--calib",
    "demo",
    "--eval-text",
    "demo",
    "--samples",
    "4",
    "--eval-samples",
    "2",
    "--seq_len",
    "64",
    "--device",
    "cpu",
]


@pytest.fixture
def hub(
    loopback: LoopbackHub, model_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[LoopbackHub]:
    """A Hub with the demo's model, which `hubprune` takes for the Hub."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache" / "hub"))
    loopback.users[TOKEN] = User(USER)
    with only(loopback.endpoint, tmp_path / "home"):
        if not loopback.store.repositories:
            loopback.add_repo("org/base", model_folder)
        yield loopback


def test_prune_look_and_push(cli: Callable, terminal: Callable, hub: LoopbackHub, tmp_path: Path) -> None:
    words = ["--lang", "sw", *SHORT]
    plan = cli("plan", "org/base", *words, "--token", TOKEN)
    assert plan.code == 0, plan.err
    assert "publish\tamina/base-sparsegpt50-sw, private" in plan.out
    assert plan.err.endswith(f"Next: hubprune push org/base {' '.join(words)}\n")

    answer = cli("prune", "org/base", *words, "--json")
    assert answer.code == 0, answer.err
    report = json.loads(answer.out)
    assert report["sparsity"]["stored"] == report["sparsity"]["weights"] // 2
    assert report["run"]["command"] == f"hubprune prune org/base {' '.join(words)} --json"
    folder = report["folder"]
    assert folder == "base-sparsegpt50-sw"
    assert (tmp_path / folder / "README.md").is_file()

    again = cli("prune", "org/base", *words)
    assert again.code == 1
    assert "exists and is not empty" in again.err
    assert "--force" in again.err

    found = json.loads(cli("inspect", folder, "--json").out)
    assert found["sparsity"] == 0.5
    shown = terminal("inspect", folder)
    assert "self_attn.q_proj" in shown.out
    assert f"Next: hubprune eval {folder} --lang sw,en --against org/base" in shown.err

    card = cli("card", folder)
    assert card.out.startswith("---\n")
    assert card.out == (tmp_path / folder / "README.md").read_text(encoding="utf-8")
    assert cli("card", folder, "--write", "-q").out == f"{folder}/README.md\n"

    measured = cli("eval", folder, "--against", "org/base", "--lang", "sw", *SHORT[2:4], *SHORT[6:], "--json")
    assert measured.code == 0, measured.err
    ratio = json.loads(measured.out)["languages"][0]["scores"]["pruned"]["ratio"]
    assert ratio == pytest.approx(report["languages"][0]["scores"]["pruned"]["ratio"])

    pushed = cli("push", folder, "--token", TOKEN, "--json")
    assert pushed.code == 0, pushed.err
    published = json.loads(pushed.out)["published"]
    assert (published["repo_id"], published["private"]) == ("amina/base-sparsegpt50-sw", True)
    assert TOKEN not in pushed.out + pushed.err

    replay = cli("prune", "replayed", "--recipe", published["repo_id"], "--token", TOKEN, "--dry-run")
    assert replay.code == 2  # prune has no --dry-run
    preview = cli("plan", "--recipe", published["repo_id"], "--token", TOKEN, "--json")
    assert preview.code == 0, preview.err
    assert json.loads(preview.out)["recipe"] == Recipe.load(tmp_path / folder).to_dict()


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["plan", "org/missing", "--lang", "sw"], 1, "org/missing"),
        (["plan", "org/base", "--lang", "sw", "--revision", "v9"], 1, "v9"),
        (["plan", "org/base"], 2, "No calibration language is named."),
        (["plan", "org/base", "--lang", "sw", "--seq-len", "4096"], 2, "256"),
        (["plan", "org/base", "--lang", "sw", "--pattern", "9:4"], 2, "9:4"),
        (["plan", "./nowhere", "--lang", "sw"], 1, "There is no folder ./nowhere."),
    ],
)
def test_known_failures(words: list[str], code: int, sentence: str, cli: Callable, hub: LoopbackHub) -> None:
    answer = cli(*words)
    assert (answer.code, answer.out) == (code, "")
    assert answer.err.startswith("Error: ")
    assert sentence in answer.err
    assert "Traceback" not in answer.err
