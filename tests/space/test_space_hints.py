"""Tables, hints and styles of the page, without a browser."""

from __future__ import annotations

import dataclasses
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("gradio", reason="The tests of the Space need the extra `space`.")
sys.path.insert(0, str(Path(__file__).parents[2] / "space"))
sys.path.insert(0, str(Path(__file__).parents[1] / "publishing"))
import made_up_evidence as evidence
import made_up_reports as made
from hubprune_space import advanced, charts, forms, hints, look, phrases, plans, result_tables, results, words
from hubprune_space import parts as parts_of_the_page

from hubprune.publishing.generation_verdict import generation_verdict
from hubprune.publishing.task_verdict import task_verdict
from hubprune.run.examine import DEFAULT_SEQ_LEN

SETTINGS = forms.SETTINGS


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_tasks_and_texts_are_shown_with_their_verdicts() -> None:
    report = evidence.full()
    shown = text_of(result_tables.evidence(report))
    for verdict in (task_verdict(report), generation_verdict(report)):
        assert verdict
        assert " ".join(hints.plainly(verdict, report).split()) in shown
    for row in report.tasks:
        assert row.task in shown


def test_each_model_has_one_name() -> None:
    """Original, pruned, control: no other name in any heading, sentence, caption or chart of the third screen."""
    report = evidence.full()
    run = SimpleNamespace(report=report, repo_name="name", keeps=lambda: 60.0)
    shown = results.head(run) + results.figures(run) + results.samples(report.generations)
    assert not re.search(r"\bdense\b|-calibrated|\bbase\b", text_of(shown), re.IGNORECASE)
    heads = re.findall(r'<th scope="col"[^>]*>([^<]+)', result_tables.languages(report))
    assert heads[1:6] == ["Original", "Control", "Pruned", "Times the original", "Times the control"]
    texts = re.findall(r"<th [^>]*>(Still[^<]+|Repeated[^<]+)<", result_tables.evidence(report))
    kinds = ("Still in the language", "Repeated")
    assert texts == [f"{kind}: {lane}" for kind in kinds for lane in ("original", "control", "pruned")]


def test_a_star_is_explained_where_there_is_one() -> None:
    report = evidence.full()
    plain = evidence.full(
        texts=[made.record("sw", "evaluation")],
        languages=[made.language("sw", target=False, control=False)],
        tasks=[],
        generations=[],
    )
    for one in (report, plain):
        run = SimpleNamespace(report=one, repo_name="name", keeps=lambda: 60.0)
        assert ("★" in text_of(results.figures(run))) == (one is report)


def test_plain_things_come_first() -> None:
    found = hints.of_languages(evidence.full(), {"Windows", "Bits per byte"})
    assert found[0].startswith("Original: the model before pruning. Pruned: ")
    assert "standard error" in found[-2]
    assert "Student's t" in found[-1]
    assert not any("standard error" in note or "quantile" in note for note in found[:-2])


def test_knowledge_stands_beside_perplexity() -> None:
    def tile(**changes: Any) -> list[str]:
        run = SimpleNamespace(report=evidence.full(**changes), repo_name="name", keeps=lambda: 60.0)
        tiles = re.findall(r"<dt>(.*?)</dt><dd><strong[^>]*>(.*?)</strong><small>(.*?)</small>", results.head(run))
        assert tiles[0][0] == "Perplexity in Swahili"
        assert tiles[1][0] == "Knowledge and reasoning"
        return [" ".join(part.split()) for part in tiles[1][1:]]

    assert tile() == ["−4.5 points", "XCOPA (reasoning), Swahili; inside the noise"]
    assert tile(tasks=[]) == ["not measured", "perplexity does not tell"]
    few = [dataclasses.replace(evidence.task("sw"), items=29)]
    assert tile(tasks=few) == ["cannot be told", "too few questions"]
    assert tile(tasks=[evidence.at_chance("sw")]) == ["cannot be told", "the original only guesses"]
    assert "too few questions to tell" in text_of(result_tables.evidence(evidence.full(tasks=few)))


def test_the_alarm_and_the_jumps() -> None:
    assert words.quality_alarm("Swahili", 2.8, None).sentence == "Perplexity in Swahili is 2.8 times the original's."
    run = SimpleNamespace(report=evidence.full(), repo_name="name", keeps=lambda: 60.0)
    parts = Path(parts_of_the_page.__file__).read_text(encoding="utf-8")
    for place in re.findall(r'href="#([\w-]+)"', results.head(run)):
        assert f'"{place}"' in parts


def test_the_errors_have_a_table_and_stand_last() -> None:
    run = SimpleNamespace(report=evidence.full(), repo_name="name", keeps=lambda: 60.0)
    shown = results.figures(run)
    assert shown.index("How the error grows") > shown.index("Texts that they wrote")
    table = result_tables.errors(run.report)
    assert table.count("<tr>") == 3
    assert f"Block {len({entry.index for entry in run.report.blocks})}</th>" in table
    assert charts.emphasised(run.report) == ["sw"]


def test_what_was_not_asked_for_is_not_spoken_of() -> None:
    recipe = evidence.full().recipe
    asked = evidence.full(tasks=[], generations=[], no_tasks={"sw": "lm-eval has none"})
    assert "No task was measured in Swahili: lm-eval has none." in text_of(result_tables.evidence(asked))
    quiet = evidence.full(tasks=[], generations=[], recipe={**recipe, "tasks": [], "generate": False})
    assert result_tables.evidence(quiet) == ""


def test_the_control_is_in_every_row() -> None:
    report = evidence.full()
    table = result_tables.languages(report)
    for row in re.findall(r"<tr class=.*?</tr>", table):
        assert row.count('class="below"') == 2
    score = report.languages[0].scores["control"].perplexity
    assert f"control: </span>{score:.2f}</small>" in table


def test_the_words_of_the_page() -> None:
    assert hints.plainly("The dense model lost 5 % ± 1 % (p = 0.04); Dense, dense") == (
        "The original lost 5\u00a0% ±\u00a01\u00a0% (p\u00a0=\u00a00.04); Original, original"
    )


def test_hints_say_what_is_done() -> None:
    assert advanced.LONGEST_WINDOW == DEFAULT_SEQ_LEN
    assert advanced.most() == phrases.megabytes(SETTINGS.text_bytes)
    with pytest.raises(forms.Refused, match=f"larger than {advanced.most()}"):
        forms.own_text(b"a" * (SETTINGS.text_bytes + 1))
    assert forms.own_text(b"a" * SETTINGS.text_bytes)


def test_styles_of_narrow_screens_survive_gradio() -> None:
    """Within @media it keeps only selectors with `.gradio-container .contain` before them, split at every comma."""
    for sheet in look.CSS:
        for block in re.findall(
            r"(?m)^@media \(max-width[^{]*\{(.*?)^\}", sheet.read_text(encoding="utf-8"), re.DOTALL
        ):
            for selector in re.findall(r"([^{}]+)\{", block):
                assert "gradio-container" not in selector
                assert not re.search(r"\([^)]*,", selector), selector


def plan_of(monkeypatch: pytest.MonkeyPatch | None = None, **fields: Any) -> str:
    if monkeypatch:
        monkeypatch.setattr(plans, "SETTINGS", dataclasses.replace(plans.SETTINGS, longest_seconds=1e-9))
    return text_of(plans.card(plans.of_form(forms.Form(forms.BASE, **fields), None), None)).replace("\u00a0", " ")


def test_the_plan_says_which_text() -> None:
    assert "Calibration text 75 % Swahili and 25 % German 16 pieces" in plan_of(also="de", share=25)
    assert "a control pruned with English text" in plan_of()
    none = plan_of(method="magnitude")
    assert "Calibration text none this method looks only at the weights Measured in" in none
    assert "pieces" not in none
    assert "control" not in none + plan_of(language="en")


def test_a_plan_that_does_not_fit_says_what_is_missing_where() -> None:
    said = plan_of(samples="900000000")
    assert re.search(r"Needs about [\d.]+ TB of disk; this machine has [\d.]+ [GT]B\. Ask for fewer windows", said)
    assert re.search(r"Disk [\d.]+ TB of [\d.]+ [GT]B free on this machine", said)


def test_fewer_windows_are_advised_where_they_help(monkeypatch: pytest.MonkeyPatch) -> None:
    said = plan_of(monkeypatch, samples="40")
    assert "this machine stops at" in said
    assert "fewer windows" not in said  # even the fewest would take longer than that


def test_the_cost_is_said_once() -> None:
    """With a control the verdict is about the choice of language, and the cost stands before it."""
    with_control = SimpleNamespace(report=evidence.full(), repo_name="name", keeps=lambda: 60.0)
    without = SimpleNamespace(report=evidence.half()[0], repo_name="name", keeps=lambda: 60.0)
    for run, begins in (
        (with_control, "Against the original, perplexity is 18"),
        (without, "Pruning changed perplexity"),
    ):
        (said,) = re.findall(r'<p class="verdict">(.*?)</p>', results.head(run))
        assert said.startswith(begins)
        assert said.count("perplexity") == (2 if run is with_control else 1)


def test_the_card_preview_is_set_like_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = made.recipe(pattern="2:4")
    monkeypatch.setattr(results.Recipe, "load", lambda folder: recipe)
    run = SimpleNamespace(report=evidence.full(), out=Path("/nowhere"))
    shown = results.card_preview(run, "me/name")
    assert shown.startswith('<p class="quiet">In the card, “Dense” is the original, ')
    mark = re.escape(result_tables.MARK)
    stars = re.findall(rf'<tr class="target">\s*<td[^>]*>{mark}<strong>(\w+)</strong>', shown)
    assert stars
    assert set(stars) == {"Swahili"}
    assert not re.search(r"\d %", re.sub(r"<pre.*?</pre>|<!--.*?-->|<[^>]+>", "", shown, flags=re.DOTALL))
