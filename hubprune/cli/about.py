"""demo, languages, env: the commands about hubprune itself."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hubprune import __version__
from hubprune.cli.asking import output_of
from hubprune.cli.helping import Argument, Command, named
from hubprune.cli.language_view import language_data, language_lines, show_languages
from hubprune.cli.options import flag, output_flags
from hubprune.cli.plan_view import lines_table
from hubprune.cli.progress import follow
from hubprune.cli.results import sections, show_report
from hubprune.cli.words import command
from hubprune.languages import Language, known, resolve, search

if TYPE_CHECKING:
    pass

LIBRARIES = (
    "torch",
    "transformers",
    "huggingface-hub",
    "hf-xet",
    "datasets",
    "accelerate",
    "safetensors",
    "numpy",
    "click",
    "rich",
)
SWITCHES = ("HF_ENDPOINT", "HF_HUB_OFFLINE", "HF_HUB_DISABLE_XET", "CUDA_VISIBLE_DEVICES")
FIRST_MODEL = "Qwen/Qwen3-0.6B"


@click.command(
    cls=Command,
    short_help="The whole loop on embedded data; no account, no network.",
    examples=("demo", "demo my-first-pruned-model"),
)
@flag("Files", "--force", is_flag=True, help="Replace what an earlier demo wrote to OUT.")
@output_flags
@click.pass_context
def demo(ctx: click.Context, out: str | None, force: bool) -> None:
    """Run the whole loop on embedded data: pull, prune, measure, publish, pull back. No account and no network; the Hub
    is one that hubprune starts on this computer.
    """
    output = output_of(ctx)
    from hubprune import demo as demonstration

    result = follow(demonstration.run(Path(out) if out else None, force=force), output)
    more = {
        "repo_id": result.repo_id,
        "prompt": result.prompt,
        "generation": result.generation,
        "checks": result.checks,
    }
    show_report(output, result.report, folder=result.folder, more=more)
    for check in result.checks:
        output.explain(f"Checked: {check}")
    output.explain(f"The published model writes: {result.generation}")
    output.next(command(["inspect", str(result.folder)]))


@click.command(
    cls=Command,
    short_help="Languages, their codes, text and tasks.",
    examples=("languages", "languages swahili", "languages zh --json"),
)
@output_flags
@click.pass_context
def languages(ctx: click.Context, query: str | None) -> None:
    """List the languages: code, name, own name. Any other ISO 639 code works too, where a text source has it.

    The source is where text comes from unless --calib and --eval-text say otherwise: allenai/c4, its train split to
    calibrate and its validation split to measure, or HuggingFaceFW/fineweb-2, dealt out by document; both under ODC-By
    1.0. It is looked up again when a run begins. The default tasks are those of lm-eval that a language is measured
    with unless --tasks says otherwise; for one language all known ones are listed, with the licence of their data.
    """
    output = output_of(ctx)
    found = matching(query)
    output.result(
        quiet="\n".join(one.code for one in found),
        data={"languages": language_data(found)},
        agent=lambda: language_lines(found),
        human=lambda: show_languages(output, found),
    )
    output.next(command(["plan", FIRST_MODEL, "--lang", found[0].code if query else "sw"]))


def matching(query: str | None) -> list[Language]:
    """The languages that a word names or occurs in, best match first; all without a word. Raises LanguageUnknown."""
    if not query:
        return known()
    exact = [one for one in known() if one.code == query.casefold()]
    return exact or search(query) or [resolve(query)]


@click.command(cls=Command, short_help="Versions and devices, for a bug report.", examples=("env", "env --json"))
@output_flags
@click.pass_context
def env(ctx: click.Context) -> None:
    """Show versions and devices, for a bug report. No token and no path is shown."""
    output = output_of(ctx)
    facts = environment()
    output.result(
        quiet=__version__,
        data=facts,
        agent=lambda: sections([], facts.items()),
        human=lambda: output.show(lines_table(list(facts.items()))),
    )
    output.next(command(["demo"]))


def environment() -> dict[str, str]:
    """Versions, machine, devices, and the switches of the Hub's libraries that are set."""
    facts = {"hubprune": __version__, "python": platform.python_version(), "system": platform.platform()}
    facts |= {name: version_of(name) for name in LIBRARIES}
    facts |= {"device": devices(), "signed_in": signed_in()}
    return facts | {name: os.environ[name] for name in SWITCHES if os.environ.get(name)}


def version_of(name: str) -> str:
    """A library's version."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def devices() -> str:
    """What torch can compute on."""
    import torch

    if torch.cuda.is_available():
        return ", ".join(torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count()))
    return "mps" if torch.backends.mps.is_available() else f"cpu ({torch.get_num_threads()} threads)"


def signed_in() -> str:
    """Whether a token for the Hub is there; it is not looked at further."""
    from huggingface_hub import get_token

    return "yes" if get_token() else "no"


COMMANDS = (
    named(
        demo,
        Argument("out", "Folder to keep the result in; hubprune-demo by default.", required=False, metavar="[OUT]"),
    ),
    named(languages, Argument("query", "A code, a name, or a part of one.", required=False, metavar="[QUERY]")),
    named(env),
)
