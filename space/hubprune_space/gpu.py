"""Prunes in slices, so that a GPU is held for a limited time, and Cancel and quota end a run cleanly.

On ZeroGPU a decorated function runs in a process of its own that has the GPU for the seconds asked for. What must be
fetched is fetched before the first call. Each call prunes some blocks, or writes some texts, from the state on disk and
returns; the next one goes on there and ends in the same bytes. Elsewhere the decorator does nothing and one slice does
it all.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hubprune.errors import HubpruneError
from hubprune.events import Event, Progress
from hubprune.hub import Hub, connect, scrub
from hubprune.recipe import Recipe

from .settings import SETTINGS

STARTING = 20.0  # seconds that a slice may spend before its first block
READING = 500e6  # bytes of weights a second that are loaded, or read back: a cautious guess, as ZERO_GPU_SPEED
LEAST = 15.0  # seconds for blocks, however short the estimate: a small model is done in one slice
# "large" of ZeroGPU: half an H200. The speed is a cautious guess at what small blocks reach; see README.md.
ZERO_GPU_MEMORY, ZERO_GPU_SPEED = 70_000_000_000, 20e12  # bytes, operations a second


@dataclass(frozen=True)
class Job:
    """All that a slice needs; it is sent to another process. The token is that of the request that began the run."""

    recipe: Recipe
    out: Path
    endpoint: str
    token: str | None = field(repr=False)
    cache: Path
    seconds: float  # estimate of the whole
    slice_seconds: float | None  # None: no limit

    @property
    def cancel(self) -> Path:
        """A file whose existence stops the run after its next block."""
        return self.out.with_name("cancel")

    def hub(self) -> Hub:
        return connect(endpoint=self.endpoint, token=self.token or False, cache_dir=self.cache)


@dataclass(frozen=True)
class More:
    """The slice is over, the run is not."""


@dataclass(frozen=True)
class Stopped:
    """The visitor cancelled."""


@dataclass(frozen=True)
class Failed:
    """The run ended in an error; `kind` is its class in hubprune.errors, empty for a defect (with its traceback)."""

    kind: str
    sentence: str
    next_step: str = ""
    trace: str = ""


Step = Event | More | Stopped | Failed


def gpu(duration: Callable[..., float]) -> Callable[[Any], Any]:
    """`spaces.GPU` on a Space that has it; elsewhere the function as it is."""
    try:
        from spaces import GPU
    except ImportError:
        return lambda function: function
    decorate: Callable[[Any], Any] = GPU(duration=duration)
    return decorate


def duration_of(job: Job) -> float:
    """Seconds of GPU that one slice asks for, from the plan."""
    return min(job.slice_seconds or 60.0, STARTING + max(LEAST, 1.5 * job.seconds))


def limit_of(job: Job) -> float:
    """Seconds after which a slice begins no further block, so that it ends within the seconds it was granted."""
    return max(0.0, duration_of(job) - STARTING)


@gpu(duration=duration_of)
def some_blocks(job: Job) -> Iterator[Step]:
    """Prune until the run or the slice is over. Errors are handed over as steps: the other process would lose them."""
    try:
        yield from _slice(job)
    except Exception as error:
        yield failure(error)
    finally:
        release()


def _slice(job: Job) -> Iterator[Step]:
    from hubprune.run import prune
    from hubprune.run.prune import unfinished_folder
    from hubprune.run.state import blocks_done

    unfinished = unfinished_folder(job.out)
    begin, before = time.monotonic(), blocks_done(unfinished) or 0
    with closing(prune(job.recipe, job.out, hub=job.hub(), resume=True)) as events:
        for event in events:
            yield event
            if job.cancel.exists():
                yield Stopped()
                return
            over = job.slice_seconds and time.monotonic() - begin > limit_of(job)
            # A model that is loaded whole keeps no blocks: another slice would begin anew.
            if over and _moved_on(event, before) and blocks_done(unfinished):
                yield More()
                return


def _moved_on(event: Event, before: int) -> bool:
    """Whether an event tells of work that no earlier slice did, of `before` blocks, and that the next will find."""
    if not isinstance(event, Progress):
        return False
    return event.stage == "generate" or (event.stage == "prune" and event.done > before)


def steps(job: Job) -> Iterator[Step]:
    """The whole run: what must be fetched on the CPU, then slices until it is done."""
    try:
        if SETTINGS.zero_gpu:
            from hubprune.run import prepare

            with closing(prepare(job.recipe, job.out, hub=job.hub())) as events:
                for event in events:
                    yield event
                    if job.cancel.exists():
                        yield Stopped()
                        return
        more = True
        while more:
            more = False
            with closing(some_blocks(job)) as slice_:
                for step in slice_:
                    more = isinstance(step, More)
                    if not more:
                        yield step
            if job.cancel.exists():
                yield Stopped()
                return
    except Exception as error:  # a GPU is waited for, and Cancel may be pressed meanwhile
        yield Stopped() if job.cancel.exists() else failure(error)


def failure(error: BaseException) -> Failed:
    """An error as a step."""
    if isinstance(error, HubpruneError):
        return Failed(type(error).__name__, scrub(error.sentence), scrub(error.next_step))
    title = str(getattr(error, "title", "")).lower()  # gradio.Error of the package `spaces`
    if "worker error" in title:  # the process of the GPU died; what it was doing may be at fault
        return Failed("Worker", scrub(str(error)), trace=scrub("".join(traceback.format_exception(error))))
    if title.startswith("zerogpu") or "quota" in title or "duration" in title:
        return Failed("Quota", scrub(str(error)))
    return Failed("", type(error).__name__, trace=scrub("".join(traceback.format_exception(error))))


def release() -> None:
    """Give memory back after a slice.

    glibc keeps what is freed in pieces, more with each run, unless told otherwise: benchmarks/space_memory.py.
    """
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
    with contextlib.suppress(Exception):
        import torch

        if torch.cuda.is_available():
            torch.cuda.empty_cache()
