"""The open endpoint: what it says of itself, and of values that it cannot take."""

from __future__ import annotations

import inspect
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

pytest.importorskip("gradio", reason="The tests of the Space need the extra `space`.")
sys.path.insert(0, str(Path(__file__).parents[2] / "space"))
from hubprune_space import api, api_words, forms, plans, problems, text_words, words

from hubprune import errors

BASE = "demo/tiny-multilingual-llama"
FILE = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}


def answer(site: Any, data: list[Any]) -> Any:
    """What a caller of the plan gets."""
    begun = httpx.post(f"{site.url}/gradio_api/call/plan", json={"data": data})
    said = httpx.get(f"{site.url}/gradio_api/call/plan/{begun.json()['event_id']}", timeout=60).text
    return json.loads(said.strip().splitlines()[-1].removeprefix("data: "))


@pytest.mark.parametrize("data", [[], [BASE], [FILE], [FILE, "sw", "50%", "wanda"]], ids=str)
def test_values_that_gradio_refuses_get_a_sentence(site: Any, data: list[Any]) -> None:
    assert answer(site, data)["error"] == "plan takes four texts, in this order: model, language, pattern, method."


@pytest.mark.parametrize(
    "data", [[5, "sw", "50%", "wanda"], [{"a": 1}, [], None, 7], [BASE, "Klingon", "50%", "wanda"]]
)
def test_other_values_get_one_too(site: Any, data: list[Any]) -> None:
    (found,) = answer(site, data)
    assert list(found) == ["problem"]
    assert found["problem"].endswith(".")


def test_every_value_is_explained(site: Any) -> None:
    plan = httpx.get(f"{site.url}/gradio_api/info").json()["named_endpoints"]["/plan"]
    explained = {one["parameter_name"]: one["python_type"]["description"] for one in plan["parameters"]}
    assert list(explained) == ["model", "language", "pattern", "method"]
    assert all(text.endswith(".") for text in explained.values())
    assert [one["label"] for one in plan["parameters"]] == list(explained)
    assert plan["parameters"][0]["example_input"].count("/") == 1


def test_the_traffic_of_the_page_is_nobodys_business(site: Any) -> None:
    answer(site, [BASE, "sw", "50%", "wanda"])  # gradio's own count fails after the first call
    asked = httpx.get(f"{site.url}/monitoring/summary")
    assert (asked.status_code, asked.json()) == (200, {"functions": {}})


# What is only on the page: its fields, buttons, lists and notices, and an account.
OF_THE_PAGE = re.compile(
    r"Advanced|Retry|\b[Pp]ress\b|\bform\b|\bfield|\blist\b|[Ss]ign in\b|[Ss]ign out|[Pp]rune again|Publish|Start over"
    r"|[Rr]eload|\btick\b|\bbelow\b|\babove\b|command shown|How much to prune|Tokens in a window|\bthis page\b"
)
NEVER_PLANNED = (  # what only a run or an upload raises
    *(errors.TaskUnavailable, errors.ExtraMissing, errors.QualityGate, errors.OutputExists, errors.Unfinished),
    *(errors.RepoExists, errors.NoWritePermission, errors.UploadInterrupted),
)
KINDS = [
    one
    for one in vars(errors).values()
    if isinstance(one, type) and issubclass(one, errors.HubpruneError) and one not in NEVER_PLANNED
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("said", ["It is so.", "Give --samples 3 instead.", "pattern is '5', which is none."])
def test_a_caller_is_told_nothing_of_the_page(kind: type[errors.HubpruneError], said: str) -> None:
    """For every failure of a plan: what it says on the page too would be of no use to a program's author."""
    recipe = forms.Form(model="acme/model").recipe()
    for notice in (problems.notice(kind(said, "Try it."), recipe), problems.told(kind(said, "Try it."))):
        told = api_words.problem(notice)
        assert not OF_THE_PAGE.search(told), told
        assert told.endswith(".")
        assert told.count(".") >= 2  # what is the case, and what to do about it


def test_nor_of_the_other_states_of_a_plan() -> None:
    planned = ("not_found", "not_an_id", "gated_terms", "gated_signed_out", "gated_scope", "unsupported", "pickle_only",
               "remote_code", "too_big", "too_long", "no_demo_text")  # fmt: skip
    for name in planned:
        make = {**vars(words), **vars(text_words)}[name]
        less = {"less": "ask for fewer windows under Advanced"}
        more = [f"<{one}>" for one in inspect.signature(make).parameters if one != "less"]
        told = api_words.problem(make(*more, **less) if "less" in inspect.signature(make).parameters else make(*more))
        assert not OF_THE_PAGE.search(told), told


def test_a_value_has_the_name_of_the_endpoint(site: Any) -> None:
    (found,) = answer(site, [BASE, "sw", "150%", "wanda"])
    assert re.match(r"pattern is .+ Give a pattern such as 50% or 2:4", found["problem"])
    (found,) = answer(site, ["acme/none", "sw", "50%", "wanda"])
    assert found == {"problem": f"No model called acme/none is visible to you. {api_words.PUBLIC}"}


def test_what_does_not_fit_is_told_without_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    monkeypatch.setattr(plans, "SETTINGS", dataclasses.replace(plans.SETTINGS, longest_seconds=1e-9))
    found = api.plan(BASE)
    assert not found["runs_here"]
    assert found["problem"].endswith(api_words.ELSEWHERE)


def test_a_defect_is_told_to_whom_it_concerns(caplog: pytest.LogCaptureFixture) -> None:
    for visibility, next_step in (("public", "Ask again."), ("private", "Reload the page, and try again.")):
        told = str(api.broken(ValueError("odd"), SimpleNamespace(api_visibility=visibility)))
        code, said = re.findall(r"Code (hp-[0-9a-f]{4})\. (.+\.)", told)[0]
        assert said.strip("'") == next_step
        assert code in caplog.text
