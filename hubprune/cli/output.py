"""The one object that writes: data to stdout, talk to stderr, in the words of the chosen format.

human   tables and bars, for a terminal
agent   tab-separated lines and sentences, for programs and logs
json    one JSON object on stdout
quiet   only the path or the repository id on stdout; on stderr warnings and errors
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import IO, TYPE_CHECKING, Any

import click

from hubprune.cli.words import HIDDEN, secrets_in
from hubprune.publishing.privacy import TOKEN

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

JSON_SCHEMA = 1
SHORTEST_SECRET = 6  # characters; hiding a shorter one everywhere would only garble the text
TOKEN_VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")


class Clean:
    """A stream that lets no token through and takes characters it cannot encode for question marks."""

    def __init__(self, stream: IO[str], secrets: Iterable[str]) -> None:
        self.stream = stream
        self.secrets = tuple(secret for secret in secrets if len(secret) >= SHORTEST_SECRET)

    def write(self, text: str) -> int:
        """Write the text without the tokens in it."""
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        text = TOKEN.sub(HIDDEN, text)
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        return self.stream.write(text.encode(encoding, "replace").decode(encoding))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class Output:
    """Where every word to the user goes through. `mode`: human, agent, json, quiet; `words`: the command line run."""

    def __init__(self, words: Sequence[str] = ()) -> None:
        self.words = tuple(words)
        known = [*secrets_in(words), *(os.environ[name] for name in TOKEN_VARIABLES if os.environ.get(name))]
        self.stdout = Clean(sys.stdout, known)
        self.stderr = Clean(sys.stderr, known)
        self.mode = "human" if sys.stdout.isatty() else "agent"
        self.verbose = False
        self.yes = False
        self.interrupted = False  # Ctrl-C was pressed: a library may have swallowed the exception

    def set(self, name: str | None, value: Any) -> None:
        """Take an output flag: format, json, quiet, verbose, yes."""
        if name == "format" and value != "auto":
            self.mode = value
        elif name in ("json", "quiet"):
            self.mode = name
        elif name in ("verbose", "yes"):
            setattr(self, name, True)

    @property
    def live(self) -> bool:
        """True where bars may be drawn: a person reads, and stderr is a terminal that can move its cursor."""
        return self.mode == "human" and self.stderr.isatty() and os.environ.get("TERM") != "dumb"

    # data

    def result(self, *, quiet: str, data: dict[str, Any], agent: Callable[[], str], human: Callable[[], None]) -> None:
        """Write a result in the chosen format."""
        if self.mode == "quiet":
            self.line(quiet)
        elif self.mode == "json":
            self.json(data)
        elif self.mode == "agent":
            self.line(agent())
        else:
            human()

    def line(self, text: str) -> None:
        """A line of data."""
        if text:
            self.stdout.write(text + "\n")
            self.stdout.flush()

    def json(self, data: dict[str, Any]) -> None:
        """The one JSON object; numbers that JSON cannot spell become null."""
        self.line(json.dumps(finite({"schema_version": JSON_SCHEMA, **data}), ensure_ascii=False, allow_nan=False))

    def show(self, *things: RenderableType) -> None:
        """Tables and paragraphs of rich, as data."""
        console = self.console(self.stdout)
        for thing in things:
            console.print(thing)

    def console(self, stream: Clean) -> Console:
        """A rich console on one of the two streams."""
        from rich.console import Console

        return Console(file=stream, highlight=False, markup=False, soft_wrap=False)  # type: ignore[arg-type]

    # talk

    def say(self, text: str) -> None:
        """A line on what is going on."""
        if self.mode != "quiet":
            self.talk(text)

    def explain(self, text: str) -> None:
        """A sentence on what went on, its lines broken between words on a terminal."""
        if self.mode == "human":
            self.console(self.stderr).print(text)
        else:
            self.say(text)

    def warn(self, text: str) -> None:
        """Something the user should know, in every format."""
        self.talk(self.styled("Warning: ", fg="yellow") + text)

    def error(self, sentence: str, *next_step: str) -> None:
        """What is wrong, and under it what to do."""
        self.talk(self.styled("Error: ", fg="red") + sentence)
        for line in next_step:
            for part in line.splitlines():
                self.talk(f"       {part}")

    def next(self, command: str) -> None:
        """The command to run next."""
        self.say(self.styled("Next: ", bold=True) + command)

    @property
    def can_ask(self) -> bool:
        """Whether a person sits there who can answer."""
        return self.mode == "human" and sys.stdin.isatty() and self.stderr.isatty()

    def confirm(self, question: str) -> bool:
        """Ask, where a person can answer. Elsewhere the flags themselves are the answer."""
        return True if self.yes or not self.can_ask else click.confirm(question, default=False, err=True)

    def talk(self, text: str) -> None:
        """Write to stderr, in every format."""
        self.stderr.write(text + "\n")
        self.stderr.flush()

    def styled(self, text: str, **style: Any) -> str:
        """Colour on a terminal whose user wants it."""
        wanted = self.stderr.isatty() and self.mode == "human" and not os.environ.get("NO_COLOR")
        return click.style(text, **style) if wanted else text


def mode_of(words: Sequence[str]) -> str | None:
    """The format that words ask for, read before they are parsed: a failure to parse them is told in it, too."""
    asked = [word for flag, word in pairwise(words) if flag == "--format"]
    asked += [word.partition("=")[2] for word in words if word.startswith("--format=")]
    if "--json" in words or "json" in asked:
        return "json"
    return "quiet" if has_flag(words, "q", "--quiet") or "quiet" in asked else None


def has_flag(words: Sequence[str], letter: str, long: str) -> bool:
    """Whether an output flag stands among the words: `--quiet`, `-q` or, among other letters, `-yq`."""
    return any(word == long or re.fullmatch(f"-[qvy]*{letter}[qvy]*", word) for word in words)


def finite(value: Any) -> Any:
    """The value with inf and nan replaced by None, all the way down."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(entry) for entry in value]
    return value
