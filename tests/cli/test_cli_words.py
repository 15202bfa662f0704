"""Command lines as text: nothing secret in them."""

from __future__ import annotations

import pytest

from hubprune.cli import recorded_command
from hubprune.cli.words import again, follow_up, secrets_in

TOKEN = "hf_" + "abcDEF123" * 4


@pytest.mark.parametrize(
    ("words", "recorded"),
    [
        (["push", "org/base", "--lang", "sw"], "hubprune push org/base --lang sw"),
        (["push", "m", "--token", "secret", "--public"], "hubprune push m --public"),
        (["push", "m", "--token=secret"], "hubprune push m"),
        (["push", "m", "--token", "--public"], "hubprune push m"),
        (["push", "m", "--commit-message", f"with {TOKEN}"], "hubprune push m --commit-message 'with hf_***'"),
        (["prune", "/home/me/models/base", "/tmp/out/"], "hubprune prune base out"),
        (["prune", "m", "--calib=/home/me/sw.txt"], "hubprune prune m --calib=sw.txt"),
        (["prune", "m", "--calib", "sw=/home/me/sw.txt"], "hubprune prune m --calib sw=sw.txt"),
        (["prune", "m", "--calib", "~/sw.txt", "--cache-dir", "/cache"], "hubprune prune m --calib sw.txt"),
        (["prune", "m", "--cache_dir=/cache"], "hubprune prune m"),
        (["prune", r"C:\models\base"], "hubprune prune base"),
        (["prune", "hf://org/base@main", "--pattern", "50%"], "hubprune prune hf://org/base@main --pattern 50%"),
    ],
)
def test_recorded_command(words: list[str], recorded: str) -> None:
    assert recorded_command(["/somewhere/bin/hubprune", *words]) == recorded


def test_the_command_to_type_again_keeps_paths_and_drops_the_token() -> None:
    assert again(["hubprune", "prune", "/m", "my out", "--token", "x"]) == "hubprune prune /m 'my out' --resume"


def test_the_next_command_has_the_users_arguments() -> None:
    words = ["plan", "m", "--lang", "sw", "--format", "json", "-q", "--token=x", "--dry-run"]
    assert follow_up(words, "push", "--dry-run") == "hubprune push m --lang sw"


@pytest.mark.parametrize("words", [["--token", "a"], ["--token=a"], ["push", "m", "--token", "a", "--public"]])
def test_secrets_are_found(words: list[str]) -> None:
    assert secrets_in(words) == ["a"]


def test_an_interrupted_prune_is_told_how_to_go_on() -> None:
    assert again(["hubprune", "prune", "a/b", "out", "--fresh"]) == "hubprune prune a/b out --resume"
    assert again(["hubprune", "prune", "a/b", "--resume"]) == "hubprune prune a/b --resume"
    assert again(["hubprune", "push", "a/b"]) == "hubprune push a/b", "push goes on by itself"
