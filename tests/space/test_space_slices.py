"""Runs in slices, as on a GPU that is lent for some seconds at a time."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "space"))
from hubprune_space import gpu, plans
from hubprune_space.forms import Form
from hubprune_space.run import STAGES, Run

from hubprune.demo.loop import BASE
from hubprune.events import Measured, Progress, Stage
from hubprune.report import GenerationRow, LanguageRow, Report
from hubprune.run.prune import prune


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def test_slices_end_in_the_same_bytes(job: gpu.Job, tmp_path: Path) -> None:
    """Each call prunes a block and hands the GPU back."""
    slices = 0
    cut = dataclasses.replace(job, slice_seconds=gpu.STARTING)
    while not cut.out.exists():
        steps = list(gpu.some_blocks(cut))
        assert not [step for step in steps if isinstance(step, gpu.Failed)]
        slices += 1
    assert slices == 5  # the last one measures only
    for _ in prune(job.recipe, tmp_path / "whole", hub=job.hub()):
        pass
    assert weights(tmp_path / "whole") == weights(cut.out)


@pytest.mark.parametrize(
    ("estimate", "slice_seconds", "asked", "last_block_begins"),
    [(4.0, 60.0, 35.0, 15.0), (20.0, 60.0, 50.0, 30.0), (600.0, 60.0, 60.0, 40.0), (4.0, 10.0, 10.0, 0.0)],
)
def test_a_slice_asks_for_what_the_plan_says_and_ends_before(
    estimate: float, slice_seconds: float, asked: float, last_block_begins: float, job: gpu.Job
) -> None:
    cut = dataclasses.replace(job, seconds=estimate, slice_seconds=slice_seconds)
    assert (gpu.duration_of(cut), gpu.limit_of(cut)) == (asked, last_block_begins)


def test_cancel_ends_a_run_after_its_block(job: gpu.Job) -> None:
    def until_first_block() -> Iterator[gpu.Step]:
        for step in gpu.steps(job):
            yield step
            if isinstance(step, Progress) and step.stage == "prune":
                job.cancel.touch()

    steps = list(until_first_block())
    blocks = [step for step in steps if isinstance(step, Progress) and step.stage == "prune"]
    assert isinstance(steps[-1], gpu.Stopped)
    assert [step.done for step in blocks] == [1]
    assert not job.out.exists()


def of_kind(steps: list[gpu.Step], kind: type) -> list[Any]:
    return [step for step in steps if isinstance(step, kind)]


def test_what_must_be_fetched_is_fetched_once_and_before_the_first_slice(
    job: gpu.Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "SETTINGS", dataclasses.replace(gpu.SETTINGS, zero_gpu=True))
    slices: list[int] = []  # events that had been seen when each began
    steps: list[gpu.Step] = []
    some_blocks = gpu.some_blocks
    monkeypatch.setattr(gpu, "some_blocks", lambda job: (slices.append(len(steps)), some_blocks(job))[1])
    for step in gpu.steps(dataclasses.replace(job, slice_seconds=gpu.STARTING)):
        steps.append(step)
    assert len(slices) == 5
    stages = [(at, step.name) for at, step in enumerate(steps) if isinstance(step, Stage)]
    assert [at < slices[0] for at, name in stages if name == "text"] == [True]
    assert any(name == "download" and at < slices[0] for at, name in stages)
    assert not of_kind(steps, gpu.Failed)


def test_texts_are_written_in_slices(job: gpu.Job, tmp_path: Path) -> None:
    """Two models in one language: a text piece each; the last slice writes the report."""
    asked = dataclasses.replace(job, recipe=job.recipe.replace(generate=True), slice_seconds=gpu.STARTING)
    steps, slices = [], 0
    while not asked.out.exists():
        found = list(gpu.some_blocks(asked))
        assert not of_kind(found, gpu.Failed)
        steps.append(found)
        slices += 1
    assert slices == 4 + 2 + 1
    assert [step.done for found in steps for step in of_kind(found, Progress) if step.stage == "generate"] == [5, 10]
    (report,) = [step.report for step in steps[-1] if hasattr(step, "report")]
    for _ in prune(asked.recipe, tmp_path / "whole", hub=job.hub()):
        pass
    assert report.generations == Report.load(tmp_path / "whole").generations
    # What a later slice measures again stands on the page once, and no stage begins anew.
    run = Run("k", "me", asked.recipe, "name", tmp_path, 5.0, 4)
    for found in steps:
        for step in found:
            before = STAGES.index(run.stage)
            run.take(step)
            assert STAGES.index(run.stage) >= before
    assert [row.language for row in run.rows] == ["sw"]
    rows = [step.row for found in steps for step in of_kind(found, Measured)]
    assert len([row for row in rows if isinstance(row, LanguageRow)]) == 3
    assert len([row for row in rows if isinstance(row, GenerationRow)]) == 1


def test_a_model_that_keeps_no_state_is_not_begun_again_and_again(
    job: gpu.Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is loaded whole: its slice goes on to the end, however long that takes."""
    monkeypatch.setattr("hubprune.run.pruning.ShardWriter", type("None", (), {}))
    steps = list(gpu.some_blocks(dataclasses.replace(job, slice_seconds=gpu.STARTING)))
    assert not of_kind(steps, gpu.More)
    assert not of_kind(steps, gpu.Failed)
    assert job.out.exists()


@pytest.mark.parametrize(
    ("state", "seconds", "gigabytes", "fits"),
    [
        (10**6, 150.0, 1, True),  # a block takes a quarter of it
        (10**6, 170.0, 1, False),
        (10**6, 30.0, 19, True),  # the weights are read back, or a model is loaded to write
        (10**6, 30.0, 21, False),
        (None, 35.0, 1, True),  # loaded whole, so nothing is kept: all at once
        (None, 150.0, 1, False),
        (0, 35.0, 1, True),  # no room for the lanes: they pass through all finished blocks again
        (0, 150.0, 1, False),
    ],
)
def test_a_step_must_fit_into_a_slice(
    state: int | None, seconds: float, gigabytes: int, fits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """20 s of 60 are for the beginning of a slice."""
    planned = plans.make(Form(model=BASE).recipe(), None)
    assert planned.plan
    model = dataclasses.replace(planned.plan.model, bytes=gigabytes * 10**9)
    plan: Any = dataclasses.replace(planned.plan, seconds=seconds, model=model, state=state)
    assert plan.model.blocks == 4
    monkeypatch.setenv("HUBPRUNE_SPACE_SLICE_SECONDS", "60")
    found = plans.elsewhere_notice(plan)
    assert (found is None) == fits
    if found:
        assert found.name == "too-long"
        assert "has its GPU for 1 min at a time" in found.sentence
