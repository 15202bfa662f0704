"""Tasks, generated text, sizes and speed on the terminal, in plain lines and as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Generator
from typing import Any

import pytest
from made_up_evidence_rows import guessing, made_up_sizes, made_up_speed, made_up_task, made_up_texts
from made_up_results import made_up_model, made_up_report

from hubprune.cli.output import Output
from hubprune.cli.progress import Lines
from hubprune.cli.rows import row_in_words
from hubprune.errors import QualityGate
from hubprune.events import Event, Finished, Measured, Said, Stage
from hubprune.report import CONTROL, DENSE, PRUNED, GenerationScore, Report


def everything(**changes: Any) -> Report:
    facts = {
        "tasks": [made_up_task("en"), made_up_task("sw"), guessing("sw", "global_mmlu_sw")],
        "generations": [made_up_texts("sw"), made_up_texts("en")],
        "sizes": made_up_sizes(),
        "speed": made_up_speed(),
    }
    return made_up_report(**(facts | changes))


def evaluation() -> Report:
    """Two models, and no control."""
    report = everything(sparsity=None, against=made_up_model(id="org/dense"), texts=[])
    bare = lambda row: dataclasses.replace(  # noqa: E731
        row, scores={lane: score for lane, score in row.scores.items() if lane != CONTROL}
    )
    without = lambda row: dataclasses.replace(bare(row), against_control=None)  # noqa: E731
    return dataclasses.replace(
        report,
        recipe={**report.recipe, "control": None},
        languages=[without(row) for row in report.languages],
        tasks=[without(row) for row in report.tasks],
        generations=[bare(row) for row in report.generations],
    )


@pytest.fixture
def ends_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[Report], None]:
    """Make runs that say their rows and end in this report."""

    def patch(report: Report) -> None:
        def run(*words: Any, **more: Any) -> Generator[Event, None, Any]:
            yield Stage("prune", "Pruning")
            for row in (*report.languages, *report.tasks, *report.generations):
                yield Measured(row)
            yield Said(PRUNED, 0, "a piece of text")
            yield Finished(report, None)
            return report

        for name in ("prune", "evaluate"):
            monkeypatch.setattr(f"hubprune.run.{name}", run)
        monkeypatch.setattr("hubprune.hub.connect", lambda **more: None)

    return patch


@pytest.mark.parametrize(
    ("columns", "title"),
    [
        (60, ["Tasks", "Dense", "calibrated", "Change"]),
        (80, ["Tasks", "Dense", "calibrated", "calibrated", "Change", "Kept"]),
        (140, ["Tasks", "Chance", "Dense", "calibrated", "calibrated", "Change", "To", "control", "Kept", "Items"]),
    ],
)
def test_the_table_of_tasks_fits_the_terminal(terminal, ends_in, columns: int, title: list[str]) -> None:
    ends_in(everything())
    answer = terminal("prune", "org/base", "--lang", "sw", columns=columns)
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert max(map(len, lines)) <= columns
    assert next(line for line in lines if line.startswith(" Tasks")).split() == title
    names = [line.split()[0] for line in lines if line.startswith("   ") and "_" in line.split()[0]]
    assert names == ["xcopa_sw", "global_mmlu_sw", "xcopa_en"]
    assert any("°" in line for line in lines if "global_mmlu_sw" in line), "at chance is said at any width"
    assert "the row says nothing" in " ".join(answer.out.split())
    assert ("±  one standard error, paired" in " ".join(lines)) == (columns >= 80)


def test_the_rows_on_a_terminal(terminal, ends_in) -> None:
    ends_in(everything())
    out = terminal("prune", "org/base", "--lang", "sw").out
    row = lambda name: next(line.replace("\u00a0", " ") for line in out.splitlines() if name in line).split()  # noqa: E731
    assert row("  xcopa_sw") == ["xcopa_sw", "70.0", "55.0", "60.0", "▲", "−10.0", "±", "2.7", "50", "±", "12", "%"]
    assert row("  global_mmlu_sw")[:2] == ["global_mmlu_sw", "52.0"]
    assert "▲" not in row("  global_mmlu_sw"), "a model that guesses proves nothing"
    assert "▼" not in row("  xcopa_en")
    assert row(" Swahili *     100")[:10] == ["Swahili", "*", "100", "%", "/", "25", "%", "/", "75", "%"]
    assert "/  Dense / English-calibrated / Swahili-calibrated" in out
    assert row("as 2:4") == ["Pruned,", "as", "2:4", "1", "1,500", "(×", "1.50)", "49.0", "(×", "0.98)", "800", "MB"]
    assert "Files: weights 1.0 GB, download 1.0 GB; dense the same." in out
    text = " ".join(out.split())
    order = [
        "Calibrating in Swahili instead of English",
        "Pruning changed task scores: −10.0 ± 2.7 points on reasoning (XCOPA);",
        "On tasks, Swahili text was worth choosing over English text: +8.0 ± 2.4 points on reasoning (XCOPA);",
        "6 of 8 texts by this model stay in Swahili (dense 8, English-calibrated 2, which may be chance)",
        "Perplexity is not knowledge or reasoning",
        "multiple choice overstates pruned models",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)


def test_few_items_are_no_noise_on_a_terminal(terminal, ends_in) -> None:
    """The same rule as on the card: neither noise nor a difference, and no word of guessing."""
    ends_in(everything(tasks=[made_up_task("sw", items=29)]))
    out = terminal("prune", "org/base", "--lang", "sw", columns=140).out
    row = next(line.replace("\u00a0", " ") for line in out.splitlines() if "  xcopa_sw" in line).split()
    assert "?" in row
    assert not {"~", "°", "▲", "±"} & set(row)
    said = " ".join(out.split())
    assert "? too few items to tell: fewer than 30 that do not depend on each other" in said
    assert "on reasoning (XCOPA) too few items were asked to tell" in said
    assert "guessing" not in said


def test_what_is_missing_is_said_with_its_reason(terminal, ends_in) -> None:
    missing = {"no_tasks": {"sw": "no task of lm-eval is known for it"}, "no_generations": "it was switched off"}
    ends_in(everything(tasks=[made_up_task("en")], generations=[], speed=None, **missing))
    out = terminal("prune", "org/base", "--lang", "sw", columns=120).out
    assert " Swahili: none" in out
    assert "No task was measured in Swahili: no task of lm-eval is known for it." in out
    assert "No text was generated, because it was switched off." in out
    ends_in(made_up_report(no_tasks={"": "lm-eval is not installed"}))
    out = terminal("prune", "org/base", "--lang", "sw", columns=120).out
    assert "No task was measured: lm-eval is not installed." in out
    assert "multiple choice" not in out


def test_plain_lines(cli, ends_in) -> None:
    ends_in(everything(no_tasks={"de": "none\tis\nknown"}))
    answer = cli("prune", "org/base", "out", "--lang", "sw")
    languages, tasks, texts, speed, facts = (
        [line.split("\t") for line in part.splitlines()] for part in answer.out.split("\n\n")
    )
    assert languages[0][0] == "language"
    for table in (languages, tasks, texts, speed):
        assert {len(line) for line in table} == {len(table[0])}
    first = dict(zip(tasks[0], tasks[1], strict=True))
    assert (first["task"], first["pruned_score"], first["pruned_change"], first["kept"]) == (
        "xcopa_sw",
        "0.6",
        "-0.1",
        "0.5",
    )
    assert float(first["against_control_p"]) < 0.05
    assert dict(zip(tasks[0], tasks[2], strict=True))["kept"] == ""
    assert dict(zip(texts[0], texts[1], strict=True))["pruned_in_language"] == "0.75"
    assert speed[2][:3] == ["pruned", "2:4", "1"]
    told = {line[0]: line[1] for line in facts if len(line) == 2}
    assert told["verdict_tasks"].startswith("Pruning changed task scores: −10.0 ± 2.7 points on reasoning (XCOPA)")
    assert told["verdict_generations"].startswith("6 of 8 texts")
    assert told["pruned_weights_bytes"] == "1000000000"
    assert ["no_tasks de", "none is known"] in facts
    said = answer.err.splitlines()
    assert "[tasks] Swahili, xcopa_sw: acc 70.0 % dense, 60.0 % pruned (−10.0 ± 2.7 points), control 55.0 %" in said
    assert (
        "[generate] Swahili, 8 texts: in the language 100 % dense, 75 % pruned, 25 % control; repeated 5 %, 20 %, 30 %"
        in said
    )
    assert "a piece of text" not in answer.err


def test_json_has_all_keys_of_the_results(cli, ends_in) -> None:
    ends_in(everything())
    data = json.loads(cli("prune", "org/base", "out", "--lang", "sw", "--json").out)
    plain = json.loads(json.dumps(everything().to_dict()))
    assert {key: data[key] for key in plain} == plain
    assert data["verdict_tasks"].startswith("Pruning changed task scores: ")
    assert data["tasks"][0]["scores"]["pruned"]["against_dense"]["p"] < 0.05


def test_an_evaluation_has_its_models_names_everywhere(cli, terminal, ends_in) -> None:
    ends_in(evaluation())
    answer = cli("eval", "org/base", "--against", "org/dense-one", "--lang", "sw,en")
    tables = [part.splitlines()[0].split("\t") for part in answer.out.split("\n\n")]
    assert tables[0][2:4] == ["dense_perplexity", "dense_bits_per_byte"]  # the model is called dense
    assert "base_perplexity" in tables[0]
    assert "base_score" in tables[1]
    assert "base_in_language" in tables[2]
    assert not any(title.startswith(("pruned", "control")) for titles in tables for title in titles)
    assert "[measure] Swahili: perplexity 1,234 dense-one, 1,358 base (×1.100)" in answer.err.splitlines()
    assert "[tasks] Swahili, xcopa_sw: acc 70.0 % dense-one, 60.0 % base (−10.0 ± 2.7 points)" in answer.err
    out = terminal("eval", "org/base", "--against", "org/dense", "--lang", "sw,en").out
    assert "On tasks, org/base against org/dense: −10.0 ± 2.7 points on reasoning (XCOPA, Swahili)" in " ".join(
        out.split()
    )
    assert "dense is no better than guessing" in " ".join(out.split())


def test_shares_stand_under_each_other(terminal, ends_in) -> None:
    shares = {DENSE: 1.0, CONTROL: 0.0, PRUNED: 0.5}
    scores = {lane: GenerationScore(share, share, 384) for lane, share in shares.items()}
    unknown = {lane: GenerationScore(None, 0.07, 384) for lane in shares}
    rows = [
        made_up_texts("sw"),
        made_up_texts("en", scores=scores),
        made_up_texts("co", scores=unknown, unknown="lingua was not installed"),
    ]
    ends_in(everything(generations=rows))
    lines = terminal("prune", "org/base", "--lang", "sw").out.replace("\u00a0", " ").splitlines()
    first, second, third = (
        line
        for line in lines
        if line.startswith((" Swahili *   ", " English   ", " Corsican   ")) and line.endswith("8 ")
    )
    assert first == " Swahili *     100 % / 25 % / 75 %     5 % / 30 % / 20 %         8 "
    assert second == " English       100 % /  0 % / 50 %   100 % /  0 % / 50 %         8 "
    assert third == " Corsican                not known     7 % /  7 % /  7 %         8 "
    assert "Not known in Corsican: lingua was not installed." in lines
    assert [at for at, sign in enumerate(first) if sign in "%/"] == [at for at, s in enumerate(second) if s in "%/"]


def test_two_revisions_of_one_model_are_told_apart(cli, ends_in) -> None:
    ends_in(evaluation())
    answer = cli("eval", "org/base", "--against", "org/base", "--lang", "sw,en")
    assert "perplexity 1,234 org/base (B), 1,358 org/base (A) (×1.100)" in answer.err


def test_a_row_without_everything_is_still_a_sentence() -> None:
    task = made_up_task("", "mine", scores={DENSE: made_up_task("sw").scores[DENSE]}, against_control=None)
    assert row_in_words(task) == "Any language, mine: acc 70.0 %"
    scores = {DENSE: dataclasses.replace(made_up_texts("sw").scores[DENSE], in_language=None)}
    assert row_in_words(made_up_texts("sw", scores=scores)) == (
        "Swahili, 8 texts: in the language not known dense; repeated 5 %"
    )


def test_pieces_of_text_are_no_lines(capsys) -> None:
    Lines(Output()).take(Said(DENSE, 0, "Maji ni"))
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("more", [(), ("--json",), ("-q",)])
def test_a_shut_quality_gate_is_told_like_any_failure(cli, terminal, monkeypatch, more: tuple[str, ...]) -> None:
    sentence = (
        "The quality gate is shut: perplexity in Swahili is 1.300 times the dense model's, and at most 1.2 are allowed."
    )
    step = "The result lies in out. To publish it anyway: hubprune push out"

    def run(*words: Any, **options: Any) -> Generator[Event, None, Any]:
        yield Stage("verify", "Reading")
        raise QualityGate(sentence, step)

    monkeypatch.setattr("hubprune.run.prune", run)
    monkeypatch.setattr("hubprune.hub.connect", lambda **options: None)
    answer = cli("prune", "org/base", "out", "--lang", "sw", *more)
    assert answer.code == 3
    assert f"Error: {sentence}\n       {step}\n" in answer.err
    if more == ("--json",):
        assert json.loads(answer.out)["error"] == {
            "type": "QualityGate",
            "message": sentence,
            "next_step": step,
            "exit_code": 3,
        }
    else:
        assert answer.out == ""
    assert terminal("prune", "org/base", "out", "--lang", "sw", *more).code == 3
