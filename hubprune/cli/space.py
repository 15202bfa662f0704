"""space deploy: the page that does all of this in a browser, as a Space of one's own."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import click

from hubprune.cli.asking import connector, declined, output_of
from hubprune.cli.helping import Command, Group, named
from hubprune.cli.options import flag, hub_flags, output_flags
from hubprune.cli.progress import follow
from hubprune.cli.results import sections
from hubprune.errors import UsageError

if TYPE_CHECKING:
    from hubprune.cli.output import Output
    from hubprune.hub.space import Deployed


@click.group(
    cls=Group,
    invoke_without_command=True,
    short_help="hubprune as a page in a browser: a Space of your own.",
    examples=("space deploy", "space deploy --to me/pruning --public"),
)
@click.pass_context
def space(ctx: click.Context) -> None:
    """Put hubprune's page on the Hub as a Space of your own: plan, prune, look and publish in a browser."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@click.command(
    cls=Command,
    short_help="Create the Space, or bring it up to date.",
    examples=(
        "space deploy",
        "space deploy --to me/pruning --public",
        "space deploy --hardware a10g-small --variable HUBPRUNE_SPACE_LONGEST_LINE=5",
    ),
)
@flag("Publishing", "--to", metavar="REPO_ID", help="The Space; by default <you>/hubprune.")
@flag(
    "Publishing",
    "private",
    "--private/--public",
    default=True,
    help="Visibility of a new Space: private unless you say --public. One that exists keeps what it has.",
)
@flag(
    "Publishing",
    "--hardware",
    metavar="NAME",
    help="What it runs on; a new one on zero-a10g (ZeroGPU) if not given. All: hf spaces hardware",
)
@flag(
    "Publishing",
    "--variable",
    "variables",
    multiple=True,
    metavar="NAME=VALUE",
    help="Environment variable of the Space; everyone who sees the Space can read it.",
)
@flag("Publishing", "--commit-message", metavar="TEXT", help="Message of the commit.")
@flag("Files", "--force", is_flag=True, help="Write into a Space that hubprune did not make.")
@hub_flags
@output_flags
@click.pass_context
def deploy(ctx: click.Context, to: str | None, **given: Any) -> None:
    """Create the Space on the Hub or bring it up to date: the page, its requirements, and the wheel of this very
    hubprune, in one commit. The same again commits nothing. No token is uploaded: visitors sign in themselves.

    A free account may host ZeroGPU Spaces only; other hardware is billed to the account.
    """
    output, variables = output_of(ctx), variables_of(given["variables"])
    hub = connector(given)()
    if not given["private"] and not output.confirm("The new Space will be public. Go on?"):
        raise declined()
    from hubprune import spaces

    events = spaces.deploy(
        hub,
        to or spaces.DEFAULT_NAME,
        hardware=given["hardware"],
        variables=variables,
        private=given["private"],
        message=given["commit_message"],
        force=given["force"],
    )
    show(output, follow(events, output))


def variables_of(words: tuple[str, ...]) -> dict[str, str]:
    """NAME=VALUE, one each. Raises UsageError for a word that is not of this form."""
    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not (name.isidentifier() and equals):
            raise UsageError(f"{word!r} is not NAME=VALUE.", "For example: --variable HUBPRUNE_SPACE_LONGEST_LINE=5")
        found[name] = value
    return found


def show(output: Output, deployed: Deployed) -> None:
    """Where the Space is, and whether anything was committed."""
    facts = dataclasses.asdict(deployed)
    done = "Created" if deployed.created else "Updated" if deployed.changed else "Up to date, nothing was committed"

    def human() -> None:
        output.line(f"{done}: {deployed.url}")
        if deployed.private:
            output.line(f"Private; to show it: hf repos settings {deployed.repo_id} --type space --public")

    output.result(quiet=deployed.repo_id, data=facts, agent=lambda: sections([], facts.items()), human=human)
    output.next(f"hf spaces wait {deployed.repo_id}")


space.add_command(named(deploy))
COMMANDS = (space,)
