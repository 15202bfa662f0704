"""What the user asked for, as a recipe: the defaults, under a recipe file, under the flags really given."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from hubprune.cli.options import FIELDS, flags_of
from hubprune.errors import UsageError
from hubprune.recipe import RECIPE_FILE, Recipe

if TYPE_CHECKING:
    from hubprune.hub import Hub


def recipe_of(ctx: click.Context, connect: Callable[[], Hub]) -> Recipe:
    """The recipe of a command line: MODEL, `--recipe` and the flags.

    `connect` is called only where the recipe lies on the Hub, so that wrong words are refused at once.

    Raises UsageError where neither MODEL nor a recipe is given, RecipeError and LanguageUnknown as Recipe does.
    """
    asked = given(ctx)
    source, (model, _) = ctx.params.get("recipe_source"), placed(ctx)
    if model:
        asked["model"] = model
    if source:
        recipe = load(source, connect)
        if model and model != recipe.model:  # the recipe's commit is of its own model
            asked.setdefault("revision", None)
        return recipe.replace(**asked)
    if not model:
        raise UsageError("There is no MODEL.", f"For example: {ctx.command_path} Qwen/Qwen3-0.6B --lang sw")
    return Recipe(**asked)


def placed(ctx: click.Context) -> tuple[str | None, str | None]:
    """MODEL and the word behind it (OUT, REPO_ID). With --recipe a word alone is the second: the recipe names MODEL."""
    names = [str(param.name) for param in ctx.command.params if isinstance(param, click.Argument)]
    first, second, *_ = [*(ctx.params.get(name) for name in names), None]
    return (None, first) if ctx.params.get("recipe_source") and second is None else (first, second)


def given(ctx: click.Context) -> dict[str, Any]:
    """Recipe keys of the flags that stand on the command line, with their values as a recipe takes them."""
    asked: dict[str, Any] = {}
    for name, field in FIELDS.items():
        if is_given(ctx, name):
            asked[name] = value_of(field, ctx.params[name])
        if is_given(ctx, f"no_{name}"):
            if name in asked:
                on, off = (flag.opts[-1] for flag in flags_of(field))
                raise UsageError(f"{on} and {off} contradict each other.", "Give one of them.")
            asked[name] = None
    return asked


def given_words(ctx: click.Context) -> list[str]:
    """The spellings of the recipe flags on the command line, for a sentence about them."""
    return [flag.opts[-1] for field in FIELDS.values() for flag in flags_of(field) if is_given(ctx, str(flag.name))]


def is_given(ctx: click.Context, name: str) -> bool:
    """True where the user typed the flag."""
    return name in ctx.params and ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE


def value_of(field: dataclasses.Field[Any], value: Any) -> Any:
    """A flag's value as the recipe takes it; a flag given several times arrives as a tuple."""
    if not isinstance(value, tuple):
        return value
    return value if field.name == "skip" else ",".join(value)


def load(source: str, connect: Callable[[], Hub]) -> Recipe:
    """The recipe of a file, of a folder that a run wrote, or of a repository of the Hub (`user/name`, `hf://…@rev`)."""
    if Path(source).exists():
        return Recipe.load(Path(source))
    repo_id = source.removeprefix("hf://").partition("@")[0]
    if repo_id.count("/") != 1 or Path(repo_id).suffix in (".yaml", ".yml"):
        raise UsageError(
            f"There is no recipe {source!r}.", "Give a recipe file, a folder that a run wrote, or a Hub id."
        )
    return Recipe.load(download(source, RECIPE_FILE, connect()))


def kept_text(source: str | None, recipe: Recipe, hub: Hub) -> Path | None:
    """The text that stands beside a replayed recipe where the model wrote it itself (`--calib self`), else None."""
    sources = [recipe.calib] if isinstance(recipe.calib, str) else list(recipe.calib.values())
    if source is None or not any("self" in one.replace("=", ",").split(",") for one in sources):
        return None
    from hubprune.calibration import KEPT_FILE

    place = Path(source)
    if not place.exists():
        return download(source, KEPT_FILE, hub)
    kept = (place if place.is_dir() else place.parent) / KEPT_FILE
    return kept if kept.is_file() else None


def download(source: str, name: str, hub: Hub) -> Path:
    """A small file of a repository of the Hub."""
    from hubprune.hub import translated

    repo_id, _, revision = source.removeprefix("hf://").partition("@")
    with translated(repo_id):
        return Path(hub.api.hf_hub_download(repo_id, name, revision=revision or None, cache_dir=hub.cache_dir))
