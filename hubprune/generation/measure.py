"""One language's continuations by every lane's model, as figures and samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hubprune.generation.greedy import Continuation
from hubprune.generation.identify import in_language, unknown
from hubprune.generation.repetition import mean_repetition
from hubprune.report import GenerationRow, GenerationScore, Sample


def generation_row(
    language: str,
    said: Mapping[str, Sequence[Continuation]],
    prompts: Sequence[str],
    new_tokens: int,
    *,
    calibrated: bool,
) -> GenerationRow:
    """The row of a language. A lane's figures depend on its own continuations alone.

    Args:
        said: lane -> continuations, as many as there are prompts and in their order; at least one.
        new_tokens: asked for, of each continuation.
        calibrated: whether the calibration text was in this language.
    """
    scores = {}
    for lane, found in said.items():
        texts = [one.text for one in found]
        tokens = sum(one.tokens for one in found)
        scores[lane] = GenerationScore(in_language(texts, language), mean_repetition(texts), tokens)
    samples = [
        Sample(prompt, {lane: found[index].text for lane, found in said.items()})
        for index, prompt in enumerate(prompts)
    ]
    return GenerationRow(language, calibrated, new_tokens, scores, samples, unknown(language))
