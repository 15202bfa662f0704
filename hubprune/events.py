"""What a run says while it works. The terminal, `--json` and the Space read this one stream.

A run is an iterator of these; closing the iterator cancels the run.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hubprune.report import GenerationRow, LanguageRow, Report, TaskRow


@dataclass(frozen=True)
class Stage:
    """A stage begins; `name`: check, download, text, tasks, prune, measure, verify, generate, speed or publish."""

    name: str
    text: str


@dataclass(frozen=True)
class Progress:
    """`done` of `total` units of the current stage are finished (unit: "block", "window", "byte", "file")."""

    stage: str
    done: int
    total: int
    unit: str


@dataclass(frozen=True)
class Warned:
    """Something the reader should know; it also stands in the report and, where it matters, on the card."""

    text: str


@dataclass(frozen=True)
class Measured:
    """One row of a table is final."""

    row: LanguageRow | TaskRow | GenerationRow


@dataclass(frozen=True)
class Said:
    """A model has continued prompt number `prompt` by `text`; all pieces of a prompt, joined, are the continuation."""

    lane: str
    prompt: int
    text: str


@dataclass(frozen=True)
class Finished:
    """The run is done; `folder` holds the artefact (None where nothing was written)."""

    report: Report
    folder: Path | None


@dataclass(frozen=True)
class Published:
    """A commit (or pull request) with the artefact exists on the Hub."""

    repo_id: str
    url: str
    commit: str
    private: bool
    pull_request: str | None = None


Event = Stage | Progress | Warned | Measured | Said | Finished | Published
Result = TypeVar("Result")


def run_to_end(events: Generator[Any, None, Result], on_event: Callable[[Any], None] | None = None) -> Result:
    """The result of a generator of events; `on_event` is called with each. The run is closed however this ends."""
    with closing(events):
        while True:
            try:
                event = next(events)
            except StopIteration as stop:
                return stop.value
            if on_event:
                on_event(event)
