"""A GPU that is refused or lost: what is told, what the next try knows, and that Cancel is obeyed all the same."""

from __future__ import annotations

import dataclasses
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("gradio", reason="The tests of the Space need the extra `space`.")
sys.path.insert(0, str(Path(__file__).parents[2] / "space"))
from hubprune_space import gpu, runs, working, writing
from hubprune_space.run import Run
from hubprune_space.words import Notice

from hubprune.events import Progress, Stage


class Refusal(RuntimeError):
    """As the package `spaces` raises it, in the page's own process."""

    def __init__(self, text: str, title: str) -> None:
        super().__init__(text)
        self.title = title


QUOTA = Refusal("You have exceeded your free quota (60s requested vs. 5s left).", "ZeroGPU quota exceeded")
KILLED = Refusal("GPU task aborted", "ZeroGPU worker error")


@pytest.fixture
def tries(job: gpu.Job, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs of one recipe, each to its end with the given steps."""
    all_runs = runs.Runs()

    def again(*steps: gpu.Step) -> Run:
        monkeypatch.setattr(runs, "steps", lambda job: iter(steps))
        run = all_runs.start(job.recipe, "me", endpoint="", token=None, estimate=60.0, blocks=4, name="n")
        until = time.monotonic() + 20
        while run.ended is None:
            assert time.monotonic() < until
            time.sleep(0.02)
        return run

    return again


def blocks(done: int) -> Progress:
    return Progress("prune", done, 4, "block")


def told(run: Run) -> str:
    assert run.notice
    return f"{run.notice.sentence} {run.notice.action}"


def test_a_second_try_knows_what_the_first_did(tries: Any) -> None:
    """On the page, in the words of Cancel, and for what is left; its GPU being lost once more is no first time."""
    first = tries(Stage("prune", "Pruning"), blocks(1), blocks(2), gpu.failure(KILLED))
    assert "goes on where it stopped" in told(first)
    second = tries(Stage("check", "Reading"), gpu.Stopped())
    assert second.done_blocks == second.done_before == 2
    assert "Stopped at block 2 of 4" in told(second)
    shown = [detail for _, detail, _ in working.entries(second)]
    assert "block 3 of 4" in shown


def test_time_left_is_told_by_the_blocks_of_this_try(tries: Any) -> None:
    tries(Stage("prune", "Pruning"), blocks(1), blocks(2), gpu.failure(QUOTA))
    run = tries(gpu.failure(QUOTA))
    run.begun = run.pruning_since = time.monotonic() - 100
    run.progress["prune"] = blocks(3)  # one in 100 s, one to come
    assert run.left() == pytest.approx(115, abs=2)


def test_a_step_that_loses_its_gpu_twice_is_too_much(tries: Any) -> None:
    """Further on it may be lost again; at the same step it would be lost for ever."""
    told_of = [
        told(tries(Stage("prune", "Pruning"), blocks(1), gpu.failure(KILLED))),
        told(tries(blocks(4), gpu.failure(KILLED))),
        told(tries(Progress("generate", 5, 10, "text"), gpu.failure(KILLED))),
        told(tries(gpu.failure(KILLED))),
    ]
    assert ["goes on where it stopped" in one for one in told_of] == [True, True, True, False]
    assert "twice at the same step" in told_of[3]
    assert all(re.search(r"Code hp-[0-9a-f]{4}\.", one) for one in told_of)


def test_before_the_first_block_less_is_advised_once(tries: Any) -> None:
    assert "No block was done yet" in told(tries(gpu.failure(KILLED)))
    again = tries(gpu.failure(KILLED))
    assert "twice at the same step" in told(again)
    assert again.notice.code.startswith("hubprune prune")


def test_cancel_while_a_gpu_is_waited_for(job: gpu.Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(job: gpu.Job) -> Iterator[gpu.Step]:
        job.cancel.touch()
        yield from ()
        raise QUOTA

    monkeypatch.setattr(gpu, "some_blocks", refused)
    *_, last = gpu.steps(job)
    assert isinstance(last, gpu.Stopped)


def test_an_old_cancel_stops_no_later_try(tries: Any, job: gpu.Job) -> None:
    first = tries(blocks(1), gpu.failure(QUOTA))
    (first.folder / "cancel").touch()
    assert tries(blocks(2), gpu.failure(QUOTA)).folder == first.folder
    assert not (first.folder / "cancel").exists()


@pytest.fixture
def result(job: gpu.Job, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run that is done, whose models would be read from folders that nobody looks into."""
    run = Run("k", "me", job.recipe, "name", Path("/nowhere"), 5.0, 4, state="done")
    report: Any = SimpleNamespace(model=SimpleNamespace(dtype="bfloat16", bytes=2 * 10**9))
    run.report = report
    monkeypatch.setattr(writing, "base_folder", lambda run: Path("/nowhere/base"))
    return run


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (QUOTA, "This GPU has about 5 s left for you today; to let both write takes about 48."),
        (KILLED, "The GPU's process ended before the texts did. Code hp-"),
    ],
)
def test_writing_without_a_gpu_is_told_where_it_is_asked_for(
    error: Refusal, said: str, result: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(wish: writing.Wish) -> Iterator[str]:
        yield from ()
        raise error

    monkeypatch.setattr(writing, "write", refused)
    (notice,) = writing.both(result, "Once")
    assert isinstance(notice, Notice)
    assert notice.sentence.startswith(said)
    assert "Prune" not in notice.action  # there is no such button here
    assert result.notice is None
    assert result.lost_at is None


def test_one_text_stays_where_the_other_is_refused(result: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def one(wish: writing.Wish) -> Iterator[str]:
        if wish.folder == result.out:
            raise QUOTA
        yield from ("upon", " a time")

    monkeypatch.setattr(writing, "write", one)
    *texts, notice = writing.both(result, "Once")
    assert texts == [(0, "upon"), (0, " a time")]
    assert isinstance(notice, Notice)
    assert "takes about 24" in notice.sentence  # what is still to come


def test_a_wish_asks_for_what_its_model_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBPRUNE_SPACE_SLICE_SECONDS", "60")
    small = writing.Wish(Path("x"), "Once", "bfloat16", 10**9)
    assert writing.seconds_of(small) == 22
    assert writing.seconds_of(dataclasses.replace(small, bytes=10**12)) == 60
