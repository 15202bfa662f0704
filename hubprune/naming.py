"""The name of a result: it follows from the recipe alone."""

from __future__ import annotations

import re
from pathlib import Path

from hubprune.recipe import Recipe

LONGEST_NAME = 96  # of a repository, without its owner
LONGEST_LANGUAGES = 24


def repo_name(recipe: Recipe) -> str:
    """`<base>-<method><pattern>-<languages>`, e.g. "Qwen3-0.6B-wanda2of4-sw": at most 96 characters that the Hub takes.

    It begins with the base's name, as some licences ask for.
    """
    name = recipe.model
    if Path(name).expanduser().is_dir():
        name = Path(name).expanduser().resolve().name
    else:
        name = name.removeprefix("hf://").partition("@")[0].rstrip("/").rsplit("/", 1)[-1]
    ending = f"-{recipe.method}{spelled(recipe.pattern)}{_languages(list(recipe.lang))}"
    return f"{_plain(name.removeprefix('Meta-'))[: LONGEST_NAME - len(ending)].strip('-.')}{ending}"


def spelled(pattern: str) -> str:
    """One spelling for each pattern: "50%" and "0.5" -> "50", "62.5%" -> "62.5", "2:4" -> "2of4"."""
    pattern = pattern.strip().replace(" ", "")
    if ":" in pattern:
        return pattern.replace(":", "of")
    try:
        share = float(pattern.removesuffix("%")) * (1 if pattern.endswith("%") else 100)
    except ValueError:
        return _plain(pattern)
    return f"{round(share, 4):g}"


def _languages(codes: list[str]) -> str:
    joined = "-".join(codes)
    if len(joined) > LONGEST_LANGUAGES:
        joined = f"{len(codes)}-languages"
    return f"-{joined}" if joined else ""


def _plain(text: str) -> str:
    """`text` in the characters of a repository's name, without the sequences that the Hub refuses."""
    text = re.sub(r"[^A-Za-z0-9._-]+", "-", text)
    text = re.sub(r"-{2,}", "-", re.sub(r"\.{2,}", ".", text)).strip("-.")
    return text or "model"
