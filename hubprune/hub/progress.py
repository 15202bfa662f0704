"""Bytes of a download as events: bars of huggingface_hub that draw nothing and count."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from huggingface_hub.utils import tqdm

from hubprune.events import Event, Progress

POLL_SECONDS = 0.1


class Cancelled(Exception):
    """Raised inside a download whose reader has gone away."""


class Counter:
    """Bytes downloaded so far: of the bars for bytes received and for bytes written, the one that is further."""

    def __init__(self) -> None:
        self.bars: list[Any] = []
        self.cancelled = threading.Event()

    @property
    def done(self) -> int:
        return int(max((bar.n for bar in self.bars), default=0))


def silent_bar(counter: Counter | None = None) -> type[tqdm]:
    """A class for `tqdm_class=` whose bars draw nothing; those in bytes count into `counter`."""

    class SilentBar(tqdm):
        monitor_interval = 0  # no thread that looks after bars; every class would start one of its own

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{**kwargs, "disable": True})
            if counter is not None and kwargs.get("unit") == "B":
                counter.bars.append(self)

        def update(self, n: float | None = 1) -> None:
            if counter is not None and counter.cancelled.is_set():
                raise Cancelled
            self.n += n or 0

    return SilentBar


def downloading(download: Callable[[type[tqdm]], Path], total: int) -> Generator[Event, None, Path]:
    """Run `download(tqdm_class)` in a thread and yield its progress in bytes; return what it returns.

    Closing this iterator cancels the download. Files that have arrived stay in the cache; huggingface_hub begins a file
    that has not arrived whole anew.
    """
    counter = Counter()
    outcome: list[Path] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            outcome.append(download(silent_bar(counter)))
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=work, name="hubprune-download", daemon=True)
    thread.start()
    seen = 0
    yield Progress("download", 0, total, "byte")
    try:
        while thread.is_alive():
            thread.join(POLL_SECONDS)
            if seen < (now := min(counter.done, total)) < total:
                seen = now
                yield Progress("download", now, total, "byte")
    finally:
        counter.cancelled.set()
        thread.join(5)
    if failure:
        raise failure[0]
    yield Progress("download", total, total, "byte")
    return outcome[0]
