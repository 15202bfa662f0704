"""From the words of `--tasks` to tasks of lm-eval, before anything is downloaded."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hubprune.errors import ExtraMissing, UsageError
from hubprune.task_table import Family, default_tasks, family_of, known_tasks, language_of
from hubprune.tasks.local import tasks_in

AUTO = "auto"
INSTALL = "Install it: pip install 'hubprune[eval]'"
NOT_INSTALLED = "lm-eval was not installed"
NOT_ASKED = "none was asked for"
NO_TASK = "no task of lm-eval is known for it"


@dataclass(frozen=True)
class Wanted:
    """One task to measure.

    Attributes:
        name: lm-eval's.
        folder: where its YAML lies; None: somewhere among lm-eval's own.
        language: its code; "" where not known.
        by_default: chosen by us, so that a language goes without it where it cannot be had.
    """

    name: str
    folder: Path | None
    language: str
    by_default: bool = False


def available() -> bool:
    """Whether lm-eval is installed."""
    return find_spec("lm_eval") is not None


def need_lm_eval() -> None:
    """Raise ExtraMissing where lm-eval is not installed."""
    if not available():
        raise ExtraMissing(
            "Tasks are measured by lm-eval, which is not installed.",
            f"{INSTALL}, or go on with perplexity alone: --tasks none",
        )


def find(
    words: Sequence[str], languages: Iterable[str], *, optional: bool = False
) -> tuple[list[Wanted], dict[str, str]]:
    """The tasks of `--tasks` for these languages, and why a language has none.

    `optional`: where lm-eval is not installed there are none, and that is said.

    Raises ExtraMissing without lm-eval, UsageError for a name that no task has, TaskUnavailable for a wrong local YAML.
    """
    if not words:
        return [], {"": NOT_ASKED}
    if optional and not available():
        return [], {"": NOT_INSTALLED}
    need_lm_eval()
    languages = list(languages)
    found: dict[str, Wanted] = {}
    without: dict[str, str] = {}
    for word in words:
        if word == AUTO:
            for language in languages:
                names = default_tasks(language, beside=languages)
                found |= {name: _known(name, by_default=True) for name in names if name not in found}
                if not names:
                    without[language] = NO_TASK
        elif Path(word).expanduser().exists():
            folder = Path(word).expanduser().resolve()
            found |= {name: Wanted(name, folder, language_of(name)) for name in tasks_in(folder)}
        else:
            found |= {name: _known(name) for name in _named(word)}
    return list(found.values()), without


def _known(name: str, *, by_default: bool = False) -> Wanted:
    family = family_of(name)
    return Wanted(name, folder_of(family) if family else None, language_of(name), by_default)


def folder_of(family: Family) -> Path:
    """Where the YAML files of a family lie, in lm-eval or here."""
    if family.own:
        return Path(__file__).parent / family.folder
    spec = find_spec("lm_eval")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "tasks" / family.folder


def _named(word: str) -> list[str]:
    """The tasks that a name or a glob means."""
    ours = known_tasks()
    if word in ours:
        return [word]
    index = every_task()
    names = sorted({*ours, *index.all_subtasks})
    if word in index.all_groups or word in index.all_tags:
        return _members(word)
    if matching := [name for name in names if fnmatchcase(name, word)]:
        return matching
    near = difflib.get_close_matches(word, names, n=3, cutoff=0.5)
    step = f"Nearest: {', '.join(near)}." if near else "hubprune languages lists those that we know by language."
    raise UsageError(f"lm-eval has no task {word!r}.", step)


def _members(group: str) -> list[str]:
    """The tasks of a group or a tag, groups within it included."""
    index = every_task().task_index
    entry = index[group]
    inside = entry.cfg.get("task") if entry.cfg else sorted(entry.tags)
    names: list[str] = []
    for member in inside if isinstance(inside, list) else [inside]:
        name = member.get("task") or member.get("group") if isinstance(member, dict) else member
        if isinstance(name, str) and name in index:
            kind = index[name].kind.name
            names += _members(name) if kind in ("GROUP", "TAG") and name != group else [name]
    return names


@functools.cache
def every_task() -> Any:
    """The index of all of lm-eval's tasks; takes some seconds."""
    from lm_eval.tasks import TaskManager

    return TaskManager()
