"""docs/cli.md, from the live program: `python -m hubprune.cli.reference docs/cli.md`, or `make docs`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from hubprune.cli.app import BRIEF, program

WIDTH = 100
INTRODUCTION = """\
# The command line

Made from the program itself by `make docs`; a test compares the two.

Results go to stdout; progress, warnings and hints go to stderr. A result ends with the command to run next.

| exit code | meaning |
| --: | :-- |
| 0 | done |
| 1 | a known failure, told in one sentence with a next step; or a defect, with its traceback |
| 2 | the words of the command are wrong |
| 130 | interrupted; the command that does it again is printed |

`HUBPRUNE_DEBUG=1` shows the traceback of every failure. Underscores may stand for hyphens in flags (`--seq_len`).
With `--json` there is one object on stdout, also for a failure:
`{"schema_version": 1, "error": {"type": …, "message": …, "next_step": …, "exit_code": …}}`.
"""


def reference() -> str:
    """The whole page."""
    return "\n".join(pages())


def pages() -> Iterator[str]:
    """Introduction, the program's help, the help of each command."""
    yield INTRODUCTION
    yield fenced("hubprune", BRIEF)
    yield from helps(program, "hubprune")


def helps(command: click.Command, name: str, parent: click.Context | None = None) -> Iterator[str]:
    """The help of a command, then that of each of its own commands."""
    with context(command, name, parent) as ctx:
        yield fenced(f"{ctx.command_path} --help", command.get_help(ctx))
        for below, one in getattr(command, "commands", {}).items():
            yield from helps(one, below, ctx)


def context(command: click.Command, name: str, parent: click.Context | None = None) -> click.Context:
    """A context in which help has one width, whatever the terminal."""
    return click.Context(
        command,
        info_name=name,
        parent=parent,
        terminal_width=WIDTH,
        help_option_names=command.context_settings["help_option_names"],
    )


def fenced(title: str, text: str) -> str:
    """A heading with a page of help under it."""
    return f"## {title}\n\n```text\n{text.rstrip()}\n```\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
