"""Visitors who leave: a page that is closed holds nothing, wherever its visitor was."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from visitors import MOCK_TOKEN, ROOT, Site, Visitor, serve, wait_for

sys.path.insert(0, str(ROOT / "space"))
from hubprune_space import gpu, hubs, publishing, runs
from hubprune_space.acts import prune as acts
from hubprune_space.forms import Form, Refused
from hubprune_space.run import Run, Upload

from hubprune.demo.loop import BASE
from hubprune.events import Progress, run_to_end
from hubprune.loopback import LoopbackHub, User
from hubprune.run import prune


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A Space with room for few pages at once."""
    folder = tmp_path_factory.mktemp("narrow")
    with serve(folder, [str(ROOT / "space" / "app.py")], HUBPRUNE_SPACE_MOST_PAGES="3") as site:
        yield site


def test_closed_and_reloaded_pages_give_their_places_back(browser: Any, narrow: Site) -> None:
    from gradio_client import Client

    client = Client(narrow.url, verbose=False)
    for visit in range(3):
        visitor = Visitor(browser, narrow)
        visitor.open()
        if visit == 1:
            visitor.open()
        visitor.context.close()
    # More pages than there is room for: without the places of the closed ones nobody would be answered any more.
    asked = client.submit(BASE, "sw", "50%", "sparsegpt", api_name="/plan")
    assert asked.result(timeout=60)["runs_here"]


def test_an_upload_goes_on_without_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing deletes its result meanwhile."""
    recipe = Form(BASE).recipe().replace(control=None, eval_lang=("sw",), eval_samples=2, samples=4)
    job = gpu.Job(recipe, tmp_path / "result", hubs.shelf().endpoint, None, tmp_path / "cache" / "hub", 5.0, None)
    run_to_end(prune(job.recipe, job.out, hub=job.hub()))
    run = Run("k", "me", recipe, "name", tmp_path, 5.0, 4, state="done")
    all_runs = runs.Runs()
    monkeypatch.setattr(publishing, "RUNS", all_runs)
    all_runs._runs["k"] = run
    with LoopbackHub(tmp_path / "hub", users={MOCK_TOKEN: User("me", "write")}) as hub:
        from hubprune.hub import connect

        monkeypatch.setattr(
            hubs, "connect", lambda **more: connect(hub.endpoint, more["token"], tmp_path / "w" / "hub")
        )
        hub.fault("POST /api/models/me/closed/commit", kind="stall", seconds=1)
        publishing.begin(run, MOCK_TOKEN, "me/closed", private=True, create_pr=False)
        publishing.begin(run, MOCK_TOKEN, "me/other", private=True, create_pr=False)  # one at a time
        with pytest.raises(Refused):
            all_runs.forget(run)
        wait_for(lambda: run.upload is not None and run.upload.over, 30)
        assert run.published is not None
        assert run.upload is not None
        assert run.upload.notice is None
        assert set(hub.store.repositories) == {("model", "me/closed")}
    all_runs.forget(run)
    assert not tmp_path.exists()


def test_runs_are_deleted_when_the_space_is_stopped(tmp_path: Path) -> None:
    with serve(tmp_path, [str(ROOT / "space" / "app.py")]) as site:
        assert list(site.folder.iterdir())
    assert not list(site.folder.iterdir())  # serve stops it as the Hub does, with SIGTERM


def test_cancel_ends_a_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On ZeroGPU the model is fetched before any GPU is asked for."""
    monkeypatch.setattr(gpu, "SETTINGS", dataclasses.replace(gpu.SETTINGS, zero_gpu=True))
    monkeypatch.setattr(gpu, "some_blocks", lambda job: pytest.fail("a GPU was asked for"))
    recipe = Form(BASE).recipe()
    job = gpu.Job(recipe, tmp_path / "result", hubs.shelf().endpoint, None, tmp_path / "cache" / "hub", 5.0, None)
    steps = []
    for step in gpu.steps(job):
        steps.append(step)
        if isinstance(step, Progress) and step.stage == "download":
            job.cancel.touch()
    assert isinstance(steps[-1], gpu.Stopped)
    assert not job.out.exists()


def test_an_upload_that_ends_while_its_page_is_drawn_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run("k", "me", Form(BASE).recipe(), "name", Path("/nowhere"), 5.0, 4, state="done", ended=1.0)
    run.upload = Upload("me/name")

    def drawn(*_: Any) -> dict[str, str]:
        assert run.upload
        run.upload.over = True
        run.version += 1
        return {"screen": "publishing"}

    monkeypatch.setattr(acts, "looking", drawn)
    monkeypatch.setattr(acts, "publishing", lambda parts, run: {"screen": "over" if run.upload.over else "publishing"})
    monkeypatch.setattr(acts, "RUNS", SimpleNamespace(get=lambda key, user: run))
    page: Any = SimpleNamespace(_shown={"session": "k"}, parts=None)
    page._rest = functools.partial(acts.Prune._rest, page)

    async def told() -> list[Any]:
        stream = acts.Prune._follow(page, run, "session", "me")
        return [await anext(stream), await asyncio.wait_for(anext(stream), 3)]

    with ThreadPoolExecutor(1) as aside:  # playwright keeps a loop in this thread
        assert aside.submit(asyncio.run, told()).result() == [{"screen": "publishing"}, {"screen": "over"}]
