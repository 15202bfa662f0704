"""Tasks and generated text in whole runs: their figures, what is kept, what stops a run."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from running import digests, finish, small

from hubprune import run
from hubprune.errors import CheckpointDamaged, ExtraMissing, QualityGate, UsageError
from hubprune.events import Measured, Warned
from hubprune.hub import connect
from hubprune.loopback import LoopbackHub
from hubprune.publishing.points import kept
from hubprune.recipe import Recipe
from hubprune.report import CONTROL, DENSE, PRUNED, GenerationRow, Report, TaskRow
from hubprune.run import whole as whole_module
from hubprune.run.gate import Gate, share
from hubprune.run.overlay import Overlay
from hubprune.run.questions import DenseAnswers
from hubprune.run.state import RUN_FILE, RunState
from hubprune.tasks import NO_TASK, names

LOCAL = Path(__file__).parent.parent / "tasks" / "local"
LANES = {DENSE, CONTROL, PRUNED}


def asking(model: str | Path, **changes) -> Recipe:
    """Two local tasks, text in both languages."""
    words = tuple(str(LOCAL / f"wordorder_{code}.yaml") for code in ("sw", "en"))
    return small(model, **{"tasks": words, "generate": True, "pattern": "2:4"} | changes)


@pytest.fixture(scope="module")
def asked(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report, list]:
    out = tmp_path_factory.mktemp("asked") / "out"
    report, events = finish(run.prune(asking(model_folder), out))
    return out, report, events


def test_every_model_is_asked_and_writes(asked) -> None:
    _, report, events = asked
    assert [row.task for row in report.tasks] == ["wordorder_sw", "wordorder_en"]
    assert [row.language for row in report.generations] == ["sw", "en"]
    for row in report.tasks:
        assert set(row.scores) == LANES
        assert row.items == 12
        assert row.calibrated == (row.language == "sw")
    for row in report.generations:
        assert set(row.scores) == LANES
        assert len(row.samples) == 5
        assert all(set(sample.texts) == LANES for sample in row.samples)
    # The control has weights of its own: it does not write what the pruned model writes.
    texts = [sample.texts for row in report.generations for sample in row.samples]
    assert any(text[CONTROL] != text[PRUNED] for text in texts)
    assert any(text[DENSE] != text[PRUNED] for text in texts)
    kinds = [type(event.row) for event in events if isinstance(event, Measured)]
    assert kinds.count(TaskRow) == kinds.count(GenerationRow) == 2
    assert report.no_generations is None
    assert set(report.sizes) == {DENSE, PRUNED}


def test_the_report_comes_back_from_its_file(asked) -> None:
    folder, report, _ = asked
    there = Report.load(folder)
    assert (there.tasks, there.generations, there.sizes) == (report.tasks, report.generations, report.sizes)


def test_nothing_of_the_control_is_left(asked) -> None:
    folder, _, _ = asked
    assert not [path for path in folder.rglob("*") if "control" in path.name or path.name == ".state"]
    assert not folder.with_name("out.unfinished").exists()


def test_what_is_asked_changes_no_weight(asked, model_folder: Path, tmp_path: Path) -> None:
    folder, report, _ = asked
    silent, _ = finish(run.prune(small(model_folder, pattern="2:4"), tmp_path / "out"))
    assert digests(folder) == digests(tmp_path / "out")
    assert silent.languages == report.languages
    assert silent.tasks == []
    assert silent.no_generations


def test_eval_finds_the_same(asked, model_folder: Path) -> None:
    folder, report, _ = asked
    found, _ = finish(run.evaluate(asking(folder, eval_lang=("sw", "en")), str(model_folder)))
    for ours, theirs in zip(report.tasks, found.tasks, strict=True):
        for lane in (DENSE, PRUNED):
            assert theirs.scores[lane].value == ours.scores[lane].value
        assert theirs.scores[PRUNED].against_dense == ours.scores[PRUNED].against_dense
    for ours, theirs in zip(report.generations, found.generations, strict=True):
        assert {s.prompt: (s.texts[DENSE], s.texts[PRUNED]) for s in ours.samples} == {
            s.prompt: (s.texts[DENSE], s.texts[PRUNED]) for s in theirs.samples
        }


def test_a_run_broken_off_goes_on_with_its_questions(asked, model_folder: Path, tmp_path: Path) -> None:
    folder, report, _ = asked
    events = run.prune(asking(model_folder), tmp_path / "out")
    for event in events:
        if getattr(event, "unit", None) == "block" and event.done == 2:
            break
    events.close()
    again, _ = finish(run.prune(asking(model_folder), tmp_path / "out", resume=True))
    assert (again.tasks, again.generations) == (report.tasks, report.generations)
    assert digests(tmp_path / "out") == digests(folder)


@pytest.mark.parametrize("pieces", [1, 2, 3, 5])
def test_a_run_broken_off_among_its_texts_writes_the_rest(
    pieces: int, asked, model_folder: Path, tmp_path: Path, monkeypatch
) -> None:
    """Three models write in two languages, a piece each; what a killed run left of a line does not count."""
    folder, report, _ = asked
    events = run.prune(asking(model_folder), tmp_path / "out")
    for event in events:
        if getattr(event, "stage", None) == "generate" and event.done == 5 * pieces:
            break
    events.close()
    kept = tmp_path / "out.unfinished" / ".state" / "written.jsonl"
    whole = kept.read_bytes()
    kept.write_bytes(whole + whole.splitlines()[0][:40])
    written, walked = [], []
    monkeypatch.setattr(whole_module, "continue_all", counted(whole_module.continue_all, written))
    for place in ("pruning.verify", "pruning.Walk"):
        monkeypatch.setattr(f"hubprune.run.{place}", counted(None, walked))
    again, events = finish(run.prune(asking(model_folder), tmp_path / "out", resume=True))
    assert len(written) == 6 - pieces
    assert not walked  # what the blocks gave was kept, and verified
    told = [event.done for event in events if getattr(event, "stage", None) == "generate"]
    assert told == list(range(5 * pieces + 5, 35, 5))
    assert again.generations == report.generations
    assert (again.languages, again.blocks, again.tasks) == (report.languages, report.blocks, report.tasks)
    assert (again.sparsity, again.warnings) == (report.sparsity, report.warnings)
    assert digests(tmp_path / "out") == digests(folder)


def counted(function: Any, seen: list[Any]) -> Any:
    """A function that also notes each of its calls."""

    def call(*given: Any, **named: Any) -> Any:
        seen.append(given)
        return function(*given, **named) if function else None

    return call


def test_texts_of_a_run_that_tidied_up_are_not_those_of_the_next(
    model_folder: Path, tmp_path: Path, monkeypatch
) -> None:
    """Killed between two files of its state; then begun again in another precision, for which its text is good."""
    recipe = asking(model_folder, tasks=())

    def end(state: RunState) -> None:
        (state.folder / RUN_FILE).unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(RunState, "forget", end)
        with pytest.raises(KeyboardInterrupt):
            finish(run.prune(recipe, tmp_path / "out", resume=True))
    kept = tmp_path / "out.unfinished" / ".state" / "written.jsonl"
    kept.write_bytes(kept.read_bytes().replace(b'[["', b'[["STALE '))
    assert (kept.parent / "measured.json").exists()
    other, _ = finish(run.prune(recipe.replace(dtype="bfloat16"), tmp_path / "out", resume=True))
    fresh, _ = finish(run.prune(recipe.replace(dtype="bfloat16"), tmp_path / "fresh"))
    assert (other.generations, other.languages) == (fresh.generations, fresh.languages)


def test_a_resume_with_more_memory_writes_what_an_undisturbed_run_writes(
    asked, model_folder: Path, tmp_path: Path, monkeypatch
) -> None:
    """The control's blocks are kept although memory is short at first."""
    _, report, _ = asked
    events = run.prune(asking(model_folder), tmp_path / "out")
    with monkeypatch.context() as patch:
        patch.setattr("hubprune.run.whole.free_memory", lambda: 0)
        for event in events:
            if getattr(event, "unit", None) == "block" and event.done == 2:
                break
        events.close()
    again, _ = finish(run.prune(asking(model_folder), tmp_path / "out", resume=True))
    assert again.generations == report.generations


def test_a_control_with_blocks_missing_writes_nothing(tmp_path: Path) -> None:
    overlay = Overlay(tmp_path / "control", "model.layers")
    overlay.write(0, {"x": torch.zeros(2)})
    with pytest.raises(CheckpointDamaged, match="Only 1 of 2 blocks of the control were kept"):
        overlay.put_on(torch.nn.Linear(2, 2), 2)


def with_items_enough(report: Report) -> Report:
    """The same scores, as of more items than the few that a test can ask."""
    return dataclasses.replace(report, tasks=[dataclasses.replace(row, items=200) for row in report.tasks])


def test_a_task_that_failed_shuts_the_gate(asked) -> None:
    report = with_items_enough(asked[1])
    broken = dataclasses.replace(report, no_tasks={"sw": "xcopa_sw cannot be measured", "co": NO_TASK})
    (told,) = Gate(min_kept=0.01).failures(broken)
    assert told == "not all was measured in Swahili: xcopa_sw cannot be measured"


def test_other_questions_are_noticed(model_folder: Path, tmp_path: Path) -> None:
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    for name in ("_wordorder", "wordorder_sw.yaml", "wordorder_sw.jsonl"):
        (tasks / name).write_bytes((LOCAL / name).read_bytes())
    recipe = asking(model_folder, tasks=(str(tasks),), generate=False)
    events = run.prune(recipe, tmp_path / "out")
    for event in events:
        if getattr(event, "unit", None) == "block":
            break
    events.close()
    items = (tasks / "wordorder_sw.jsonl").read_text().splitlines()
    (tasks / "wordorder_sw.jsonl").write_text("\n".join(items[1:]) + "\n")
    with pytest.raises(UsageError, match="differs in what its tasks ask"):
        finish(run.prune(recipe, tmp_path / "out", resume=True))


def test_a_dense_model_is_asked_once(model_folder: Path, tmp_path: Path) -> None:
    with LoopbackHub(tmp_path / "hub") as loopback:
        loopback.add_repo("demo/base", model_folder)
        hub = connect(loopback.endpoint, token=False, cache_dir=tmp_path / "cache" / "hub")
        recipe = asking("demo/base", generate=False)
        first, _ = finish(run.prune(recipe, tmp_path / "one", hub=hub))
        kept = list((tmp_path / "cache" / "hubprune" / "answers").glob("*.json"))
        assert len(kept) == 2
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(DenseAnswers, "save", lambda *_: pytest.fail("the dense model was asked again"))
            second, _ = finish(run.prune(recipe.replace(seed=1), tmp_path / "two", hub=hub))
        for one, two in zip(first.tasks, second.tasks, strict=True):
            assert one.scores[DENSE] == two.scores[DENSE]
        # A broken file is no answer.
        kept[0].write_text("[[1.0, true]]")
        third, _ = finish(run.prune(recipe, tmp_path / "three", hub=hub))
        assert third.tasks == first.tasks


def test_a_model_too_large_for_memory_writes_nothing_and_says_so(
    model_folder: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr("hubprune.run.whole.free_memory", lambda: 1_000_000)
    report, events = finish(run.prune(asking(model_folder, tasks=()), tmp_path / "out"))
    assert report.generations == []
    assert "does not fit into memory whole" in (report.no_generations or "")
    assert any(isinstance(event, Warned) and "No text is generated" in event.text for event in events)


def test_memory_that_is_gone_when_a_model_is_to_write_costs_the_texts_alone(
    model_folder: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr("hubprune.estimate.free_memory", lambda: 1_000_000)  # asked again before a model is loaded
    report, events = finish(run.prune(asking(model_folder, tasks=()), tmp_path / "out"))
    assert report.generations == []
    assert report.languages
    assert (report.no_generations or "").startswith("the memory no longer sufficed: The model needs about ")
    assert any(isinstance(event, Warned) and "No text is generated: the memory" in event.text for event in events)


def test_without_lm_eval_nothing_is_begun(model_folder: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(names, "find_spec", lambda name: None)
    with pytest.raises(ExtraMissing, match=r"lm-eval, which is not installed.*pip install 'hubprune\[eval\]'"):
        finish(run.prune(asking(model_folder), tmp_path / "out"))
    assert not list(tmp_path.iterdir())


# the quality gate


def test_the_gate_reads_the_report(asked) -> None:
    few, report = asked[1], with_items_enough(asked[1])
    ratios = [row.scores[PRUNED].ratio for row in report.languages]
    assert Gate(max_ppl_ratio=max(ratios) + 0.001).failures(report) == []
    assert len(Gate(max_ppl_ratio=min(ratios) - 0.001).failures(report)) == 2
    shares = [share for row in report.tasks if (share := kept(row)) is not None]
    assert Gate(min_kept=min(*shares, 1.0)).failures(report) == []
    # Half of what is above guessing is lost: 75 % of the score are left, and 50 % of what counts.
    right = dataclasses.replace(report.tasks[0].scores[DENSE], value=1.0, se=0.0)
    half = dataclasses.replace(report.tasks[0].scores[PRUNED], value=0.75)
    worse = [dataclasses.replace(row, scores={DENSE: right, PRUNED: half}) for row in report.tasks]
    told = Gate(min_kept=0.6).failures(dataclasses.replace(report, tasks=worse))
    assert len(told) == 2
    assert told[0].startswith("wordorder_sw keeps 50.0% of what the dense model scores above guessing")
    assert Gate(min_kept=0.5).failures(dataclasses.replace(report, tasks=worse)) == []
    (unknown,) = Gate(min_kept=0.1).failures(few)
    assert unknown == "every task has fewer than 30 items, too few to tell, so what is kept is not known"
    (nothing,) = Gate(min_kept=0.9).failures(dataclasses.replace(report, tasks=[]))
    assert nothing == "no task was measured, so what is kept is not known"
    guessing = dataclasses.replace(right, value=0.5, se=0.15)
    guessed = [dataclasses.replace(row, scores={DENSE: guessing, PRUNED: half}) for row in report.tasks]
    (told,) = Gate(min_kept=0.9).failures(dataclasses.replace(report, tasks=guessed))
    assert told == "the dense model only guesses on every task, so what is kept is not known"


@pytest.mark.parametrize("limits", [{"max_ppl_ratio": 0.0}, {"max_ppl_ratio": float("nan")}, {"min_kept": 1.5}])
def test_limits_that_mean_nothing(limits: dict) -> None:
    with pytest.raises(UsageError):
        Gate(**limits)


def test_shares() -> None:
    assert share("95%") == share("95 %") == share("0.95") == 0.95
    with pytest.raises(UsageError):
        share("much")


def test_a_gate_without_its_measurement_is_refused_at_once(model_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--min-kept needs tasks"):
        finish(run.prune(small(model_folder), tmp_path / "out", gate=Gate(min_kept=0.9)))
    with pytest.raises(UsageError, match="--max-ppl-ratio needs a measurement"):
        finish(run.prune(small(model_folder, measure=False), tmp_path / "out", gate=Gate(max_ppl_ratio=2)))


def test_a_shut_gate_keeps_the_result_and_publishes_nothing(model_folder: Path, tmp_path: Path) -> None:
    with LoopbackHub(tmp_path / "hub") as loopback:
        loopback.add_repo("demo/base", model_folder)
        hub = connect(loopback.endpoint, token="hf_alice_write", cache_dir=tmp_path / "cache" / "hub")
        recipe = small("demo/base", pattern="2:4")
        with pytest.raises(QualityGate) as shut:
            finish(run.push(recipe, "alice/gated", hub=hub, gate=Gate(max_ppl_ratio=1.0)))
        assert shut.value.exit_code == 3
        assert "perplexity in Swahili is" in shut.value.sentence
        words = shut.value.next_step.partition("hubprune push ")[2].split()
        assert Path(words[0]).is_dir()
        assert words[1] == "alice/gated"
        assert not hub.api.repo_exists("alice/gated")
        published, _ = finish(run.publish(Path(words[0]), words[1], hub=hub))
        assert hub.api.repo_exists(published.repo_id)
