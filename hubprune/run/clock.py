"""Stages and their times, and the facts of the machine: what stands under `run` in the results."""

from __future__ import annotations

import contextlib
import json
import platform
import resource
import sys
import time
from collections.abc import Generator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import torch

from hubprune import __version__
from hubprune.events import Event, Progress, Stage
from hubprune.report import Run

Result = TypeVar("Result")

STEPS = ("prune", "generate")  # stages whose progress lies on disk when it is told
LIBRARIES = ("torch", "transformers", "huggingface-hub", "datasets", "safetensors")


class Clock:
    """Times the stages of a run by listening to its events, and notes its memory, over all starts of the run."""

    def __init__(self) -> None:
        self.started = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.begin = time.monotonic()
        self.seconds: dict[str, float] = {}
        self.before = 0.0  # seconds of earlier starts
        self.peaks: tuple[int, int] = (0, 0)  # bytes of earlier starts: host, GPU
        self._stage: tuple[str, float] | None = None
        self._file: Path | None = None

    def go_on(self, file: Path) -> None:
        """Keep what was spent in a file, at each step that is safe; what earlier starts kept there counts, too."""
        self._file = file
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            kept = json.loads(file.read_text(encoding="utf-8"))
            self.started, self.before = str(kept["started"]), float(kept["seconds"])
            self.peaks = int(kept["memory"]), int(kept["gpu_memory"])
            for name, seconds in kept["stages"].items():
                self.seconds[name] = self.seconds.get(name, 0.0) + float(seconds)

    def keep(self) -> None:
        """Write the file of `go_on`."""
        if self._file and self._file.parent.is_dir():
            if self._stage:
                self.mark(self._stage[0])
            memory, gpu_memory = self.peak()
            kept = {"started": self.started, "seconds": self.spent(), "stages": self.seconds}
            kept |= {"memory": memory, "gpu_memory": gpu_memory}
            new = self._file.with_name(self._file.name + ".new")
            new.write_text(json.dumps(kept), encoding="utf-8")
            new.replace(self._file)

    def spent(self) -> float:
        """Seconds so far, those of earlier starts included."""
        return self.before + time.monotonic() - self.begin

    def peak(self) -> tuple[int, int]:
        """The largest memory of any start so far, bytes: of the process, and on its GPU."""
        gpu = torch.cuda.max_memory_allocated() if torch.cuda.is_initialized() else 0
        return max(peak_memory(), self.peaks[0]), max(gpu, self.peaks[1])

    def listen(self, events: Generator[Event, None, Result]) -> Generator[Event, None, Result]:
        """Pass events on, noting when each stage begins; returns what the generator returns."""
        while True:
            try:
                event = next(events)
            except StopIteration as stop:
                return stop.value
            if isinstance(event, Stage):
                self.mark(event.name)
            if isinstance(event, Progress) and event.stage in STEPS:
                self.keep()
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
        memory, gpu_memory = self.peak()
        return Run(
            started=self.started,
            seconds=round(self.spent(), 2),
            stage_seconds={name: round(seconds, 2) for name, seconds in self.seconds.items()},
            peak_memory=memory,
            peak_gpu_memory=gpu_memory if device.type == "cuda" else None,
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
