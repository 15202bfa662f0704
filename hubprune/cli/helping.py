"""How help looks: examples first, then flags under their headings. Unknown words name their nearest neighbour."""

from __future__ import annotations

import difflib
from typing import Any

import click

from hubprune.cli.options import SECTIONS
from hubprune.errors import UsageError

Rows = list[tuple[str, str]]

WIDTH = 100
FIRST_COLUMN = 26
SETTINGS: dict[str, Any] = {
    "help_option_names": ["-h", "--help"],
    "token_normalize_func": lambda word: word.replace("_", "-"),
    "max_content_width": WIDTH,
}


class Argument(click.Argument):
    """A word that stands without a flag, with a line of help."""

    help: str

    def __init__(self, name: str, help: str, **more: Any) -> None:
        super().__init__([name], **more)
        self.help = help


class Command(click.Command):
    """A command whose help opens with examples. `examples` are the words behind `hubprune`."""

    def __init__(self, *args: Any, examples: tuple[str, ...], **more: Any) -> None:
        super().__init__(*args, **{"context_settings": SETTINGS, **more})
        self.examples = examples

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; every complaint about the words knows which command it is about."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Usage, with the words in the order one types them."""
        arguments = [piece for param in self.params for piece in param.get_usage_pieces(ctx) if piece]
        formatter.write_usage(ctx.command_path, " ".join([*arguments, "[OPTIONS]"]))

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Usage, examples, explanation, arguments, flags."""
        self.format_usage(ctx, formatter)
        write_examples(formatter, self.examples)
        self.format_help_text(ctx, formatter)
        arguments: Rows = [(arg.make_metavar(ctx), arg.help) for arg in self.params if isinstance(arg, Argument)]
        flags = [param for param in self.get_params(ctx) if not isinstance(param, Argument)]
        records = [(param, param.get_help_record(ctx)) for param in flags]
        sections: dict[str, Rows] = {"Arguments": arguments}
        for section in SECTIONS:
            sections[section] = [
                row for param, row in records if row and getattr(param, "section", "Output") == section
            ]
        write_sections(formatter, sections)


def named(command: click.Command, *arguments: Argument) -> click.Command:
    """The command with its arguments in front."""
    command.params[:0] = arguments
    return command


class Group(click.Group):
    """The program, or a command with commands of its own. Its help opens with examples and lists the commands."""

    def __init__(self, *args: Any, examples: tuple[str, ...], **more: Any) -> None:
        super().__init__(*args, **{"context_settings": SETTINGS, **more})
        self.examples = examples

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order they were added: the order in which one needs them."""
        return list(self.commands)

    def get_command(self, ctx: click.Context, name: str) -> click.Command:
        """The command of that name; an unknown one is refused and its nearest neighbour named."""
        command = super().get_command(ctx, name)
        if command is None:
            near = difflib.get_close_matches(name, self.commands, n=1, cutoff=0.5)
            step = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(self.commands)}."
            raise UsageError(f"There is no command {name!r}.", step)
        return command

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Usage, examples, explanation, commands."""
        formatter.write_usage(ctx.command_path, "COMMAND [OPTIONS]")
        write_examples(formatter, self.examples)
        self.format_help_text(ctx, formatter)
        rows = [(name, command.get_short_help_str(limit=90)) for name, command in self.commands.items()]
        options = [row for param in self.get_params(ctx) if (row := param.get_help_record(ctx))]
        write_sections(formatter, {"Commands": rows, "Options": options})
        self.format_epilog(ctx, formatter)


def write_examples(formatter: click.HelpFormatter, examples: tuple[str, ...]) -> None:
    """The examples, each on a line of its own that can be copied whole."""
    formatter.write("\n")
    formatter.write_heading("Examples")
    for example in examples:
        formatter.write(f"  $ hubprune {example}\n")


def write_sections(formatter: click.HelpFormatter, sections: dict[str, Rows]) -> None:
    """Headings with their lines, all explanations in one column; empty sections are left out."""
    terms = [len(term) for rows in sections.values() for term, _ in rows]
    width = max((length for length in terms if length <= FIRST_COLUMN), default=0)
    for heading, rows in sections.items():
        if rows:
            with formatter.section(heading):
                formatter.write_dl([(term.ljust(width), text) for term, text in rows], col_max=width)
