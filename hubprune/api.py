"""The public functions: run the events to their end, hand back the result.

`on_event` is called with every event on the way; an exception it raises cancels the run, which cleans up after itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hubprune import inspection, planning, run
from hubprune.events import Event, Published, run_to_end
from hubprune.hub import Hub
from hubprune.publishing import card
from hubprune.recipe import Recipe
from hubprune.report import Report
from hubprune.run.compare import Comparison
from hubprune.run.compare import compare as compare_models

OnEvent = Callable[[Event], None]


def plan(recipe: Recipe, *, repo_id: str | None = None, hub: Hub | None = None) -> planning.Plan:
    """What `push` would do, from headers alone; no weights are downloaded."""
    return planning.make_plan(recipe, hub, repo_id)


def prune(
    recipe: Recipe, out: str | Path, *, force: bool = False, hub: Hub | None = None, on_event: OnEvent | None = None
) -> Report:
    """Prune, measure and write a folder with weights, card, recipe and results; nothing is published.

    Raises OutputExists where `out` holds something and `force` is not given.
    """
    return run_to_end(run.prune(recipe, Path(out), hub=hub, force=force), on_event)


def push(
    recipe: Recipe,
    repo_id: str | None = None,
    *,
    private: bool = True,
    create_pr: bool = False,
    message: str | None = None,
    force: bool = False,
    hub: Hub | None = None,
    on_event: OnEvent | None = None,
) -> tuple[Report, Published]:
    """The whole loop: pull, prune, measure, write the card, publish. Private unless asked otherwise."""
    events = run.push(recipe, repo_id, hub=hub, private=private, create_pr=create_pr, message=message, force=force)
    return run_to_end(events, on_event)


def publish(
    folder: str | Path,
    repo_id: str | None = None,
    *,
    private: bool = True,
    create_pr: bool = False,
    message: str | None = None,
    force: bool = False,
    hub: Hub | None = None,
    on_event: OnEvent | None = None,
) -> Published:
    """Publish a folder that `prune` wrote."""
    events = run.publish(
        Path(folder), repo_id, hub=hub, private=private, create_pr=create_pr, message=message, force=force
    )
    return run_to_end(events, on_event)


def evaluate(
    recipe: Recipe,
    against: str | None = None,
    *,
    speed: bool = False,
    hub: Hub | None = None,
    on_event: OnEvent | None = None,
) -> Report:
    """Measure `recipe.model` in `recipe.eval_lang`, beside the checkpoint `against` on the same windows.

    With `speed`, also tokens per second and peak memory, the models taken in turn on the recipe's device.
    """
    return run_to_end(run.evaluate(recipe, against, hub=hub, speed=speed), on_event)


def compare(
    base: str,
    pruned: str,
    prompts: Sequence[str],
    *,
    new_tokens: int = 60,
    device: str = "auto",
    dtype: str = "auto",
    trust_remote_code: bool = False,
    hub: Hub | None = None,
    on_event: OnEvent | None = None,
) -> Comparison:
    """Let two models continue the same prompts, each always with its likeliest next token.

    Both are in memory whole; `hubprune.events.Said` tells each piece of text as it comes. `hubprune.generation.prompts`
    has prompts in many languages.
    """
    events = compare_models(
        base,
        pruned,
        prompts,
        new_tokens=new_tokens,
        device=device,
        dtype=dtype,
        trust_remote_code=trust_remote_code,
        hub=hub,
    )
    return run_to_end(events, on_event)


def inspect(
    model: str, *, revision: str | None = None, hub: Hub | None = None, on_event: OnEvent | None = None
) -> inspection.Inspection:
    """Count the zeros that a checkpoint really holds, by kind of matrix."""
    return run_to_end(inspection.inspect(model, hub, revision), on_event)


def write_card(folder: str | Path, repo_id: str | None = None) -> Path:
    """Write the card of a folder again from its recipe and results; the author's own text in it stays."""
    return card.write(Path(folder), repo_id=repo_id)
