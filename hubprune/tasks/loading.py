"""Tasks of lm-eval with their data, read from our Hub at a known revision."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hubprune.calibration.datasets_hub import Shelf
from hubprune.calibration.datasets_hub import quiet as datasets_quiet
from hubprune.errors import HubpruneError, LanguageUnknown, TaskUnavailable
from hubprune.languages import resolve
from hubprune.task_table import family_of
from hubprune.tasks.asking import passages
from hubprune.tasks.names import Wanted, every_task

LOCAL = ("json", "csv", "text", "parquet", "arrow", "pandas")
MEASURABLE = ("multiple_choice", "loglikelihood", "generate_until")
FEW = 100
FEWSHOT_SEED = 1234  # lm-eval's own


@dataclass
class Opened:
    """A task with its requests built, and where its data came from. A group of tasks is scored as one.

    `clusters`: the number of the passage that each item is about, as `asking.passages` gives them.
    """

    wanted: Wanted
    members: list[Any]
    source: str
    revision: str | None
    config: str | None
    license: str | None
    clusters: np.ndarray | None = None

    @property
    def instances(self) -> list[Any]:
        """All requests, in a fixed order."""
        return [instance for member in self.members for instance in member.instances]

    @property
    def language(self) -> str:
        """The task's language: as the table has it, or as its YAML says under metadata; "" where neither knows."""
        said = (self.members[0].config.metadata or {}).get("language")
        try:
            return self.wanted.language or (resolve(str(said)).code if said else "")
        except LanguageUnknown:
            return ""


def open_task(wanted: Wanted, hub: Any, limit: int | None) -> Opened:
    """Load a task and build the requests of its first `limit` items.

    Raises NotFound, Gated, Offline, HubTrouble where its data set cannot be had, TaskUnavailable for what is wrong with
    the task or its data.
    """
    read = _Reading(Shelf(hub))
    try:
        with quiet():
            manager = _manager(wanted.folder)
        config = manager.task_index[wanted.name].cfg or {}
        with read.watched(wanted, _asked(config), _unused(config)), quiet():
            loaded = manager.load([wanted.name])["tasks"]
            members = [loaded[name] for name in sorted(loaded)]
            for member in members:
                _refuse(member)
                if member.config.num_fewshot is None:
                    member.set_config("num_fewshot", 0)
                member.set_fewshot_seed(FEWSHOT_SEED)
                member.build_all_requests(limit=limit and -(-limit // len(members)))
            clusters = passages(members, _passage(wanted, members[0]))
    except HubpruneError as error:
        reason = error.sentence.rstrip(".")
        raise type(error)(f"The task {wanted.name} cannot be measured: {reason}.", error.next_step) from error
    except Exception as error:  # whatever a task's own functions stumble over
        raise TaskUnavailable(
            f"The task {wanted.name} cannot be measured: {_reason(error)}.",
            "Leave it out of --tasks, or mend its YAML file.",
        ) from error
    first = members[0]
    path, name = first.DATASET_PATH or "", first.DATASET_NAME
    local = path in LOCAL or Path(path).exists()
    revision, license = (None, None) if local else read.facts.get(path, (None, None))
    return Opened(wanted, members, "local" if local else path, revision, str(name) if name else None, license, clusters)


class _Reading:
    """Lets lm-eval load data sets through our Hub, each at the commit it has now."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.facts: dict[str, tuple[str | None, str | None]] = {}  # data set -> (commit, licence)

    @contextlib.contextmanager
    def watched(self, wanted: Wanted, asked: set[str], unused: str | None) -> Iterator[None]:
        """Within this block `datasets.load_dataset`, which lm-eval calls, is ours.

        Of the splits, those that are asked are downloaded, where files tell them apart. lm-eval wants the split that is
        not used as well and goes through all of it: in its place it gets FEW rows, of an asked one if need be.
        """
        import datasets

        usual = datasets.load_dataset

        @functools.wraps(usual)
        def load(path: str, name: str | None = None, **options: Any) -> Any:
            if path in LOCAL or Path(path).exists():
                with datasets_quiet():
                    return usual(path, name, **_beside(wanted.folder, options))
            options["revision"], license = self.shelf.facts(path, options.get("revision"))
            self.facts[path] = options["revision"], license
            with self.shelf.asking(path):
                options["token"] = self.shelf.hub.api.token
                part = _part(path, name, options, asked)
                found = usual(path, name, **options, **part)
            if unused and (unused in found or part):
                rows = found[unused if unused in found else min(asked)]
                found[unused] = rows.select(range(min(FEW, len(rows))))
            return found

        datasets.load_dataset = load
        try:
            yield
        finally:
            datasets.load_dataset = usual


def _unused(config: Mapping[str, Any]) -> str | None:
    """The split of a task's examples, where its prompts hold none and it asks nothing of that split."""
    examples = config.get("training_split")
    asked = [config.get(key) for key in ("test_split", "validation_split", "fewshot_split")]
    return None if config.get("num_fewshot") or examples in asked else examples


def _asked(config: Mapping[str, Any]) -> set[str]:
    """The splits that a task of lm-eval reads, but for the unused one; none where a class of its own may read any."""
    if "class" in config:
        return set()
    keys = ("test_split", "validation_split", "fewshot_split", "training_split")
    named = {config.get(key) for key in keys} | {(config.get("fewshot_config") or {}).get("split")}
    return {str(split) for split in named - {None, _unused(config)}}


def _part(path: str, name: str | None, options: dict[str, Any], asked: set[str]) -> dict[str, Any]:
    """What `datasets.load_dataset` must be told to leave out the files of splits that are not asked.

    Nothing where the task says itself what to load, or where all splits are asked, or the files do not tell them apart.
    With files named, `datasets` keeps its copy apart from one of the whole data set, and forgets the card's types.
    """
    import datasets

    if not options.keys() <= {"revision", "token"}:
        return {}
    there = datasets.load_dataset_builder(path, name, **options)
    files = there.config.data_files or {}
    if not asked or not asked < files.keys():
        return {}
    return {"data_files": {split: list(files[split]) for split in sorted(asked)}, "features": there.info.features}


def _beside(folder: Path | None, options: dict[str, Any]) -> dict[str, Any]:
    """Options of a local data set, its files looked for beside the YAML before the current folder."""
    root = folder if folder is None or folder.is_dir() else folder.parent

    def place(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: place(part) for key, part in value.items()}
        if isinstance(value, list):
            return [place(part) for part in value]
        return str(root / value) if root and isinstance(value, str) and (root / value).exists() else value

    return {key: place(value) if key in ("data_files", "data_dir") else value for key, value in options.items()}


def _manager(folder: Path | None) -> Any:
    from lm_eval.tasks import TaskManager

    if folder is None:
        return every_task()
    return TaskManager(include_path=str(folder if folder.is_dir() else folder.parent), include_defaults=False)


def _refuse(task: Any) -> None:
    """Raise TaskUnavailable for a task that cannot be measured here."""
    kind = task.OUTPUT_TYPE
    if getattr(task, "MULTIMODAL", False):
        raise TaskUnavailable("it shows pictures or plays sound", "Leave it out of --tasks.")
    if getattr(task, "UNSAFE_CODE", False):
        raise TaskUnavailable("it runs programs that the model writes", "Leave it out of --tasks.")
    if kind == "loglikelihood_rolling":
        raise TaskUnavailable("it measures perplexity", "Give its text to --eval-text.")
    if kind not in MEASURABLE:
        raise TaskUnavailable(f"its kind ({kind}) is not known", "Leave it out of --tasks.")


def _passage(wanted: Wanted, task: Any) -> str:
    """Column of the text that several items may share, as the YAML's metadata or the table says; "" for none."""
    family = family_of(wanted.name)
    known = family.passage if family and family.dataset == task.DATASET_PATH else ""
    return str((task.config.metadata or {}).get("passage") or known)


def _reason(error: Exception) -> str:
    if (isinstance(error, IndexError) and "size 0" in str(error)) or "did not find any docs" in str(error):
        return "its data set has no items left"
    first = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}".rstrip(": ")
    return first.rstrip(".")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Within this block lm-eval logs errors only and draws no bars."""
    from lm_eval.api import task as lm_eval_task

    logger, bar = logging.getLogger("lm_eval"), lm_eval_task.tqdm
    level = logger.level
    logger.setLevel(logging.ERROR)
    lm_eval_task.tqdm = functools.partial(bar, disable=True)
    try:
        yield
    finally:
        logger.setLevel(level)
        lm_eval_task.tqdm = bar
