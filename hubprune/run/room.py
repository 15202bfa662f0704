"""Is there room? Memory for the hidden states, disk for the result and for the state of the run."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from hubprune.errors import HubpruneError, NotEnoughDisk, NotEnoughMemory
from hubprune.estimate import free_disk, free_memory, needs
from hubprune.pruning.lanes import Allocate, in_memory, on_disk
from hubprune.publishing.text import size
from hubprune.run.examine import Examined, workload

MEMORY_MARGIN = 0.85  # of the free memory, before lanes are kept on disk
STATE_COPIES = 2  # of the hidden states, written in turn


def lane_home(examined: Examined, out: Path, questions: int) -> tuple[Allocate, list[str]]:
    """Where hidden states live: host memory, or files beside the output where that is short.

    `questions`: tokens in the windows of the tasks.

    Raises NotEnoughMemory where even that does not fit, NotEnoughDisk where the files do not.
    """
    gpu = examined.device.type == "cuda"
    need, free = needs(replace(workload(examined), question_tokens=questions), gpu=gpu), free_memory()
    if need.memory <= free * MEMORY_MARGIN:
        return in_memory(pin=gpu), []
    if need.memory - need.lanes > free * MEMORY_MARGIN:
        raise NotEnoughMemory(
            f"This needs about {size(need.memory)} of memory; {size(free)} are free.",
            "Give a smaller --batch-size or --seq-len, or use a machine with more memory.",
        )
    if need.lanes > free_disk(out):
        raise NotEnoughDisk(
            f"The hidden states need {size(need.lanes)} of memory or disk; neither is free.",
            "Give a smaller --samples or --eval-samples, or free some disk.",
        )
    return on_disk(out), ["Memory is short: hidden states are kept on disk, which is slower and changes no result."]


def can_save_lanes(examined: Examined, out: Path) -> bool:
    """Whether the disk has room for the result and the saved hidden states."""
    lanes = needs(workload(examined), gpu=examined.device.type == "cuda").lanes
    return examined.description.weight_bytes + STATE_COPIES * lanes <= free_disk(out)


def need_folder(out: Path) -> None:
    """Raise HubpruneError where the folder `out` could not be made; tried without leaving anything behind."""
    try:
        above = next(folder for folder in out.absolute().parents if folder.exists())
        with tempfile.TemporaryDirectory(prefix=".hubprune-", dir=above):
            pass
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        step = "Name a folder that you may write."
        raise HubpruneError(f"The folder {out} cannot be made: {reason}.", step) from error


def need_disk(examined: Examined, out: Path) -> None:
    """Raise NotEnoughDisk where the result does not fit."""
    free = free_disk(out)
    if examined.description.weight_bytes > free:
        raise NotEnoughDisk(
            f"The result takes {size(examined.description.weight_bytes)}; {size(free)} are free there.",
            "Free some disk, or give a folder on another one.",
        )
