"""A signed-in visitor, from the search to a published repository that plain transformers loads."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

BASE = "demo/tiny-multilingual-llama"
SERIOUS = {"serious", "critical"}
# The page hides what is wider than itself, so that its own scroll width says nothing.
TOO_WIDE = """() => [...document.querySelectorAll('main *')].filter(
    (one) => one.getBoundingClientRect().right > innerWidth + 1
        && !one.closest('pre, .scrolls table, .visually-hidden')
).map((one) => `${one.tagName}#${one.id}.${one.className}`).slice(0, 5)"""
PLAIN = """
import json, sys, torch
from transformers import AutoModelForCausalLM, AutoTokenizer
pruned = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32)
AutoTokenizer.from_pretrained(sys.argv[1])
maps = [m.weight for n, m in pruned.named_modules() if isinstance(m, torch.nn.Linear) and n != "lm_head"]
print(json.dumps({"zeros": sum(int((w == 0).sum()) for w in maps), "weights": sum(w.numel() for w in maps)}))
"""


def violations(page: Any) -> list[str]:
    """What axe finds seriously wrong with the page as it is."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the extra `browser`")
    found = axe.Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node['html'][:140]}"
        for one in found
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]


def check_every_look(page: Any) -> None:
    """Light and dark, phone and desk: nothing serious, and nothing wider than the screen."""
    for dark, width in ((False, 390), (True, 1280)):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)
        assert violations(page) == []
        assert page.evaluate(TOO_WIDE) == []
    page.evaluate("document.body.classList.remove('dark')")


def test_from_search_to_a_published_repository(visit: Callable[..., Any], site: Any, tmp_path: Path) -> None:
    visitor = visit()
    page = visitor.page
    assert "You can plan without an account." in visitor.state("signed-out")

    page.locator("#model input, #model textarea").press_sequentially("tiny-multi")
    hit = page.wait_for_selector(f"#hits button[data-model='{BASE}']")
    hit.click()
    page.wait_for_selector("#card .facts")
    card = page.inner_text("#card")
    assert "4.26 million parameters" in card
    assert "50 % of 2.95 million weights" in card
    assert page.is_hidden("#prune")
    check_every_look(page)

    visitor.leaving = True
    page.click("#sign-in")  # leaves the page and comes back with what was filled in
    page.wait_for_url("**/*", wait_until="load")
    visitor_signed_in = "document.querySelector('#login')?.innerText.includes('alice')"
    page.wait_for_function(visitor_signed_in, timeout=60_000)
    page.wait_for_selector("#card .facts")
    assert "alice/tiny-multilingual-llama-sparsegpt50-sw" in page.inner_text("#card")
    visitor.leaving = False

    visitor.prune()
    page.wait_for_selector("#work .stages")
    page.wait_for_selector("#work .stages li.now, #look .result-head")
    check_every_look(page)
    visitor.result()
    assert page.locator("table.languages tr.target th").inner_text().startswith("★")
    assert "Calibrating in Swahili" in page.inner_text(".verdict")
    assert "Your own text" not in page.inner_text("#result-head")
    assert page.locator(".chart svg:visible").count() == 2
    check_every_look(page)

    page.click("#write")
    page.wait_for_selector("#written [aria-busy=false]")
    texts = page.locator("#written .text").all_inner_texts()
    assert len(texts) == 2
    assert all(text.strip() for text in texts)
    page.click("#preview summary")
    assert "How to use" in page.inner_text(".card-preview")
    check_every_look(page)

    visitor.open()  # the result is still there
    visitor.result()
    page.wait_for_selector("#publish:not([disabled])")

    page.click("#publish")
    assert "alice/tiny-multilingual-llama-sparsegpt50-sw" in visitor.state("published")
    check_every_look(page)

    repo_id = "alice/tiny-multilingual-llama-sparsegpt50-sw"
    assert site.hub.repository(repo_id).private
    for name in site.hub.list_files(repo_id):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(site.hub.read_file(repo_id, name))
    done = subprocess.run(
        [sys.executable, "-c", PLAIN, str(tmp_path)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    seen = json.loads(done.stdout.splitlines()[-1])
    report = json.loads((tmp_path / "hubprune_results.json").read_text(encoding="utf-8"))
    assert seen == {"zeros": report["sparsity"]["stored"], "weights": report["sparsity"]["weights"]}
    assert seen["zeros"] >= seen["weights"] // 2
    assert f"# {repo_id}" in (tmp_path / "README.md").read_text(encoding="utf-8")
