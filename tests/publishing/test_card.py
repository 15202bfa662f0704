"""The card: whole against golden files, in every variant, with hostile input, and with whatever numbers there are."""

from __future__ import annotations

import dataclasses
import math
import os
import re
from itertools import pairwise
from pathlib import Path

import made_up_reports as made
import pytest
import yaml
from huggingface_hub import ModelCard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from hubprune.demo import loop
from hubprune.errors import HubpruneError
from hubprune.publishing import card, metadata, privacy
from hubprune.recipe import Recipe
from hubprune.report import PRUNED, Report

GOLDEN = Path(__file__).with_name("golden")
REPO = "amina/Qwen3-0.6B-sparsegpt50-sw"


@pytest.fixture(autouse=True)
def _one_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubprune.__version__", "0.1.0")


def compare(name: str, rendered: str) -> None:
    """Against the golden file. UPDATE_GOLDEN=1 pytest tests/publishing writes the files anew."""
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(rendered, encoding="utf-8")
    assert rendered == path.read_text(encoding="utf-8")


def test_a_whole_card() -> None:
    compare("swahili.md", card.render(made.report(), made.recipe(), repo_id=REPO))


def test_a_card_without_any_optional_fact() -> None:
    compare("bare.md", card.render(*made.bare(), repo_id=None))


def bilingual() -> tuple[Report, Recipe]:
    recipe = made.recipe(
        model="/home/me/models/my-llama",
        revision=None,
        lang={"sw": 0.75, "en": 0.25},
        pattern="2:4",
        method="wanda",
        calib={"sw": "/home/me/text/sw.jsonl", "en": f"allenai/c4@{made.CORPUS}"},
    )
    own = {"source": "sw.jsonl", "revision": None, "config": None, "split": None, "license": None}
    report = made.report(
        recipe,
        model=made.model(id="my-llama", revision=None, local=True, license="llama3", license_link="LICENSE"),
        texts=[
            made.record("sw", "calibration", weight=0.75, **own),
            made.record("en", "calibration", weight=0.25),
            made.record("en", "control"),
            made.record("sw", "evaluation", **own),
            made.record("en", "evaluation"),
        ],
        languages=[made.language("sw", target=True), made.language("en", target=True)],
        run=made.run(command="hubprune push /home/me/models/my-llama --lang sw=3,en=1 --cache-dir /scratch/hub"),
    )
    return report, recipe


def test_local_base_two_languages_and_an_n_m_pattern() -> None:
    rendered = card.render(*bilingual(), repo_id="amina/my-llama-wanda2of4-sw-en")
    data = ModelCard(rendered).data
    assert data.base_model is None
    assert data.license == "llama3"
    assert data.datasets == ["allenai/c4"]
    assert data.language == ["sw", "en"]
    assert data.tags == ["hubprune", "pruned", "sparse", "wanda", "2of4", "calibration-sw", "calibration-en"]
    assert "my-llama (a local model), pruned with Wanda" in rendered
    assert "256 windows of 2,048 tokens of Swahili and English text" in rendered
    assert "N:M patterns such as 2:4 usually cost more" in rendered
    assert "Calibrating in Swahili and English instead of English alone" in rendered
    assert "**Swahili** (weight 0.75): the author's own text, sw.jsonl;" in rendered
    assert "hubprune push ./my-llama --lang sw=3,en=1\n" in rendered
    assert "It needs the base model my-llama and the text sw.jsonl, which are not public." in rendered
    assert "/home" not in rendered
    assert "huggingface.co/my-llama" not in rendered
    assert "weights were set to zero." in rendered


@pytest.mark.parametrize(
    ("pattern", "tag"), [("4:16", "4of16"), ("50%", "unstructured-sparsity"), ("0.5", "unstructured-sparsity")]
)
def test_one_spelling_of_each_pattern(pattern: str, tag: str) -> None:
    recipe = made.recipe(pattern=pattern)
    assert tag in ModelCard(card.render(made.report(recipe), recipe, repo_id=REPO)).data.tags


def test_front_matter_survives_the_hubs_own_classes() -> None:
    data = ModelCard(card.render(made.report(), made.recipe(), repo_id=REPO)).data
    assert ModelCard(f"---\n{data.to_yaml()}\n---\n").data.to_dict() == data.to_dict()
    assert "base_model_relation" not in data.to_dict()
    assert [result.dataset_config for result in data.eval_results] == ["sw", "en"]
    first = data.eval_results[0]
    assert (first.dataset_type, first.dataset_revision, first.metric_type) == ("allenai/c4", made.CORPUS, "perplexity")
    assert first.metric_value == pytest.approx(21.37 * 1.184, abs=1e-3)
    assert first.metric_args == {"context_length": 2048, "tokens": 131008, "stderr": 0.3011}


def test_a_mask_is_an_adapter_and_loads_with_hubprune() -> None:
    report = dataclasses.replace(made.report(), artefact="mask")
    rendered = card.render(report, made.recipe(), repo_id=REPO)
    data = ModelCard(rendered).data.to_dict()
    assert data["base_model_relation"] == "adapter"
    assert data["library_name"] == "hubprune"
    assert "as large as the base" not in rendered


def test_a_demonstration_links_to_no_repository_and_is_made_again_by_the_demo() -> None:
    assert metadata.DEMO_MODEL == loop.BASE
    recipe = made.recipe(model=loop.BASE, calib="demo", eval_text="demo")
    own = {"source": "demo", "revision": None, "config": None, "split": None}
    texts = [made.record(code, use, **own) for code in ("sw", "en") for use in ("calibration", "evaluation")]
    report = made.report(
        recipe,
        model=made.model(id=loop.BASE, license_link="LICENSE"),
        texts=texts,
        run=made.run(command="hubprune demo"),
    )
    rendered = card.render(report, recipe, repo_id="you/tiny-multilingual-llama-sparsegpt50-sw")
    assert "huggingface.co" not in rendered
    assert "base_model" not in ModelCard(rendered).data.to_dict()
    assert "(the model that comes with hubprune), pruned with SparseGPT" in rendered
    assert rendered.count("This is a demonstration: its base model is tiny, comes with hubprune") == 1
    assert "```bash\nhubprune demo\n```" in rendered
    assert "--recipe" not in rendered
    assert 'model_id = "."' in rendered
    assert 'srcset="plots/perplexity-dark.png"' in rendered
    assert card.repository_of(rendered) == "you/tiny-multilingual-llama-sparsegpt50-sw"


@pytest.mark.parametrize("repo_id", [REPO, None])
def test_another_run_on_the_demos_model_is_not_the_demo(repo_id: str | None) -> None:
    recipe = made.recipe(model=loop.BASE, calib={"sw": "calibration.txt", "en": "demo"}, eval_text="demo")
    texts = [made.record("sw", "calibration", source="calibration.txt", revision=None, config=None, split=None)]
    run = made.run(command="hubprune prune demo/tiny-multilingual-llama --calib sw=calibration.txt --calib en=demo")
    rendered = card.render(
        made.report(recipe, model=made.model(id=loop.BASE), texts=texts, run=run), recipe, repo_id=repo_id
    )
    assert "hubprune demo\n" not in rendered
    assert f"{metadata.DEMO_FOLDER} again --recipe {repo_id or 'hubprune.yaml'}\n" in rendered
    assert "It needs the text calibration.txt, which is not public." in rendered
    assert f'model_id = "{repo_id or "."}"' in rendered


def test_the_control_is_no_calibration_data() -> None:
    report = made.report(texts=[made.record("sw", "calibration"), made.record("en", "control", source="other/corpus")])
    assert ModelCard(card.render(report, made.recipe(), repo_id=REPO)).data.datasets == ["allenai/c4"]


@pytest.mark.parametrize("chat", [True, False])
def test_the_snippets_are_python(chat: bool) -> None:
    report = made.report(model=made.model(chat_template=chat))
    blocks = re.findall(r"```python\n(.*?)```", card.render(report, made.recipe(), repo_id=REPO), re.DOTALL)
    assert len(blocks) == 1 + chat
    compile("\n".join(blocks), "card", "exec")
    assert "Katika nchi yetu" in blocks[0]


HOSTILE = (
    "x](javascript:alert(1)) [y](https://evil.example) <script>alert(1)</script>\n---\nbase_model: evil/x\n"
    "# Owned | `a` *b* https://evil.example <!-- -->"
)


def hostile() -> tuple[Report, Recipe]:
    recipe = made.recipe(calib={"sw": HOSTILE}, skip=(HOSTILE, "```\n# Owned"))
    records = [
        made.record(
            "sw", use, source=HOSTILE, config=HOSTILE, split=HOSTILE, license=HOSTILE, rule=HOSTILE, sha256=HOSTILE
        )
        for use in ("calibration", "evaluation")
    ]
    row = dataclasses.replace(made.sparsity().modules[0], name=HOSTILE)
    facts = made.model(
        id=HOSTILE,
        license=HOSTILE,
        license_name=HOSTILE,
        license_link="javascript:alert(1)",
        pipeline_tag=HOSTILE,
        architecture=HOSTILE,
        dtype=HOSTILE,
    )
    report = made.report(
        recipe,
        model=facts,
        texts=records,
        sparsity=made.sparsity(modules=[row], left_alone={HOSTILE: HOSTILE}),
        warnings=[HOSTILE, "# Owned", "1. Owned", "- Owned", "+ Owned", "---"],
        run=made.run(device=HOSTILE, command=f"hubprune {HOSTILE} ```", versions={HOSTILE: HOSTILE}),
        hubprune_version=HOSTILE,
    )
    return report, recipe


def test_nothing_is_escaped_that_needs_none() -> None:
    kept = {
        "mlp.down_proj": "--skip '*.down_proj'",
        "mlp.experts.*.up_proj of 3 of 8 experts": "--skip '*_proj'",
        "norms and biases": "never pruned",
    }
    report = made.report(sparsity=made.sparsity(left_alone=kept), warnings=["lm_head is --tied, 1.5 times."])
    rendered = card.render(report, made.recipe(skip=("*.down_proj",)), repo_id=REPO)
    assert "- `mlp.down_proj`: `--skip '*.down_proj'`\n" in rendered
    assert "- `mlp.experts.*.up_proj` of 3 of 8 experts: `--skip '*_proj'`\n" in rendered
    assert "- norms and biases: never pruned\n" in rendered
    assert "- `lm_head` is `--tied`, 1.5 times.\n" in rendered
    assert "[hubprune_results.json](" in rendered
    assert "\\" not in rendered


def test_foreign_text_stays_text() -> None:
    rendered = card.render(*hostile(), repo_id=REPO)
    honest = card.render(made.report(), made.recipe(), repo_id=REPO)
    data = ModelCard(rendered).data.to_dict()
    assert "base_model" not in data
    assert "license_link" not in data
    assert isinstance(data["license"], str)
    body = rendered.split("\n---\n", 1)[1]
    tokens = list(flat(MarkdownIt("commonmark").enable(["table"]).parse(body)))
    markup = [token.content.strip() for token in tokens if token.type in ("html_block", "html_inline")]
    allowed = r"<!-- (Your own|End of|hubprune card)|</?details>|<summary>|<picture>\n<source|</?(picture|source|img)"
    assert all(re.match(allowed, part) and "script" not in part for part in markup), markup
    assert len([t for t in tokens if t.type == "heading_open"]) == len(
        re.findall("^#", honest.split("\n---\n", 1)[1], re.M)
    )
    links = [token.attrs["href"] for token in tokens if token.type == "link_open"]
    assert all(re.match(r"https://(huggingface\.co|aclanthology\.org|arxiv\.org)/", str(link)) for link in links), links
    assert not any(token.type == "ordered_list_open" for token in tokens)


def flat(tokens: list) -> list:
    return [one for token in tokens for one in (token, *flat(token.children or []))]


def test_own_text_is_kept() -> None:
    first = card.render(made.report(), made.recipe(), repo_id=REPO)
    own = "\n\n## Why\n\nFor our *radio* archive. {{ not a template }} <b>ours</b>\n\n"
    edited = first.replace(f"{card.OWN_BEGIN}\n{card.OWN_END}", f"{card.OWN_BEGIN}{own}{card.OWN_END}")
    assert edited != first
    assert card.render(made.report(), made.recipe(), repo_id=REPO, previous=edited) == edited
    assert card.render(made.report(), made.recipe(), repo_id=REPO, previous="# Another card") == first


def test_marks_in_foreign_text_do_not_move_the_own_text() -> None:
    recipe = made.recipe(skip=(card.OWN_END, card.OWN_BEGIN))
    report = made.report(recipe, model=made.model(license_name=card.OWN_BEGIN))
    first = card.render(report, recipe, repo_id=REPO)
    assert card.own_text(first) == "\n"
    assert card.render(report, recipe, repo_id=REPO, previous=first) == first


@pytest.mark.parametrize("mark", [card.OWN_BEGIN, card.OWN_END])
def test_half_marked_own_text_is_not_thrown_away(mark: str) -> None:
    first = card.render(made.report(), made.recipe(), repo_id=REPO)
    with pytest.raises(HubpruneError, match="lost one of the two marks"):
        card.render(made.report(), made.recipe(), repo_id=REPO, previous=first.replace(mark, ""))


def test_at_most_two_screens_before_the_first_fold() -> None:
    rendered = card.render(made.seven(), made.recipe(), repo_id=REPO)
    body = rendered.split("\n---\n", 1)[1]
    assert len(body.split("<details>")[0].splitlines()) < 60


# Any numbers at all

NUMBER = st.none() | st.floats(1e-3, 1e12) | st.sampled_from([math.nan, math.inf, 0.0])
SURE = st.floats(1e-3, 1e12) | st.sampled_from([math.nan, math.inf])
WORDS = st.text(alphabet="ab `*_[]<>|#-$&\n\"'/:é中ع", max_size=12)
COUNT = st.integers(0, 10**10)


@st.composite
def reports(draw: st.DrawFn) -> tuple[Report, Recipe]:
    codes = draw(st.lists(st.sampled_from(["sw", "en", "ar", "zh"]), unique=True, max_size=4))
    targets = draw(st.lists(st.sampled_from(["sw", "en", "de"]), unique=True, max_size=3))
    control = draw(st.sampled_from([None, "en"]))
    recipe = made.recipe(
        lang=dict.fromkeys(targets, 1.0),
        control=control,
        pattern=draw(st.sampled_from(["50%", "2:4"])),
        method=draw(st.sampled_from(["sparsegpt", "magnitude"])),
        trust_remote_code=draw(st.booleans()),
    )
    languages = []
    for code in codes:
        row = made.language(code, target=code in targets, control=control is not None and draw(st.booleans()))
        scores = {
            lane: dataclasses.replace(
                score,
                perplexity=draw(SURE),
                bits_per_byte=draw(SURE),
                nll_se=draw(NUMBER),
                ratio=draw(NUMBER),
                ratio_se=draw(NUMBER),
            )
            for lane, score in row.scores.items()
            if lane == PRUNED or draw(st.booleans())
        }
        against = {"against_control": draw(NUMBER), "against_control_se": draw(NUMBER)}
        languages.append(dataclasses.replace(row, scores=scores, windows=draw(COUNT), **against))
    words = draw(WORDS)
    records = [
        made.record(
            code,
            use,
            revision=draw(st.sampled_from([None, made.CORPUS, words])),
            config=draw(st.none() | WORDS),
            split=draw(st.none() | WORDS),
            license=draw(st.none() | WORDS),
            rule=words,
            documents=draw(COUNT),
            bytes=draw(COUNT),
            sha256=draw(WORDS),
        )
        for code, use in [*((code, "calibration") for code in targets), *((code, "evaluation") for code in codes)]
    ]
    model = made.model(
        license=draw(st.none() | WORDS),
        license_name=draw(st.none() | WORDS),
        license_link=draw(st.none() | WORDS),
        pipeline_tag=draw(st.none() | WORDS),
        revision=draw(st.sampled_from([None, made.BASE])),
        local=draw(st.booleans()),
        parameters=draw(COUNT),
        chat_template=draw(st.booleans()),
    )
    sparsity = draw(st.sampled_from([None, made.sparsity(), made.sparsity(modules=[], left_alone={}, parameters=0)]))
    volatile = made.run(
        started=draw(WORDS),
        seconds=draw(st.floats(0, 1e9)),
        peak_memory=draw(COUNT),
        device=words,
        command=words,
        versions={},
    )
    report = made.report(
        recipe,
        model=model,
        texts=records,
        languages=languages,
        sparsity=sparsity,
        run=volatile,
        warnings=draw(st.lists(WORDS, max_size=2)),
        artefact=draw(st.sampled_from(["dense", "packed", "mask"])),
    )
    return report, recipe


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(reports(), st.sampled_from([None, REPO]))
def test_no_placeholder_ever_prints(made_up: tuple[Report, Recipe], repo_id: str | None) -> None:
    rendered = card.render(*made_up, repo_id=repo_id)
    assert not re.search(r"\bNone\b|\bnan\b|\binf\b|\{\{|\}\}|\{%|\bundefined\b", rendered)
    assert empty_sections(rendered) == []
    assert not re.search(
        r"\(\)|\[\]\(", re.sub(r"```.*?```", "", rendered.split("\n---\n", 1)[1], flags=re.S).replace(r"\[", "x")
    )
    front = yaml.safe_load(rendered.split("\n---\n")[0].removeprefix("---\n"))
    assert all(value not in (None, "", []) for value in front.values())
    ModelCard(rendered)


def empty_sections(rendered: str) -> list[str]:
    """Headings with nothing under them."""
    lines = [line for line in rendered.splitlines() if line.strip()]
    deep = lambda line: len(re.match("#*(?= )", line)[0]) if re.match("#+ ", line) else 9  # noqa: E731
    return [a for a, b in pairwise(lines) if deep(a) < 9 and (deep(b) <= deep(a) or b.startswith("<!--"))]


def test_privacy_of_the_golden_cards() -> None:
    for path in sorted(GOLDEN.glob("*.md")):
        assert privacy.leaks(path.read_text(encoding="utf-8")) == []


def test_blank_facts_are_absent() -> None:
    blank = made.model(license=" ", license_name="\n", license_link="LICENSE")
    rendered = card.render(made.report(model=blank), made.recipe(), repo_id=REPO)
    assert "states no licence" in rendered
    assert "license" not in rendered.split("\n---\n")[0]
