"""Every state that can be provoked, by its words."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from hubprune.calibration import gather
from hubprune.demo.loop import MODEL_FOLDER
from hubprune.events import run_to_end
from hubprune.hub import connect
from hubprune.recipe import Recipe

BASE = "demo/tiny-multilingual-llama"
Visit = Callable[..., Any]


@pytest.fixture(scope="module")
def seeded(site: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The Hub with a model for every reason why none is pruned."""
    source = Path(__file__).parents[2] / "hubprune" / "demo" / "model"

    def seed(name: str, change: Callable[[Path], None]) -> None:
        folder = tmp_path_factory.mktemp(name.replace("/", "-"))
        shutil.copytree(source, folder, dirs_exist_ok=True)
        change(folder)
        site.hub.add_repo(name, folder)

    def config(**new: Any) -> Callable[[Path], None]:
        def change(folder: Path) -> None:
            old = json.loads((folder / "config.json").read_text())
            (folder / "config.json").write_text(json.dumps({**old, **new}))

        return change

    def pickle(folder: Path) -> None:
        (folder / "model.safetensors").unlink()
        (folder / "pytorch_model.bin").write_bytes(b"not looked at")

    def nothing(folder: Path) -> None:
        pass

    seed("acme/gated", nothing)
    site.hub.gate("acme/gated", "manual")
    seed("acme/scoped", nothing)
    seed("acme/bert", config(model_type="bert", architectures=["BertForMaskedLM"]))
    seed("acme/pickle", pickle)
    seed("acme/own-code", config(auto_map={"AutoModelForCausalLM": "modeling.Model"}, model_type="own"))
    return site


def test_models_that_are_not_pruned(visit: Visit, seeded: Any) -> None:
    visitor = visit("bob")
    told = {
        "acme/nothing": r"No model called acme/nothing is visible to you\. Check the spelling, or sign in",
        "acme/gated": r"acme/gated is gated: .+\. Accept its terms on its page, then press Retry\. The page of",
        "acme/bert": r"hubprune cannot prune BertForMaskedLM yet: .+",
        "acme/pickle": r"stored as pickles, files that can hold programs; hubprune loads only safetensors",
        "acme/own-code": r"needs Python code of its authors' to run, .+ its last word allows .+ --trust-remote-code",
        "../../etc/passwd": r"cannot be the name of a model on the Hub",
        "/etc/passwd": r"cannot be the name of a model on the Hub",
        "hubprune": r"No model called hubprune is visible",
    }
    for model, words in told.items():
        assert re.search(words, " ".join(visitor.plan(model).split())), model
        assert visitor.page.is_hidden("#prune")
    for _ in range(8):
        seeded.hub.fault("GET /acme/scoped/resolve", status=403, message="The token lacks a scope: gated repositories.")
        seeded.hub.fault(
            "HEAD /acme/scoped/resolve", status=403, message="The token lacks a scope: gated repositories."
        )
    assert "Your sign-in does not include gated models. Sign in again and allow it." in " ".join(
        visitor.plan("acme/scoped").split()
    )
    seeded.hub.clear_faults()
    visitor.plan("acme/gated")
    link = visitor.page.locator("#card .notice a")
    assert link.get_attribute("href") == f"{seeded.hub.endpoint}/acme/gated"
    seeded.hub.gate("acme/gated", False)  # the terms are accepted
    visitor.page.click("#retry:visible")
    visitor.page.wait_for_selector("#card .facts")


def test_what_does_not_fit_gets_the_command(visit: Visit, site: Any) -> None:
    visitor = visit("big")
    visitor.advanced(Windows_of_text="900000000")
    words = " ".join(visitor.plan(BASE).split())
    assert re.search(
        r"of disk; this machine has [\d.]+ [GT]B\. Ask for fewer windows under Advanced, or run it on a larger "
        r"machine: the command is below\.",
        words,
    )
    assert "hubprune prune " in words
    assert "Job" not in words
    assert visitor.page.is_hidden("#prune")


def test_text_too_short(visit: Visit, site: Any) -> None:
    visitor = visit("short")
    visitor.advanced(Windows_of_text="128")
    visitor.plan(BASE)
    visitor.prune()
    assert visitor.state("text-too-short").startswith(
        "Problem: Only 21 of 128 windows of 256 tokens could be built from demo (Swahili)."
    )


@pytest.mark.parametrize(
    ("data", "state", "words"),
    [
        (
            b"mwanzo \xff\xfe",
            "text-not-utf8",
            "Your text is not UTF-8: the byte at position 7 belongs to no character.",
        ),
        (b" \n", "text-empty", "Your text is empty."),
    ],
)
def test_own_text_that_is_none(visit: Visit, site: Any, data: bytes, state: str, words: str) -> None:
    visitor = visit("own")
    visitor.plan(BASE)
    visitor.page.click("#advanced > button")
    visitor.page.set_input_files("#own input[type=file]", {"name": "t.txt", "mimeType": "text/plain", "buffer": data})
    assert words in visitor.state(state)
    assert visitor.page.is_hidden("#prune")


def test_own_text_is_in_the_plan_and_never_lost_in_silence(visit: Visit, site: Any) -> None:
    visitor = visit("mine")
    page = visitor.page
    visitor.plan(BASE)
    page.click("#advanced > button")
    file = {"name": "t.txt", "mimeType": "text/plain", "buffer": b"habari " * 300}
    page.set_input_files("#own input[type=file]", file)
    page.wait_for_selector("#card .facts:has-text('Swahili (your own text, 2.1 kB)')")
    for kept in (site.log.parent / "gradio").rglob("t.txt"):  # its time is over, and the page was left open
        kept.unlink()
    page.click("#pattern label:has-text('40 %')")
    page.wait_for_selector(":text('Your own calibration text is gone')")
    visitor.open()
    assert "Your own calibration text is gone" in visitor.state("text-lost")
    assert "own text, 2.1" not in page.inner_text("#card")


def test_own_text_is_what_the_weights_are_chosen_by(visit: Visit, site: Any, tmp_path: Path) -> None:
    """The windows of the run are cut from the visitor's bytes, and nothing names the file as it lies here."""
    own = "\n".join(f"Mstari wa {number}: paka {number * 7} na mbwa." for number in range(400)).encode()
    visitor = visit("owner")
    page = visitor.page
    visitor.speaks("English")
    page.click("#advanced > button")
    page.get_by_label("Wanda").check()
    page.get_by_label("Windows of text", exact=False).first.fill("2")
    page.set_input_files("#own input[type=file]", {"name": "my.txt", "mimeType": "text/plain", "buffer": own})
    page.wait_for_selector("#own .file-preview, #own table")
    visitor.plan(BASE)
    visitor.prune()
    visitor.result()
    link = page.locator("#look a[download='hubprune_results.json']").first
    results = json.loads(base64.b64decode((link.get_attribute("href") or "").partition(",")[2]))
    used = [record for record in results["texts"] if record["use"] == "calibration"]
    (tmp_path / "calibration.txt").write_bytes(own)
    recipe = Recipe.from_dict(results["recipe"]).replace(calib={"en": str(tmp_path / "calibration.txt")})
    tokenizer = AutoTokenizer.from_pretrained(MODEL_FOLDER)
    texts = run_to_end(gather(recipe, tokenizer, connect(site.hub.endpoint), seq_len=recipe.seq_len or 0))
    assert texts.calibration[0].record.source == "calibration.txt"
    assert used == [dataclasses.asdict(text.record) for text in texts.calibration]
    assert "Mstari" in tokenizer.decode(texts.calibration[0].tokens[0])
    assert str(site.folder) not in page.content()


def test_the_alarm(visit: Visit, site: Any) -> None:
    """70 % of all weights by size alone is too much."""
    visitor = visit("alarm")
    page = visitor.page
    page.click("#pattern label:has-text('70 %')")
    page.click("#advanced > button")
    page.get_by_label("Magnitude").check()
    visitor.plan(BASE)
    visitor.prune()
    visitor.result()
    assert re.search(
        r"Perplexity in \w+ is [\d,.]+ times the original's\. We suggest not publishing; try 60 %\.",
        visitor.state("quality-alarm"),
    )


def test_cancel_within_a_block(visit: Visit, site: Any) -> None:
    before = set(site.folder.glob("*/run-*"))
    visitor = visit("cancels")
    visitor.plan(BASE)
    site.hub.fault("GET /api/whoami-v2", kind="stall", seconds=2)  # a run takes a moment to begin
    visitor.prune()
    visitor.page.wait_for_selector("#prune[data-busy=yes]:has-text('Prune (about')")
    visitor.page.wait_for_selector("#work .stages li.now:has-text('prune')")
    visitor.page.click("#cancel")
    assert re.search(
        r"Stopped (at block \d of 4|before the first block)\. Nothing was published\.", visitor.state("cancelled")
    )
    assert visitor.page.is_visible("#prune:not([data-busy])")
    assert set(site.folder.glob("*/run-*")) <= before


def test_something_breaks(visit: Visit, site: Any) -> None:
    visitor = visit("broken")
    visitor.plan(BASE)
    visitor.prune()
    visitor.page.wait_for_selector("#work .stages li.now:has-text('prune')")
    for state in site.folder.glob("*/run-*/result.unfinished/.state"):
        shutil.rmtree(state)
    words = visitor.state("unexpected")
    code = re.search(r"Something broke in step [A-Z]+\. Code (hp-[0-9a-f]{4}); the log is below\.", words)
    assert code
    assert code[1] in site.log.read_text()
    assert "Traceback" not in visitor.page.content()
