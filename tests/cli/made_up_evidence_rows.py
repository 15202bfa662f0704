"""Made-up tasks, texts and speed for the command line to show."""

from __future__ import annotations

import dataclasses
from typing import Any

from hubprune.evaluation.paired import sign_test
from hubprune.report import (
    CONTROL,
    DENSE,
    PRUNED,
    GenerationRow,
    GenerationScore,
    Paired,
    Sample,
    Size,
    Speed,
    SpeedRow,
    TaskRow,
    TaskScore,
)


def made_up_task(code: str, name: str = "", **changes: Any) -> TaskRow:
    """Dense 70 %, pruned 60 %, control 55 % of 200 items; pruned clearly better than the control in Swahili."""
    scores = {
        DENSE: TaskScore(0.7, 0.03),
        PRUNED: TaskScore(0.6, 0.03, differing(5, 25)),
        CONTROL: TaskScore(0.55, 0.03, differing(5, 35)),
    }
    against = differing(20, 4) if code == "sw" else differing(10, 12)
    row = TaskRow(
        *(code, code == "sw", name or f"xcopa_{code}", "acc", "reasoning", 200, 0.5, 0, "cambridgeltl/xcopa"),
        revision="f" * 40,
        config=code,
        split="test",
        license="cc-by-4.0",
        version="1.0",
        scores=scores,
        against_control=against,
    )
    return dataclasses.replace(row, **changes)


def guessing(code: str, name: str) -> TaskRow:
    """A task on which the dense model is at chance."""
    return made_up_task(code, name, scores={**made_up_task(code).scores, DENSE: TaskScore(0.52, 0.03)})


def differing(better: int, worse: int, items: int = 200) -> Paired:
    """One model better than another on some items and worse on others."""
    difference = (better - worse) / items
    error = (((better + worse) / items - difference**2) / (items - 1)) ** 0.5
    return Paired(difference, error, better, worse, sign_test(better, worse))


def made_up_texts(code: str, **changes: Any) -> GenerationRow:
    """Eight continuations."""
    scores = {
        DENSE: GenerationScore(1.0, 0.05, 384),
        PRUNED: GenerationScore(0.75, 0.2, 384),
        CONTROL: GenerationScore(0.25, 0.3, 384),
    }
    sample = Sample("Maji", dict.fromkeys(scores, " ni uhai."))
    return dataclasses.replace(GenerationRow(code, code == "sw", 48, scores, [sample] * 8), **changes)


def made_up_speed() -> Speed:
    """Two models, one batch size."""
    rows = [
        SpeedRow(DENSE, "dense", 1, 1000.0, 50.0, 10**9),
        SpeedRow(PRUNED, "2:4", 1, 1500.0, 49.0, 8 * 10**8, 1.5, 0.98),
    ]
    return Speed("cuda:0", "bfloat16", 128, 32, 3, rows, [])


def made_up_sizes() -> dict[str, Size]:
    """Equal weights, one more file."""
    return {DENSE: Size(10**9, 10**9 + 10), PRUNED: Size(10**9, 10**9 + 20)}
