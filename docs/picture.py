"""docs/demo.svg, from a real run: `python docs/picture.py` (or `make docs`).

`hubprune demo` is run on a terminal of 98 columns that exists in memory only; what stands on it at the end is the
picture.
"""

from __future__ import annotations

import io
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
from fcntl import ioctl
from itertools import groupby
from pathlib import Path
from termios import TIOCSWINSZ

import pyte
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from rich.text import Text

COLUMNS, LINES = 98, 60
TARGET = Path(__file__).parent / "demo.svg"
CALM = TerminalTheme(
    (250, 250, 248),
    (38, 43, 51),
    [
        (38, 43, 51),
        (178, 60, 54),
        (32, 112, 74),
        (150, 104, 0),
        (20, 92, 170),
        (126, 70, 150),
        (0, 112, 122),
        (90, 98, 110),
    ],
)


def main() -> None:
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)
    with tempfile.TemporaryDirectory() as folder:
        for piece in output_of([sys.executable, "-m", "hubprune", "demo"], folder):
            stream.feed(piece)
    lines = [line_of(screen, number) for number in range(LINES)]
    while lines and not lines[-1].plain.strip():
        lines.pop()
    table = next(number for number, line in enumerate(lines) if line.plain.strip().startswith("Perplexity"))
    lines = lines[table - 1 :]  # the end of the demo: from its first table on, and the blank line before it
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(Text("$ hubprune demo", style="bold"))
    for line in lines:
        console.print(line, no_wrap=True)
    svg = console.export_svg(title="hubprune demo", theme=CALM, unique_id="hubprune-demo")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)  # a reader's own fonts: nothing is fetched
    TARGET.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8")


def output_of(command: list[str], folder: str):
    """Bytes that a command writes to a terminal of its own, as they come; raises where the command fails."""
    leader, follower = pty.openpty()
    ioctl(follower, TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": str(LINES)}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdin=follower, stdout=follower, stderr=follower)
    os.close(follower)
    while True:
        try:
            piece = os.read(leader, 1 << 16)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        yield piece
    if process.wait():
        sys.exit(f"{' '.join(command)} failed with {process.returncode}")


def line_of(screen: pyte.Screen, number: int) -> Text:
    """One line of the screen with its colours."""
    line = Text()
    cells = [screen.buffer[number][column] for column in range(screen.columns)]
    for style, run in groupby(cells, key=style_of):
        line.append("".join(cell.data for cell in run), style)
    line.rstrip()
    return line


def style_of(cell: pyte.screens.Char) -> Style:
    """The cell's style in rich's words; pyte calls yellow brown, and gives other colours as six digits."""
    colour = None if cell.fg == "default" else {"brown": "yellow"}.get(cell.fg, cell.fg)
    if colour and len(colour) == 6 and all(digit in "0123456789abcdef" for digit in colour):
        colour = f"#{colour}"
    return Style(color=colour, bold=cell.bold, italic=cell.italics)


if __name__ == "__main__":
    main()
