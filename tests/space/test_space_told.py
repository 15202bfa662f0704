"""What is told at a result's end; who decides what becomes of it; what is advised where a run does not fit."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("gradio", reason="The tests of the Space need the extra `space`.")
sys.path.insert(0, str(Path(__file__).parents[2] / "space"))
from hubprune_space import plans, runs
from hubprune_space.acts import prune as acts
from hubprune_space.acts.choose import Choose
from hubprune_space.forms import Form
from hubprune_space.run import Run, Upload

from hubprune.demo.loop import BASE


class Names:
    """Components, each by its own name."""

    def __getattr__(self, name: str) -> str:
        return name


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A result that has just come."""
    (folder := tmp_path / "run-1").mkdir()
    made = Run("k", "me", Form(BASE).recipe(), "name", folder, 5.0, 4, state="done")
    made.ended = time.monotonic()
    return made


@pytest.fixture
def all_runs(run: Run, monkeypatch: pytest.MonkeyPatch) -> runs.Runs:
    """All that there is: that one."""
    found = runs.Runs()
    found._runs[run.key] = run
    monkeypatch.setattr(acts, "RUNS", found)
    return found


def at_the_end(run: Run, end: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> dict[Any, Any]:
    """What the page of a result is told last, after `end`."""
    monkeypatch.setattr(acts, "looking", lambda *_: {"screen": "the result"})
    names: Any = Names()
    page = acts.Prune(names, Choose(names))
    page._shown["tab"] = run.key

    async def told() -> list[Any]:
        stream = page._follow(run, "tab", "me")
        first = await anext(stream)
        end()
        return [first, *[changes async for changes in stream]]

    with ThreadPoolExecutor(1) as aside:  # playwright keeps a loop in this thread
        first, *more = aside.submit(asyncio.run, told()).result()
    assert first == {"screen": "the result"}
    last: dict[Any, Any] = more[-1]
    assert last["choose"]["visible"]
    assert not last["look"]["visible"]
    return last


def test_the_end_of_its_time_is_told(run: Run, all_runs: runs.Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    def time_is_over() -> None:
        run.ended = time.monotonic() - runs.SETTINGS.keep_seconds - 1
        all_runs.forget(run)

    told = at_the_end(run, time_is_over, monkeypatch)["notice"]
    assert 'data-state="gone"' in told
    assert "This result is no longer here: it was kept for its time and deleted.</strong> Prune again." in told
    assert not run.folder.exists()


def test_a_deletion_elsewhere_is_told_and_ones_own_is_not(
    run: Run, all_runs: runs.Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = at_the_end(run, lambda: all_runs.forget(run), monkeypatch)["notice"]
    assert 'data-state="replaced"' in told
    assert "was deleted in another tab or browser of yours.</strong> Choose anew here, or go on there." in told
    all_runs._runs[run.key] = run
    run.left_in = "tab"
    assert at_the_end(run, lambda: all_runs.forget(run), monkeypatch)["notice"] == ""


@pytest.mark.parametrize("ask", ["renames", "publishes"])
def test_one_at_a_time_decides_what_becomes_of_a_result(ask: str, run: Run, all_runs: runs.Runs) -> None:
    """While somebody else decides, a new name waits, and so does an upload."""
    begun = threading.Event()

    def other() -> None:
        begun.set()
        getattr(all_runs, ask)(run, "me/other" if ask == "renames" else Upload("me/other"))

    thread = threading.Thread(target=other)
    with all_runs._turn:
        thread.start()
        assert begun.wait(10)
        thread.join(0.5)
        assert thread.is_alive()
        assert run.asked is None
        assert run.upload is None
    thread.join(10)
    assert run.asked == "me/other"


def test_a_new_name_never_touches_an_upload_under_way(run: Run, all_runs: runs.Runs) -> None:
    assert not all_runs.renames(run, "me/first")
    assert run.asked == "me/first"
    upload = Upload("me/first")
    assert all_runs.publishes(run, upload)
    assert not all_runs.publishes(run, Upload("me/second"))
    assert not all_runs.renames(run, "me/second")
    assert (run.upload, run.asked) == (upload, "me/first")
    upload.over = True
    assert not all_runs.renames(run, "me/first")  # what was said of it still holds
    assert run.upload is upload
    assert all_runs.renames(run, "me/second")
    assert (run.upload, run.asked) == (None, "me/second")
    all_runs.renames(run, "me/" + "x" * 10_000)
    assert run.asked == "me/second"


def test_only_what_helps_is_advised() -> None:
    """Of the windows, and of what is measured beside perplexity: where one of them alone is enough."""
    recipe = Form("acme/model", samples="128", measures=["tasks", "texts"]).recipe()
    plan: Any = SimpleNamespace(recipe=recipe)
    fewer, perplexity = "ask for fewer windows under Advanced", "measure only perplexity"
    assert plans.helps(plan, lambda other: other.samples == plans.FEWEST) == fewer
    assert plans.helps(plan, lambda other: not other.tasks and not other.generate) == perplexity
    assert plans.helps(plan, lambda other: False) == ""
    for measures in (["tasks"], ["texts"]):
        one: Any = SimpleNamespace(recipe=Form("acme/model", measures=measures).recipe())
        assert plans.helps(one, lambda other: other.samples == 128) == perplexity
    none: Any = SimpleNamespace(recipe=Form("acme/model").recipe())
    assert plans.helps(none, lambda other: other.samples == 128) == ""
