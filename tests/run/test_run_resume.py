"""A run that breaks off goes on where it was, and ends in the bytes and figures of one that did not."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from running import digests, finish, small

from hubprune.errors import NotEnoughDisk, Unfinished, UsageError
from hubprune.events import Progress, Stage
from hubprune.recipe import Recipe
from hubprune.report import Report
from hubprune.run import prune
from hubprune.run.prune import unfinished_folder
from hubprune.run.state import blocks_done

Whole = tuple[Recipe, Path, Report]


class Killed(BaseException):
    """Stands for a process that ends there: nothing catches it."""


@pytest.fixture(scope="module", params=["wanda", "sparsegpt"])
def undisturbed(request: pytest.FixtureRequest, model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """A run to the end: its recipe, folder and report."""
    recipe, out = small(model_folder, method=request.param), tmp_path_factory.mktemp("undisturbed") / "out"
    report, _ = finish(prune(recipe, out))
    return recipe, out, report


def break_off(recipe: Recipe, out: Path, blocks: int) -> None:
    """Run until so many blocks are done, then cancel."""
    events = prune(recipe, out, resume=False)
    for event in events:
        if isinstance(event, Progress) and event.unit == "block" and event.done == blocks:
            break
    events.close()


def same(found: Report, expected: Report) -> None:
    """All but the volatile facts agree."""
    for name in ("model", "recipe", "texts", "sparsity", "languages", "blocks", "warnings"):
        assert getattr(found, name) == getattr(expected, name), name


@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_a_cancelled_run_goes_on(undisturbed: Whole, tmp_path: Path, blocks: int) -> None:
    recipe, reference, expected = undisturbed
    out = tmp_path / "out"
    break_off(recipe, out, blocks)
    assert blocks_done(unfinished_folder(out)) == blocks
    assert not out.exists()
    with pytest.raises(Unfinished, match=f"broke off after {blocks} blocks") as caught:
        finish(prune(recipe, out))
    assert "--resume" in caught.value.next_step
    report, events = finish(prune(recipe, out, resume=True))
    done = [event.done for event in events if isinstance(event, Progress) and event.unit == "block"]
    assert done == list(range(blocks + 1, 5)), "finished blocks were done again"
    assert digests(out) == digests(reference)
    same(report, expected)
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
    assert not (out / ".state").exists()


def test_without_saved_hidden_states_they_are_computed_again(
    undisturbed: Whole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, reference, expected = undisturbed
    monkeypatch.setattr(sys.modules["hubprune.run.pruning"], "can_save_lanes", lambda examined, out: False)
    out = tmp_path / "out"
    break_off(recipe, out, 2)
    assert not list(unfinished_folder(out).glob(".state/lanes-*"))
    report, _ = finish(prune(recipe, out, resume=True))
    assert digests(out) == digests(reference)
    same(report, expected)


def test_fresh_starts_over(undisturbed: Whole, tmp_path: Path) -> None:
    recipe, reference, _ = undisturbed
    break_off(recipe, tmp_path / "out", 2)
    _, events = finish(prune(recipe, tmp_path / "out", resume=False))
    assert [e.done for e in events if isinstance(e, Progress) and e.unit == "block"] == [1, 2, 3, 4]
    assert digests(tmp_path / "out") == digests(reference)


def test_another_recipe_source_or_library_is_noticed(
    undisturbed: Whole, model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, _, _ = undisturbed
    out = tmp_path / "out"
    break_off(recipe, out, 2)
    with pytest.raises(UsageError, match=r"differs in pattern \(50% then, 2:4 now\)"):
        finish(prune(recipe.replace(pattern="2:4"), out, resume=True))
    assert blocks_done(unfinished_folder(out)) == 2, "a refused resume must not touch the state"
    other = shutil.copytree(model_folder, tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="differs in"):
        finish(prune(recipe.replace(model=str(other)), out, resume=True))
    state = sys.modules["hubprune.run.state"]
    monkeypatch.setattr(state, "versions", lambda: {"torch": "0.0"})
    with pytest.raises(UsageError, match="torch"):
        finish(prune(recipe, out, resume=True))


def test_a_full_disk_loses_nothing(undisturbed: Whole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe, reference, _ = undisturbed
    out, real, calls = tmp_path / "out", os.pwrite, 0

    def full(*arguments: Any) -> int:
        nonlocal calls
        calls += 1
        if calls > 17:  # in the third block
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(NotEnoughDisk, match="nothing is lost"):
            finish(prune(recipe, out))
    assert blocks_done(unfinished_folder(out)) == 2
    finish(prune(recipe, out, resume=True))
    assert digests(out) == digests(reference)


def test_a_run_may_end_at_any_write(undisturbed: Whole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends the run at random calls of the functions that touch the disk, half-way through a write where it can."""
    recipe, reference, expected = undisturbed
    chance = random.Random(0)
    names = ("pwrite", "fsync", "replace")
    real = {name: getattr(os, name) for name in names}
    for trial in range(8):
        out = tmp_path / str(trial)
        left = chance.randint(1, 50)

        def ending(name: str):
            def call(*arguments: Any) -> Any:
                nonlocal left
                left -= 1
                if left == 0:
                    if name == "pwrite":  # a torn write
                        descriptor, data, offset = arguments
                        real["pwrite"](descriptor, data[: len(data) // 2], offset)
                    raise Killed
                return real[name](*arguments)

            return call

        with monkeypatch.context() as patch:
            for name in names:
                patch.setattr(os, name, ending(name))
            with contextlib.suppress(Killed):
                finish(prune(recipe, out))
        if not out.exists():
            report, _ = finish(prune(recipe, out, resume=True))
            same(report, expected)
        assert digests(out) == digests(reference), f"trial {trial}"
        shutil.rmtree(out)


def test_a_run_may_end_while_it_tidies_up(undisturbed: Whole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends the run at each step of its end; nothing is measured, which changes no weight."""
    recipe, reference, _ = undisturbed
    recipe = recipe.replace(measure=False)
    out, pruned, steps = tmp_path / "out", tmp_path / "pruned", 0
    real = {name: getattr(os, name) for name in ("unlink", "rmdir", "rename")}

    def run_until(last: int) -> None:
        """Run to the step of that number of those that remove or rename parts of the unfinished folder."""
        nonlocal steps
        steps = 0

        def ending(name: str) -> Any:
            def call(path: Any, *arguments: Any, **named: Any) -> Any:
                nonlocal steps
                steps += unfinished_folder(out).name in str(path) or ".state" in str(path)
                if steps == last:
                    raise Killed
                return real[name](path, *arguments, **named)

            return call

        with monkeypatch.context() as patch:
            for name in real:
                patch.setattr(os, name, ending(name))
            with contextlib.suppress(Killed):
                finish(prune(recipe, out, resume=True))

    run_until(1)
    shutil.copytree(unfinished_folder(out), pruned)
    assert blocks_done(pruned) == 4
    for last in range(1, 99):
        shutil.rmtree(unfinished_folder(out), ignore_errors=True)
        shutil.copytree(pruned, unfinished_folder(out))
        run_until(last)
        if not out.exists():
            finish(prune(recipe, out, resume=True))
        assert digests(out) == digests(reference), f"step {last}"
        assert {path.name for path in tmp_path.iterdir()} == {"out", "pruned"}
        shutil.rmtree(out)
        if steps < last:
            break
    assert last > 4, "no step was disturbed"


def test_a_killed_process_goes_on(undisturbed: Whole, tmp_path: Path) -> None:
    """SIGKILL at 20 random moments, in processes of their own; nothing is measured, which changes no weight."""
    recipe, reference, _ = undisturbed
    recipe = recipe.replace(measure=False)
    script = Path(__file__).with_name("kill_and_resume.py")
    (tmp_path / "recipe").mkdir()
    recipe.save(tmp_path / "recipe")
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "recipe"), str(tmp_path / "work"), "20", "0"],
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["trials"] == 20
    assert result["killed"] >= 18, "too few runs were killed before their end to prove anything"
    assert all(found == digests(reference) for found in [result["undisturbed"], *result["digests"]])


def test_push_goes_on_by_itself(model_folder: Path, tmp_path: Path) -> None:
    from hubprune.hub import connect
    from hubprune.loopback import LoopbackHub
    from hubprune.run import push

    with LoopbackHub(tmp_path / "server") as server:
        server.add_repo("acme/base", model_folder)
        hub = connect(server.endpoint, "hf_alice_write", tmp_path / "home" / "hub")
        events = push(small("acme/base"), hub=hub)
        for event in events:
            if isinstance(event, Progress) and event.unit == "block" and event.done == 3:
                break
        events.close()
        (report, published), events = finish(push(small("acme/base"), hub=hub))
        assert [e.done for e in events if isinstance(e, Progress) and e.unit == "block"] == [4]
        assert [e.name for e in events if isinstance(e, Stage)][-1] == "publish"
        assert len(report.blocks) == 4 * 2 * 2
        assert "model.safetensors" in server.list_files(published.repo_id)
