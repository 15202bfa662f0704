"""Jobs of the Hub: hardware that holds a run, its price as the Hub says it, and none where nothing would do."""

from __future__ import annotations

import dataclasses
import functools
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gradio", reason="The tests of the Space need the extra `space`.")
sys.path.insert(0, str(Path(__file__).parents[2] / "space"))
from hubprune_space import elsewhere, hubs, jobs, plans
from hubprune_space.forms import TEXT_FILE, Form

from hubprune.demo.loop import BASE, MODEL_FOLDER
from hubprune.hub import connect
from hubprune.loopback import LoopbackHub

GB = 1e9
MODEL = "acme/base"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackHub]:
    """A Hub with a model, which the page reads, on a machine that has no memory left."""
    with LoopbackHub(tmp_path / "hub") as server:
        server.add_repo(MODEL, MODEL_FOLDER)
        monkeypatch.setattr(hubs, "connect", functools.partial(connect, endpoint=server.endpoint))
        monkeypatch.setattr("hubprune.planning.free_memory", lambda: 100_000_000)
        yield server


def planned(**form: Any) -> plans.Planned:
    recipe = Form(**{"model": MODEL, **form}).recipe().replace(calib="demo", eval_text="demo", eval_lang=("sw",))
    return plans.make(recipe.replace(seq_len=64), None)


def needing(gpu: float | None = None, memory: float = 1, disk: float = 1, **other: Any) -> Any:
    """A plan that needs so many GB."""
    sizes = {"memory_needed": int(memory * GB), "disk_needed": int(disk * GB)}
    found = plans.make(Form(model=BASE).recipe(), None).plan
    assert found
    return dataclasses.replace(found, gpu_memory_needed=None if gpu is None else int(gpu * GB), **sizes, **other)


def test_the_notice_and_the_command_name_what_holds_it_and_its_price(hub: LoopbackHub) -> None:
    card = plans.card(planned(), None)
    assert "or as a Job on your account ($0.40 an hour on Nvidia T4 - small): the commands are below." in card
    assert "hf jobs run --flavor t4-small --timeout 2h --secrets HF_TOKEN" in card
    assert jobs.offered(connect(endpoint=hub.endpoint))[0].name == "t4-small"


@pytest.mark.parametrize(
    ("needs", "name"),
    [
        ({"gpu": 5}, "t4-small"),
        ({"gpu": 5, "memory": 20}, "t4-medium"),
        ({"gpu": 15, "memory": 2}, "l4x1"),
        ({"gpu": 5, "disk": 150}, "l4x1"),
        ({"gpu": 15, "memory": 35}, "a10g-large"),
        ({"gpu": 22, "memory": 2}, "l40sx1"),
        ({"memory": 50}, "a100-large"),  # of a plan for a CPU: all of it on the GPU, to be safe
        ({"gpu": 100, "disk": 2000}, "h200"),
        ({"gpu": 130}, None),
        ({"gpu": 5, "memory": 240}, None),
        ({"gpu": 5, "disk": 2995}, None),
    ],
)
def test_gpu_memory_and_disk_decide(hub: LoopbackHub, needs: dict[str, float], name: str | None) -> None:
    """Whether the Hub says what there is, or does not answer."""
    there, plan = connect(endpoint=hub.endpoint), needing(**needs)
    found = jobs.holding(there, plan)
    assert (found and found.name) == name
    hub.fault("GET /api/jobs/hardware", status=500)
    again = jobs.holding(there, plan)
    assert (again and again.name) == (name if name != "h200" else None)  # only the Hub itself tells of that one
    if found and again:
        assert found.price
        assert not again.price


def test_what_the_hub_does_not_say_is_not_asked_for(monkeypatch: pytest.MonkeyPatch, hub: LoopbackHub) -> None:
    there = connect(endpoint=hub.endpoint)
    monkeypatch.setattr(jobs, "size_of", lambda text: None if text != "24 GB" else 24 * GB)
    assert [(one.memory, one.disk) for one in jobs.offered(there)] == [(None, None)] * 3
    assert jobs.holding(there, needing(gpu=5, memory=900, disk=9000))


@pytest.mark.parametrize("text", ["N/A", "", None, "many GB"])
def test_no_size(text: str | None) -> None:
    assert jobs.size_of(text) is None


@pytest.mark.parametrize(
    "fault",
    [
        *({"status": 429}, {"kind": "page"}, {"kind": "reset"}, {"kind": "replace", "body": "[5]"}),
        *({"kind": "replace", "body": one} for one in ('[{"name": "l4x1"}]', "no JSON", "7")),
    ],
    ids=str,
)
def test_a_hub_that_does_not_say_costs_the_price_alone(hub: LoopbackHub, fault: dict[str, Any]) -> None:
    hub.fault("GET /api/jobs/hardware", **fault, times=9)
    card = plans.card(planned(), None)
    assert "or as a Job on your account: the commands are below." in card
    assert "hf jobs run --flavor t4-small" in card


def test_no_job_is_offered_that_would_fail(hub: LoopbackHub) -> None:
    card = plans.card(planned(samples="900000000"), None)
    assert "hf jobs" not in card
    assert "Run it on a larger machine: the command is below." in card
    assert elsewhere.NO_JOB in card.replace("&#x27;", "'").replace("&#39;", "'")
    assert card.count("data-copy") == 1


def test_a_job_reads_no_file_of_the_visitors(hub: LoopbackHub) -> None:
    recipe = plans.with_text(Form(model=MODEL).recipe(), Path(TEXT_FILE))
    shown = elsewhere.commands(needing(), recipe, jobs.KNOWN[0])
    notes = re.findall(r'<p class="quiet">([^<]*)</p>', shown)
    assert notes == [elsewhere.text_words.OWN_FILE, elsewhere.text_words.IN_A_JOB]


def test_the_embedded_model_has_no_job(hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is on no Hub, and the Hub that the page keeps it on knows no prices."""
    monkeypatch.setattr(jobs, "holding", lambda *_: pytest.fail("asked for hardware"))
    found = plans.make(Form(model=BASE).recipe(), None)
    card = plans.card(found, None)
    assert found.notice
    assert found.notice.name == "too-big"
    assert "Job" not in card
    assert card.count("data-copy") == 1


def test_the_job_fetches_the_wheel_of_a_private_space(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe, flavour = Form(model=MODEL, language="zh").recipe(), jobs.KNOWN[0]
    command = elsewhere.job_command(needing(), recipe, flavour)
    assert shlex.split(command)[-2:] == ["-c", f"uv run --with 'hubprune[eval]' {elsewhere.own_command(recipe)}"]
    monkeypatch.setattr(elsewhere, "SETTINGS", dataclasses.replace(elsewhere.SETTINGS, space_id="me/pruning"))
    monkeypatch.setattr(elsewhere, "own_wheel", lambda: "hubprune-1-py3-none-any.whl")
    *_, words = shlex.split(elsewhere.job_command(needing(), recipe, flavour))
    fetched, run = words.split(" && ")
    assert fetched.endswith("hf download --repo-type space me/pruning hubprune-1-py3-none-any.whl --local-dir /tmp")
    assert "file:///tmp/hubprune-1-py3-none-any.whl" in run
