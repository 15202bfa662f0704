"""Requests that no page sends: a handler is called by its number, with whatever key and account."""

from __future__ import annotations

import json
import secrets
from typing import Any

import httpx


def number_of(config: dict[str, Any], event: str, block: str = "") -> int:
    """The handler that is called when something happens to a component, or to the page as a whole."""
    owners = {one["id"] for one in config["components"] if one["props"].get("elem_id") == block} if block else set()
    found = [
        one
        for one in config["dependencies"]
        if any(what == event and (who in owners if block else len(one["inputs"]) == 1) for who, what in one["targets"])
    ]
    return int(max(found, key=lambda one: len(one["outputs"]))["id"])


def forge(site: Any, account: str | None, event: str, block: str, data: list[Any]) -> str:
    """Call a handler as somebody who has signed in as `account`; all that comes back, of a stream its beginning."""
    cookie = site.cookie(account, f"hf_{account}_write") if account else None
    cookies = {cookie["name"]: cookie["value"]} if cookie else None
    with httpx.Client(base_url=site.url, cookies=cookies, timeout=60) as client:
        number = number_of(client.get("/config").json(), event, block)
        session = secrets.token_hex(6)
        asked = {"data": data, "fn_index": number, "session_hash": session}
        client.post("/gradio_api/queue/join", json=asked).raise_for_status()
        heard = ""
        with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as answer:
            for line in answer.iter_lines():
                message = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
                heard += json.dumps(message, ensure_ascii=False)
                if message.get("msg") == "process_completed" or (event == "load" and "output" in message):
                    break
    return heard
