"""Continuations as a row of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hubprune.generation.greedy import Continuation
from hubprune.generation.identify import in_language
from hubprune.generation.repetition import mean_repetition
from hubprune.report import GenerationRow, GenerationScore, Sample


def generation_row(
    language: str,
    prompts: Sequence[str],
    continuations: Mapping[str, Sequence[Continuation]],
    new_tokens: int,
    *,
    calibrated: bool,
) -> GenerationRow:
    """The row of a language.

    Args:
        prompts: what was continued.
        continuations: lane -> one for each prompt.
        new_tokens: asked for, of each.
        calibrated: whether the language is among those of the calibration text.
    """
    texts = {lane: [continuation.text for continuation in given] for lane, given in continuations.items()}
    scores = {
        lane: GenerationScore(
            in_language=in_language(texts[lane], language),
            repetition=mean_repetition(texts[lane]),
            tokens=sum(continuation.tokens for continuation in given),
        )
        for lane, given in continuations.items()
    }
    samples = [
        Sample(prompt, {lane: given[place] for lane, given in texts.items()}) for place, prompt in enumerate(prompts)
    ]
    return GenerationRow(language, calibrated, new_tokens, scores, samples)
