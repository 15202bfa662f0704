"""The command line run in this process."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from made_up_results import Terminal, plain

from hubprune.cli.app import LIBRARIES_QUIET, run


@dataclass
class Answer:
    """What a command line left behind."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The variables that the command line sets go when the test ends."""
    for name in LIBRARIES_QUIET:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    # Ctrl-C is Python's own here, whatever a test before (a browser's, in the same process) has made of it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Run words as a command line, with pipes for stdout and stderr."""

    def call(*words: str) -> Answer:
        capsys.readouterr()
        code = run(words)
        out, err = capsys.readouterr()
        return Answer(code, out, err)

    return call


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """Run words as a command line, on a terminal of 80 columns whose user types `answers`."""

    def call(*words: str, columns: int = 80, answers: str = "") -> Answer:
        out, err, typed = Terminal(), Terminal(), Terminal(answers)
        with monkeypatch.context() as patch:
            patch.setenv("COLUMNS", str(columns))
            patch.setenv("NO_COLOR", "1")
            for name, stream in (("stdout", out), ("stderr", err), ("stdin", typed)):
                patch.setattr(sys, name, stream)
            code = run(words)
        return Answer(code, plain(out.getvalue()), plain(err.getvalue()))

    return call
