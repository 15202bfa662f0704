"""What a run needs is fetched ahead, on a device of its own; the run begins with it and ends in the same bytes."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from running import digests, finish, small
from safetensors.torch import load_file, save_file

from hubprune.calibration import Texts
from hubprune.errors import TextTooShort
from hubprune.events import Progress, Stage
from hubprune.hub import connect
from hubprune.loopback import LoopbackHub
from hubprune.recipe import Recipe
from hubprune.run import prepare, prune, state
from hubprune.run.prune import unfinished_folder
from hubprune.run.state import blocks_done, prepared

LOCAL = Path(__file__).parent.parent / "tasks" / "local"


def refuse(*_: Any, **__: Any) -> Any:
    raise AssertionError("text was gathered a second time")


def stages(events: list[Any]) -> list[str]:
    return [event.name for event in events if isinstance(event, Stage)]


def test_a_run_begins_with_what_was_fetched(model_folder: Path, tmp_path: Path, monkeypatch: Any) -> None:
    recipe = small("acme/base", tasks=(str(LOCAL / "wordorder_sw.yaml"),))
    with LoopbackHub(tmp_path / "server") as server:
        server.add_repo("acme/base", model_folder)
        hub = connect(server.endpoint, "hf_alice_write", tmp_path / "home" / "hub")
        plain, _ = finish(prune(recipe, tmp_path / "plain", hub=hub))
        shutil.rmtree(tmp_path / "home")
        hub = connect(server.endpoint, "hf_alice_write", tmp_path / "home" / "hub")
        _, events = finish(prepare(recipe, tmp_path / "out", hub=hub))
        assert stages(events) == ["check", "download", "text", "tasks"]
        assert not (tmp_path / "out").exists()
        assert prepared(unfinished_folder(tmp_path / "out"))
        assert blocks_done(unfinished_folder(tmp_path / "out")) is None
        monkeypatch.setattr("hubprune.run.pruning.gather", refuse)
        monkeypatch.setattr(sys.modules[prepare.__module__], "gather", refuse)
        finish(prepare(recipe, tmp_path / "out", hub=hub))  # again: nothing is left to gather
        report, events = finish(prune(recipe, tmp_path / "out", hub=hub, resume=True))
    assert "text" not in stages(events)
    assert (report.languages, report.tasks, report.texts) == (plain.languages, plain.tasks, plain.texts)
    assert digests(tmp_path / "out") == digests(tmp_path / "plain")
    assert not (tmp_path / "out" / state.FOLDER).exists()


def test_another_device_takes_the_text(model_folder: Path, tmp_path: Path, monkeypatch: Any) -> None:
    """It is fetched where there is no GPU, for a process that has one."""
    recipe, unfinished = small(model_folder), unfinished_folder(tmp_path / "out")
    finish(prepare(recipe, tmp_path / "out"))
    monkeypatch.setattr("hubprune.run.pruning.gather", refuse)
    events = prune(recipe.replace(dtype="bfloat16", batch_size=2), tmp_path / "out", resume=True)
    assert any(isinstance(event, Progress) and event.stage == "prune" for event in events)
    events.close()
    assert blocks_done(unfinished) == 1


@pytest.mark.parametrize("change", [{"samples": 2}, {"seed": 1}, {"seq_len": 32}, {"lang": {"en": 1.0}}])
def test_another_recipe_gathers_its_own(change: dict[str, Any], model_folder: Path, tmp_path: Path) -> None:
    recipe = small(model_folder)
    finish(prepare(recipe, tmp_path / "out"))
    report, events = finish(prune(recipe.replace(**change), tmp_path / "out", resume=True))
    plain, _ = finish(prune(recipe.replace(**change), tmp_path / "plain"))
    assert "text" in stages(events)
    assert report.texts == plain.texts


def widened(folder: Path) -> None:
    """Store a model's weights in another precision: other headers, in which alone it is another source."""
    weights = load_file(folder / "model.safetensors")
    save_file({name: each.float() for name, each in weights.items()}, folder / "model.safetensors", {"format": "pt"})


def test_a_folder_with_another_model_gathers_its_own(model_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(model_folder, tmp_path / "model")
    recipe = small(folder)
    finish(prepare(recipe, tmp_path / "out"))
    widened(folder)
    _, events = finish(prepare(recipe, tmp_path / "out"))
    assert "text" in stages(events)
    shutil.copytree(model_folder, folder, dirs_exist_ok=True)
    _, events = finish(prune(recipe, tmp_path / "out", resume=True))
    assert "text" in stages(events)


def test_another_commit_gathers_its_own(model_folder: Path, tmp_path: Path) -> None:
    folder, recipe = shutil.copytree(model_folder, tmp_path / "model"), small("acme/base")
    with LoopbackHub(tmp_path / "server") as server:
        server.add_repo("acme/base", folder)
        hub = connect(server.endpoint, "hf_alice_write", tmp_path / "home" / "hub")
        finish(prepare(recipe, tmp_path / "out", hub=hub))
        hub.api.upload_file(path_or_fileobj=b"Another.\n", path_in_repo="notes.txt", repo_id="acme/base")
        _, events = finish(prepare(recipe, tmp_path / "out", hub=hub))
        assert "text" in stages(events)
        _, events = finish(prune(recipe, tmp_path / "out", hub=hub, resume=True))
    assert "text" not in stages(events)


@pytest.mark.parametrize(("name", "value"), [("versions", lambda: {"transformers": "0.0"}), ("__version__", "0.0")])
def test_another_version_gathers_its_own(
    name: str, value: Any, model_folder: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    recipe = small(model_folder)
    finish(prepare(recipe, tmp_path / "out"))
    monkeypatch.setattr(state, name, value)
    _, events = finish(prune(recipe, tmp_path / "out", resume=True))
    assert "text" in stages(events)


def test_a_run_from_the_beginning_gathers_anew(model_folder: Path, tmp_path: Path) -> None:
    finish(prepare(small(model_folder), tmp_path / "out"))
    _, events = finish(prune(small(model_folder), tmp_path / "out"))
    assert "text" in stages(events)


def test_what_was_fetched_outlives_a_run_that_fails_at_once(
    model_folder: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    recipe = small(model_folder)
    finish(prepare(recipe, tmp_path / "out"))
    with monkeypatch.context() as patch:
        patch.setattr("hubprune.run.pruning.check_tokens", refuse)
        with pytest.raises(AssertionError):
            finish(prune(recipe, tmp_path / "out", resume=True))
    assert prepared(unfinished_folder(tmp_path / "out"))
    _, events = finish(prune(recipe, tmp_path / "out", resume=True))
    assert "text" not in stages(events)


def test_text_of_its_own_is_left_to_the_run(model_folder: Path, tmp_path: Path) -> None:
    recipe: Recipe = small(model_folder, calib="self")
    _, events = finish(prepare(recipe, tmp_path / "out"))
    assert "text" not in stages(events)
    assert not prepared(unfinished_folder(tmp_path / "out"))


def test_what_is_wrong_is_said_ahead(model_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TextTooShort):
        finish(prepare(small(model_folder, samples=5000), tmp_path / "out"))
    assert not prepared(unfinished_folder(tmp_path / "out"))


def test_kept_text_comes_back_as_it_was(model_folder: Path, tmp_path: Path, monkeypatch: Any) -> None:
    kept: list[Texts] = []
    keep = state.RunState.keep_text
    monkeypatch.setattr(state.RunState, "keep_text", lambda self, texts: (kept.append(texts), keep(self, texts))[1])
    finish(prepare(small(model_folder), tmp_path / "out"))
    finish(prune(small(model_folder), tmp_path / "out", resume=True))
    first, second = kept
    assert [text.record for text in first.evaluation] == [text.record for text in second.evaluation]
    for one, other in zip(first.calibration + first.control, second.calibration + second.control, strict=True):
        assert (one.tokens == other.tokens).all()


def test_the_report_counts_the_time_of_every_start(model_folder: Path, tmp_path: Path) -> None:
    """Fetching ahead, a start that broke off after a block, the rest; not what lay between them."""
    recipe, clock = small(model_folder), unfinished_folder(tmp_path / "out") / state.FOLDER / state.CLOCK_FILE

    def slower(seconds: float, **stages: float) -> None:
        """As if all so far had taken that long."""
        kept = json.loads(clock.read_text())
        more = {"seconds": seconds, "stages": kept["stages"] | stages, "memory": 10**15}
        clock.write_text(json.dumps(kept | more))

    finish(prepare(recipe, tmp_path / "out"))
    began = json.loads(clock.read_text())
    assert {"check", "text"} <= set(began["stages"])
    slower(1000.0, text=900.0)
    clock.write_text(json.dumps(json.loads(clock.read_text()) | {"started": "2020-02-02T02:02:02Z"}))
    events = prune(recipe, tmp_path / "out", resume=True)
    for event in events:
        if isinstance(event, Progress) and event.stage == "prune" and event.done == 2:
            break
    events.close()
    kept = json.loads(clock.read_text())
    assert kept["seconds"] > 1000
    assert kept["stages"]["text"] == 900
    slower(3000.0, prune=2000.0)
    report, _ = finish(prune(recipe, tmp_path / "out", resume=True))
    assert report.run.started == "2020-02-02T02:02:02Z"
    assert 3000 < report.run.seconds < 3600
    assert report.run.peak_memory == 10**15  # the largest of any start
    assert report.run.stage_seconds["text"] == 900
    assert 2000 < report.run.stage_seconds["prune"] < 2600
    again, _ = finish(prune(recipe, tmp_path / "again"))
    assert again.run.seconds < 1000
    assert again.run.peak_memory < 10**15
