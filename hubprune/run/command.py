"""The command that asks for a recipe, for runs that were not started by one."""

from __future__ import annotations

import dataclasses
import shlex
from typing import Any

from hubprune.recipe import Recipe


def command_of(recipe: Recipe, name: str = "prune") -> str:
    """The shortest command line that gives this recipe: `hubprune prune MODEL --lang sw ...`."""
    words = ["hubprune", name, recipe.model]
    for field in dataclasses.fields(Recipe):
        value, flag = getattr(recipe, field.name), "--" + field.name.replace("_", "-")
        default = field.default_factory() if callable(field.default_factory) else field.default
        if field.name == "model" or value == default:
            continue
        words += _words(flag, value, field.metadata.get("off"))
    return shlex.join(words)


def _words(flag: str, value: Any, off: str | None) -> list[str]:
    if value is True:
        return [flag]
    if value is None or value is False:
        return [off] if off else []
    if flag == "--lang":
        return [flag, spell_weights(value)]
    if isinstance(value, dict):
        same = set(value.values())
        return (
            [flag, same.pop()] if len(same) == 1 else [w for key, one in value.items() for w in (flag, f"{key}={one}")]
        )
    if flag == "--tasks" and not value:
        return [flag, "none"]
    if flag == "--skip":
        return [word for one in value for word in (flag, one)]
    return [flag, ",".join(value) if isinstance(value, tuple) else str(value)]


def spell_weights(weights: dict[str, float]) -> str:
    """`{"sw": 0.75, "en": 0.25}` -> "sw=0.75,en=0.25"; equal weights need no numbers."""
    if len(set(weights.values())) == 1:
        return ",".join(weights)
    return ",".join(f"{language}={weight:g}" for language, weight in weights.items())
