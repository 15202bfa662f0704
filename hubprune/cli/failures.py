"""Exceptions -> a sentence, a next step, an exit code. Anything not known here is a defect and keeps its traceback.

0 done   1 known failure, or a defect   2 usage   3 quality gate (none in this release)   130 interrupted
"""

from __future__ import annotations

import errno
import os
import traceback
from dataclasses import dataclass

import click

from hubprune.cli.output import Output
from hubprune.errors import HubpruneError, NotEnoughDisk, NotEnoughMemory, UsageError

DEBUG = "HUBPRUNE_DEBUG"
NO_ACCESS = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR)
INTERRUPTED = 130


@dataclass(frozen=True)
class Failure:
    """What is told about an exception. `known` is False for a defect."""

    kind: str
    sentence: str
    next_step: str
    exit_code: int
    known: bool = True

    def to_dict(self) -> dict[str, object]:
        """As it stands in `--json`."""
        return {
            "error": {
                "type": self.kind,
                "message": self.sentence,
                "next_step": self.next_step,
                "exit_code": self.exit_code,
            }
        }


def failure_of(error: BaseException) -> Failure:
    """The failure an exception stands for."""
    if isinstance(error, HubpruneError):
        return Failure(type(error).__name__, error.sentence, error.next_step, error.exit_code)
    if isinstance(error, click.UsageError):
        return usage_failure(error)
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        step = "Take a smaller --batch-size, fewer --samples or a shorter --seq-len, or another --device."
        return Failure(NotEnoughMemory.__name__, "The memory did not suffice.", step, NotEnoughMemory.exit_code)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        where = f" at {error.filename}" if error.filename else ""
        step = "Free some space, or name another place: OUT for the result, --cache-dir for downloads."
        return Failure(NotEnoughDisk.__name__, f"The disk is full{where}.", step, NotEnoughDisk.exit_code)
    if isinstance(error, OSError) and error.errno in NO_ACCESS:
        sentence = f"{error.filename or 'A file'} cannot be used: {os.strerror(error.errno).lower()}."
        step = "Change its permissions, or name another place: OUT for the result, --cache-dir for downloads."
        return Failure(type(error).__name__, sentence, step, 1)
    step = "This is a defect of hubprune. Please report it with the traceback and the output of: hubprune env"
    return Failure(type(error).__name__, f"{type(error).__name__}: {error}", step, 1, known=False)


def usage_failure(error: click.UsageError) -> Failure:
    """click's complaint in our words: the sentence, the nearest spelling, where the help stands."""
    path = error.ctx.command_path if error.ctx else "hubprune"
    if isinstance(error, click.NoSuchOption):
        sentence = f"There is no flag {error.option_name}."
        near = list(error.possibilities or [])[:1]
        step = f"Did you mean {near[0]}?" if near else f"All flags: {path} --help"
    elif isinstance(error, click.MissingParameter):
        sentence = f"There is no {error.param.human_readable_name.upper() if error.param else 'argument'}."
        step = f"See: {path} --help"
    else:
        sentence, step = error.format_message(), f"See: {path} --help"
    return Failure(UsageError.__name__, sentence, step, UsageError.exit_code)


def tell(error: BaseException, output: Output) -> int:
    """Tell the user, in the format asked for, and return the exit code."""
    failure = failure_of(error)
    if not failure.known or os.environ.get(DEBUG, "0") not in ("", "0"):
        output.talk("".join(traceback.format_exception(error)).rstrip())
    if output.mode == "json":
        output.json(failure.to_dict())
    output.error(failure.sentence, *filter(None, [failure.next_step]))
    return failure.exit_code


def tell_interrupted(command: str, output: Output) -> int:
    """Ctrl-C: what to type to go on; an evaluation keeps nothing to go on with."""
    begin = "To start again" if command.split()[1:2] == ["eval"] else "To go on"
    if output.mode == "json":
        failure = Failure("Interrupted", "Interrupted.", f"{begin}: {command}", INTERRUPTED)
        output.json(failure.to_dict())
    output.talk(f"\nInterrupted. {begin}:\n  {command}")
    return INTERRUPTED
