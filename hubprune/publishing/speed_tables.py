"""Sizes and speed as measured: dense beside pruned, and nothing that was not measured."""

from __future__ import annotations

import math

from hubprune.publishing import tables
from hubprune.publishing.tables import Table
from hubprune.publishing.text import count, size
from hubprune.report import DENSE, PRUNED, Report, Speed, SpeedRow


def size_words(report: Report) -> str:
    """ "weights 1.2 GB (dense 1.3 GB), download 1.2 GB (dense 1.3 GB)"; '' where it was not measured."""
    own, dense = report.sizes.get(PRUNED), report.sizes.get(DENSE)
    name = tables.lane_names(report)[DENSE] if tables.model_names(report) else "dense"
    if own is None:
        return f"weights {size(dense.weights)}, download {size(dense.download)}" if dense else ""
    found = (size(own.weights), size(own.download))
    beside = (size(dense.weights), size(dense.download)) if dense else found
    if found == beside:
        return f"weights {found[0]}, download {found[1]}" + (f"; {name} the same" if dense else "")
    return ", ".join(
        f"{word} {ours} ({name} {theirs})"
        for word, ours, theirs in zip(("weights", "download"), found, beside, strict=True)
    )


def speed_table(report: Report) -> Table:
    """Tokens per second and peak memory, one model at one batch size a row; without rows where nothing was measured,
    and the notes say why."""
    speed = report.speed
    if speed is None or not speed.rows:
        return Table([], [], [], None, [note.strip() for note in speed.notes if note.strip()] if speed else [])
    rows = sorted(speed.rows, key=lambda row: row.batch)
    return Table(
        columns=["Model", "Batch", "Prefill, tokens/s", "Decode, tokens/s", "Peak memory"],
        rows=[
            [
                model_of(report, row),
                f"{row.batch:,}",
                rate(row.prefill, row.prefill_ratio),
                rate(row.decode, row.decode_ratio),
                size(row.peak_memory) if row.peak_memory else "",
            ]
            for row in rows
        ],
        targets=[],
        mean=None,
        notes=_notes(speed),
    )


def model_of(report: Report, row: SpeedRow) -> str:
    """ "Dense", "Pruned", "Pruned, as 2:4": the model and the form of its tensors."""
    names = tables.lane_names(report) if tables.model_names(report) else {DENSE: "Dense", PRUNED: "Pruned"}
    return names.get(row.lane, row.lane.capitalize()) + ("" if row.form == "dense" else f", as {row.form}")


def rate(value: float, ratio: float | None) -> str:
    """ "1,234 (× 0.99)"."""
    if not math.isfinite(value):
        return "not finite"
    shown = f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
    return shown + (f" (× {ratio:.2f})" if ratio is not None and math.isfinite(ratio) else "")


def _notes(speed: Speed) -> list[str]:
    how = f"Measured on {speed.device} in {speed.dtype}: " if speed.device else f"Measured in {speed.dtype}: "
    found = [
        f"{how}prompts of {count(speed.prompt_tokens, 'token')}, {count(speed.new_tokens, 'token')} generated; medians "
        f"of {count(speed.rounds, 'round')} in which the models take turns."
    ]
    if any(row.prefill_ratio is not None or row.decode_ratio is not None for row in speed.rows):
        found.append("×: the ratio to the dense model's dense tensors in the same round; above 1 is faster.")
    return found + [note.strip() for note in speed.notes if note.strip()]


def ratios_in_words(report: Report) -> str:
    """ "prefill × 0.98 to × 1.01, decode × 1.00": the pruned model's speed to the dense model's; '' if not known."""
    rows = [row for row in report.speed.rows if row.lane == PRUNED] if report.speed else []
    parts = []
    for word, found in (
        ("prefill", [row.prefill_ratio for row in rows]),
        ("decode", [row.decode_ratio for row in rows]),
    ):
        ratios = [ratio for ratio in found if ratio is not None and math.isfinite(ratio)]
        if ratios:
            ends = dict.fromkeys(f"× {end:.2f}" for end in (min(ratios), max(ratios)))
            parts.append(f"{word} {' to '.join(ends)}")
    return ", ".join(parts)
