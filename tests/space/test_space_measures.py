"""Tasks and texts, asked for on the page: a model of the Hub with text and questions of the Hub's data sets."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hubprune.report import Report

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS / "tasks"))
from hub_sets import seed  # noqa: E402

DEMO = TESTS.parent / "hubprune" / "demo"
MODEL = "acme/little"


@pytest.fixture(scope="module")
def stocked(site: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A Hub with a model, the corpus and the data sets of the tasks."""
    folder = tmp_path_factory.mktemp("stocked")
    site.hub.add_repo(MODEL, DEMO / "model")
    corpus, card = folder / "c4", ["---", "license:", "- odc-by", "configs:"]
    for code, stem in (("en", "en/c4"), ("sw", "multilingual/c4-sw")):
        card += [f"- config_name: {code}", "  data_files:"]
        for split, name in (("train", "train"), ("validation", "test")):
            path = corpus / f"{stem}-{split}.00000-of-00001.json.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(gzip.compress((DEMO / "text" / code / f"{name}.jsonl").read_bytes()))
            card += [f"  - split: {split}", f"    path: {stem}-{split}.*.json.gz"]
    (corpus / "README.md").write_text("\n".join([*card, "---", "# A data set", ""]), encoding="utf-8")
    site.hub.add_repo("allenai/c4", corpus, "dataset")
    seed(site.hub, folder)
    return site


def test_tasks_and_texts_of_a_run(visit: Callable[..., Any], stocked: Any, tmp_path: Path) -> None:
    visitor = visit("tessa")
    page = visitor.page
    page.get_by_label("Knowledge and reasoning").check()
    page.get_by_label("Texts").check()
    visitor.advanced(Windows_of_text="4", Tokens_in_a_window="64")
    visitor.plan(MODEL)
    visitor.prune()
    visitor.result()
    words = page.inner_text("#look")
    assert "global_mmlu_sw" in words
    assert page.locator("#samples .sample").count() > 1 or "Greedy" in words
    page.click("#publish")
    visitor.state("published")
    name = "tessa/little-sparsegpt50-sw"
    for file in ("hubprune_results.json", "README.md"):
        (tmp_path / file).write_bytes(stocked.hub.read_file(name, file))
    report = Report.load(tmp_path)
    assert {row.language for row in report.tasks} == {"sw", "en"}
    assert {row.language for row in report.generations} == {"sw", "en"}
    assert all(set(row.scores) == {"dense", "pruned", "control"} for row in report.tasks)
    assert json.loads((tmp_path / "hubprune_results.json").read_text(encoding="utf-8"))["recipe"]["generate"]
    assert "global_mmlu_sw" in (tmp_path / "README.md").read_text(encoding="utf-8")


def test_the_embedded_model_has_no_questions(visit: Callable[..., Any], site: Any) -> None:
    visitor = visit("timid")
    visitor.page.get_by_label("Knowledge and reasoning").check()
    said = " ".join(visitor.plan("demo/tiny-multilingual-llama").split())
    assert "The questions lie on the Hub, and the model that comes with hubprune is pruned without it." in said
