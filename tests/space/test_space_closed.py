"""Visitors who leave: a page that is closed holds nothing, wherever its visitor was."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from visitors import MOCK_TOKEN, ROOT, Site, Visitor, serve

sys.path.insert(0, str(ROOT / "space"))
from hubprune_space import gpu, hubs, publishing, runs
from hubprune_space.forms import Form

from hubprune.demo.loop import BASE
from hubprune.events import Progress, run_to_end
from hubprune.loopback import LoopbackHub, User
from hubprune.run import prune


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A Space with room for few pages at once."""
    folder = tmp_path_factory.mktemp("narrow")
    with serve(folder, [str(ROOT / "space" / "app.py")], HUBPRUNE_SPACE_MOST_PAGES="4") as site:
        yield site


def test_closed_and_reloaded_pages_give_their_places_back(browser: Any, narrow: Site) -> None:
    from gradio_client import Client

    client = Client(narrow.url, verbose=False)
    for visit in range(6):
        visitor = Visitor(browser, narrow)
        visitor.open()
        if visit == 3:
            visitor.open()
        visitor.context.close()
        time.sleep(3)  # longer than a few of the signs of life apart: never more than three hold a place
    asked = client.submit(BASE, "sw", "50%", "sparsegpt", api_name="/plan")
    assert asked.result(timeout=60)["runs_here"]


def test_an_upload_whose_page_is_closed_leaves_no_empty_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = Form(BASE).recipe().replace(control=None, eval_lang=("sw",), eval_samples=2, samples=4)
    job = gpu.Job(recipe, tmp_path / "result", hubs.shelf().endpoint, None, tmp_path / "cache" / "hub", 5.0, None)
    run_to_end(prune(job.recipe, job.out, hub=job.hub()))
    run = runs.Run("k", "me", recipe, "name", tmp_path, 5.0, 4)
    with LoopbackHub(tmp_path / "hub", users={MOCK_TOKEN: User("me", "write")}) as hub:
        from hubprune.hub import connect

        monkeypatch.setattr(
            hubs, "connect", lambda **more: connect(hub.endpoint, more["token"], tmp_path / "w" / "hub")
        )
        events = publishing.publish(run, MOCK_TOKEN, "me/closed", private=True, create_pr=False)
        for _ in events:
            if ("model", "me/closed") in hub.store.repositories:
                break
        assert ("model", "me/closed") in hub.store.repositories
        events.close()  # what gradio does when the page is gone
        assert ("model", "me/closed") not in hub.store.repositories


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
