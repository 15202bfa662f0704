"""Two texts on a terminal: beside each other where that can be read, one under the other elsewhere."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from hubprune.publishing.text import BIDI
from hubprune.report import DENSE, PRUNED, Sample

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from hubprune.run.compare import Comparison

SIDE_BY_SIDE = 64  # columns from which two texts stand beside each other
RIGHT_TO_LEFT = ("R", "AL")
NOTHING = "—"
BELOW = 2  # lines of the screen that stay free under text that grows


def page(sample: Sample, names: tuple[str, str], width: int) -> RenderableType:
    """A prompt and its two continuations on a screen of `width` columns.

    Text that runs from right to left is never put into columns: a terminal that turns such runs around would turn both
    columns' lines around as one.
    """
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    prompt, one, other = (Text(shown(text).strip() or NOTHING) for text in (sample.prompt, *in_order(sample)))
    prompt.stylize("bold")
    heads = [Text(name, style="dim") for name in names]
    if width < SIDE_BY_SIDE or any(is_right_to_left(text) for text in in_order(sample)):
        return Group(prompt, heads[0], one, heads[1], other, "")
    table = Table.grid(padding=(0, 2), expand=True)
    for _ in names:
        table.add_column(ratio=1, overflow="fold")
    table.add_row(*heads)
    table.add_row(one, other)
    return Group(prompt, table, "")


def in_order(sample: Sample) -> tuple[str, str]:
    """The base's text and the other model's."""
    return sample.texts[DENSE], sample.texts[PRUNED]


def shown(text: str) -> str:
    """The text as a terminal may be given it: control characters, which could steer it, are taken for question marks.

    Line breaks stay, a tab is four blanks, and marks that turn the writing direction are left out.
    """
    text = BIDI.sub("", text.replace("\r\n", "\n").replace("\t", "    "))
    return "".join("\ufffd" if unicodedata.category(c) == "Cc" and c != "\n" else c for c in text)


def is_right_to_left(text: str) -> bool:
    """Whether some of the text runs from right to left."""
    return any(unicodedata.bidirectional(character) in RIGHT_TO_LEFT for character in text)


class Tail:
    """As many of the last lines of something as the screen holds."""

    def __init__(self, whole: RenderableType) -> None:
        self.whole = whole

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.segment import Segment

        lines = console.render_lines(self.whole, options.update(height=None), pad=False)
        for line in lines[-max(1, console.height - BELOW) :]:
            yield from line
            yield Segment.line()


def tab_separated(found: Comparison) -> str:
    r"""A line for each continuation: lane, model, prompt, text; line breaks and tabs in them are written \n and \t."""
    lines = ["lane\tmodel\tprompt\ttext"]
    for sample in found.samples:
        for lane in (DENSE, PRUNED):
            lines.append("\t".join(map(_escaped, (lane, found.models[lane], sample.prompt, sample.texts[lane]))))
    return "\n".join(lines)


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
    return "".join("\ufffd" if unicodedata.category(c) == "Cc" else c for c in text)
