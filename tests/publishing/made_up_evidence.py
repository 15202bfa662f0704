"""Tasks, generated text, sizes and speed as runs would report them, with made-up numbers."""

from __future__ import annotations

import dataclasses
from typing import Any

import made_up_reports as made
import numpy as np

from hubprune.evaluation.paired import paired as evaluated
from hubprune.recipe import Recipe
from hubprune.report import (
    CONTROL,
    DENSE,
    PRUNED,
    GenerationRow,
    GenerationScore,
    Paired,
    Report,
    Sample,
    Size,
    Speed,
    SpeedRow,
    TaskRow,
    TaskScore,
)

COMMIT = "77b7d0ab4c2b0f0b8e1d5c9b1f6d3a2c5e4f7a8b"
# prompt and continuations: dense, control, pruned
WRITTEN = {
    "sw": (
        "Asubuhi na mapema watoto",
        " huenda shuleni pamoja na walimu wao, na jioni hurudi nyumbani.",
        " the children go to school and the children go to school.",
        " huenda shuleni, na jioni huenda shuleni.",
    ),
    "en": ("Early in the morning", " the market opens.", " the market opens.", " the market is open in the market."),
    "ar": ("في الصباح الباكر", " يذهب الأطفال إلى المدرسة.", " يذهب يذهب يذهب.", " يذهب الأطفال إلى السوق."),
}


def paired(better: int, worse: int, items: int = 200) -> Paired:
    """Right or wrong on `items` items: better on some, worse on others, equal on the rest."""
    values = np.array([1.0] * better + [-1.0] * worse + [0.0] * (items - better - worse))
    return evaluated(values, np.zeros(items))


def right(number: int, better: int | None = None, worse: int = 0, items: int = 200) -> TaskScore:
    """`number` of `items` right; `better` and `worse` than the dense model on so many."""
    share = number / items
    error = (share * (1 - share) / (items - 1)) ** 0.5
    return TaskScore(share, error, None if better is None else paired(better, worse, items))


def task(code: str, name: str = "", **changes: Any) -> TaskRow:
    """200 items of two choices; Swahili is kept by Swahili text and clearly lost by English text."""
    target = code == "sw"
    control = right(116, 4, 33) if target else right(147, 7, 10)
    pruned = right(136, 6, 15) if target else right(136, 4, 18)
    row = TaskRow(
        language=code,
        calibrated=target,
        task=name or f"xcopa_{code}",
        metric="acc",
        kind="reasoning",
        items=200,
        chance=0.5,
        shots=0,
        source="cambridgeltl/xcopa",
        revision=COMMIT,
        config=code,
        split="test",
        license="cc-by-4.0",
        version="1.0",
        scores={DENSE: right(145 if target else 150), CONTROL: control, PRUNED: pruned},
        against_control=paired(26, 6) if target else paired(6, 17),
        sha256="5e1f" * 16,
    )
    return dataclasses.replace(row, **changes)


def at_chance(code: str, name: str = "") -> TaskRow:
    """A task on which the dense model guesses among four."""
    scores = {DENSE: right(52), CONTROL: right(50, 9, 11), PRUNED: right(49, 8, 11)}
    return task(
        code,
        name or f"global_mmlu_{code}",
        kind="knowledge",
        chance=0.25,
        source="CohereLabs/Global-MMLU-Lite",
        license="apache-2.0",
        scores=scores,
        against_control=paired(8, 9),
        truncated=3,
    )


def without(row: TaskRow, *lanes: str) -> TaskRow:
    """The row without some lanes."""
    scores = {lane: score for lane, score in row.scores.items() if lane not in lanes}
    return dataclasses.replace(row, scores=scores, against_control=None)


def generation(code: str, stays: dict[str, float | None] | None = None, prompts: int = 8) -> GenerationRow:
    """Continuations of `prompts` prompts, all alike."""
    prompt, *texts = WRITTEN[code]
    stays = stays or {DENSE: 1.0, CONTROL: 0.25 if code == "sw" else 1.0, PRUNED: 0.875}
    repeats = {DENSE: 0.03, CONTROL: 0.31, PRUNED: 0.12}
    return GenerationRow(
        language=code,
        calibrated=code == "sw",
        new_tokens=48,
        scores={lane: GenerationScore(share, repeats[lane], 48 * prompts) for lane, share in stays.items()},
        samples=[Sample(prompt, {lane: texts[(DENSE, CONTROL, PRUNED).index(lane)] for lane in stays})] * prompts,
    )


def speed() -> Speed:
    """One GPU, dense and 2:4 tensors, batches of 1 and 8."""

    def row(lane: str, form: str, batch: int, prefill: float, decode: float, memory: int, *ratios: float) -> SpeedRow:
        return SpeedRow(lane, form, batch, prefill, decode, memory, *ratios)

    rows = [
        row(DENSE, "dense", 1, 10412.0, 61.2, 1_640_000_000),
        row(PRUNED, "dense", 1, 10388.0, 61.1, 1_640_000_000, 0.998, 0.999),
        row(PRUNED, "2:4", 1, 8120.0, 48.7, 1_210_000_000, 0.78, 0.796),
        row(DENSE, "dense", 8, 41230.0, 455.0, 2_310_000_000),
        row(PRUNED, "dense", 8, 41198.0, 454.0, 2_310_000_000, 0.999, 0.998),
        row(PRUNED, "2:4", 8, 47002.0, 402.0, 1_880_000_000, 1.14, 0.884),
    ]
    return Speed("NVIDIA L4", "bfloat16", 512, 64, 5, rows, ["The 2:4 rows leave lm_head dense."])


def sizes(dense: int = 1_192_135_096) -> dict[str, Size]:
    return {DENSE: Size(dense, dense + 16_004_000), PRUNED: Size(dense, dense + 16_011_000)}


def full(made_of: Recipe | None = None, **changes: Any) -> Report:
    """Everything measured, in Swahili and English."""
    facts: dict[str, Any] = {
        "tasks": [task("en"), task("sw"), at_chance("sw"), at_chance("en")],
        "generations": [generation("en"), generation("sw")],
        "sizes": sizes(),
        "speed": speed(),
    }
    return made.report(made_of or made.recipe(pattern="2:4"), **(facts | changes))


def half() -> tuple[Report, Recipe]:
    """No control, tasks in one language only, no text generated, no speed."""
    recipe = made.recipe(control=None, limit=200)
    report = made.report(
        recipe,
        texts=[made.record("sw", "calibration"), made.record("sw", "evaluation"), made.record("en", "evaluation")],
        languages=[made.language(code, target=code == "sw", control=False) for code in ("sw", "en")],
        blocks=made.blocks(["sw", "en"], control=False),
        tasks=[without(task("en"), CONTROL)],
        no_tasks={"sw": "the data set of xcopa_sw is not to be had"},
        no_generations="the model does not fit into memory whole: it needs about 1.6 GB, and 1.1 GB are free",
        sizes=sizes(),
        warnings=["No text is generated: the model does not fit into memory whole."],
    )
    return report, recipe
