"""A user's own tasks: lm-eval's YAML files in a folder, looked at before lm-eval reads them.

lm-eval passes over a file that it cannot read. Here such a file is named, with the line.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import yaml

from hubprune.errors import TaskUnavailable

FORMAT = "lm-eval's own tasks show the format."
STRUCTURE = {"include", "group", "tag", "class", "task_list", "dataset_kwargs", "aggregate_metric_list", "group_alias"}


def tasks_in(place: Path) -> list[str]:
    """Names of the tasks in a YAML file, or in all of a folder. Raises TaskUnavailable for a file that is wrong."""
    files = sorted(place.rglob("*.yaml")) if place.is_dir() else [place]
    names = [name for file in files if (name := _checked(file))]
    if not names:
        raise TaskUnavailable(f"{place.name} holds no task.", "Give a folder with YAML files as lm-eval reads them.")
    for name in names:
        if names.count(name) > 1:
            raise TaskUnavailable(f"Two files in {place.name} call their task {name}.", "Give each its own name.")
    return names


def _checked(file: Path) -> str | None:
    """The name of a file's task; None for a file that only others include."""
    node = _node(file)
    from lm_eval.config.task import TaskConfig

    known = STRUCTURE | {field.name for field in dataclasses.fields(TaskConfig)}
    keys = {key.value: key.start_mark.line + 1 for key, _ in node.value}
    for key, line in keys.items():
        if key not in known:
            raise _wrong(file, line, f"there is no key {key!r}")
    plain = {key.value: value.value for key, value in node.value}
    if include := plain.get("include"):
        for name in [include] if isinstance(include, str) else [part.value for part in include]:
            other = file.parent / name
            if not other.is_file():
                raise _wrong(file, keys["include"], f"it includes {name}, which does not exist")
            plain = {key.value: value.value for key, value in _node(other).value} | plain
    if not isinstance(plain.get("task"), str):
        return None
    for key in ("doc_to_text", "output_type"):
        if key not in plain:
            raise _wrong(file, keys.get("task", 1), f"the task has no {key}")
    if "dataset_path" not in plain and "custom_dataset" not in plain:
        raise _wrong(file, keys.get("task", 1), "the task has no dataset_path")
    return str(plain["task"])


def _node(file: Path) -> yaml.MappingNode:
    """The file as YAML nodes, which know their lines; functions in it are not loaded."""
    try:
        node = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise _wrong(file, 1, "it is no text in UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _wrong(file, line, error.problem or "it is no YAML") from error
    if not isinstance(node, yaml.MappingNode):
        raise _wrong(file, 1, "it holds no keys")
    return node


def _wrong(file: Path, line: int, reason: str) -> TaskUnavailable:
    return TaskUnavailable(f"{file.name}, line {line}: {reason}.", f"Mend the task. {FORMAT}")
