"""A plan as a page: what will happen, what it costs, what comes out."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from hubprune.cli.sizes import roughly
from hubprune.publishing.text import listed, name_of, percent, quantity, size
from hubprune.recipe import Recipe

if TYPE_CHECKING:
    from rich.table import Table

    from hubprune.planning import Plan

STORAGE_TRUTH = "same size as the dense model; zeros do not speed up standard runtimes"
GATES = {"auto": "gated: accept the terms on the model's page", "manual": "gated: ask for access on the model's page"}


def resume_in_words(state: int | None) -> str:
    """What a run that breaks off leaves behind."""
    if state is None:
        return "a run that breaks off begins anew: the model is loaded whole"
    if state == 0:
        return "after the last finished block; the disk is too short for the hidden states, which are computed again"
    return f"after the last finished block; {size(state)} of the disk hold the state until the run ends"


def plan_lines(plan: Plan) -> list[tuple[str, str]]:
    """Heading and text of each line of the page."""
    model, recipe = plan.model, plan.recipe
    where = f"@{model.revision[:8]}" if model.revision else ""
    lines = [
        ("Model", f"{model.id}{where}: {model.architecture}, {quantity(model.parameters)} parameters, {model.dtype}"),
        ("Prune", what_is_pruned(plan)),
        ("Calibrate", calibration_in_words(recipe)),
        ("Measure", measuring_in_words(plan)),
        ("Download", f"{size(plan.downloads)}" if plan.downloads else "nothing"),
        ("Result", f"{size(plan.output)}: {STORAGE_TRUTH}"),
        ("Disk", needed(plan.disk_needed, plan.disk_free)),
        ("Resume", resume_in_words(plan.state)),
        ("Memory", needed(plan.memory_needed, plan.memory_free)),
    ]
    if plan.gpu_memory_needed is not None:
        lines.append(("GPU memory", needed(plan.gpu_memory_needed, plan.gpu_memory_free or 0)))
    lines += [
        ("Time", f"about {roughly(plan.seconds)} on {recipe.device}"),
        ("Licence", model.license_name or model.license or "none stated"),
        ("Access", "a local folder" if model.local else GATES.get(plan.gated or "", "open")),
        ("Publish", f"{plan.repo_id}, {visibility(private=plan.private)}"),
        ("Loads with", "; ".join(plan.loads_with)),
    ]
    return [(head, text) for head, text in lines if text]


def what_is_pruned(plan: Plan) -> str:
    """How many weights, how many of them become zero, by which method."""
    model, recipe = plan.model, plan.recipe
    share = percent(model.prunable / max(1, model.parameters))
    text = f"{recipe.pattern} of {quantity(model.prunable)} weights ({share} of the model) in {model.blocks} blocks"
    return f"{text}, by {recipe.method}"


def calibration_in_words(recipe: Recipe) -> str:
    """The calibration text: languages with their shares, windows."""
    if recipe.method == "magnitude":
        return "magnitude needs no text"
    names = [
        name_of(code) + (f" {100 * share:.0f} %" if len(recipe.lang) > 1 else "") for code, share in recipe.lang.items()
    ]
    return f"{', '.join(names) or 'no language named'}; {windows(recipe.samples, recipe.seq_len)}"


def measuring_in_words(plan: Plan) -> str:
    """What is measured, and against what."""
    recipe = plan.recipe
    if not recipe.measure:
        return "nothing"
    codes = recipe.eval_lang or tuple(dict.fromkeys([*recipe.lang, *filter(None, [recipe.control])]))
    names = ", ".join(name_of(code) for code in codes)
    text = f"perplexity in {names}; {windows(recipe.eval_samples, recipe.seq_len)} each"
    if plan.tasks:
        text += f"; {listed(plan.tasks)}, {recipe.limit or 'all'} items each"
    if recipe.generate:
        text += "; greedy continuations"
    if recipe.control and recipe.method != "magnitude":
        text += f"; beside it a control calibrated in {name_of(recipe.control)}"
    return text


def windows(number: int, length: int | None) -> str:
    """ "128 windows of 2048 tokens" """
    return f"{number} windows of {length} tokens" if length else f"{number} windows"


def needed(need: int, free: int) -> str:
    """What is needed and what there is; a shortage is said in words."""
    shortage = "" if need <= free else ": NOT ENOUGH"
    return f"{size(need)} needed, {size(free)} free{shortage}"


def visibility(*, private: bool) -> str:
    """Private is our default and is said; an existing repository keeps what it has."""
    first = "private unless you say --public" if private else "public: everyone can see it"
    return f"{first} (a repository that exists keeps its visibility)"


def plan_table(plan: Plan) -> Table:
    """The page."""
    return lines_table(plan_lines(plan))


def lines_table(lines: list[tuple[str, str]]) -> Table:
    """Headings on the left, texts that may wrap on the right."""
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for head, text in lines:
        table.add_row(head, text)
    return table


def plan_data(plan: Plan) -> dict[str, Any]:
    """The plan's fields, and whether it fits."""
    return {**dataclasses.asdict(plan), "recipe": plan.recipe.to_dict(), "fits": plan.fits}
