"""push, plan, prune: the commands that make something."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hubprune.cli.asking import connector, declined, may_run_code, output_of, with_or_without_tasks
from hubprune.cli.helping import Argument, Command, named
from hubprune.cli.options import flag, hub_flags, output_flags, recipe_file_flag, recipe_flags
from hubprune.cli.progress import follow
from hubprune.cli.request import given_words, kept_text, placed, recipe_of
from hubprune.cli.results import show_plan, show_report, show_upload
from hubprune.cli.words import command, follow_up, recorded_command
from hubprune.errors import UsageError
from hubprune.recipe import RECIPE_FILE, Recipe
from hubprune.report import RESULTS_FILE, Report

if TYPE_CHECKING:
    from hubprune.cli.output import Output
    from hubprune.hub import Hub
    from hubprune.run.gate import Gate

MODEL = "Hub id (owner/name), folder, or hf://owner/name@revision."


def visibility_flag(function: Any) -> Any:
    """--private / --public."""
    text = "Visibility of a new repository: private unless you say --public. One that exists keeps what it has."
    return flag("Publishing", "private", "--private/--public", default=True, help=text)(function)


def force_flag(text: str) -> Any:
    """--force; what is lost stands in the help."""
    return flag("Files", "--force", is_flag=True, help=text)


def gate_flags(function: Any) -> Any:
    """--max-ppl-ratio and --min-kept."""
    text = "Quality gate: exit with 3 and publish nothing where perplexity grows more than X times in a language."
    function = flag("Evaluation", "--max-ppl-ratio", type=float, metavar="X", help=text)(function)
    text = "Quality gate: the same where a task keeps less than this share of the score above guessing, e.g. 90%."
    return flag("Evaluation", "--min-kept", metavar="SHARE", help=text)(function)


def gate_of(given: dict[str, Any]) -> Gate:
    """The gate that the flags set."""
    from hubprune.run.gate import Gate, share

    return Gate(given["max_ppl_ratio"], share(given["min_kept"]) if given["min_kept"] else None)


@click.command(
    cls=Command,
    short_help="The whole loop: prune, measure, write the card, publish.",
    examples=(
        "push Qwen/Qwen3-0.6B --lang sw",
        "push Qwen/Qwen3-0.6B me/my-model --lang sw=3,en=1 --pattern 2:4",
        "push Qwen/Qwen3-0.6B --lang sw --eval-lang sw,en,ru,zh --dry-run",
        "push Qwen3-0.6B-sparsegpt50-sw --public",
    ),
)
@recipe_flags()
@gate_flags
@hub_flags
@visibility_flag
@flag("Publishing", "--create-pr", is_flag=True, help="Open a pull request instead of committing.")
@flag("Publishing", "--commit-message", metavar="TEXT", help="Message of the commit.")
@flag("Publishing", "--dry-run", is_flag=True, help="Only say what would happen, as `hubprune plan` does.")
@recipe_file_flag
@force_flag("Write into a repository that exists already.")
@output_flags
@click.pass_context
def push(ctx: click.Context, model: str | None, repo_id: str | None, **given: Any) -> None:
    """Prune a model for your language, measure what it cost, write the card, publish: the whole loop.

    The new repository is private unless you say --public: look at a pruned checkpoint before you show it. A MODEL that
    `hubprune prune` wrote is published as it is.
    """
    output, connect = output_of(ctx), connector(given)
    model, repo_id = placed(ctx)
    finished = finished_folder(model)
    refuse_changes(ctx, finished)
    if given["dry_run"]:
        return preview(ctx, connect, finished, repo_id, private=given["private"])
    recipe = None if finished else recipe_of(ctx, connect)
    hub = connect()
    options = {
        "hub": hub,
        "private": given["private"],
        "create_pr": given["create_pr"],
        "message": given["commit_message"],
        "force": given["force"],
        "gate": gate_of(given),
    }
    from hubprune import run

    if not given["private"] and not output.confirm("The new repository will be public. Go on?"):
        raise declined()
    if recipe is None:
        assert finished
        published = follow(run.publish(finished, repo_id, **options), output)
        report = Report.load(finished)
    else:
        may_run_code(recipe, output)
        kept = kept_text(given["recipe_source"], recipe, hub)
        words = recorded_command(["", *output.words])
        events = partial(run.push, recipe, repo_id, kept=kept, command=words, **options)
        report, published = with_or_without_tasks(events, recipe, output)
    show_report(output, report, published=published)
    output.next(command(["inspect", published.repo_id]))


@click.command(
    cls=Command,
    short_help="What push would do; no weights downloaded.",
    examples=(
        "plan Qwen/Qwen3-0.6B --lang sw",
        "plan Qwen/Qwen3-0.6B --lang sw,en --pattern 2:4 --method wanda",
        "plan --recipe hubprune.yaml",
    ),
)
@recipe_flags()
@hub_flags
@visibility_flag
@recipe_file_flag
@output_flags
@click.pass_context
def plan(ctx: click.Context, model: str | None, repo_id: str | None, **given: Any) -> None:
    """Say what `hubprune push` would do, need and publish. Reads headers only: no weights are downloaded."""
    model, repo_id = placed(ctx)
    finished = finished_folder(model)
    refuse_changes(ctx, finished)
    preview(ctx, connector(given), finished, repo_id, private=given["private"])


@click.command(
    cls=Command,
    short_help="The same loop into a local folder, nothing published.",
    examples=(
        "prune Qwen/Qwen3-0.6B --lang sw",
        "prune Qwen/Qwen3-0.6B out --lang sw --calib swahili.txt",
        "prune --recipe me/Qwen3-0.6B-sparsegpt50-sw",
    ),
)
@recipe_flags()
@gate_flags
@hub_flags
@recipe_file_flag
@force_flag("Replace what is in OUT.")
@flag(
    "Files",
    "resume",
    "--resume/--fresh",
    default=None,
    help="Go on with a run into OUT that broke off, or start it over. The result is the same to the byte.",
)
@output_flags
@click.pass_context
def prune(ctx: click.Context, model: str | None, out: str | None, **given: Any) -> None:
    """Prune a model for your language into a folder, with measurements and card. Nothing is published."""
    output, connect = output_of(ctx), connector(given)
    _, out = placed(ctx)
    recipe, hub = recipe_of(ctx, connect), connect()
    may_run_code(recipe, output)
    folder = Path(out) if out else default_folder(recipe)
    kept = kept_text(given["recipe_source"], recipe, hub)
    from hubprune import run

    options = {
        "hub": hub,
        "force": given["force"],
        "resume": goes_on(folder, given["resume"], output),
        "kept": kept,
        "command": recorded_command(["", *output.words]),
        "gate": gate_of(given),
    }
    report = with_or_without_tasks(partial(run.prune, recipe, folder, **options), recipe, output)
    show_report(output, report, folder=folder)
    output.next(command(["push", str(folder)]))


def goes_on(folder: Path, asked: bool | None, output: Output) -> bool | None:
    """Whether to resume what broke off; on a terminal a person is asked, where the flags do not say."""
    from hubprune.run.prune import unfinished_folder
    from hubprune.run.state import blocks_done

    done = blocks_done(unfinished_folder(folder))
    if asked is None and done and output.can_ask:
        return output.confirm(f"An earlier run into {folder} broke off after {done} blocks. Go on with it?")
    return asked


def preview(
    ctx: click.Context, connect: Callable[[], Hub], finished: Path | None, repo_id: str | None, *, private: bool
) -> None:
    """The plan; `push --dry-run` and `plan` end here."""
    output = output_of(ctx)
    if finished:
        from hubprune.hub import default_repo_id

        show_upload(output, finished, repo_id or default_repo_id(connect(), Recipe.load(finished)), private=private)
    else:
        recipe = recipe_of(ctx, connect)
        may_run_code(recipe, output)
        from hubprune.planning import make_plan

        show_plan(output, make_plan(recipe, connect(), repo_id, private=private))
    output.next(follow_up(output.words, "push", "--dry-run", "--dry_run"))


def finished_folder(model: str | None) -> Path | None:
    """The folder, if `hubprune prune` wrote it."""
    folder = Path(model or "").expanduser()
    written = model and (folder / RESULTS_FILE).is_file() and (folder / RECIPE_FILE).is_file()
    return folder if written else None


def refuse_changes(ctx: click.Context, finished: Path | None) -> None:
    """A finished folder is published as it is: flags that would change the result contradict that."""
    words = given_words(ctx) + (["--recipe"] if ctx.params.get("recipe_source") else [])
    if finished and words:
        raise UsageError(
            f"{finished} was pruned already, and {', '.join(words)} cannot change that.",
            f"Leave the flags out, or name the dense model: {Recipe.load(finished).model}",
        )


def default_folder(recipe: Recipe) -> Path:
    """OUT where none is given: the name that the repository would have, in the current folder."""
    from hubprune.naming import repo_name

    return Path(repo_name(recipe))


COMMANDS = (
    named(
        push,
        Argument("model", MODEL, required=False, metavar="MODEL"),
        Argument("repo_id", "Where to publish; by default <you>/<model>-<method><pattern>-<lang>.", required=False),
    ),
    named(
        plan,
        Argument("model", MODEL, required=False, metavar="MODEL"),
        Argument("repo_id", "Where to publish; by default <you>/<model>-<method><pattern>-<lang>.", required=False),
    ),
    named(
        prune,
        Argument("model", MODEL, required=False, metavar="MODEL"),
        Argument("out", "Folder for the result; by default <model>-<method><pattern>-<lang>.", required=False),
    ),
)
