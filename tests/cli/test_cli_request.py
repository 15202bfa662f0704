"""Words -> recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hubprune.cli.app import program
from hubprune.cli.request import kept_text, placed, recipe_of
from hubprune.errors import LanguageUnknown, RecipeError, UsageError
from hubprune.recipe import Recipe


def refuse() -> Any:
    raise AssertionError("nothing here lies on the Hub")


def recipe(*words: str, command: str = "push") -> Recipe:
    with program.make_context("hubprune", [command, *words]) as parent:
        found = program.commands[command]
        with found.make_context(command, list(words), parent=parent) as ctx:
            return recipe_of(ctx, refuse)


def test_without_flags_the_recipe_is_the_default() -> None:
    assert recipe("m") == Recipe("m")


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        (["--lang", "sw=3,en=1"], {"lang": {"sw": 0.75, "en": 0.25}}),
        (["--lang", "Swahili", "--lang", "en"], {"lang": "sw,en"}),
        (["--pattern", "2:4", "--method", "wanda"], {"pattern": "2:4", "method": "wanda"}),
        (["--skip", "*.down_proj", "--skip", "*.o_proj"], {"skip": ("*.down_proj", "*.o_proj")}),
        (["--calib", "notes=1.txt"], {"calib": "notes=1.txt"}),
        (["--calib", "sw=a.txt", "--calib", "en=b.txt"], {"calib": "sw=a.txt,en=b.txt"}),
        (["--eval-lang", "sw,en", "--eval-lang", "ru"], {"eval_lang": ("sw", "en", "ru")}),
        (["--control", "ru"], {"control": "ru"}),
        (["--no-control"], {"control": None}),
        (["--no-eval"], {"measure": False}),
        (["--trust-remote-code"], {"trust_remote_code": True}),
        (
            ["--seq_len", "64", "--eval_samples=3", "--batch-size", "2"],
            {"seq_len": 64, "eval_samples": 3, "batch_size": 2},
        ),
    ],
)
def test_flags(words: list[str], changes: dict) -> None:
    assert recipe("m", *words) == Recipe("m").replace(**changes)


def test_another_model_does_not_take_the_recipes_commit(tmp_path: Path) -> None:
    Recipe("org/base", revision="a" * 40).save(tmp_path)
    assert recipe("--recipe", str(tmp_path)).revision == "a" * 40
    assert recipe("org/base", "out", "--recipe", str(tmp_path)).revision == "a" * 40
    assert recipe("other", "out", "--recipe", str(tmp_path)).revision is None
    assert recipe("other", "out", "--recipe", str(tmp_path), "--revision", "v1").revision == "v1"


def test_flags_override_a_recipe_file_and_defaults_do_not(tmp_path: Path) -> None:
    saved = Recipe(
        "org/base", lang="sw", method="wanda", samples=7, control=None, measure=False, trust_remote_code=True
    )
    saved.save(tmp_path)
    assert recipe("--recipe", str(tmp_path)) == saved
    assert recipe("--recipe", str(tmp_path / "hubprune.yaml"), "--samples", "128") == saved.replace(samples=128)
    other = recipe("other", "out", "--recipe", str(tmp_path), "--control", "en")
    assert other == saved.replace(model="other", control="en")
    assert recipe("--recipe", str(tmp_path), "--measure", "--no-trust-remote-code") == saved.replace(
        measure=True, trust_remote_code=False
    )


@pytest.mark.parametrize("command", ["push", "plan", "prune"])
def test_with_a_recipe_one_word_is_where_the_result_goes(command: str, tmp_path: Path) -> None:
    Recipe("org/base", lang="sw").save(tmp_path)
    source = ["--recipe", str(tmp_path)]
    found = program.commands[command]
    for words, expected in (
        ([], (None, None)),
        (["me/out"], (None, "me/out")),
        (["org/other", "me/out"], ("org/other", "me/out")),
    ):
        with found.make_context(command, [*words, *source]) as ctx:
            assert placed(ctx) == expected
        assert recipe(*words, *source, command=command).model == (expected[0] or "org/base")
    with found.make_context(command, ["org/base"]) as ctx:
        assert placed(ctx) == ("org/base", None)


def test_prune_with_a_recipe_and_one_word_writes_there(tmp_path: Path, cli, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def stopped(recipe: Recipe, out: Path, **more: Any) -> Any:
        seen.append((recipe.model, out))
        raise UsageError("Seen.")

    monkeypatch.setattr("hubprune.run.prune", stopped)
    Recipe("org/base", lang="sw").save(tmp_path)
    assert cli("prune", "out", "--recipe", str(tmp_path)).err == "Error: Seen.\n"
    assert seen == [("org/base", Path("out"))]


def test_a_recipe_without_a_model(tmp_path: Path, cli) -> None:
    (tmp_path / "r.yaml").write_text("lang: sw\n")
    answer = cli("prune", "--recipe", str(tmp_path / "r.yaml"))
    assert (answer.code, answer.err.splitlines()[0]) == (2, "Error: The recipe names no model.")


def test_a_pattern_is_checked_before_anything_is_read(cli) -> None:
    answer = cli("plan", "org/never-asked-for", "--lang", "sw", "--pattern", "9:4")
    assert answer.code == 2
    assert answer.err == (
        "Error: pattern is '9:4', which is neither a share between 0 and 1 nor N:M with N below M.\n"
        "       Try 50% or 2:4.\n"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [(b"model: [", "line 1: "), (b"a: b\nc: d: e\n", "line 2: mapping values"), (b"\xff\xfe\xff", "no text in UTF-8.")],
)
def test_a_recipe_that_cannot_be_read_is_told_on_one_line(text: bytes, reason: str, tmp_path: Path, cli) -> None:
    (tmp_path / "r.yaml").write_bytes(text)
    answer = cli("plan", "--recipe", str(tmp_path / "r.yaml"))
    first, second, *more = answer.err.splitlines()
    assert (answer.code, more) == (2, [])
    assert f"r.yaml is not a readable recipe: {reason}" in first
    assert second.startswith("       A recipe is YAML")


def test_an_unknown_key_of_a_recipe_names_its_neighbour(tmp_path: Path, cli) -> None:
    (tmp_path / "r.yaml").write_text("model: m\nsampels: 3\n")
    with pytest.raises(RecipeError, match="Did you mean 'samples'"):
        recipe("--recipe", str(tmp_path / "r.yaml"))


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ([], UsageError),
        (["m", "--control", "en", "--no-control"], UsageError),
        (["m", "--lang", "swahilli"], LanguageUnknown),
        (["m", "--samples", "0"], RecipeError),
        (["--recipe", "missing.yaml"], UsageError),
    ],
)
def test_what_cannot_be_meant_is_refused(words: list[str], error: type[Exception]) -> None:
    with pytest.raises(error):
        recipe(*words)


def test_eval_takes_lang_for_the_languages_to_measure() -> None:
    assert recipe("m", "--lang", "sw,en", command="eval").eval_lang == ("sw", "en")


def test_kept_text_is_looked_for_only_where_the_model_wrote_it(tmp_path: Path) -> None:
    (tmp_path / "hubprune_calibration.json").write_text("{}")
    Recipe("m", lang="sw").save(tmp_path)
    own = Recipe("m", lang="sw", calib={"sw": "self"})
    found = tmp_path / "hubprune_calibration.json"
    assert kept_text(str(tmp_path), own, None) == kept_text(str(tmp_path / "hubprune.yaml"), own, None) == found
    assert kept_text(str(tmp_path), Recipe("m", calib="sw=self"), None) == found
    assert kept_text(str(tmp_path), Recipe("m", lang="sw"), None) is None
    assert kept_text(None, own, None) is None
