"""Flags. Those that decide a result are generated from the fields of the recipe, so the two cannot drift apart."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from hubprune.recipe import Recipe

SECTIONS = (
    "Model",
    "Pruning",
    "Calibration",
    "Evaluation",
    "Compute",
    "Publishing",
    "Files",
    "Output",
    "Dangerous",
)
FORMATS = ("auto", "human", "agent", "json", "quiet")
FIELDS = {field.name: field for field in dataclasses.fields(Recipe) if field.name != "model"}

Command = TypeVar("Command", bound=Callable[..., Any])


class Flag(click.Option):
    """An option that stands under a heading of the help.

    `shown` is the spelling in the help where it is not click's, `off` the value that a negative flag stands for.
    """

    def __init__(self, words: Iterable[str], *, section: str, shown: str | None = None, **more: Any) -> None:
        super().__init__(list(words), **more)
        self.section = section
        self.shown = shown

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The line of the help: spelling and explanation."""
        record = super().get_help_record(ctx)
        return (self.shown, record[1]) if record and self.shown else record


def recipe_flags(*names: str, section: str | None = None) -> Callable[[Command], Command]:
    """The flags of these recipe fields, or of all of them; under another heading where one is given."""

    def decorate(function: Command) -> Command:
        for name in reversed(names or tuple(FIELDS)):
            for flag in reversed(flags_of(FIELDS[name])):
                flag.section = section or flag.section
                attach(function, flag)
        return function

    return decorate


def flags_of(field: dataclasses.Field[Any]) -> list[Flag]:
    """The flag of a field, and where it has one, the flag that says no (`--no-control`)."""
    facts = field.metadata
    spelling = "--" + field.name.replace("_", "-")
    section = facts["section"].capitalize()
    off = facts.get("off")
    common = {"section": section, "help": facts["help"], "default": None}
    if field.type == "bool":
        pair = f"{spelling}/{off or '--no-' + spelling[2:]}"
        return [Flag([field.name, pair], shown=off or spelling, **common)]
    kind: click.ParamType = click.STRING
    if facts.get("choices"):
        kind = click.Choice(facts["choices"])
    elif "int" in str(field.type):
        kind = click.INT
    metavar = metavar_of(field)
    flag = Flag(
        [field.name, spelling],
        type=kind,
        multiple=is_repeatable(field),
        metavar=metavar,
        shown=f"{spelling} {metavar} / {off}" if off else None,
        **{**common, "help": help_of(field)},
    )
    no = [Flag([f"no_{field.name}", off], is_flag=True, hidden=True, section=section, default=False)] if off else []
    return [flag, *no]


def is_repeatable(field: dataclasses.Field[Any]) -> bool:
    """True for fields that hold several values: tuples, and mappings from a language."""
    return str(field.type).startswith(("tuple", "dict")) or "dict[" in str(field.type)


def metavar_of(field: dataclasses.Field[Any]) -> str:
    """What stands for the value in the help. A source may be given for one language alone: sw=FILE."""
    metavar = field.metadata.get("metavar") or field.name.upper()
    return f"[LANG=]{metavar}" if "| dict[" in str(field.type) else metavar


def help_of(field: dataclasses.Field[Any]) -> str:
    """The help of a field with its choices, and with its default where that is a value one could type."""
    choices = field.metadata.get("choices")
    help = f"{field.metadata['help']}  [{'|'.join(choices)}]" if choices else field.metadata["help"]
    if isinstance(field.default, (str, int)) and not isinstance(field.default, bool):
        return f"{help}  [default: {field.default}]"
    return help


def attach(function: Callable[..., Any], *flags: Flag) -> None:
    """Put flags on a function, as click's own decorators do; the first attached comes last."""
    listed = getattr(function, "__click_params__", None)
    if listed is None:
        listed = []
        function.__click_params__ = listed  # type: ignore[attr-defined]
    listed.extend(flags)


def flag(section: str, *words: str, **more: Any) -> Callable[[Command], Command]:
    """A flag that is no part of the recipe: it decides where things go, never what a result is."""

    def decorate(function: Command) -> Command:
        attach(function, Flag(words, section=section, **more))
        return function

    return decorate


def hub_flags(function: Command) -> Command:
    """--token and --cache-dir."""
    function = flag(
        "Model", "--cache-dir", metavar="DIR", help="Where downloads are kept; the Hub's cache if not given."
    )(function)
    return flag("Model", "--token", metavar="TOKEN", help="Access token; the one `hf auth login` stored if not given.")(
        function
    )


def recipe_file_flag(function: Command) -> Command:
    """--recipe, for the commands that take one."""
    text = (
        "Take the recipe of a file, a folder or a repository of the Hub; flags override it. A word alone is "
        "then OUT or REPO_ID; two are MODEL, in place of the recipe's, and OUT or REPO_ID."
    )
    return flag("Files", "--recipe", "recipe_source", metavar="FILE|REPO_ID", help=text)(function)


def output_flags(function: Command) -> Command:
    """--format, --json, -q, -v, -y: on every command."""
    for words, more in reversed(OUTPUT_FLAGS):
        attach(function, Flag(words, section="Output", expose_value=False, callback=remember, **more))
    return function


def remember(ctx: click.Context, flag: click.Parameter, value: Any) -> None:
    """Hand an output flag to the output object."""
    output = ctx.find_root().obj
    if output is not None and value not in (None, False):
        output.set(flag.name, value)


OUTPUT_FLAGS: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (
        ("--format",),
        {
            "type": click.Choice(FORMATS),
            "metavar": "FORMAT",
            "help": "auto, human, agent (tab-separated), json, quiet; auto is human on a terminal, agent elsewhere.",
        },
    ),
    (("--json",), {"is_flag": True, "help": "One JSON object on stdout, also for a failure."}),
    (("-q", "--quiet"), {"is_flag": True, "help": "Print only the path or the repository id."}),
    (("-v", "--verbose"), {"is_flag": True, "help": "Say more: further columns, and what the libraries say."}),
    (("-y", "--yes"), {"is_flag": True, "help": "Do not ask; the answer is yes."}),
)
