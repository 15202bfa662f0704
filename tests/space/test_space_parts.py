"""What stands behind the page: forms, runs and their owners, slices of a GPU, words, the one open endpoint."""

from __future__ import annotations

import inspect
import json
import re
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "space"))
from hubprune_space import forms, gpu, plans, results, runs, text_words, words
from hubprune_space.forms import Form, Refused
from hubprune_space.run import Run, with_text

from hubprune.demo.loop import BASE
from hubprune.events import Progress


@pytest.mark.parametrize(
    "model", ["", "/etc/passwd", "../x", "a/b/c", "~/model", "hf://a/b", "a\\b", "./x", "C:/x", "a/.."]
)
def test_only_ids_of_the_hub_are_models(model: str) -> None:
    with pytest.raises(Refused):
        Form(model=model).recipe()


@pytest.mark.parametrize("model", ["Qwen/Qwen3-0.6B", "gpt2", "me/tree"])
@pytest.mark.parametrize("host", ["https://huggingface.co/", "http://www.huggingface.co/", "HuggingFace.co/", "hf.co/"])
def test_an_address_of_a_page_is_its_model(host: str, model: str) -> None:
    pages = ("", "/", "?library=transformers", "#uses", "/?a=b#c", "/tree/main", "/tree/main?a/b", "/commits/main/")
    for after in (
        *pages,
        "/blob/main/config.json",
        "/resolve/main/model.safetensors?download=true",
        "/discussions/1#2",
    ):
        assert forms.hub_id(f"  {host}{model}{after} ") == model
    assert forms.hub_id("https://huggingface.co/me/name/discussions") == "me/name"


@pytest.mark.parametrize(
    "model", ["a/b/tree/main", "a/b?c", "https://huggingface.co/datasets/a/b/tree/main", "https://huggingface.co/?a=b",
              "https://example.org/a/b"]
)  # fmt: skip
def test_what_is_no_address_of_a_model_is_refused(model: str) -> None:
    with pytest.raises(Refused, match="cannot be the name of a model"):
        forms.hub_id(model)


@pytest.mark.parametrize(
    ("name", "label", "least"),
    [("samples", "Windows of text", 1), ("seq_len", "Tokens in a window", 8), ("seed", "Seed", 0)],
)
def test_a_number_outside_its_range_is_refused_with_its_range(name: str, label: str, least: int) -> None:
    for text in (str(least - 1), "99999999999", "1" * 300, "1.5", "-5", "x"):
        with pytest.raises(Refused) as refused:
            Form(model="a/b", **{name: text}).recipe()
        said = refused.value.notice
        assert said.sentence == f"{label} must be a whole number from {least} to 999,999,999."
        assert said.action == "Correct it, or leave it empty."
    for text in (str(least), "999,999,999"):
        assert getattr(Form(model="a/b", **{name: text}).recipe(), name) == int(text.replace(",", ""))
    default = {"samples": forms.SAMPLES, "seq_len": None, "seed": 0}[name]
    assert getattr(Form(model="a/b", **{name: " "}).recipe(), name) == default


@pytest.mark.parametrize("revision", ["../main", "/main", "refs/pr/1 x", "a;b"])
def test_revisions_are_plain(revision: str) -> None:
    with pytest.raises(Refused):
        Form(model="a/b", revision=revision).recipe()


def test_no_form_reaches_a_file_or_runs_code() -> None:
    recipe = Form(model="a/b", also="de", share=25, measured=["fr"]).recipe()
    assert recipe.calib == recipe.eval_text == "auto"
    assert not recipe.trust_remote_code
    assert recipe.lang == {"sw": 0.75, "de": 0.25}
    assert recipe.eval_lang == ("sw", "de", "en", "fr")


def test_ordinals() -> None:
    assert [words.ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 102)] == (
        ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd"]
    )


def test_every_state_is_one_sentence_and_one_action() -> None:
    for name, function in {**vars(words), **vars(text_words)}.items():
        if inspect.isfunction(function) and inspect.signature(function).return_annotation == "Notice":
            kinds = {"str": "X", "int": 2, "float": 3.0, "float | None": 3.0, "str | None": "40 %"}
            made = function(*(kinds[p.annotation] for p in inspect.signature(function).parameters.values()))
            assert made.sentence.rstrip("X").endswith(".") or made.sentence == "X", name
            assert made.action, name


def test_no_quota_names_what_is_left() -> None:
    run = Run("k", "me", Form(model=BASE).recipe(), "name", Path("/nowhere"), 150.0, 4)
    said = "You have exceeded your free ZeroGPU quota (150s requested vs. 40s left). Try again in 1:00:00."
    run.take(gpu.Failed("Quota", said))
    assert run.notice is not None
    assert run.notice.sentence == "This GPU has about 40 s left for you today; this needs about 150."
    assert run.resumable


@pytest.mark.parametrize("title", ["ZeroGPU quota exceeded", "ZeroGPU queue timeout"])
def test_no_gpu_now_is_no_defect(title: str) -> None:
    error = RuntimeError("No GPU was free")
    error.title = title  # type: ignore[attr-defined]
    run = Run("k", "me", Form(model=BASE).recipe(), "name", Path("/nowhere"), 150.0, 4)
    run.take(gpu.failure(error))
    assert run.resumable
    assert run.notice is not None
    assert run.notice.sentence == "This GPU has no time for you now; this needs about 150."


def test_a_gpu_process_that_dies_can_be_gone_on_from_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    error = RuntimeError("GPU task aborted")
    error.title = "ZeroGPU worker error"  # type: ignore[attr-defined]
    run = Run("k", "me", Form(model=BASE).recipe(), "name", Path("/nowhere"), 150.0, 4)
    run.take(gpu.failure(error))
    assert run.resumable
    assert run.notice is not None
    (code,) = re.findall(r"hp-[0-9a-f]{4}", run.notice.sentence)
    assert code in caplog.text
    assert "GPU task aborted" in caplog.text


STRANGE: list[dict[str, Any]] = [
    *(
        {name: value}
        for name in ("model", "language", "pattern", "seed", "revision")
        for value in (5, ["a"], "x" * 999)
    ),
    *({"share": value, "also": "de"} for value in ("much", [1], {"a": 1})),
    *({name: value} for name in ("measured", "measures") for value in ("sw", [5], 5)),
]


@pytest.mark.parametrize("fields", STRANGE, ids=str)
def test_what_the_page_never_sends_is_a_problem_and_no_crash(fields: dict[str, Any]) -> None:
    planned = plans.of_form(Form(**{"model": BASE} | fields), None)
    assert planned.plan is None
    assert planned.notice
    assert planned.notice.tone == "problem"


def test_empty_fields_are_defaults() -> None:
    assert Form(BASE, *[None] * 11).recipe() == Form(BASE).recipe()  # type: ignore[arg-type]


def test_the_embedded_model_has_text_in_few_languages() -> None:
    with pytest.raises(Refused, match=r"brings no text in Hindi along, only in Swahili, English, .+ and Chinese\."):
        Form(BASE, language="hi").recipe()
    with pytest.raises(Refused, match="no text in French"):
        Form(BASE, measured=["fr"]).recipe()
    assert Form(BASE, language="Swahili").recipe().lang == {"sw": 1.0}


def test_what_is_measured_beside_perplexity() -> None:
    assert Form("a/b").recipe().tasks == ()
    assert not Form("a/b").recipe().generate
    both = Form("a/b", measures=["tasks", "texts"]).recipe()
    assert both.tasks == ("auto",)
    assert both.generate
    with pytest.raises(Refused, match="questions lie on the Hub"):
        Form(BASE, measures=["tasks"]).recipe()


def test_a_control_of_another_source_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = Form(model=BASE).recipe()
    asked: Any = SimpleNamespace(recipe=recipe.to_dict())
    monkeypatch.setattr(results.tables, "control_language", lambda report: "en")
    assert results.other_text(asked) == ""
    asked.recipe = recipe.replace(calib={"sw": "demo", "en": "demo"}).to_dict()  # as a report has it
    assert results.other_text(asked) == ""
    asked.recipe = with_text(recipe, Path("run-1") / forms.TEXT_FILE).to_dict()
    assert "differ in more than their language" in results.other_text(asked)
    monkeypatch.setattr(results.tables, "control_language", lambda report: None)
    assert results.other_text(asked) == ""


def test_what_is_left_counts_what_follows_the_blocks() -> None:
    run = Run("k", "me", Form(model=BASE).recipe(), "name", Path("/nowhere"), 150.0, 4)
    assert run.left() == 150
    run.begun = run.pruning_since = time.monotonic() - 10
    run.progress["prune"] = Progress("prune", 2, 4, "block")
    assert run.left() == pytest.approx(140, abs=1)  # quick blocks; the rest of the estimate is for what follows
    run.progress["prune"] = Progress("prune", 4, 4, "block")
    assert run.left() == pytest.approx(140, abs=1)
    run.begun = run.pruning_since = time.monotonic() - 400
    run.progress["prune"] = Progress("prune", 2, 4, "block")
    assert run.left() == pytest.approx(460, abs=5)  # slow blocks


def test_a_run_is_its_owners_and_goes_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch, job: gpu.Job) -> None:
    import dataclasses

    short = dataclasses.replace(runs.SETTINGS, keep_seconds=1.5)
    monkeypatch.setattr(runs, "SETTINGS", short)
    monkeypatch.setattr("hubprune_space.run.SETTINGS", short)
    monkeypatch.setattr(runs, "steps", lambda job: iter([gpu.Stopped()]))
    all_runs = runs.Runs()
    run = all_runs.start(job.recipe, "me", endpoint="", token="hf_x", estimate=1.0, blocks=4, name="n", text="habari")
    assert all_runs.get(run.key, "me") is run
    assert all_runs.get(run.key, None) is run
    assert all_runs.get(run.key, "you") is None
    assert all_runs.get("guess", "me") is None
    until = time.monotonic() + 20
    while all_runs.get(run.key, "me"):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert not run.folder.exists()


def test_cancel_ends_a_run_that_waits_in_line(monkeypatch: pytest.MonkeyPatch, job: gpu.Job) -> None:
    go = threading.Event()

    def held(_: gpu.Job) -> Iterator[gpu.Step]:
        go.wait(60)
        yield gpu.Stopped()

    monkeypatch.setattr(runs, "steps", held)
    all_runs = runs.Runs()
    first, second = (
        all_runs.start(job.recipe, owner, endpoint="", token=None, estimate=1.0, blocks=4, name="n")
        for owner in ("me", "you")
    )
    try:
        all_runs.cancel(second)
        until = time.monotonic() + 20
        while second.ended is None:
            assert time.monotonic() < until
            time.sleep(0.02)
        assert second.state == "stopped"
        assert not first.over
    finally:
        go.set()


def test_an_account_has_one_run(monkeypatch: pytest.MonkeyPatch, job: gpu.Job) -> None:
    """A second one is refused while the first is under way, and takes its place afterwards."""
    go = threading.Event()

    def held(_: gpu.Job) -> Iterator[gpu.Step]:
        go.wait(60)
        yield gpu.Stopped()

    monkeypatch.setattr(runs, "steps", held)
    all_runs = runs.Runs()

    def start(owner: str) -> Run:
        return all_runs.start(job.recipe, owner, endpoint="", token=None, estimate=1.0, blocks=4, name="mine")

    try:
        first, other = start("me"), start("you")
        assert all_runs.of("me") is first
        assert all_runs.of(None) is all_runs.of("nobody") is None
        with pytest.raises(Refused, match=r"You have a run under way already: mine\."):
            start("me")
    finally:
        go.set()
    until = time.monotonic() + 20
    while first.ended is None or other.ended is None:
        assert time.monotonic() < until
        time.sleep(0.02)
    second = start("me")
    assert all_runs.of("me") is second
    assert all_runs.get(first.key, "me") is None


@pytest.mark.parametrize("text", [None, "habari\r\n\u2028za asubuhi"])
def test_a_run_without_quota_is_gone_on_with(monkeypatch: pytest.MonkeyPatch, job: gpu.Job, text: str | None) -> None:
    """The same recipe and the same text find the blocks that are done; another text does not."""
    monkeypatch.setattr(runs, "steps", lambda job: iter([gpu.Failed("Quota", "none left")]))
    all_runs = runs.Runs()

    def start(recipe: Any, text: str | None) -> Run:
        run = all_runs.start(recipe, "me", endpoint="", token=None, estimate=1.0, blocks=4, name="n", text=text)
        until = time.monotonic() + 20
        while run.ended is None:
            assert time.monotonic() < until
            time.sleep(0.02)
        return run

    first = start(job.recipe, text)
    again = start(job.recipe, text)
    assert again.folder == first.folder
    assert again.recipe == first.recipe
    other = start(job.recipe, "another text")
    assert other.folder != first.folder
    assert not first.folder.exists()
    assert start(job.recipe.replace(seed=1), "another text").folder != other.folder


def test_no_name_leads_to_a_handler_of_the_page(site: Any) -> None:
    import httpx

    config = httpx.get(f"{site.url}/config").json()
    assert {one["api_name"] for one in config["dependencies"]} == {"plan", False}
    assert "site-packages" not in json.dumps(config)
    for name in ("prune", "watch", "publish", "False", "false"):
        assert httpx.post(f"{site.url}/gradio_api/call/{name}", json={"data": []}).status_code >= 400, name


def test_an_own_text_leaves_the_other_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "steps", lambda job: iter([gpu.Stopped()]))
    recipe = Form(model=BASE, also="de").recipe()
    assert recipe.calib == "demo"
    run = runs.Runs().start(recipe, "me", endpoint="", token=None, estimate=1.0, blocks=4, name="n", text="habari")
    assert run.recipe.calib == {"sw": str(run.folder / forms.TEXT_FILE), "de": "demo", "en": "demo"}


def test_only_the_plan_is_open(site: Any) -> None:
    from gradio_client import Client

    client = Client(site.url, verbose=False)
    open_ones = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert list(open_ones) == ["/plan"]
    found = client.predict(BASE, "sw", "50%", "sparsegpt", api_name="/plan")
    assert found["model"]["blocks"] == 4
    assert found["runs_here"]
    assert "visible" in client.predict("acme/none", "sw", "50%", "sparsegpt", api_name="/plan")["problem"]


def test_a_plan_leaves_nothing_behind() -> None:
    before = set(plans.SETTINGS.folder.iterdir())
    assert plans.of_form(Form(model=BASE), "hf_somebody").plan
    assert set(plans.SETTINGS.folder.iterdir()) - before <= {plans.SETTINGS.folder / "shelf"}


def test_the_command_for_the_embedded_model_says_what_was_chosen() -> None:
    """`hubprune demo` would make something else; the model's folder is asked of the package."""
    from hubprune_space.elsewhere import own_command

    from hubprune.demo.loop import BASE
    from hubprune.recipe import Recipe

    command = own_command(Recipe(BASE, lang={"zh": 1.0}, calib="demo", pattern="30%", tasks=(), revision="a" * 40))
    assert command.startswith("hubprune prune \"$(python -c 'from hubprune.demo.loop import MODEL_FOLDER; ")
    assert command.endswith("--lang zh --pattern 30% --calib demo --tasks none")
