"""What was found in a checkpoint, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hubprune.publishing.text import percent, quantity, size

if TYPE_CHECKING:
    from rich.table import Table

    from hubprune.inspection import Inspection


def inspection_lines(found: Inspection) -> list[tuple[str, str]]:
    """The facts over the table."""
    return [
        ("Model", f"{found.id}@{found.revision[:8]}" if found.revision else found.id),
        ("Size", f"{size(found.bytes)}, {quantity(found.parameters)} parameters"),
        ("Zeros", f"{percent(found.sparsity)} of the weights in the matrices below"),
        ("Pattern", found.pattern or "none found: the zeros are not in N:M groups"),
    ]


def module_table(modules: list[Any]) -> Table:
    """One row for each kind of matrix."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, padding=(0, 1), show_edge=False)
    table.add_column("matrices", overflow="fold")
    for title in ("number", "out × in", "weights", "zeros"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in modules:
        shape = " × ".join(map(str, row.shape))
        table.add_row(
            row.name, str(row.matrices), shape, quantity(row.weights), percent(row.stored / max(1, row.weights))
        )
    return table


def inspection_text(found: Inspection) -> str:
    """For programs: facts, then a tab-separated table."""
    facts = {
        "id": found.id,
        "revision": found.revision or "",
        "bytes": found.bytes,
        "parameters": found.parameters,
        "sparsity": found.sparsity,
        "pattern": found.pattern or "",
    }
    lines = [f"{key}\t{value}" for key, value in facts.items()]
    lines.append("matrices\tnumber\tout\tin\tweights\tzeros")
    lines += [
        "\t".join(map(str, (row.name, row.matrices, *row.shape, row.weights, row.stored))) for row in found.modules
    ]
    return "\n".join(lines)
