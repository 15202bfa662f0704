"""compare: what two models make of one prompt, side by side while they write."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from hubprune.cli.asking import connector, may_run_code, output_of
from hubprune.cli.helping import Argument, Command, named
from hubprune.cli.make import MODEL, finished_folder
from hubprune.cli.options import flag, hub_flags, output_flags, recipe_flags
from hubprune.cli.output import Output
from hubprune.cli.progress import Bars, follow
from hubprune.cli.side_by_side import Tail, page, tab_separated
from hubprune.cli.words import command
from hubprune.events import Event, Said
from hubprune.recipe import Recipe
from hubprune.report import DENSE, PRUNED, Sample

if TYPE_CHECKING:
    from rich.live import Live

    from hubprune.run.compare import Comparison

REFRESHES = 12  # of the screen, a second


@click.command(
    cls=Command,
    short_help="What two models make of one prompt, side by side.",
    examples=(
        'compare Qwen/Qwen3-0.6B me/my-swahili-model -p "Katika nchi yetu"',
        "compare Qwen/Qwen3-0.6B Qwen3-0.6B-sparsegpt50-sw --lang sw",
        'compare ./dense ./pruned -p "In our country" --new-tokens 30 --json',
    ),
)
@hub_flags
@flag("Evaluation", "-p", "--prompt", "given", multiple=True, metavar="TEXT", help="A prompt; may be repeated.")
@flag("Evaluation", "--lang", metavar="LANG", help="Take the prompts that come with hubprune in this language, too.")
@flag(
    "Evaluation",
    "--new-tokens",
    type=click.INT,
    default=60,
    metavar="N",
    help="Tokens that each model writes, at most.  [default: 60]",
)
@recipe_flags("device", "dtype", "trust_remote_code")
@output_flags
@click.pass_context
def compare(ctx: click.Context, base: str, pruned: str, given: tuple[str, ...], lang: str | None, **more: Any) -> None:
    """Let two models continue the same prompts, each always with its likeliest next token.

    Both are in memory whole, and write in turn, a token each. The same models and prompts give the same texts.
    """
    output, connect = output_of(ctx), connector(more)
    if more["trust_remote_code"]:
        for model in dict.fromkeys((base, pruned)):
            may_run_code(Recipe(model, trust_remote_code=True), output)
    from hubprune.run.compare import compare as run
    from hubprune.run.compare import prompts_in

    prompts = [*given, *(prompts_in(lang) if lang else ())]
    options = {name: more[name] for name in ("new_tokens", "device", "dtype", "trust_remote_code")}
    options = {name: value for name, value in options.items() if value is not None}
    events = run(base, pruned, prompts, hub=connect(), **options)
    watches = output.live and output.stdout.isatty()
    found = watched(events, prompts, output, (base, pruned)) if watches else follow(events, output)
    width = output.console(output.stdout).width
    output.result(
        quiet="\n".join(sample.texts[PRUNED] for sample in found.samples),
        data=dataclasses.asdict(found),
        agent=lambda: tab_separated(found),
        human=lambda: (
            None if watches else output.show(*(page(sample, (base, pruned), width) for sample in found.samples))
        ),
    )
    output.next(command(["eval", pruned, "--against", base, "--lang", lang or languages_of(pruned)]))


def languages_of(model: str) -> str:
    """The languages that a folder of ours was calibrated for; Swahili for anything else, as in every example."""
    folder = finished_folder(model)
    return ",".join(Recipe.load(folder).lang) or "sw" if folder else "sw"


def watched(
    events: Generator[Event, None, Comparison], prompts: Sequence[str], output: Output, names: tuple[str, str]
) -> Comparison:
    """Run to the end, the two texts growing beside each other on the terminal.

    What is written stays on the screen, also where Ctrl-C ends it.
    """
    bars: Bars | None = Bars(output)
    growing = Growing(prompts, output, names)
    with closing(events), closing(growing):
        try:
            while True:
                if output.interrupted:
                    raise KeyboardInterrupt
                event = next(events)
                if isinstance(event, Said):
                    if bars:
                        bars.close(finished=True)
                        bars = None
                    growing.take(event)
                elif bars:
                    bars.take(event)
        except StopIteration as end:
            found: Comparison = end.value
            return found
        finally:
            if bars:
                bars.close()


class Growing:
    """The texts of one prompt after the other: while they grow as much of their end as the screen holds, then whole."""

    def __init__(self, prompts: Sequence[str], output: Output, names: tuple[str, str]) -> None:
        self.prompts, self.names = prompts, names
        self.console = output.console(output.stdout)
        self.live: Live | None = None
        self.sample: Sample | None = None
        self.number = -1

    def take(self, event: Said) -> None:
        """Show a piece of text."""
        from rich.live import Live

        if event.prompt != self.number:
            self.close()
            self.number = event.prompt
            self.sample = Sample(self.prompts[self.number], {DENSE: "", PRUNED: ""})
            self.live = Live(console=self.console, refresh_per_second=REFRESHES, transient=True)
            self.live.start()
        assert self.live
        assert self.sample
        self.sample.texts[event.lane] += event.text
        self.live.update(Tail(page(self.sample, self.names, self.console.width)))

    def close(self) -> None:
        """Nothing more comes for this prompt: leave its texts on the screen."""
        if self.live and self.sample:
            self.live.stop()
            self.live = None
            self.console.print(page(self.sample, self.names, self.console.width))


COMMANDS = (named(compare, Argument("base", MODEL), Argument("pruned", "The other model, likewise.")),)
