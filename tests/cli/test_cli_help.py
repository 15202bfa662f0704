"""Help: current, quick, complete, and its examples work."""

from __future__ import annotations

import dataclasses
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from hubprune.cli.app import BRIEF, program
from hubprune.cli.helping import Command, Group
from hubprune.cli.reference import reference
from hubprune.recipe import Recipe

ROOT = Path(__file__).parents[2]
COMMANDS = ("push", "plan", "prune", "eval", "inspect", "card", "compare", "space", "demo", "languages", "env")
HEAVY = ("torch", "transformers", "huggingface_hub", "datasets", "matplotlib", "numpy", "jinja2", "rich", "langcodes")


def examples_of(text: str) -> list[str]:
    return re.findall(r"^  \$ hubprune (.*?)(?:   .*)?$", text, re.MULTILINE)


def test_the_reference_is_current() -> None:
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == reference(), "run: make docs"


def test_the_commands_are_those_of_this_release(cli) -> None:
    answer = cli("--help")
    assert answer.code == 0
    listed = answer.out.split("Commands:\n")[1].split("\n\n")[0]
    assert tuple(line.split()[0] for line in listed.splitlines()) == COMMANDS == tuple(program.commands)


def test_bare_hubprune_shows_three_examples(cli) -> None:
    answer = cli()
    assert (answer.code, answer.out, answer.err) == (0, BRIEF, "")
    assert len(examples_of(answer.out)) == 3
    assert max(map(len, answer.out.splitlines())) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_help_opens_with_examples_and_keeps_to_80_columns(cli, name) -> None:
    answer = cli(name, "--help")
    assert answer.code == 0
    assert re.match(rf"Usage: hubprune {name} .*\n\nExamples:\n  \$ hubprune {name}", answer.out)
    assert max(map(len, answer.out.splitlines())) <= 80
    assert cli(name, "-h").out == answer.out


BELOW = [command for group in program.commands.values() for command in getattr(group, "commands", {}).values()]
ALL_EXAMPLES = [
    *((name, example) for name, command in program.commands.items() for example in command.examples),
    *((example.split()[0], example) for command in BELOW for example in command.examples),
    *((example.split()[0], example) for example in (*program.examples, *examples_of(BRIEF))),
]


@pytest.mark.parametrize(("name", "example"), ALL_EXAMPLES)
def test_examples_parse(name: str, example: str) -> None:
    command = program.commands[name]
    words = shlex.split(example)
    assert words[0] == name
    if isinstance(command, Group):
        command = command.commands[words.pop(1)]
    assert isinstance(command, Command)
    with command.make_context(name, words[1:]) as ctx:
        assert set(ctx.params) >= {"model"} or name in ("card", "compare", "space", "demo", "languages", "env")


@pytest.mark.parametrize("name", ["push", "plan", "prune"])
def test_every_field_of_the_recipe_is_a_flag(name: str) -> None:
    command = program.commands[name]
    with command.make_context(name, ["m"]) as ctx:
        text = command.get_help(ctx)
    for field in dataclasses.fields(Recipe):
        if field.name != "model":
            section = field.metadata["section"].capitalize()
            below = re.split(r"\n\n", text.split(f"\n{section}:\n")[1])[0]
            shown = field.metadata["off"] if field.type == "bool" and "off" in field.metadata else f"--{field.name}"
            assert shown.replace("_", "-") in below, field.name


def test_sections_are_those_promised() -> None:
    with program.commands["push"].make_context("push", ["m"]) as ctx:
        headings = re.findall(r"^(\w+):$", program.commands["push"].get_help(ctx), re.MULTILINE)
    promised = ["Model", "Pruning", "Calibration", "Evaluation", "Compute", "Publishing", "Files"]
    assert headings == ["Examples", "Arguments", *promised, "Output", "Dangerous"]


def test_private_by_default_is_said() -> None:
    for text in (
        program.help or "",
        *(program.commands[name].get_help(click.Context(program)) for name in ("push", "plan")),
        *(command.get_help(click.Context(program)) for command in BELOW),
    ):
        assert "private unless you say --public" in " ".join(text.split())


@pytest.mark.parametrize("words", [[], ["--help"], *([name, "--help"] for name in COMMANDS), ["space", "deploy", "-h"]])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    script = (
        "import sys\n"
        "from hubprune.cli.app import run\n"
        f"code = run({words!r})\n"
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "sys.exit(repr(loaded) if loaded else code)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", COMMANDS)
def test_help_names_everything_once(cli, name: str) -> None:
    terms = re.findall(r"^  (\S.*?)(?:  .*)?$", cli(name, "--help").out.split("Arguments:")[-1], re.MULTILINE)
    assert len(terms) == len(set(terms))


def test_the_sources_named_are_the_default_ones() -> None:
    from hubprune.calibration.choose import C4, FINEWEB_2
    from hubprune.languages import default_text, known

    text = program.commands["languages"].help or ""
    assert C4 in text
    assert FINEWEB_2 in text
    assert {default_text(one.code) for one in known()} == {C4, FINEWEB_2}


def test_version(cli) -> None:
    answer = cli("--version")
    assert answer.code == 0
    assert re.fullmatch(r"hubprune \d+\.\d+\.\d+\n", answer.out)
