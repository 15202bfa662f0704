"""The commands that do the same elsewhere: on one's own machine, or as a Job on one's own account."""

from __future__ import annotations

import contextlib
import math
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from hubprune.demo.loop import BASE
from hubprune.hub import Hub
from hubprune.recipe import Recipe

from . import html, text_words
from .forms import TEXT_FILE
from .settings import SETTINGS

if TYPE_CHECKING:
    from hubprune.planning import Plan

EMBEDDED = """"$(python -c 'from hubprune.demo.loop import MODEL_FOLDER; print(MODEL_FOLDER)')\""""
IMAGE = "ghcr.io/astral-sh/uv:python3.12-bookworm"
# GPU flavours of Jobs, smallest first, with the memory of one GPU in GB.
FLAVOURS = (("t4-small", 16), ("l4x1", 24), ("a10g-small", 24), ("l40sx1", 48), ("a100-large", 80), ("h200", 141))


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
        return command_of(recipe.replace(model="MODEL", revision=None), "prune").replace(" MODEL ", f" {EMBEDDED} ", 1)
    return command_of(recipe, "push")


def flavour(plan: Plan) -> str:
    """The smallest flavour whose GPU holds the run."""
    needed = (plan.gpu_memory_needed or plan.memory_needed) / 1e9 * 1.15
    return next((name for name, memory in FLAVOURS if memory >= needed), FLAVOURS[-1][0])


def job_command(plan: Plan, recipe: Recipe) -> str:
    """`hf jobs run ...`, to be copied; its secret is read from the visitor's own environment.

    With that secret the Job fetches this Space's wheel, which the Space being private would keep from it otherwise.
    """
    # The estimate is of this machine, and a Job's is rarely slower; a Job that is done ends by itself.
    hours = max(2, math.ceil(plan.model.parameters / 2e9), min(72, math.ceil(1.5 * plan.seconds / 3600)))
    words = ["hf", "jobs", "run", "--flavor", flavour(plan), "--timeout", f"{hours}h", "--secrets", "HF_TOKEN", IMAGE]
    wheel, fetch, package = own_wheel(), "", "hubprune[eval]"
    if wheel:
        fetch = (
            f"uvx --from huggingface_hub hf download --repo-type space {SETTINGS.space_id} {wheel} --local-dir /tmp && "
        )
        package = f"hubprune[eval] @ file:///tmp/{wheel}"
    return shlex.join([*words, "bash", "-c", f"{fetch}uv run --with {shlex.quote(package)} {own_command(recipe)}"])


def price(hub: Hub, plan: Plan) -> str:
    """What the Job's hardware costs, as the Hub says now; empty where it does not say."""
    with contextlib.suppress(Exception):  # an ornament: without it the plan is as good
        for one in hub.api.list_jobs_hardware():
            if one.name == flavour(plan) and one.unit_cost_usd:
                hourly = one.unit_cost_usd * (60 if one.unit_label == "minute" else 1)
                return f"${hourly:.2f} an hour on {one.pretty_name or one.name}"
    return ""


def commands(plan: Plan, recipe: Recipe) -> str:
    """Both, as HTML."""
    where, job = "On your machine" if SETTINGS.space_id else "On a larger machine", job_command(plan, recipe)
    note = text_words.IN_A_JOB if TEXT_FILE in job else ""
    return html.command(own_command(recipe), where) + html.command(job, "As a Job on your account", note)
