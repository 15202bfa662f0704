"""The program: its commands, and the one place where a run ends, well or badly."""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from hubprune import __version__
from hubprune.cli import about, compare, look, make, space
from hubprune.cli.failures import DEBUG, tell, tell_interrupted
from hubprune.cli.helping import Group
from hubprune.cli.output import Output, has_flag, mode_of
from hubprune.cli.words import again

BRIEF = f"""\
hubprune {__version__}: prune a language model of the Hugging Face Hub for your
language, see what it cost in each language, share the result.

  $ hubprune demo                              the whole loop, without account
  $ hubprune plan Qwen/Qwen3-0.6B --lang sw    what push would do, in numbers
  $ hubprune push Qwen/Qwen3-0.6B --lang sw    prune, measure, publish (private)

All commands: hubprune --help
"""
EXAMPLES = (
    "demo",
    "plan Qwen/Qwen3-0.6B --lang sw",
    "push Qwen/Qwen3-0.6B --lang sw",
)
LIBRARIES_QUIET = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "DATASETS_VERBOSITY": "error",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
}


@click.group(cls=Group, examples=EXAMPLES, invoke_without_command=True)
@click.version_option(__version__, prog_name="hubprune", message="%(prog)s %(version)s", help="Show the version.")
@click.pass_context
def program(ctx: click.Context) -> None:
    """Prune a language model of the Hugging Face Hub for your language, see what it cost in each language, and share
    the result.

    What hubprune publishes is private unless you say --public.
    """
    if ctx.invoked_subcommand is None:
        click.echo(BRIEF, nl=False)


program.epilog = "Flags and arguments of a command: hubprune COMMAND --help"
for command in (*make.COMMANDS, *look.COMMANDS, *compare.COMMANDS, *space.COMMANDS, *about.COMMANDS):
    program.add_command(command)


def run(words: Sequence[str]) -> int:
    """Run a command line, given without the program's name; returns the exit code and raises nothing."""
    output = Output(words)
    output.set("format", mode_of(words) or "auto")
    try:
        with heard(output), quiet_libraries(words), program.make_context("hubprune", list(words), obj=output) as ctx:
            program.invoke(ctx)
            sys.stdout.flush()
        return 0
    except click.exceptions.Exit as exit:
        return exit.exit_code
    except (KeyboardInterrupt, click.Abort):
        return tell_interrupted(again(["hubprune", *words]), output)
    except BrokenPipeError:
        leave_the_pipe()
        return 1
    except Exception as error:
        return tell(error, output)


@contextmanager
def heard(output: Output) -> Iterator[None]:
    """Let Ctrl-C be remembered besides being raised: raised within a `__del__` of a library it would be lost.

    Nothing changes where Ctrl-C is not Python's own to handle (`nohup`, another program's handler, another thread).
    """

    def stop(*_: Any) -> None:
        output.interrupted = True
        raise KeyboardInterrupt

    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not usual or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def quiet_libraries(words: Sequence[str]) -> Iterator[None]:
    """Keep the libraries' own bars and messages out of ours, unless they were asked for or a defect is hunted."""
    with warnings.catch_warnings():
        if not (os.environ.get(DEBUG) or has_flag(words, "v", "--verbose")):
            warnings.simplefilter("ignore")
            for name, value in LIBRARIES_QUIET.items():
                os.environ.setdefault(name, value)
        yield


def leave_the_pipe() -> None:
    """The reader of stdout has gone (`| head`): let nothing more be written, the flush at exit included."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
