"""The check against the real Hub must not rot between the rare times it is run: its way here, on a Hub on loopback."""

from __future__ import annotations

from pathlib import Path

import check
import pytest

import hubprune
from hubprune.hub import Hub
from hubprune.loopback import LoopbackHub


@pytest.fixture
def hub(loopback: LoopbackHub, model_folder: Path, tmp_path: Path) -> Hub:
    loopback.add_repo("acme/base", model_folder)
    return hubprune.connect(loopback.endpoint, "hf_alice_write", tmp_path / "home" / "hub")


@pytest.fixture
def recipe() -> hubprune.Recipe:
    short = {"samples": 2, "seq_len": 64, "eval_samples": 1, "method": "magnitude"}
    return hubprune.Recipe("acme/base", lang="sw", calib="demo", eval_text="demo", **short)


def test_the_round_trip_leaves_nothing_behind(
    hub: Hub, recipe: hubprune.Recipe, loopback: LoopbackHub, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check.round_trip(recipe, hub) == 0
    said = capsys.readouterr().out
    assert "The round trip holds." in said
    assert "Deleted alice/hubprune-live-check-" in said
    assert [repo_id for _, repo_id in loopback.store.repositories] == ["acme/base"]


def test_the_repository_is_deleted_when_the_push_breaks_off(
    hub: Hub, recipe: hubprune.Recipe, loopback: LoopbackHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken_off(recipe: hubprune.Recipe, repo_id: str, **options: object) -> None:
        hub.api.create_repo(repo_id, private=True)
        raise KeyboardInterrupt

    monkeypatch.setattr(hubprune, "push", broken_off, raising=False)
    with pytest.raises(KeyboardInterrupt):
        check.round_trip(recipe, hub)
    assert ("POST", "/api/repos/create") in [(request.method, request.path) for request in loopback.requests]
    assert [repo_id for _, repo_id in loopback.store.repositories] == ["acme/base"]


@pytest.mark.parametrize(
    ("words", "endpoint", "reason"),
    [
        ([], "https://hub.example", "Name one small model"),
        (["acme/base", "acme/other"], "https://hub.example", "Name one small model"),
        (["acme/base"], "http://127.0.0.1:9", "on this computer"),
        (["acme/base"], "http://localhost:9", "on this computer"),
        (["acme/base"], "https://hub.example", "There is no token"),
    ],
)
def test_one_sentence_says_why_nothing_is_done(
    words: list[str],
    endpoint: str,
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(hubprune, "connect", lambda: Hub(None, endpoint, tmp_path), raising=False)
    assert check.main(words) == 2
    assert reason in capsys.readouterr().err
