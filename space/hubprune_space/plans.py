"""The plan card: what a run would do, from headers only."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hubprune import errors
from hubprune.demo.loop import BASE
from hubprune.hub import Hub
from hubprune.publishing.text import listed, name_of, percent, quantity, size
from hubprune.recipe import Recipe
from hubprune.task_names import TITLES
from hubprune.task_table import family_of

from . import elsewhere, gpu_words, hints, html, jobs, problems, words
from .forms import TEXT_FILE, Form, Refused, own_text
from .gpu import READING, STARTING, ZERO_GPU_MEMORY, ZERO_GPU_SPEED
from .hubs import reading
from .run import with_text
from .settings import SETTINGS

if TYPE_CHECKING:
    from hubprune.planning import Plan

COMPARED = "original and pruned"
FEWEST = 16  # windows; with fewer, calibration is hardly one
TERMS = ("parameters", "weights", "blocks", "float", "embeddings")
GATES = {"auto": "gated: terms to accept", "manual": "gated: access on request"}


@dataclass(frozen=True)
class Planned:
    """A plan, or the reason why there is none; `notice` may also stand beside a plan.

    `own`: bytes of the visitor's own calibration text. `job`: the hardware of a Job for what cannot run here.
    """

    recipe: Recipe | None
    plan: Plan | None
    notice: words.Notice | None
    own: int | None = None
    job: jobs.Flavour | None = None

    @property
    def runs_here(self) -> bool:
        return self.plan is not None and self.notice is None


def make(recipe: Recipe, token: str | None, own: int | None = None) -> Planned:
    """The plan of a recipe for the visitor of this token; nothing of the request stays. `own` as in Planned."""
    from hubprune.planning import Accelerator, make_plan

    there = Accelerator(ZERO_GPU_MEMORY, ZERO_GPU_SPEED) if SETTINGS.zero_gpu else None
    with reading(recipe.model, token) as hub:
        try:
            plan = make_plan(recipe, hub, there=there)
        except errors.HubpruneError as error:
            return Planned(recipe, None, of_error(error, shown(recipe, own), hub, signed_in=token is not None), own=own)
        notice, job = elsewhere_notice(plan), None
        if notice:
            less = ""
            job = jobs.holding(hub, plan) if recipe.model != BASE else None  # no Job can read that one
            with contextlib.suppress(errors.HubpruneError):  # advice; without it the notice stands as it is
                less = helps(plan, lambda other: elsewhere_notice(make_plan(other, hub, there=there)) is None)
            notice = elsewhere_notice(plan, job, less)
        return Planned(recipe.replace(revision=plan.model.revision), plan, notice, own=own, job=job)


def of_form(form: Form, token: str | None, own: bytes | None = None) -> Planned:
    """The plan of a form and a visitor's own text; what is wrong with them is a plan's notice too."""
    try:
        recipe = form.recipe()
        text = own_text(own)
    except Refused as refused:
        return Planned(None, None, refused.notice)
    except errors.HubpruneError as error:
        return Planned(None, None, problems.told(error))
    return make(recipe, token, len(text.encode()) if text is not None else None)


def shown(recipe: Recipe, own: int | None) -> Recipe:
    """The recipe as commands say it: a visitor's own text under the name that stands for it."""
    return recipe if own is None else with_text(recipe, Path(TEXT_FILE))


def elsewhere_notice(plan: Plan, job: jobs.Flavour | None = None, less: str = "") -> words.Notice | None:
    """Why the run cannot be here, if it cannot; `job`: hardware that holds it; `less`: what of the form would help."""
    gpu, has_gpu = plan.gpu_memory_needed, plan.gpu_memory_free or 0
    price = job.price if job else None
    if gpu is not None and gpu > has_gpu:
        return words.too_big(size(gpu), size(has_gpu), price, less)
    if plan.memory_needed > plan.memory_free:
        return words.too_big(size(plan.memory_needed), size(plan.memory_free), price, less)
    if plan.disk_needed > plan.disk_free:
        return words.too_big(f"{size(plan.disk_needed)} of disk", size(plan.disk_free), price, less)
    if SETTINGS.longest_seconds and plan.seconds > SETTINGS.longest_seconds:
        return words.too_long(words.roughly(plan.seconds), words.roughly(SETTINGS.longest_seconds), less)
    if SETTINGS.slice_seconds and (step := step_seconds(plan)) > SETTINGS.slice_seconds:
        return gpu_words.too_long_a_step(words.roughly(step), words.roughly(SETTINGS.slice_seconds), less)
    return None


def step_seconds(plan: Plan) -> float:
    """What a slice must do at least: a block, or read the weights (back, or to let a model write); or all of a model
    that is loaded whole and keeps no state, or of which each slice must compute the lanes again.
    """
    if not plan.state:
        return STARTING + plan.seconds
    return STARTING + max(plan.seconds / plan.model.blocks, plan.model.bytes / READING)


def helps(plan: Plan, fits: Callable[[Recipe], bool]) -> str:
    """What of the form, beside the model, keeps a run from being here: advised only where it is enough."""
    recipe = plan.recipe
    if recipe.lang and recipe.samples > FEWEST and fits(recipe.replace(samples=FEWEST)):
        return "ask for fewer windows under Advanced"
    if (recipe.tasks or recipe.generate) and fits(recipe.replace(tasks=(), generate=False)):
        return "measure only perplexity"
    return ""


def of_error(error: errors.HubpruneError, recipe: Recipe, hub: Hub, *, signed_in: bool) -> words.Notice:
    """The state that an error of the package stands for."""
    unsupported = isinstance(error, errors.UnsupportedArchitecture)
    found = problems.notice(error, recipe, architecture(recipe, hub) if unsupported else "")
    if found.name != "gated-terms":
        return found
    found = found if signed_in else words.gated_signed_out(recipe.model)
    return replace(found, link=(f"The page of {recipe.model}", f"{hub.endpoint}/{recipe.model}"))


def architecture(recipe: Recipe, hub: Hub) -> str:
    """The class that a model's configuration names; empty where it names none, or has none (an adapter)."""
    from hubprune.hub import describe, resolve

    with contextlib.suppress(errors.HubpruneError):
        config = describe(hub, resolve(hub, recipe.model, recipe.revision)).config
        named = config.get("architectures")
        return str(named[0] if isinstance(named, list) and named else config.get("model_type") or "")[:80]
    return ""


def card(planned: Planned, user: str | None, lost: words.Notice | None = None) -> str:
    """The card as HTML; `lost`: what a page that was loaded anew did not keep."""
    return html.notice(lost) + _card(planned, user)


def _card(planned: Planned, user: str | None) -> str:
    if planned.plan is None or planned.recipe is None:
        return html.notice(planned.notice)
    plan, recipe = planned.plan, planned.recipe
    model = plan.model
    name = plan.repo_id.partition("/")[2]
    many, control = plan.recipe.eval_lang, plan.recipe.control
    here = SETTINGS.here
    memory = plan.gpu_memory_needed or plan.memory_needed
    fits = planned.notice is None
    rows = [
        ("To prune", f"{zeros(recipe.pattern)} of {quantity(model.prunable)} weights", share(plan)),
        ("Calibration text", *calibration(plan, planned.own)),
        (
            "Measured in",
            listed([name_of(code) for code in many]),
            f"original, pruned, and a control pruned with {name_of(control)} text"
            if control
            else "original and pruned",
        ),
        ("Measured by", *measures(plan)),
        ("Download", size(plan.downloads), ""),
        ("Memory", size(memory), f"of {size(plan.gpu_memory_free or plan.memory_free)} free on {here}"),
        ("Disk", "" if fits else size(plan.disk_needed), f"of {size(plan.disk_free)} free on {here}"),
        ("Licence", model.license_name or model.license or "none stated", GATES.get(plan.gated or "", "")),
        ("Published as", f"{user or 'you'}/{name}", "private until you say otherwise"),
    ]
    terms = [*TERMS, *(["calibration", "token"] if plan.recipe.lang else []), *(["control"] if control else [])]
    badge = "Runs here" if fits else "Does not fit here"
    head = (
        f'<div class="plan-head"><span class="badge {"good" if fits else "bad"}">{badge}</span>'
        f"<h2>{html.esc(model.id.rpartition('/')[2])}</h2>"
        f"<p>{quantity(model.parameters)} parameters · {model.blocks} blocks · {html.esc(model.dtype)}</p></div>"
    )
    time = f'<p class="estimate"><strong>about {words.roughly(plan.seconds)}</strong> on {here}</p>' if fits else ""
    notes = "".join(f"<li>{html.esc(text)}</li>" for text in filter(None, map(problems.plain, plan.warnings)))
    commands = "" if fits else elsewhere.commands(plan, shown(recipe, planned.own), planned.job)
    return (
        f'<section class="plan" aria-label="Plan" data-model="{html.esc(model.id)}">'
        f"{head}{time}{html.notice(planned.notice)}{commands}{html.facts(rows)}"
        f'<p class="truth">{html.esc(words.TRUTH)}</p>'
        + (html.fold("Good to know", f"<ul>{notes}</ul>") if notes else "")
        + hints.glossary(*terms)
        + "</section>"
    )


def calibration(plan: Plan, own: int | None) -> tuple[str, str]:
    """Which text the weights are chosen by, with the shares of a mix, and how much; `own`: bytes of a visitor's own."""
    lang = plan.recipe.lang
    if not lang:
        return "none", "this method looks only at the weights"
    mix = [f"{percent(part, 0)} {name_of(code)}" if len(lang) > 1 else name_of(code) for code, part in lang.items()]
    if own is not None:
        mix[0] += f" (your own text, {size(own)})"
    return listed(mix), f"{plan.recipe.samples:,} pieces (windows) of {plan.recipe.seq_len:,} tokens"


def zeros(pattern: str) -> str:
    """ "50 %", or what N:M means."""
    kept, colon, group = pattern.partition(":")
    return f"{int(group) - int(kept)} in every {group}" if colon else pattern.rstrip("%").strip() + " %"


def measures(plan: Plan) -> tuple[str, str]:
    """What is measured in these languages, and what of it can be told more of."""
    found = ["perplexity", *(["tasks"] if plan.tasks else []), *(["texts"] if plan.recipe.generate else [])]
    if plan.tasks:
        names = dict.fromkeys(TITLES[one.name] if (one := family_of(task)) else task for task in plan.tasks)
        return listed(found), f"tasks: {listed(list(names))}, the first {plan.recipe.limit} questions of each"
    return listed(found), "knowledge and reasoning are not measured"


def share(plan: Plan) -> str:
    """Which part of the model that is."""
    return f"{percent(plan.model.prunable / max(1, plan.model.parameters), 0)} of the model; embeddings stay whole"
