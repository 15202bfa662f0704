"""The commands that do the same elsewhere: on one's own machine, or as a Job on one's own account."""

from __future__ import annotations

import math
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from hubprune.demo.loop import BASE
from hubprune.publishing.metadata import DEMO_FOLDER
from hubprune.recipe import Recipe

from . import html, text_words
from .forms import TEXT_FILE
from .jobs import Flavour
from .settings import SETTINGS

if TYPE_CHECKING:
    from hubprune.planning import Plan

IMAGE = "ghcr.io/astral-sh/uv:python3.12-bookworm"
NO_JOB = "No hardware of the Hub's Jobs holds this run, so none is offered."


def own_wheel() -> str | None:
    """The name of the wheel that this Space carries, on the Hub; elsewhere hubprune is in the package index."""
    wheels = sorted(Path(__file__).parent.parent.glob("hubprune-*.whl"))
    return wheels[-1].name if SETTINGS.space_id and wheels else None


def own_command(recipe: Recipe) -> str:
    """The command for one's own machine. A visitor's file is named as they will have it, never as it lies here."""
    from hubprune.run.command import command_of

    if isinstance(recipe.calib, dict):
        calib = {code: TEXT_FILE if Path(source).name == TEXT_FILE else source for code, source in recipe.calib.items()}
        recipe = recipe.replace(calib=calib)
    if recipe.model == BASE:  # it comes with the package and is on no Hub: its folder is asked for
        command = command_of(recipe.replace(model="MODEL", revision=None), "prune")
        return command.replace(" MODEL ", f" {DEMO_FOLDER} ", 1)
    return command_of(recipe, "push")


def job_command(plan: Plan, recipe: Recipe, flavour: Flavour) -> str:
    """`hf jobs run ...`, to be copied; its secret is read from the visitor's own environment.

    With that secret the Job fetches this Space's wheel, which the Space being private would keep from it otherwise.
    """
    # The estimate is of this machine, and a Job's is rarely slower; a Job that is done ends by itself.
    hours = max(2, math.ceil(plan.model.parameters / 2e9), min(72, math.ceil(1.5 * plan.seconds / 3600)))
    words = ["hf", "jobs", "run", "--flavor", flavour.name, "--timeout", f"{hours}h", "--secrets", "HF_TOKEN", IMAGE]
    wheel, fetch, package = own_wheel(), "", "hubprune[eval]"
    if wheel:
        fetch = (
            f"uvx --from huggingface_hub hf download --repo-type space {SETTINGS.space_id} {wheel} --local-dir /tmp && "
        )
        package = f"hubprune[eval] @ file:///tmp/{wheel}"
    return shlex.join([*words, "bash", "-c", f"{fetch}uv run --with {shlex.quote(package)} {own_command(recipe)}"])


def commands(plan: Plan, recipe: Recipe, job: Flavour | None) -> str:
    """Both, as HTML; without `job`, why there is but one. The embedded model is on no Hub that a Job could read."""
    own = html.command(own_command(recipe), "On your machine" if SETTINGS.space_id else "On a larger machine")
    if job is None:
        return own + ("" if recipe.model == BASE else f'<p class="quiet">{html.esc(NO_JOB)}</p>')
    command = job_command(plan, recipe, job)
    note = text_words.IN_A_JOB if TEXT_FILE in command else ""
    return own + html.command(command, "As a Job on your account", note)
