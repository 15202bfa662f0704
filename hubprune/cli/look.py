"""eval, inspect, card: the commands that look at what exists."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Any

import click

from hubprune.cli.asking import connector, may_run_code, output_of, with_or_without_tasks
from hubprune.cli.helping import Argument, Command, named
from hubprune.cli.make import MODEL, finished_folder
from hubprune.cli.model_view import inspection_lines, inspection_text, module_table
from hubprune.cli.options import FIELDS, flag, hub_flags, output_flags, recipe_flags
from hubprune.cli.plan_view import lines_table
from hubprune.cli.progress import follow
from hubprune.cli.request import recipe_of
from hubprune.cli.results import CARD, sections, show_report
from hubprune.cli.words import command, recorded_command
from hubprune.errors import UsageError
from hubprune.publishing.tables import shortened
from hubprune.recipe import Recipe
from hubprune.report import DENSE, PRUNED, Report

LEAST_SPARSE = 0.01  # share of zeros from which a checkpoint is taken for a pruned one


def eval_lang_flag(function: Any) -> Any:
    """--lang, which is --eval-lang here: nothing is calibrated."""
    words = ["eval_lang", "--lang", "--eval-lang"]
    text = "Languages to measure, e.g. sw,en."
    metavar = FIELDS["eval_lang"].metadata["metavar"]
    more = {"multiple": True, "metavar": metavar, "default": None, "help": text}
    return flag("Evaluation", *words, **more)(function)


@click.command(
    "eval",
    cls=Command,
    short_help="Dense against sparse, language by language.",
    examples=(
        "eval Qwen3-0.6B-sparsegpt50-sw --against Qwen/Qwen3-0.6B --lang sw",
        "eval Qwen/Qwen3-0.6B --lang sw,en,ru --eval-samples 64",
        "eval ./pruned --against ./dense --lang sw --tasks none --speed",
        "eval me/my-swahili-model --lang sw --eval-text swahili.txt --json",
    ),
)
@recipe_flags("revision")
@hub_flags
@flag(
    "Evaluation",
    "--against",
    metavar="BASE",
    help="The dense model to compare with: Hub id, folder or hf://…@revision.",
)
@eval_lang_flag
@recipe_flags("eval_text", "eval_samples", "tasks", "limit", "generate")
@recipe_flags("seq_len", section="Evaluation")
@flag(
    "Evaluation",
    "--speed",
    is_flag=True,
    help="Measure tokens per second and peak memory too, the models in turn and whole in memory.",
)
@recipe_flags("device", "dtype", "batch_size", "trust_remote_code")
@output_flags
@click.pass_context
def evaluate(ctx: click.Context, model: str, against: str | None, speed: bool, **given: Any) -> None:
    """Measure perplexity, tasks and generated text in each language, dense beside sparse on the same text and items."""
    output, connect = output_of(ctx), connector(given)
    recipe, hub = recipe_of(ctx, connect), connect()
    may_run_code(recipe, output)
    from hubprune import run

    words = recorded_command(["", *output.words])
    events = partial(run.evaluate, recipe, against, hub=hub, command=words, speed=speed)
    report = with_or_without_tasks(events, recipe, output, model_words(recipe.model, against))
    ratios = {row.language: row.scores["pruned"].ratio for row in report.languages if "pruned" in row.scores}
    quiet = "\n".join(f"{code}\t{'' if ratio is None else ratio}" for code, ratio in ratios.items()) or report.model.id
    show_report(output, report, quiet=quiet)
    languages = ",".join(row.language for row in report.languages)
    output.next(command(["inspect", model] if against else ["plan", model, "--lang", languages]))


def model_words(model: str, against: str | None) -> dict[str, str]:
    """Lane -> what the progress calls it: the words of the command line, short where they differ."""
    if against is None:
        return {}
    if against == model:  # at two revisions
        return {DENSE: f"{against} (B)", PRUNED: f"{model} (A)"}
    return shortened({DENSE: against, PRUNED: model})


@click.command(
    cls=Command,
    short_help="Measured zeros, pattern and size of a checkpoint.",
    examples=("inspect me/Qwen3-0.6B-sparsegpt50-sw", "inspect Qwen3-0.6B-sparsegpt50-sw --json"),
)
@recipe_flags("revision")
@hub_flags
@recipe_flags("trust_remote_code")
@output_flags
@click.pass_context
def inspect(ctx: click.Context, model: str, **given: Any) -> None:
    """Count the zeros that a checkpoint really holds: share, N:M pattern and size, by kind of matrix."""
    output, connect = output_of(ctx), connector(given)
    recipe, hub = recipe_of(ctx, connect), connect()
    may_run_code(recipe, output)
    from hubprune.inspection import inspect as count_zeros

    events = count_zeros(model, hub, recipe.revision, trust_remote_code=recipe.trust_remote_code)
    found = follow(events, output)
    output.result(
        quiet=str(found.sparsity),
        data=dataclasses.asdict(found),
        agent=lambda: inspection_text(found),
        human=lambda: output.show(lines_table(inspection_lines(found)), "", module_table(found.modules)),
    )
    output.next(command(next_look(model, found.sparsity)))


def next_look(model: str, sparsity: float) -> list[str]:
    """What to look at after the zeros: what they cost, or for a dense model what pruning it would take."""
    folder = finished_folder(model)
    if folder is None:
        return ["eval" if sparsity > LEAST_SPARSE else "plan", model, "--lang", "sw"]
    from hubprune.demo.loop import BASE

    recipe = Recipe.load(folder)
    words = ["eval", model, "--lang", ",".join(recipe.eval_lang or recipe.lang) or "en"]
    # The demo's dense model and its Hub are gone when the demo ends; its text comes with hubprune.
    return words + (["--eval-text", "demo"] if recipe.model == BASE else ["--against", recipe.model])


@click.command(
    cls=Command,
    short_help="Make the model card again from recipe and results.",
    examples=("card Qwen3-0.6B-sparsegpt50-sw", "card Qwen3-0.6B-sparsegpt50-sw --write"),
)
@flag("Files", "--write", is_flag=True, help=f"Write it to FOLDER/{CARD}; your own text between its two marks stays.")
@output_flags
@click.pass_context
def card(ctx: click.Context, folder: str, write: bool) -> None:
    """Make the model card of a folder again from its recipe and results, and print it, or write it with --write."""
    output = output_of(ctx)
    found = finished_folder(folder)
    if found is None:
        raise UsageError(f"{folder} was not written by hubprune.", "Give a folder that `hubprune prune` wrote.")
    from hubprune.publishing import card as cards

    if write:
        path = cards.write(found)
        output.result(
            quiet=str(path),
            data={"path": str(path), "card": path.read_text(encoding="utf-8")},
            agent=lambda: sections([], [("path", path)]),
            human=lambda: output.line(f"Card: {path}"),
        )
        output.next(command(["push", folder]))
        return
    previous = (found / CARD).read_text(encoding="utf-8") if (found / CARD).exists() else None
    repo_id = cards.repository_of(previous or "")
    text = cards.render(Report.load(found), Recipe.load(found), repo_id=repo_id, previous=previous)
    output.result(
        quiet=text.rstrip("\n"),
        data={"card": text},
        agent=lambda: text.rstrip("\n"),
        human=lambda: output.line(text.rstrip("\n")),
    )
    output.next(command(["card", folder, "--write"]))


COMMANDS = (
    named(evaluate, Argument("model", MODEL, metavar="MODEL")),
    named(inspect, Argument("model", MODEL, metavar="MODEL")),
    named(card, Argument("folder", "A folder that `hubprune prune` wrote.", metavar="FOLDER")),
)
