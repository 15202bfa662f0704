"""Runs for the tests: generators of events run to their end, recipes that take seconds."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from pathlib import Path
from typing import Any

from hubprune.events import Event, run_to_end
from hubprune.recipe import Recipe


def finish(events: Generator[Event, None, Any]) -> tuple[Any, list[Event]]:
    """(result, all events) of a run."""
    seen: list[Event] = []
    return run_to_end(events, seen.append), seen


def small(model: str | Path, **changes: Any) -> Recipe:
    """A recipe that takes seconds: Swahili with the demo's text, English as control, three windows of everything."""
    given = {"lang": {"sw": 1.0}, "calib": "demo", "eval_text": "demo", "samples": 3, "seq_len": 64, "eval_samples": 3}
    given |= {"method": "wanda", "device": "cpu", "tasks": (), "generate": False}
    return Recipe(model=str(model), **(given | changes))


def digests(folder: Path) -> dict[str, str]:
    """Weight file -> SHA-256."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.glob("*.safetensors"))}
