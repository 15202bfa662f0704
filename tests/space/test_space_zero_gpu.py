"""The Space on ZeroGPU: the Hub's own package `spaces` forks a worker for each slice; see zero_gpu.py."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from visitors import ROOT, Site, serve, visiting
from zero_gpu import Devices, Service

from hubprune.recipe import Recipe

BASE = "demo/tiny-multilingual-llama"
PAYLOAD = base64.urlsafe_b64encode(json.dumps({"user": "somebody"}).encode()).decode().rstrip("=")
SEEN = {"extra_http_headers": {"X-IP-Token": f"e30.{PAYLOAD}.x"}}  # the Hub's page adds it; without it no own quota
SLICE = 20.25  # seconds; 20 of them are for the beginning, so each slice ends with its first block or text
Zero = tuple[Site, Devices]


@pytest.fixture(scope="module")
def zero(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zero]:
    pytest.importorskip("spaces", reason="The tests of ZeroGPU need the extra `browser`.")
    folder, devices = tmp_path_factory.mktemp("zero"), Devices()
    script = str(Path(__file__).with_name("zero_gpu.py"))
    with Service(devices) as service:
        command = [script, service.url, str(ROOT / "space" / "app.py")]
        settings = {"HOME": str(folder), "HUBPRUNE_SPACE_SLICE_SECONDS": str(SLICE)}
        with serve(folder, command, **settings) as site:
            yield site, devices


@pytest.fixture
def devices(zero: Zero) -> Iterator[Devices]:
    found = zero[1]
    found.asked.clear()
    found.workers.clear()
    yield found
    found.left, found.on_worker = None, None


@pytest.fixture
def visit_zero(browser: Any, zero: Zero) -> Iterator[Callable[..., Any]]:
    yield from visiting(browser, zero[0])


def test_from_plan_to_published_in_slices(visit_zero: Callable[..., Any], zero: Zero, devices: Devices) -> None:
    visitor = visit_zero("zoe", **SEEN)
    assert "Runs here" in visitor.plan(BASE)
    assert not devices.asked  # a plan takes no GPU
    visitor.prune()
    visitor.result()
    assert devices.asked == [20] * 5  # a block each, then the figures
    assert len(set(devices.workers)) == 5
    assert devices.released == [False] * 5
    page = visitor.page
    page.click("#write")
    page.wait_for_selector("#written [aria-busy=false]", timeout=90_000)
    assert all(text.strip() for text in page.locator("#written .text").all_inner_texts())
    assert devices.asked[5:] == [20] * 2  # one model each
    page.click("#publish")
    visitor.state("published")
    assert zero[0].hub.list_files("zoe/tiny-multilingual-llama-sparsegpt50-sw")


def test_writing_without_a_gpu(visit_zero: Callable[..., Any], devices: Devices) -> None:
    """The result stays; what is told speaks of no button that is not there, and nothing stays busy."""
    visitor = visit_zero("ursula", **SEEN)
    visitor.speaks("English")
    visitor.plan(BASE)
    visitor.prune()
    visitor.result()
    devices.left = 5.0
    visitor.page.click("#write")
    said = visitor.state("cannot-write")
    assert "This GPU has about 5 s left for you today; to let both write takes about 40." in said
    assert visitor.page.locator("#written [aria-busy=true]").count() == 0
    assert visitor.page.locator(".toast-body").count() == 0
    devices.left, devices.on_worker = None, lambda pid: os.kill(pid, signal.SIGKILL)
    visitor.page.click("#write")
    visitor.page.wait_for_selector("#written .notice:has-text('ended before the texts did')")
    assert visitor.page.locator("#written [aria-busy=true]").count() == 0
    assert visitor.page.locator("#publish").is_enabled()


def test_no_quota_and_going_on(visit_zero: Callable[..., Any], devices: Devices) -> None:
    devices.left = 20.5  # one slice
    visitor = visit_zero("yara", **SEEN)
    visitor.plan(BASE)
    visitor.prune()
    said = visitor.state("no-quota")
    assert re.search(r"This GPU has about (1\d|20) s left for you today; this needs about \d+\.", said)
    assert "Press Prune within 30 min to go on from there" in said
    devices.left = None
    visitor.prune()
    visitor.result()
    assert devices.asked == [20] * 6  # one refused, none done twice


def test_what_must_be_fetched_takes_no_gpu(visit_zero: Callable[..., Any], zero: Zero, devices: Devices) -> None:
    """It is fetched before a GPU is asked for."""
    devices.left = 5.0  # too little for a slice
    visitor = visit_zero("wanda", **SEEN)
    visitor.speaks("English")
    before = kept_texts(zero)
    visitor.plan(BASE)
    visitor.prune()
    visitor.state("no-quota")
    assert not devices.workers
    assert len(kept_texts(zero) - before) == 1


def kept_texts(zero: Zero) -> set[Path]:
    """The text of the runs that have not come to their end."""
    return set(zero[0].folder.glob("*/run-*/result.unfinished/.state/text.json"))


def test_a_worker_that_is_killed(visit_zero: Callable[..., Any], zero: Zero, devices: Devices) -> None:
    def kill_the_third(pid: int) -> None:
        if len(devices.workers) == 3:
            os.kill(pid, signal.SIGKILL)

    devices.on_worker = kill_the_third
    visitor = visit_zero("xenia", **SEEN)
    visitor.plan(BASE)
    visitor.prune()
    said = visitor.state("gpu-lost")
    assert "Press Prune again within 30 min: it goes on where it stopped." in said
    (code,) = re.findall(r"hp-[0-9a-f]{4}", said)
    assert code in zero[0].log.read_text()
    visitor.prune()
    visitor.result()
    assert len(devices.asked) == 6
    # This run and those above of the same recipe: as without the accident.
    results = [out for out in zero[0].folder.glob("*/run-*/result") if list(Recipe.load(out).lang) == ["sw"]]
    assert len({(out / "model.safetensors").read_bytes() for out in results}) == 1


def test_texts_are_written_in_slices(visit_zero: Callable[..., Any], devices: Devices) -> None:
    visitor = visit_zero("tess", **SEEN)
    visitor.speaks("English")
    visitor.page.get_by_label("Texts").check()
    visitor.plan(BASE)
    visitor.prune()
    visitor.result()
    assert devices.asked == [20] * (4 + 2 + 1)  # blocks; two models in one language; the end
    assert visitor.page.locator("#samples .sample").count() >= 1


def test_cancel(visit_zero: Callable[..., Any], zero: Zero, devices: Devices) -> None:
    visitor = visit_zero("willa", **SEEN)
    visitor.speaks("English")
    visitor.plan(BASE)
    visitor.prune()
    visitor.page.wait_for_selector("#work .stages li.now:has-text('prune')")
    visitor.page.click("#cancel")
    assert re.search(r"Stopped (at block \d of 4|before the first block)\.", visitor.state("cancelled"))
    assert len(devices.asked) < 5
