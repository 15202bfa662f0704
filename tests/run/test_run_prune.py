"""A run as a whole: what it writes, that it repeats itself to the byte, that it leaves nothing behind when it fails."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from pathlib import Path

import pytest
import torch
from running import digests, finish, small
from transformers import AutoModelForCausalLM

from hubprune import inspection
from hubprune.errors import (
    CheckpointDamaged,
    NotEnoughDisk,
    NotEnoughMemory,
    OutputExists,
    RecipeError,
    UnsupportedArchitecture,
    UsageError,
)
from hubprune.events import Event, Finished, Measured, Progress, Stage, Warned
from hubprune.hub import connect
from hubprune.recipe import Recipe
from hubprune.report import CONTROL, DENSE, PRUNED, Report
from hubprune.run import prune

Result = tuple[Path, Report, list[Event]]


def test_the_source_files_are_taken_over_byte_for_byte(pruned: Result, model_folder: Path) -> None:
    out = pruned[0]
    for name in ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"):
        assert (out / name).read_bytes() == (model_folder / name).read_bytes(), name
    assert {"README.md", "hubprune.yaml", "hubprune_results.json", "model.safetensors", "plots"} <= {
        path.name for path in out.iterdir()
    }


def test_plain_transformers_loads_it_with_the_zeros_in_place(pruned: Result) -> None:
    out, report, _ = pruned
    model, info = AutoModelForCausalLM.from_pretrained(out, output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    matrices = [m.weight for name, m in model.named_modules() if isinstance(m, torch.nn.Linear) and name != "lm_head"]
    assert sum(int((weight == 0).sum()) for weight in matrices) == report.sparsity.stored
    assert report.sparsity.masked == report.sparsity.weights // 2
    for weight in matrices:
        assert bool(((weight == 0).view(weight.shape[0], -1, 4).sum(2) >= 2).all())


def test_inspect_finds_the_pattern(pruned: Result) -> None:
    found, _ = finish(inspection.inspect(str(pruned[0])))
    assert found.pattern == "2:4"
    assert found.sparsity == pytest.approx(0.5, abs=1e-3)
    assert found.parameters == pruned[1].model.parameters


def test_everything_but_the_pruned_matrices_is_unchanged(pruned: Result, model_folder: Path) -> None:
    before, after = (AutoModelForCausalLM.from_pretrained(path).state_dict() for path in (model_folder, pruned[0]))
    for name in before:
        same = torch.equal(before[name], after[name])
        assert same == (".layers." not in name or "norm" in name), name
        if not same:  # a method that only removes leaves every survivor as it was
            kept = after[name] != 0
            assert torch.equal(before[name][kept], after[name][kept])


def test_the_events_tell_the_run_in_order(pruned: Result) -> None:
    _, report, events = pruned
    stages = list(dict.fromkeys(event.name for event in events if isinstance(event, Stage)))
    assert stages == ["check", "text", "prune", "verify"]
    blocks = [event.done for event in events if isinstance(event, Progress) and event.unit == "block"]
    assert blocks == [1, 2, 3, 4]
    assert [event.row for event in events if isinstance(event, Measured)] == report.languages
    assert events[-1] == Finished(report, pruned[0])


def test_the_report_has_every_lane_and_comes_back_from_its_file(pruned: Result) -> None:
    out, report, _ = pruned
    assert [row.language for row in report.languages] == ["sw", "en"]
    assert all(set(row.scores) == {DENSE, PRUNED, CONTROL} for row in report.languages)
    assert {(row.lane, row.language) for row in report.blocks} == {
        (v, x) for v in (PRUNED, CONTROL) for x in ("sw", "en")
    }
    loaded = Report.load(out)
    assert loaded.languages == report.languages
    assert loaded.sparsity == report.sparsity
    assert loaded.texts == report.texts
    assert Recipe.load(out).to_dict() == loaded.recipe


def test_a_replay_of_the_saved_recipe_gives_the_same_bytes(pruned: Result, model_folder: Path, tmp_path: Path) -> None:
    recipe = Recipe.load(pruned[0]).replace(model=str(model_folder))
    again, _ = finish(prune(recipe, tmp_path / "again"))
    assert digests(tmp_path / "again") == digests(pruned[0])
    assert again.languages == pruned[1].languages
    assert again.blocks == pruned[1].blocks
    assert [text.sha256 for text in again.texts] == [text.sha256 for text in pruned[1].texts]


@pytest.mark.parametrize("method", ["wanda", "sparsegpt", "magnitude"])
def test_streamed_and_whole_give_the_same_bytes(model_folder: Path, tmp_path: Path, method: str) -> None:
    recipe = small(model_folder, method=method, measure=False)
    for name, whole in (("streamed", False), ("whole", True)):
        finish(prune(recipe, tmp_path / name, whole=whole))
    assert digests(tmp_path / "streamed") == digests(tmp_path / "whole")


def test_lanes_on_disk_change_no_byte(model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hubprune import estimate
    from hubprune.run import examine

    module = sys.modules["hubprune.run.room"]
    recipe = small(model_folder, method="sparsegpt")
    first, _ = finish(prune(recipe, tmp_path / "memory"))
    need = estimate.needs(examine.workload(examine.examine(recipe, connect())), gpu=False)
    short = (need.memory - need.lanes // 2) / module.MEMORY_MARGIN
    monkeypatch.setattr(module, "free_memory", lambda: short)
    second, events = finish(prune(recipe, tmp_path / "disk"))
    assert any(isinstance(event, Warned) and "on disk" in event.text for event in events)
    assert digests(tmp_path / "memory") == digests(tmp_path / "disk")
    assert first.languages == second.languages
    monkeypatch.setattr(module, "free_memory", lambda: (need.memory - need.lanes) / 2)
    with pytest.raises(NotEnoughMemory, match="of memory"):
        finish(prune(recipe, tmp_path / "none"))
    assert not (tmp_path / "none").exists()


def test_a_skipped_matrix_stays_dense(model_folder: Path, tmp_path: Path) -> None:
    report, _ = finish(prune(small(model_folder, skip=("*.down_proj", "model.layers.0.*")), tmp_path / "out"))
    assert "mlp.down_proj" not in {module.name for module in report.sparsity.modules}
    assert {module.matrices for module in report.sparsity.modules} == {3}
    assert any("down_proj" in name for name in report.sparsity.left_alone)


def test_without_measuring_the_card_says_so(model_folder: Path, tmp_path: Path) -> None:
    report, _ = finish(prune(small(model_folder, measure=False), tmp_path / "out"))
    assert report.languages == []
    assert report.blocks == []
    assert "not known" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def test_magnitude_claims_no_calibration_language(model_folder: Path, tmp_path: Path) -> None:
    report, events = finish(prune(small(model_folder, method="magnitude"), tmp_path / "out"))
    assert {text.use for text in report.texts} == {"evaluation"}
    assert not any(row.calibrated for row in report.languages)
    assert report.recipe["lang"] == {}
    assert any(isinstance(event, Warned) and "no calibration text" in event.text for event in events)
    assert "calibration-sw" not in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def test_a_run_cancelled_before_its_first_block_leaves_nothing(model_folder: Path, tmp_path: Path) -> None:
    events = prune(small(model_folder), tmp_path / "out")
    for event in events:
        if isinstance(event, Stage) and event.name == "prune":
            break
    assert list(tmp_path.iterdir()) != []
    events.close()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_left_alone(model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(OutputExists, match="not empty"):
        finish(prune(small(model_folder), tmp_path / "out"))
    assert (tmp_path / "out" / "mine.txt").read_text() == "mine"
    own = shutil.copytree(model_folder, tmp_path / "model")
    with pytest.raises(OutputExists, match="model's own"):
        finish(prune(small(own), own, force=True))
    assert digests(own) == digests(model_folder)


def test_a_full_disk_is_told_before_any_work(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules["hubprune.run.room"]
    monkeypatch.setattr(module, "free_disk", lambda path: 1000)
    with pytest.raises(NotEnoughDisk, match="are free there"):
        finish(prune(small(model_folder), tmp_path / "out"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"lang": {}}, UsageError, "No calibration language"),
        ({"seq_len": 300}, RecipeError, "made for 256 tokens"),
        ({"pattern": "3:5"}, UnsupportedArchitecture, "not a multiple of 5"),
        ({"skip": ("*",)}, RecipeError, "nothing to prune"),
        ({"skip": ("*.down_prj",)}, RecipeError, r"'\*\.down_prj' matches no matrix"),
        ({"device": "cuda:7"}, UsageError, "no device"),
        ({"pattern": "100%"}, RecipeError, "neither a share"),
    ],
)
def test_what_cannot_be_done_is_refused_first(
    model_folder: Path, tmp_path: Path, changes: dict, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        finish(prune(small(model_folder, **changes), tmp_path / "out"))
    assert list(tmp_path.iterdir()) == []


def test_nan_weights_and_foreign_tokenizers_are_refused(model_folder: Path, tmp_path: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(model_folder)
    broken = shutil.copytree(model_folder, tmp_path / "nan")
    with torch.no_grad():
        model.model.layers[2].mlp.up_proj.weight[3, 4] = float("nan")
    model.save_pretrained(broken)
    with pytest.raises(CheckpointDamaged, match=r"layers\.2\.mlp\.up_proj\.weight holds NaN"):
        finish(prune(small(broken), tmp_path / "out"))
    few = shutil.copytree(model_folder, tmp_path / "few")
    model = AutoModelForCausalLM.from_pretrained(model_folder)
    model.resize_token_embeddings(5000)
    model.save_pretrained(few)
    with pytest.raises(CheckpointDamaged, match="5,120 tokens, the model embeds 5,000"):
        finish(prune(small(few), tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_what_an_author_wrote_into_the_card_outlives_a_new_run(model_folder: Path, tmp_path: Path) -> None:
    recipe, card = small(model_folder, measure=False, method="magnitude"), tmp_path / "out" / "README.md"
    finish(prune(recipe, tmp_path / "out"))
    mark = "<!-- End of your own text. -->"
    card.write_text(card.read_text(encoding="utf-8").replace(mark, f"Trained by hand.\n{mark}"), encoding="utf-8")
    finish(prune(recipe.replace(pattern="2:4"), tmp_path / "out", force=True))
    text = card.read_text(encoding="utf-8")
    assert "Trained by hand." in text
    assert "2:4" in text


def test_no_written_file_tells_a_path_of_this_machine(pruned: Result, model_folder: Path) -> None:
    out = pruned[0]
    for path in out.rglob("*"):
        if path.suffix in (".md", ".json", ".yaml") and not path.name.startswith(("tokenizer", "config", "generation")):
            text = path.read_text(encoding="utf-8")
            assert str(model_folder) not in text, path.name
            assert str(out.parent) not in text, path.name
    assert json.loads((out / "hubprune_results.json").read_text())["model"]["id"] == "model"


def test_volatile_facts_stand_under_run_alone(pruned: Result, model_folder: Path, tmp_path: Path) -> None:
    again, _ = finish(prune(small(model_folder, pattern="2:4"), tmp_path / "again"))
    assert dataclasses.replace(again, run=pruned[1].run) == pruned[1]
