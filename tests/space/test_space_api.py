"""The open endpoint: what it says of itself, and of values that it cannot take."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

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
