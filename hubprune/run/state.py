"""The state of an unfinished run on disk: after each block the run is safe, and a killed one goes on where it was.

    OUT.unfinished/            the output files, written in place
        .state/run.json        what the run is (its identity), how many blocks are done, what was measured so far
        .state/text.json       the token windows, and what they were gathered for
        .state/lanes-0, -1     hidden states of all lanes after a block, in turn
        .state/written.jsonl   texts that the models wrote so far (see written.py)
        .state/measured.json   what the walk measured, once the written weights were read back
        .state/clock.json      what the run has taken so far (see clock.py)

Order after a block: output files, then lanes, each flushed to the disk; then run.json under a new name, flushed and
renamed. Whatever moment the run is killed at, run.json names a block count and a lane file that are complete. Tensors
of later blocks that were already written are written again with the same bytes.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch

from hubprune import __version__
from hubprune.calibration import Texts, TextWindows
from hubprune.checkpoint.writer import ShardWriter
from hubprune.errors import CheckpointDamaged
from hubprune.pruning.lanes import Lane
from hubprune.pruning.measured import Answer, BlockError, MatrixCount, WalkResult
from hubprune.report import PRUNED, TextRecord
from hubprune.run.clock import versions
from hubprune.run.examine import Examined
from hubprune.run.written import FILE as WRITTEN_FILE

FOLDER, RUN_FILE, TEXT_FILE = ".state", "run.json", "text.json"
MEASURED_FILE, CLOCK_FILE = "measured.json", "clock.json"
SCHEMA_VERSION = 2
MACHINE = ("device", "dtype", "batch_size")  # fields of a recipe that decide nothing of its text


def identity(examined: Examined) -> dict[str, Any]:
    """All that a resumed run must share with the run it goes on with, to end in the same bytes."""
    headers = json.dumps(sorted((name, *entry) for name, entry in examined.description.tensors.items()))
    return {
        "schema": SCHEMA_VERSION,
        "recipe": examined.recipe.to_dict(),
        "source": [examined.source.id, examined.source.revision, hashlib.sha256(headers.encode()).hexdigest()],
        "versions": {"hubprune": __version__, **versions()},
        "threads": torch.get_num_threads() if examined.device.type == "cpu" else None,
    }


def text_identity(whole: dict[str, Any]) -> dict[str, Any]:
    """The part of an identity that decides which text is gathered: that may be done on another device."""
    recipe = {key: value for key, value in whole["recipe"].items() if key not in MACHINE}
    return {"recipe": recipe, "source": whole["source"], "versions": whole["versions"]}


def blocks_done(unfinished: Path) -> int | None:
    """How many blocks of an unfinished run are safe; None where there is no such run."""
    try:
        return int(json.loads((unfinished / FOLDER / RUN_FILE).read_text(encoding="utf-8"))["blocks"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def prepared(unfinished: Path) -> bool:
    """Whether text was kept for a run that has not begun."""
    return (unfinished / FOLDER / TEXT_FILE).is_file()


class RunState:
    """Saves and restores one run. `saves_lanes` False: hidden states are computed again after a restart."""

    def __init__(self, unfinished: Path, examined: Examined, *, saves_lanes: bool = True) -> None:
        self.folder = unfinished / FOLDER
        self.clock_file = self.folder / CLOCK_FILE
        self.identity = identity(examined)
        self.prefix = examined.skeleton.prefix
        self.saves_lanes = saves_lanes
        self.writer: ShardWriter | None = None
        self.done, self.saved_counts = 0, list[MatrixCount]()
        self.facts: dict[str, Any] = {}

    def difference(self) -> str | None:
        """In what the saved run differs from this one; None where it is the same, but perhaps for its questions."""
        saved = self._load()["identity"]
        for key, value in json.loads(json.dumps(self.identity)).items():
            if saved.get(key) != value:
                return _difference(key, saved.get(key), value)
        return None

    def other_questions(self, questions: str) -> str | None:
        """Whether the saved run's tasks asked something else, in words; `questions` is the SHA-256 of what they ask."""
        return None if self._load()["questions"] == questions else "what its tasks ask"

    def begin(self, texts: Texts, questions: str, *, dense_known: bool) -> None:
        """Keep the text; from now on the run can be resumed.

        `dense_known`: the dense model's answers come from an earlier run, so it has no lane of questions in this one.
        """
        self.keep_text(texts)
        for path in (self.folder / MEASURED_FILE, self.folder / WRITTEN_FILE):
            if path.exists():  # of a run that ended while it tidied up
                path.unlink()
        self.facts = {"questions": questions, "dense_known": dense_known}
        self._save_run({"blocks": 0, "lanes": None, "errors": [], "counts": {}})

    def keep_text(self, texts: Texts) -> None:
        """Keep the text, so that a run can begin with it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        gathered = {"for": text_identity(self.identity), **_plain_texts(texts)}
        _write(self.folder / TEXT_FILE, json.dumps(gathered).encode())

    def kept_text(self) -> Texts | None:
        """The text that was kept for a run like this one, whatever device it was gathered on; None where none was."""
        try:
            found = json.loads((self.folder / TEXT_FILE).read_text(encoding="utf-8"))
            wanted = json.loads(json.dumps(text_identity(self.identity)))
            return _texts(found) if found["for"] == wanted else None
        except (OSError, ValueError, KeyError):
            return None

    def attach(self, writer: ShardWriter) -> None:
        """Take the writer of the output files, and tell it what stands there already."""
        self.writer, saved = writer, self._load()
        self.facts = {key: saved[key] for key in ("questions", "dense_known")}
        self.done = int(saved["blocks"])
        self.saved_counts = [_count(count) for count in saved["counts"].get(PRUNED, [])]
        writer.have(f"{self.prefix}.{count.block}.{count.parameter}" for count in self.saved_counts)

    def dense_known(self) -> bool:
        """Whether the dense model's answers were known when the run began."""
        return bool(self.facts["dense_known"])

    def texts(self) -> Texts:
        """The text of the saved run."""
        return _texts(json.loads((self.folder / TEXT_FILE).read_text(encoding="utf-8")))

    def keep_measured(self, result: WalkResult, likelihoods: dict[str, list[Answer]]) -> None:
        """Keep what the whole walk measured, its weights being verified: a run that goes on begins behind it."""
        losses = {
            lane: {label: each.tolist() for label, each in found.items()} for lane, found in result.losses.items()
        }
        _write(self.folder / MEASURED_FILE, json.dumps({"losses": losses, "likelihoods": likelihoods}).encode())

    def measured(self) -> tuple[WalkResult, dict[str, list[Answer]]] | None:
        """What `keep_measured` kept; None where the walk is not done."""
        if not (self.folder / MEASURED_FILE).is_file():
            return None
        kept, result = json.loads((self.folder / MEASURED_FILE).read_text(encoding="utf-8")), WalkResult()
        self._bring_back(self._load(), result)
        for lane, found in kept["losses"].items():
            result.losses[lane] = {label: torch.tensor(each, dtype=torch.float64) for label, each in found.items()}
        return result, {lane: [(loss, best) for loss, best in found] for lane, found in kept["likelihoods"].items()}

    @staticmethod
    def _bring_back(saved: dict[str, Any], result: WalkResult) -> None:
        for variant, block, label, signal, noise in saved["errors"]:
            result.errors[variant, block, label] = BlockError(signal, noise)
        for variant, counts in saved["counts"].items():
            result.counts[variant] = [_count(count) for count in counts]

    # what the walk asks for

    def restore(self, lanes: list[Lane], result: WalkResult) -> int:
        """Bring lanes and measurements to where the run was; returns the first block that is not done.

        Without saved hidden states nothing is brought back and 0 returned: the lanes pass through the finished blocks
        again, which `finished` reads from the output.
        """
        saved = self._load()
        if not saved["blocks"] or saved["lanes"] is None or not (self.folder / saved["lanes"]).is_file():
            return 0
        self._bring_back(saved, result)
        with (self.folder / saved["lanes"]).open("rb") as file:
            for batch in (batch for lane in lanes for batch in lane.batches):
                view = batch.hidden.view(-1).view(torch.uint8).numpy().data
                if file.readinto(view) != len(view):
                    raise CheckpointDamaged("The saved state of the run is incomplete.", "Start over with --fresh.")
        return int(saved["blocks"])

    def finished(self, variant: str, block: int) -> tuple[dict[str, torch.Tensor], list[MatrixCount]] | None:
        """A block of the written lane that an earlier start finished, read from the output files."""
        if variant != PRUNED or block >= self.done:
            return None
        assert self.writer is not None
        counts = [count for count in self.saved_counts if count.block == block]
        parameters = dict.fromkeys(count.parameter for count in counts)
        return {name: self.writer.read(f"{self.prefix}.{block}.{name}") for name in parameters}, counts

    def save(self, blocks: int, lanes: list[Lane], result: WalkResult) -> None:
        """Make the first `blocks` blocks safe."""
        assert self.writer is not None
        self.writer.flush()
        name = f"lanes-{blocks % 2}" if self.saves_lanes else None
        if name:
            with (self.folder / name).open("wb") as file:
                for batch in (batch for lane in lanes for batch in lane.batches):
                    file.write(batch.hidden.view(-1).view(torch.uint8).numpy().data)
                file.flush()
                os.fsync(file.fileno())
        errors = [[*key, error.signal, error.noise] for key, error in result.errors.items()]
        counts = {variant: [dataclasses.astuple(c) for c in found] for variant, found in result.counts.items()}
        self._save_run({"blocks": blocks, "lanes": name, "errors": errors, "counts": counts})

    def forget(self) -> None:
        """The run is finished: nothing of its state stays. What is still there at any moment can be resumed."""
        for path in self.folder.glob("lanes-*"):
            path.unlink()
        (self.folder / RUN_FILE).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _load(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.folder / RUN_FILE).read_text(encoding="utf-8"))
        return loaded

    def _save_run(self, facts: dict[str, Any]) -> None:
        _write(self.folder / RUN_FILE, json.dumps({"identity": self.identity, **self.facts, **facts}).encode())


def _write(path: Path, content: bytes) -> None:
    """Replace a file so that at any moment the old or the new content is there, whole."""
    temporary = path.with_name(path.name + ".new")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """What stands in a folder stands there on the disk too."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _difference(key: str, saved: Any, asked: Any) -> str:
    if isinstance(saved, dict) and isinstance(asked, dict):
        name = next(name for name in {**saved, **asked} if saved.get(name) != asked.get(name))
        return f"{name} ({saved.get(name)} then, {asked.get(name)} now)"
    return "the source model" if key == "source" else f"{key} ({saved} then, {asked} now)"


def _count(values: list[Any]) -> MatrixCount:
    block, name, shape, *zeros = values
    return MatrixCount(block, name, (shape[0], shape[1]), *zeros)


def _plain_texts(texts: Texts) -> dict[str, Any]:
    uses = {"calibration": texts.calibration, "control": texts.control, "evaluation": texts.evaluation}
    plain: dict[str, Any] = {use: [_plain_windows(text) for text in given] for use, given in uses.items()}
    return plain | {"calib": texts.calib, "eval_text": texts.eval_text}


def _plain_windows(text: TextWindows) -> dict[str, Any]:
    return {"record": dataclasses.asdict(text.record), "tokens": text.tokens.tolist(), "bytes": text.scored_bytes}


def _texts(plain: dict[str, Any]) -> Texts:
    def windows(entry: dict[str, Any]) -> TextWindows:
        return TextWindows(TextRecord(**entry["record"]), torch.tensor(entry["tokens"]), tuple(entry["bytes"]))

    calibration, control, evaluation = (
        [windows(entry) for entry in plain[use]] for use in ("calibration", "control", "evaluation")
    )
    return Texts(calibration, control, evaluation, plain["calib"], plain["eval_text"])
