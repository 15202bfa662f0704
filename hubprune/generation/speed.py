"""Tokens per second of one model or of two side by side, measured in turn on the device at hand.

First each model works alone in a process of its own, which tells its peak memory (`peak.py`). Then all of them are in
memory together, and for each batch size:

    warm-up of each, thrown away
    round 0   dense   sparse             a ratio is that of the two passes of one round, so that what slows the machine
    round 1   sparse  dense              for a while slows both; the figure is the median of the rounds' ratios
    ...
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from hubprune.errors import HubpruneError, NotEnoughMemory
from hubprune.events import Event, Progress, Stage, Warned
from hubprune.generation import semi_structured
from hubprune.generation.peak import DENSE_FORM, SPARSE_FORM, Alone, Work, is_out_of_memory, peaks
from hubprune.generation.timing import Pass, random_prompt, timed_pass
from hubprune.report import DENSE, Speed, SpeedRow

BATCHES = (1, 8)
PROMPT_TOKENS, NEW_TOKENS = 128, 32
ROUNDS = 6  # even: each order equally often, for whoever follows itself finds its weights in the cache
STAGE = "speed"
PEAK = {
    "cpu": "Peak memory is the largest resident set of a process that loads one model alone and runs the batches up to "
    "this one: libraries and loading included.",
    "cuda": "Peak memory is the most that torch held on the GPU while one model alone, already loaded, ran the batches "
    "up to this one.",
}
TOGETHER = "The memory does not suffice for the models side by side."

Key = tuple[str, str, int]  # lane, form, batch


@dataclass(frozen=True)
class Rival:
    """One of the models that take turns; `run` makes one pass with a batch of that size."""

    lane: str
    form: str
    run: Callable[[int], Pass]


def measure_speed(
    folders: Mapping[str, Path],
    *,
    device: str,
    dtype: str,
    batches: Sequence[int] = BATCHES,
    prompt_tokens: int = PROMPT_TOKENS,
    new_tokens: int = NEW_TOKENS,
    rounds: int = ROUNDS,
    trust_remote_code: bool = False,
) -> Generator[Event, None, Speed]:
    """Measure prefill, decoding and peak memory of each lane's model.

    Prompts are random token ids, the same for all. A model whose linear maps hold 2:4 is measured with tensor cores
    too, where the device has them.

    Args:
        folders: lane -> checkpoint; DENSE among them.
        device: "cpu", "cuda:0".
        dtype: precision of weights and computation.
        batches: sequences computed together.
        prompt_tokens, new_tokens: of each sequence; fewer where the models' context is shorter, which is then noted.
        rounds: passes of each model at each batch size.

    Returns:
        The figures, with notes on what they are and what could not be measured. Where nothing could, there are no rows
        and a note says why; a warning says it too.
    """
    work = Work("", DENSE_FORM, device, dtype, tuple(batches), prompt_tokens, new_tokens, trust_remote_code)
    notes: list[str] = []
    rows: list[SpeedRow] = []
    yield Stage(STAGE, "Measuring memory and speed")
    try:
        work = shortened(work, folders, notes)
        rows = yield from _measure(folders, work, rounds, notes)
    except HubpruneError as error:
        yield Warned(not_measured(error.sentence, notes))
    return Speed(device, dtype, work.prompt_tokens, work.new_tokens, rounds if rows else 0, rows, notes)


def not_measured(reason: str, notes: list[str]) -> str:
    """The sentence that stands in the place of figures, also put among the notes."""
    notes[:] = [f"Speed was not measured: {reason[:1].lower()}{reason[1:].rstrip('.')}."]
    return notes[0]


def shortened(work: Work, folders: Mapping[str, Path], notes: list[str]) -> Work:
    """The work with a prompt that leaves room for the new tokens in the shortest of the models' contexts."""
    from transformers import AutoConfig

    found = []
    for folder in folders.values():
        config = AutoConfig.from_pretrained(folder, trust_remote_code=work.trust_remote_code)
        found.append(getattr(config.get_text_config(decoder=True), "max_position_embeddings", None))
    context = min((length for length in found if length), default=None)
    if context is None or work.prompt_tokens + work.new_tokens <= context:
        return work
    new = max(1, min(work.new_tokens, context // 4))
    notes.append(
        f"The context of {context} tokens does not hold {work.prompt_tokens} + {work.new_tokens}: measured with "
        f"{context - new} + {new}."
    )
    return Work(**{**vars(work), "prompt_tokens": context - new, "new_tokens": new})


def _measure(
    folders: Mapping[str, Path], work: Work, rounds: int, notes: list[str]
) -> Generator[Event, None, list[SpeedRow]]:
    import torch

    kind = torch.device(work.device).type
    if kind not in PEAK:
        raise HubpruneError(f"It is measured on a CPU or a CUDA device, not on {kind!r}.")
    alone: dict[tuple[str, str], Alone] = {}
    for lane, folder in folders.items():
        own = Work(**{**vars(work), "folder": str(folder)})
        alone[lane, DENSE_FORM] = found = peaks(own)
        yield Progress(STAGE, len(alone), len(folders), "models alone")
        if found.holding and not (reason := why_no_tensor_cores(found, work)):
            try:
                alone[lane, SPARSE_FORM] = peaks(Work(**{**vars(own), "form": SPARSE_FORM}))
            except HubpruneError as error:
                reason = error.sentence
        if found.holding and reason:
            notes.append(reason)
    try:
        rivals = _load_all(folders, alone, work, notes)
        found_passes = yield from take_turns(rivals, work.batches, rounds)
    except (RuntimeError, MemoryError) as error:
        if is_out_of_memory(error):
            raise NotEnoughMemory(TOGETHER) from error
        raise
    notes += [PEAK[kind], *spread(found_passes)]
    sizes = {(*key, batch): size for key, found in alone.items() for batch, size in found.peaks.items()}
    return speed_rows(found_passes, sizes, work.prompt_tokens, work.new_tokens)


def why_no_tensor_cores(found: Alone, work: Work) -> str | None:
    """Why a model that holds 2:4 is not measured with tensor cores; None where it is."""
    reason = semi_structured.obstacle(work.device, work.dtype)
    if reason is None and not found.fitting:
        reason = f"no weight has sides that are multiples of {semi_structured.ROWS} and {semi_structured.COLUMNS}"
    return reason and f"2:4 tensor cores were not measured: {reason}."


def _load_all(
    folders: Mapping[str, Path], alone: Mapping[tuple[str, str], Alone], work: Work, notes: list[str]
) -> list[Rival]:
    """All models together in memory; a 2:4 form is left out where there is no room for one more."""
    import torch

    from hubprune.generation.loading import load_whole

    models: dict[tuple[str, str], Any] = {}
    for lane, form in sorted(alone, key=lambda key: key[1] == SPARSE_FORM):
        need = max(alone[lane, DENSE_FORM].peaks.values())  # it is dense before it is converted
        if form == SPARSE_FORM and torch.cuda.mem_get_info(work.device)[0] < need:
            notes.append("2:4 tensor cores were not measured: the GPU's memory does not suffice for one more model.")
            continue
        model, _ = load_whole(
            folders[lane], device=work.device, dtype=work.dtype, trust_remote_code=work.trust_remote_code
        )
        if form == SPARSE_FORM:
            count = semi_structured.convert(model)
            notes.append(f"Form 2:4: torch's semi-structured tensors in {count} linear maps, the others dense.")
        models[lane, form] = model
    vocabulary = min(model.get_input_embeddings().weight.shape[0] for model in models.values())
    prompts = {n: random_prompt(vocabulary, n, work.prompt_tokens, work.device) for n in work.batches}

    def run(model: Any, batch: int) -> Pass:
        return timed_pass(model, prompts[batch], work.new_tokens)

    return [Rival(lane, form, partial(run, model)) for (lane, form), model in models.items()]


def take_turns(
    rivals: Sequence[Rival], batches: Sequence[int], rounds: int
) -> Generator[Event, None, dict[Key, list[Pass]]]:
    """The passes of every rival at every batch size, one a round; every other round runs in the opposite order."""
    passes: dict[Key, list[Pass]] = {(rival.lane, rival.form, n): [] for n in batches for rival in rivals}
    done, total = 0, len(batches) * rounds
    for batch in batches:
        for rival in rivals:
            rival.run(batch)
        for number in range(rounds):
            for rival in rivals if number % 2 == 0 else reversed(rivals):
                passes[rival.lane, rival.form, batch].append(rival.run(batch))
            done += 1
            yield Progress(STAGE, done, total, "rounds")
    return passes


def spread(passes: Mapping[Key, Sequence[Pass]]) -> list[str]:
    """How far apart single rounds' ratios to the dense model lie, as a note; none where there is nothing to compare."""
    ratios = [
        ratio
        for (lane, form, batch), own in passes.items()
        if (lane, form) != (DENSE, DENSE_FORM)
        for mine, theirs in zip(own, passes[DENSE, DENSE_FORM, batch], strict=True)
        for ratio in (theirs.prefill / mine.prefill, theirs.decode / mine.decode)
    ]
    if not ratios:
        return []
    return [
        f"Ratios of single rounds lie between {min(ratios):.2f} and {max(ratios):.2f}: so noisy is the measurement."
    ]


def speed_rows(
    passes: Mapping[Key, Sequence[Pass]], peak: Mapping[Key, int], prompt_tokens: int, new_tokens: int
) -> list[SpeedRow]:
    """One row for each model, form and batch size, with medians over the rounds.

    Args:
        passes: of each round, rounds in order.
        peak: bytes.
        prompt_tokens, new_tokens: of each sequence.
    """
    rows = []
    for (lane, form, batch), own in passes.items():
        dense = passes[DENSE, DENSE_FORM, batch]
        is_dense = (lane, form) == (DENSE, DENSE_FORM)
        rounds = list(zip(own, dense, strict=True))
        rows.append(
            SpeedRow(
                lane,
                form,
                batch,
                prefill=median(batch * prompt_tokens / mine.prefill for mine in own),
                decode=median(batch * new_tokens / mine.decode for mine in own),
                peak_memory=peak[lane, form, batch],
                prefill_ratio=None if is_dense else median(theirs.prefill / mine.prefill for mine, theirs in rounds),
                decode_ratio=None if is_dense else median(theirs.decode / mine.decode for mine, theirs in rounds),
            )
        )
    return rows
