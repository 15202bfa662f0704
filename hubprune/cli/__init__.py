"""The command line: words in, one call of the run, events out.

    options.py    flags, generated from the fields of the recipe
    request.py    flags the user gave -> Recipe
    words.py      command lines to print: what to run next, what to record, what to run again
    helping.py    how help looks; unknown words name their nearest neighbour
    output.py     the one object that writes: data to stdout, talk to stderr
    progress.py   events -> bars on a terminal, a few plain lines elsewhere
    failures.py   exceptions -> a sentence, a next step, an exit code
    report_view.py, plan_view.py, model_view.py, side_by_side.py   results -> tables and columns
    make.py, look.py, compare.py, about.py        the commands
    reference.py  docs/cli.md, from the live program

Nothing heavy is imported before a command runs: every `--help` answers at once.
"""

from __future__ import annotations

import sys
from typing import NoReturn

from hubprune.cli.words import recorded_command

__all__ = ["main", "recorded_command"]


def main() -> NoReturn:
    """Run the command line of this process and leave with its exit code."""
    from hubprune.cli.app import run

    sys.exit(run(sys.argv[1:]))
