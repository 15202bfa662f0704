"""`optimum-cli prune`: hubprune's own `prune` command, found by optimum in its plug-in namespace.

No folder above this file has an `__init__.py`: `optimum` is a namespace that several distributions share (PEP 420).
optimum reads this file at every start of its command line, so hubprune is imported only when the command runs.
"""

from __future__ import annotations

import argparse
import sys
from argparse import ArgumentParser

from optimum.commands.base import BaseOptimumCLICommand, CommandInfo


class PruneCommand(BaseOptimumCLICommand):
    """Hands its words to `hubprune prune` as they are; flags, help and messages are defined there alone."""

    COMMAND = CommandInfo(
        name="prune", help="Prune a causal language model for your language and measure what it cost (hubprune)."
    )

    @staticmethod
    def parse_args(parser: ArgumentParser) -> None:
        """Take every word, `--help` included, as a word for hubprune."""
        parser.prefix_chars = ""  # nothing begins an option here
        parser.add_argument("words", nargs=argparse.REMAINDER)

    def run(self) -> None:
        """Run the command and leave with its exit code."""
        from hubprune.cli.app import run

        sys.exit(run(["prune", *self.args.words]))


REGISTER_COMMANDS = [PruneCommand]
