"""What the walk measured, as the plain data of a report."""

from __future__ import annotations

import math
from collections.abc import Iterable

from hubprune.calibration import TextWindows
from hubprune.checkpoint.matrices import routers
from hubprune.errors import CheckpointDamaged
from hubprune.evaluation.perplexity import language_row, signal_to_noise
from hubprune.pruning.measured import MatrixCount, WalkResult
from hubprune.pruning.methods.sparsegpt import DAMPING
from hubprune.report import BlockRow, LanguageRow, ModuleRow, Sparsity
from hubprune.run.examine import Examined, skipped_by


def language_rows(result: WalkResult, evaluation: list[TextWindows], calibrated: Iterable[str]) -> list[LanguageRow]:
    """One row for each language measured, in the order of the evaluation text.

    Raises CheckpointDamaged where a loss is NaN or Inf.
    """
    calibrated = set(calibrated)
    rows = []
    for text in evaluation:
        language = text.record.language
        losses = {lane: by_label[language].numpy() for lane, by_label in result.losses.items()}
        for lane, values in losses.items():
            if not math.isfinite(float(values.sum())):
                raise CheckpointDamaged(
                    f"The {lane} model gives NaN or Inf on text in {language}.",
                    "Compute with --dtype float32 or bfloat16.",
                )
        rows.append(
            language_row(
                language,
                calibrated=language in calibrated,
                scored=text.tokens.shape[1] - 1,
                scored_bytes=text.scored_bytes,
                losses=losses,
            )
        )
    return rows


def block_rows(result: WalkResult) -> list[BlockRow]:
    """SNR and relative error of every pruned block, by lane and language."""
    rows = []
    for (lane, index, language), error in result.errors.items():
        snr, relative = signal_to_noise(error.signal, error.noise)
        rows.append(BlockRow(index=index, lane=lane, language=language, snr_db=snr, relative_error=relative))
    return sorted(rows, key=lambda row: (row.lane, row.language, row.index))


def sparsity(examined: Examined, counts: list[MatrixCount]) -> Sparsity:
    """Zeros by kind of matrix, and what was left alone and why."""
    assert examined.pattern is not None
    kinds: dict[tuple[str, tuple[int, int]], list[MatrixCount]] = {}
    for count in counts:
        kinds.setdefault((count.kind, count.shape), []).append(count)
    modules = [
        ModuleRow(
            name=name,
            shape=shape,
            matrices=len(found),
            weights=len(found) * math.prod(shape),
            masked=sum(c.masked for c in found),
            stored=sum(c.stored for c in found),
            dense=sum(c.dense for c in found),
        )
        for (name, shape), found in kinds.items()
    ]
    return Sparsity(
        requested=examined.pattern.sparsity,
        weights=sum(m.weights for m in modules),
        masked=sum(m.masked for m in modules),
        stored=sum(m.stored for m in modules),
        dense=sum(m.dense for m in modules),
        parameters=examined.facts.parameters,
        modules=modules,
        left_alone=left_alone(examined),
    )


def left_alone(examined: Examined) -> dict[str, str]:
    """What is not pruned -> why."""
    kept = {"embeddings and output head": "never pruned", "norms and biases": "never pruned"}
    if routers(examined.skeleton):
        kept["routers"] = "never pruned"
    skip, prefix = examined.recipe.skip, examined.skeleton.prefix
    places: dict[str, list[tuple[int, str]]] = {}  # kind -> (block, name)
    for index, block in enumerate(examined.matrices):
        for name, matrix in block.items():
            places.setdefault(matrix.kind, []).append((index, name))
    for kind, found in places.items():
        skipped = [(index, name) for index, name in found if not examined.prunes(index, name)]
        if skipped:
            index, name = skipped[0]
            pattern = skipped_by(skip, f"{prefix}.{index}.{name}", name)
            of_all = len(found) if "*" in kind else examined.facts.blocks
            what = "experts" if "*" in kind else "blocks"
            where = "" if len(skipped) == len(found) else f" of {len(skipped)} of {of_all} {what}"
            kept[f"{kind}{where}"] = f"--skip '{pattern}'"
    return kept


def damped(counts: list[MatrixCount]) -> list[str]:
    """Warnings about matrices whose second moment could only be inverted with more damping than the method's own."""
    found = [count for count in counts if count.damping is not None and count.damping > DAMPING]
    if not found:
        return []
    most = max(count.damping or 0 for count in found)
    return [
        f"{len(found)} matrices needed more damping than {DAMPING:g} (up to {most:g}), because the calibration text "
        f"says too little about their inputs; the first is {found[0].name} of block {found[0].block + 1}."
    ]


def pooled(counts: list[MatrixCount]) -> list[str]:
    """Warnings about experts that the calibration text hardly reached."""
    found = [count for count in counts if count.pooled]
    if not found:
        return []
    experts = len({(count.block, count.name.rpartition(".")[0]) for count in found})
    blocks = len({count.block for count in found})
    return [
        f"{experts} experts in {blocks} blocks got too few calibration tokens: {len(found)} of their matrices were "
        f"pruned by the mean over the experts of their block."
    ]
