"""`hubprune space deploy`: what it asks for, and what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from hubprune import spaces
from hubprune.events import Stage
from hubprune.hub.space import Deployed

URL = "https://huggingface.co/spaces/amina/page"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What `spaces.deploy` was called with; it answers with `answer`."""
    seen: dict[str, Any] = {"answer": Deployed("amina/page", URL, "c0ffee", True, True, True, "zero-a10g")}

    def deploy(hub: Any, repo_id: str, **options: Any) -> Iterator[Stage]:
        seen.update(repo_id=repo_id, **options)
        yield Stage("publish", f"Deploying to {repo_id}")
        return seen["answer"]

    monkeypatch.setattr(spaces, "deploy", deploy)
    return seen


def test_without_flags_it_is_private_and_ones_own(cli, asked) -> None:
    answer = cli("space", "deploy")
    assert answer.code == 0
    assert (asked["repo_id"], asked["private"], asked["hardware"]) == ("hubprune", True, None)
    assert (asked["variables"], asked["message"], asked["force"]) == ({}, None, False)
    assert f"url\t{URL}\n" in answer.out
    assert "Next: hf spaces wait amina/page" in answer.err


def test_every_flag_arrives(cli, asked) -> None:
    words = [
        "--to",
        "me/x",
        "--public",
        "--hardware",
        "t4-small",
        "--variable",
        "A=1",
        "--variable",
        "B=x=y",
        "--force",
    ]
    assert cli("space", "deploy", *words, "--commit-message", "M").code == 0
    assert (asked["repo_id"], asked["private"], asked["hardware"]) == ("me/x", False, "t4-small")
    assert (asked["variables"], asked["message"], asked["force"]) == ({"A": "1", "B": "x=y"}, "M", True)


@pytest.mark.parametrize(
    ("created", "changed", "words"),
    [(True, True, "Created"), (False, True, "Updated"), (False, False, "Up to date, nothing was committed")],
)
def test_a_person_is_told_what_was_done(terminal, asked, created, changed, words) -> None:
    asked["answer"] = Deployed("amina/page", URL, "c0ffee", True, created, changed, "zero-a10g")
    answer = terminal("space", "deploy")
    assert answer.out.splitlines() == [
        f"{words}: {URL}",
        "Private; to show it: hf repos settings amina/page --type space --public",
    ]


def test_for_programs(cli, asked) -> None:
    told = json.loads(cli("space", "deploy", "--json").out)
    expected = {"repo_id": "amina/page", "created": True, "changed": True, "hardware": "zero-a10g"}
    assert told.items() >= expected.items()
    assert cli("space", "deploy", "--quiet").out == "amina/page\n"


def test_public_is_asked_about(terminal, asked) -> None:
    refused = terminal("space", "deploy", "--public", answers="n\n")
    assert refused.code == 1
    assert "Nothing was done." in refused.err
    assert "repo_id" not in asked
    assert terminal("space", "deploy", "--public", answers="y\n").code == 0


@pytest.mark.parametrize("word", ["A", "=1", "1A=x", "A B=x"])
def test_a_variable_has_a_name_and_a_value(cli, asked, word) -> None:
    answer = cli("space", "deploy", "--variable", word)
    assert answer.code == 2
    assert f"{word!r} is not NAME=VALUE." in answer.err
    assert "repo_id" not in asked


def test_the_group_alone_shows_its_help(cli) -> None:
    assert cli("space").out == cli("space", "--help").out
    answer = cli("space", "deplyo")
    assert (answer.code, "Did you mean 'deploy'?" in answer.err) == (2, True)
