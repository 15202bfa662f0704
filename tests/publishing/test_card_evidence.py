"""The card beyond perplexity: whole, half absent, with hostile tasks and texts, and with whatever numbers there are."""

from __future__ import annotations

import dataclasses
import math
import re

import made_up_evidence as evidence
import made_up_reports as made
import pytest
from huggingface_hub import ModelCard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from test_card import COUNT, HOSTILE, NUMBER, REPO, WORDS, compare, empty_sections, flat

from hubprune.publishing import card
from hubprune.recipe import Recipe
from hubprune.report import CONTROL, DENSE, PRUNED, GenerationScore, Paired, Report, Sample, TaskScore


@pytest.fixture(autouse=True)
def _one_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubprune.__version__", "0.1.0")


def full() -> tuple[Report, Recipe]:
    recipe = made.recipe(pattern="2:4")
    return evidence.full(recipe), recipe


def test_a_card_with_everything() -> None:
    compare("full.md", card.render(*full(), repo_id="amina/Qwen3-0.6B-sparsegpt2of4-sw"))


def test_a_card_where_half_is_absent() -> None:
    compare("half.md", card.render(*evidence.half(), repo_id=REPO))


def test_at_most_two_screens_before_the_first_fold() -> None:
    for template in (True, False):
        report, recipe = full()
        report = dataclasses.replace(report, model=made.model(chat_template=template))
        body = card.render(report, recipe, repo_id=REPO).split("\n---\n", 1)[1]
        assert len(body.split("<details>")[0].splitlines()) < 62


def test_task_scores_in_the_front_matter() -> None:
    data = ModelCard(card.render(*full(), repo_id=REPO)).data
    assert ModelCard(f"---\n{data.to_yaml()}\n---\n").data.to_dict() == data.to_dict()
    assert data.metrics == ["perplexity", "accuracy"]
    found = next(result for result in data.eval_results if result.dataset_name == "xcopa_sw")
    assert (found.dataset_type, found.dataset_config, found.dataset_split) == ("cambridgeltl/xcopa", "sw", "test")
    assert (found.dataset_revision, found.metric_type, found.metric_value) == (evidence.COMMIT, "acc", 0.68)
    assert found.metric_args == {"num_fewshot": 0, "n": 200, "stderr": 0.0331, "chance": 0.5}
    assert len(data.eval_results) == 2 + 4


def test_local_tasks_have_no_address() -> None:
    own = evidence.task("sw", "my_task", source="local", revision=None, config="x", metric="f1", chance=None)
    rendered = card.render(made.report(tasks=[own]), made.recipe(), repo_id=REPO)
    result = ModelCard(rendered).data.eval_results[-1]
    assert (result.dataset_type, result.dataset_config, result.dataset_revision) == ("my_task", None, None)
    assert ModelCard(rendered).data.metrics == ["perplexity", "f1"]
    assert "**my_task** (Swahili): the author's own items" in rendered
    assert "It needs tasks of the author's own, which is not public." not in rendered
    assert "It needs tasks of the author's own, which are not public." in rendered


def test_a_language_measured_by_tasks_alone_is_named() -> None:
    rendered = card.render(made.report(tasks=[evidence.task("de")]), made.recipe(), repo_id=REPO)
    assert ModelCard(rendered).data.language == ["sw", "en", "de"]
    assert "Languages other than Swahili, English and German are untested." in rendered


def limits(**changes: object) -> str:
    rendered = card.render(made.report(**changes), made.recipe(), repo_id=REPO)
    return rendered.split("## Limitations")[1].split("## Licence")[0]


def test_the_limitations_say_what_was_not_measured() -> None:
    tasks, texts = {"tasks": [evidence.task("sw")]}, {"generations": [evidence.generation("sw")]}
    only, no_task, no_text = "Perplexity is all that was measured", "No task was run", "No generated text was judged"
    assert only in limits()
    assert only not in limits(**tasks)
    assert no_text in limits(**tasks)
    assert "Multiple choice overstates" in limits(**tasks)
    assert no_task in limits(**texts)
    assert only not in limits(**texts)
    both = limits(**tasks, **texts)
    assert not any(words in both for words in (only, no_task, no_text))
    assert "Multiple choice" not in limits(tasks=[evidence.task("sw", chance=None)])


def test_speed_is_measured_or_not_claimed() -> None:
    assert "No gain in speed, memory or file size is claimed" in limits()
    measured = limits(speed=evidence.speed())
    assert "No gain in speed" not in measured
    assert "Speed was measured on NVIDIA L4 alone (to the dense model: prefill × 0.78 to × 1.14, decode" in measured
    nothing = dataclasses.replace(evidence.speed(), rows=[], notes=["Speed was not measured: no room."])
    assert "No gain in speed, memory or file size is claimed" in limits(speed=nothing)


def test_right_to_left_text_has_its_own_direction() -> None:
    rendered = card.render(made.report(generations=[evidence.generation("ar")]), made.recipe(), repo_id=REPO)
    prompt, dense, *_ = evidence.WRITTEN["ar"]
    assert f'<blockquote dir="auto"><b>{prompt}</b>{dense}</blockquote>' in rendered


def test_an_empty_continuation_is_said() -> None:
    row = dataclasses.replace(evidence.generation("sw"), samples=[Sample("Maji", {DENSE: "", PRUNED: "x" * 2000})])
    rendered = card.render(made.report(generations=[row]), made.recipe(), repo_id=REPO)
    assert "<b>Maji</b> <i>(nothing)</i></blockquote>" in rendered
    assert f"<b>Maji</b>{'x' * 800}…</blockquote>" in rendered


def test_foreign_text_stays_text() -> None:
    nasty = f"</blockquote></details>\n\n# Owned\n{HOSTILE}"
    task = evidence.task(
        "sw",
        HOSTILE,
        **dict.fromkeys(("metric", "kind", "source", "revision", "config", "split", "license", "version"), HOSTILE),
        sha256=HOSTILE,
        truncated=1,
    )
    texts = dataclasses.replace(
        evidence.generation("sw"), samples=[Sample(nasty, dict.fromkeys((DENSE, CONTROL, PRUNED), nasty))]
    )
    speed = evidence.speed()
    speed = dataclasses.replace(
        speed,
        device=HOSTILE,
        dtype=HOSTILE,
        notes=[HOSTILE],
        rows=[dataclasses.replace(row, form=HOSTILE) for row in speed.rows],
    )
    report = evidence.full(tasks=[task], generations=[texts], speed=speed, no_tasks={"de": HOSTILE, "": HOSTILE})
    rendered = card.render(report, made.recipe(), repo_id=REPO)
    assert "base_model: Qwen" in rendered
    assert ModelCard(rendered).data.base_model == "Qwen/Qwen3-0.6B"
    body = rendered.split("\n---\n", 1)[1]
    tokens = flat(MarkdownIt("commonmark").enable(["table"]).parse(body))
    markup = [token.content.strip() for token in tokens if token.type in ("html_block", "html_inline")]
    allowed = (
        r"<!-- (Your own|End of|hubprune card)|</?details>|<summary>|<picture>\n<source|</?(picture|source|img)"
        r'|<blockquote dir="auto"><b>[^<>]*</b>[^<>]*</blockquote>$'
    )
    assert all(re.match(allowed, part) for part in markup), markup
    headings = [token for token in tokens if token.type == "heading_open"]
    honest = card.render(evidence.full(), made.recipe(), repo_id=REPO).split("\n---\n", 1)[1]
    assert len(headings) == len(re.findall("^#", honest, re.M))
    links = [token.attrs["href"] for token in tokens if token.type == "link_open"]
    assert all(re.match(r"https://(huggingface\.co|aclanthology\.org|arxiv\.org)/", str(link)) for link in links), links


# Any numbers at all

SHARE = st.floats(0, 1) | st.sampled_from([math.nan, math.inf])
PAIRED = st.builds(Paired, st.floats(-1, 1) | st.just(math.nan), NUMBER, COUNT, COUNT, st.none() | st.floats(0, 1))
SCORE = st.builds(TaskScore, SHARE, NUMBER, st.none() | PAIRED)
LANES = st.sampled_from([(DENSE,), (DENSE, PRUNED), (DENSE, CONTROL, PRUNED), (PRUNED,), (CONTROL,)])


@st.composite
def evidences(draw: st.DrawFn) -> Report:
    codes = draw(st.lists(st.sampled_from(["sw", "en", "ar", ""]), unique=True, max_size=4))
    tasks = [
        evidence.task(
            code,
            draw(WORDS),
            items=draw(COUNT),
            chance=draw(st.none() | st.floats(0, 1)),
            truncated=draw(COUNT),
            source=draw(st.sampled_from(["local", "a/b"]) | WORDS),
            scores={lane: draw(SCORE) for lane in draw(LANES)},
            against_control=draw(st.none() | PAIRED),
            **{key: draw(WORDS) for key in ("kind", "metric", "version", "sha256")},
            **{key: draw(st.none() | WORDS) for key in ("revision", "config", "split", "license")},
        )
        for code in codes
    ]
    generations = []
    for code in draw(st.lists(st.sampled_from(["sw", "en", "ar"]), unique=True, max_size=3)):
        lanes = draw(LANES)
        scores = {lane: GenerationScore(draw(st.none() | SHARE), draw(SHARE), draw(COUNT)) for lane in lanes}
        samples = [Sample(draw(WORDS), {lane: draw(WORDS) for lane in lanes})] * draw(st.integers(0, 3))
        row = dataclasses.replace(evidence.generation(code), scores=scores, samples=samples)
        generations.append(row)
    rates = {key: draw(SHARE) for key in ("prefill", "decode")}
    ratios = {key: draw(NUMBER) for key in ("prefill_ratio", "decode_ratio")}
    rows = [dataclasses.replace(row, **rates, **ratios, peak_memory=draw(COUNT)) for row in evidence.speed().rows]
    return made.report(
        tasks=tasks,
        generations=generations,
        no_tasks=draw(st.dictionaries(st.sampled_from(["sw", "de", ""]), WORDS)),
        no_generations=draw(st.none() | WORDS),
        sizes=draw(st.sampled_from([{}, evidence.sizes(), {DENSE: evidence.sizes()[DENSE]}])),
        speed=draw(st.sampled_from([None, dataclasses.replace(evidence.speed(), rows=rows)])),
        sparsity=draw(st.sampled_from([None, made.sparsity()])),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(evidences())
def test_no_placeholder_ever_prints(report: Report) -> None:
    rendered = card.render(report, made.recipe(), repo_id=REPO)
    assert not re.search(r"\bNone\b|\bnan\b|\binf\b|\{\{|\}\}|\{%|\bundefined\b", rendered)
    assert empty_sections(rendered) == []
    ModelCard(rendered)
