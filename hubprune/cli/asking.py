"""What commands ask for before they run: the connection, the output object, the user's consent."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hubprune.cli.output import Output
from hubprune.cli.progress import follow
from hubprune.errors import ExtraMissing, HubpruneError
from hubprune.events import Event
from hubprune.recipe import Recipe

if TYPE_CHECKING:
    from hubprune.hub import Hub

Result = TypeVar("Result")


def declined() -> HubpruneError:
    """The user said no."""
    return HubpruneError("Nothing was done.", "You answered no; --yes answers yes for you.")


def output_of(ctx: click.Context) -> Output:
    """The output object of this run."""
    output = ctx.find_root().obj
    assert isinstance(output, Output)
    return output


def connector(given: dict[str, Any]) -> Callable[[], Hub]:
    """What opens the connection that --token and --cache-dir describe."""

    def connect() -> Hub:
        from hubprune import hub

        return hub.connect(token=given["token"], cache_dir=given["cache_dir"])

    return connect


def with_or_without_tasks(
    events: Callable[..., Generator[Event, None, Result]],
    recipe: Recipe,
    output: Output,
    names: Mapping[str, str] | None = None,
) -> Result:
    """Run the events of a recipe; where lm-eval is missing and the user agrees, again, with tasks left out.

    `events` takes `tasks_optional`; `names` are what `follow` takes.

    Raises ExtraMissing where the tasks were named, or nobody agrees.
    """
    try:
        return follow(events(), output, names)
    except ExtraMissing as missing:
        agreed = output.yes or (output.can_ask and output.confirm(f"{missing.sentence} Go on with perplexity alone?"))
        if recipe.tasks != ("auto",) or not agreed:
            raise
        output.warn(f"{missing.sentence} Perplexity is all that is measured, and the card will say so.")
        return follow(events(tasks_optional=True), output, names)


def may_run_code(recipe: Recipe, output: Output) -> None:
    """Warn of --trust-remote-code, and ask where a person can answer. Raises HubpruneError where the answer is no."""
    if recipe.trust_remote_code:
        output.warn(
            f"--trust-remote-code runs Python code that {recipe.model} brings along, here and with your rights."
        )
        if not output.confirm("Have you read that code, and shall it run?"):
            raise declined()
