"""Events -> bars with the time left on a terminal, a few plain lines elsewhere, nothing where quiet was asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Protocol, TypeVar

from hubprune.cli.output import Output
from hubprune.cli.rows import row_in_words, stage_of
from hubprune.cli.sizes import amount, roughly
from hubprune.events import Event, Measured, Progress, Stage, Warned

if TYPE_CHECKING:
    from rich.progress import TaskID

Result = TypeVar("Result")
SECONDS_BETWEEN_LINES = 10.0
BESIDE_THE_TEXT = 46  # columns that bar, amount and time take


class Show(Protocol):
    """What every way of showing has."""

    def take(self, event: Event) -> None:
        """Show an event."""

    def close(self, finished: bool = False) -> None:
        """Nothing more comes; `finished`: because the run came to its end."""


def follow(events: Generator[Event, None, Result], output: Output, names: Mapping[str, str] | None = None) -> Result:
    """Run to the end, showing each event, and hand back the result. The run is closed however this ends.

    `names`: what the lanes are called, where they are not the dense and the pruned model of a run.

    Raises KeyboardInterrupt before the next step where Ctrl-C was pressed and a library swallowed the exception.
    """
    show: Show = Bars(output, names=names) if output.live else Lines(output, names=names)
    with closing(events), closing(show):
        while True:
            if output.interrupted:
                raise KeyboardInterrupt
            try:
                event = next(events)
            except StopIteration as end:
                show.close(finished=True)
                return end.value
            show.take(event)


class Lines:
    """Plain lines: each stage as it begins, and every ten seconds how far it is."""

    def __init__(
        self, output: Output, clock: Callable[[], float] = time.monotonic, names: Mapping[str, str] | None = None
    ) -> None:
        self.output, self.names = output, names
        self.clock = clock
        self.started = self.spoke = clock()

    def take(self, event: Event) -> None:
        """Show an event."""
        if isinstance(event, Stage):
            self.started = self.spoke = self.clock()
            self.output.say(f"[{event.name}] {event.text}")
        elif isinstance(event, Progress):
            self.advance(event)
        elif isinstance(event, Warned):
            self.output.warn(event.text)
        elif isinstance(event, Measured):
            self.output.say(f"[{stage_of(event.row)}] {row_in_words(event.row, self.names)}")

    def advance(self, event: Progress) -> None:
        """A line, if the last one is long enough ago."""
        now = self.clock()
        if now - self.spoke < SECONDS_BETWEEN_LINES or not event.total:
            return
        self.spoke = now
        left = ""
        if 0 < event.done < event.total:
            left = f", {roughly((now - self.started) / event.done * (event.total - event.done))} left"
        self.output.say(f"[{event.stage}] {amount(event.done, event.total, event.unit)}{left}")

    def close(self, finished: bool = False) -> None:
        """Nothing to clean up."""


class Bars:
    """A bar for the stage that runs, on a terminal; a stage that is done becomes a line above it."""

    def __init__(
        self, output: Output, clock: Callable[[], float] = time.monotonic, names: Mapping[str, str] | None = None
    ) -> None:
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar
        from rich.table import Column

        console = output.console(output.stderr)
        room = max(20, console.width - BESIDE_THE_TEXT)
        self.clock, self.names = clock, names
        self.bar = Bar(
            SpinnerColumn(),
            TextColumn(
                "{task.description}",
                markup=False,
                table_column=Column(max_width=room, no_wrap=True, overflow="ellipsis"),
            ),
            BarColumn(bar_width=14),
            TextColumn("{task.fields[amount]}", markup=False, table_column=Column(no_wrap=True)),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
        )
        self.task: TaskID | None = None
        self.stage = self.text = ""
        self.since = clock()
        self.texts: dict[str, str] = {}
        self.bar.start()

    def take(self, event: Event) -> None:
        """Show an event."""
        if isinstance(event, Stage):
            self.begin(event.name, event.text)
        elif isinstance(event, Progress):
            self.advance(event)
        elif isinstance(event, Warned):
            self.bar.console.print(f"Warning: {event.text}", style="yellow")
        elif isinstance(event, Measured):
            self.bar.console.print(f"  {row_in_words(event.row, self.names)}")

    def begin(self, name: str, text: str) -> None:
        """End the last stage, start the bar of the next."""
        self.end()
        self.stage, self.text, self.since = name, text, self.clock()
        self.texts[name] = text
        self.task = self.bar.add_task(text, total=None, amount="")

    def advance(self, event: Progress) -> None:
        """Move the bar. A stage that goes on after another begins again."""
        if self.task is None or event.stage != self.stage:
            self.begin(event.stage, self.texts.get(event.stage, event.stage.capitalize()))
        assert self.task is not None
        counted = amount(event.done, event.total, event.unit)
        self.bar.update(self.task, completed=event.done, total=event.total or None, amount=counted)

    def end(self) -> None:
        """The stage is done: a line in place of its bar."""
        if self.task is not None:
            self.bar.remove_task(self.task)
            self.task = None
            ending = f" ({roughly(self.clock() - self.since)})"
            room = self.bar.console.width - len(ending) - 2
            text = self.text if len(self.text) <= room else f"{self.text[: room - 1]}…"
            self.bar.console.print(f"✓ {text}{ending}")

    def close(self, finished: bool = False) -> None:
        """Take the bar from the screen; the last stage gets its line where the run came to its end."""
        if finished:
            self.end()
        self.bar.stop()
