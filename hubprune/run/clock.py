"""Stages and their times, and the facts of the machine: what stands under `run` in the results."""

from __future__ import annotations

import platform
import resource
import sys
import time
from collections.abc import Generator
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TypeVar

import torch

from hubprune import __version__
from hubprune.events import Event, Stage
from hubprune.report import Run

Result = TypeVar("Result")

LIBRARIES = ("torch", "transformers", "huggingface-hub", "datasets", "safetensors")


class Clock:
    """Times the stages of a run by listening to its events."""

    def __init__(self) -> None:
        self.started = datetime.now(UTC)
        self.begin = time.monotonic()
        self.seconds: dict[str, float] = {}
        self._stage: tuple[str, float] | None = None

    def listen(self, events: Generator[Event, None, Result]) -> Generator[Event, None, Result]:
        """Pass events on, noting when each stage begins; returns what the generator returns."""
        while True:
            try:
                event = next(events)
            except StopIteration as stop:
                return stop.value
            if isinstance(event, Stage):
                self.mark(event.name)
            yield event

    def stage(self, name: str, text: str) -> Stage:
        """Begin a stage."""
        self.mark(name)
        return Stage(name, text)

    def mark(self, name: str | None) -> None:
        now = time.monotonic()
        if self._stage:
            last, since = self._stage
            self.seconds[last] = self.seconds.get(last, 0.0) + now - since
        self._stage = (name, now) if name else None

    def facts(self, device: torch.device, command: str) -> Run:
        """The `run` part of a report, as of now."""
        self.mark(None)
        return Run(
            started=self.started.strftime("%Y-%m-%dT%H:%M:%SZ"),
            seconds=round(time.monotonic() - self.begin, 2),
            stage_seconds={name: round(seconds, 2) for name, seconds in self.seconds.items()},
            peak_memory=peak_memory(),
            peak_gpu_memory=torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None,
            device=device_name(device),
            command=command,
            versions={"hubprune": __version__, "python": platform.python_version(), **versions()},
        )


def versions() -> dict[str, str]:
    """Versions of the libraries that take part in a result."""
    return {name: version(name) for name in LIBRARIES}


def device_name(device: torch.device) -> str:
    """The GPU's name, or the kind of device and its threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} ({torch.get_num_threads()} threads)"


def peak_memory() -> int:
    """Largest resident set of this process so far, bytes (getrusage counts KiB, on macOS bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
