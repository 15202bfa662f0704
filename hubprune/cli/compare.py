"""compare: what two models make of one prompt, side by side while they write."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from hubprune.cli.asking import connector, output_of
from hubprune.cli.helping import Argument, Command, named
from hubprune.cli.make import MODEL
from hubprune.cli.options import flag, hub_flags, output_flags, recipe_flags
from hubprune.cli.output import Output
from hubprune.cli.progress import follow
from hubprune.cli.words import command
from hubprune.events import Event, Said, Stage
from hubprune.report import DENSE, PRUNED, Sample

if TYPE_CHECKING:
    from rich.console import RenderableType

    from hubprune.run.compare import Comparison

SIDE_BY_SIDE = 64  # columns from which two texts stand beside each other


@click.command(
    cls=Command,
    short_help="What two models make of one prompt, side by side.",
    examples=(
        'compare Qwen/Qwen3-0.6B me/my-swahili-model -p "Katika nchi yetu"',
        "compare Qwen/Qwen3-0.6B Qwen3-0.6B-sparsegpt50-sw --lang sw",
    ),
)
@hub_flags
@flag("Evaluation", "-p", "--prompt", "given", multiple=True, metavar="TEXT", help="A prompt; may be repeated.")
@flag("Evaluation", "--lang", metavar="LANG", help="Take hubprune's own prompts in this language.")
@flag(
    "Evaluation",
    "--new-tokens",
    type=click.IntRange(1),
    default=60,
    metavar="N",
    help="Tokens that each model writes, at most.  [default: 60]",
)
@recipe_flags("device", "dtype", "trust_remote_code")
@output_flags
@click.pass_context
def compare(ctx: click.Context, base: str, pruned: str, given: tuple[str, ...], lang: str | None, **more: Any) -> None:
    """Let two models continue the same prompts, greedily: the likeliest token each time. Both are in memory whole."""
    output, connect = output_of(ctx), connector(more)
    from hubprune.run.compare import compare as run
    from hubprune.run.compare import prompts_in

    prompts = [*given, *(prompts_in(lang) if lang else ())]
    options = {name: more[name] for name in ("new_tokens", "device", "dtype", "trust_remote_code")}
    options = {name: value for name, value in options.items() if value is not None}
    events = run(base, pruned, prompts, hub=connect(), **options)
    found = watched(events, prompts, output, (base, pruned)) if output.live else follow(events, output)
    output.result(
        quiet="\n".join(sample.texts[PRUNED] for sample in found.samples),
        data=dataclasses.asdict(found),
        agent=lambda: tab_separated(found),
        human=lambda: None if output.live else output.show(*(page(sample, (base, pruned)) for sample in found.samples)),
    )
    output.next(command(["eval", pruned, "--against", base, "--lang", lang or "sw"]))


def watched(
    events: Generator[Event, None, Comparison], prompts: list[str], output: Output, names: tuple[str, str]
) -> Comparison:
    """Run to the end, the two texts growing beside each other on the terminal."""
    from rich.live import Live

    console = output.console(output.stdout)
    live: Live | None = None
    texts, number = {DENSE: "", PRUNED: ""}, -1
    with closing(events):
        try:
            while True:
                if output.interrupted:
                    raise KeyboardInterrupt
                event = next(events)
                if isinstance(event, Stage):
                    output.say(f"[{event.name}] {event.text}")
                elif isinstance(event, Said):
                    if event.prompt != number or live is None:
                        if live:
                            live.stop()
                        number, texts = event.prompt, {DENSE: "", PRUNED: ""}
                        live = Live(console=console, refresh_per_second=12, vertical_overflow="visible")
                        live.start()
                    texts[event.lane] += event.text
                    live.update(page(Sample(prompts[number], texts), names, console.width))
        except StopIteration as end:
            found: Comparison = end.value
            return found
        finally:
            if live:
                live.stop()


def page(sample: Sample, names: tuple[str, str], width: int = 0) -> RenderableType:
    """A prompt and its two continuations, beside each other where there is room."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    prompt = Text(sample.prompt, style="bold")
    if width < SIDE_BY_SIDE:
        parts = [part for lane, name in zip((DENSE, PRUNED), names, strict=True) for part in (name, sample.texts[lane])]
        return Group(prompt, *(Text(part, style="" if place % 2 else "dim") for place, part in enumerate(parts)), "")
    table = Table.grid(padding=(0, 2), expand=True)
    for _ in names:
        table.add_column(ratio=1, overflow="fold")
    table.add_row(*(Text(name, style="dim") for name in names))
    table.add_row(*(Text(sample.texts[lane].strip()) for lane in (DENSE, PRUNED)))
    return Group(prompt, table, "")


def tab_separated(found: Comparison) -> str:
    """One line for each continuation: model, prompt, text; line breaks and tabs within them written as \\n and \\t."""
    plain = lambda text: text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")  # noqa: E731
    lines = ["model\tprompt\ttext"]
    for sample in found.samples:
        lines += [
            "\t".join(map(plain, (found.models[lane], sample.prompt, sample.texts[lane]))) for lane in (DENSE, PRUNED)
        ]
    return "\n".join(lines)


COMMANDS = (named(compare, Argument("base", MODEL), Argument("pruned", "The other model, likewise.")),)
