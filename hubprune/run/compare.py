"""Two checkpoints side by side: each continues the same prompts, a token of one and a token of the other in turn."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubprune.errors import UsageError
from hubprune.events import Event, Said, Stage
from hubprune.generation import load_whole, memory_of, prompts, refuse_large, refuse_long, stream
from hubprune.hub import Description, Hub, Source, connect, describe, pull, resolve
from hubprune.hub.files import refuse_foreign_code
from hubprune.languages import resolve as resolve_language
from hubprune.report import DENSE, PRUNED, Sample
from hubprune.run.examine import device_of, dtype_of, stored_dtype

NEW_TOKENS = 60

Loaded = tuple[Any, Any]  # model, tokenizer


@dataclass(frozen=True)
class Comparison:
    """What both models wrote. Lanes: DENSE is the base, PRUNED the other one."""

    models: dict[str, str]  # lane -> id
    revisions: dict[str, str | None]
    new_tokens: int  # asked for, of each continuation
    samples: list[Sample]


@dataclass(frozen=True)
class _Found:
    """A model that is to be loaded."""

    source: Source
    description: Description
    dtype: str


def compare(
    base: str,
    pruned: str,
    texts: Sequence[str],
    *,
    new_tokens: int = NEW_TOKENS,
    device: str = "auto",
    dtype: str = "auto",
    trust_remote_code: bool = False,
    hub: Hub | None = None,
) -> Generator[Event, None, Comparison]:
    """Continue each prompt greedily with both models, whole in memory together; yields Said for every piece of text.

    The models may have different tokenizers. Closing the generator stops them after the token at hand.

    Args:
        base, pruned: Hub ids, folders or hf://id@revision.
        texts: prompts, none of them empty.
        new_tokens: of each continuation, at most.
        device, dtype: as in a recipe.

    Raises UsageError for a missing prompt or one that exceeds a model's context, and before anything is downloaded the
    errors of `hub.resolve` and `hub.describe`, RemoteCodeNeeded, and NotEnoughMemory where the two do not fit together.
    """
    if not texts or not all(text.strip() for text in texts):
        raise UsageError("A prompt is missing or empty.", "Give one with -p, or a language with --lang.")
    if new_tokens < 1:
        raise UsageError(f"{new_tokens} new tokens are nothing to compare.", "Give a number above 0.")
    hub, where = hub or connect(), device_of(device)
    found: dict[str, _Found] = {}
    for lane, name in ((DENSE, base), (PRUNED, pruned)):
        yield Stage("check", f"Reading the headers of {name}")
        source = resolve(hub, name)
        description = describe(hub, source)
        refuse_foreign_code(name, description.config, trust_remote_code=trust_remote_code)
        precision = dtype_of(dtype, where, stored_dtype(description))
        found[lane] = _Found(source, description, str(precision).removeprefix("torch."))
    refuse_large(sum(map(_memory, found.values())), str(where), "The two models need")
    folders: dict[str, Path] = {}
    for lane, one in found.items():
        folders[lane] = one.source.folder or (yield from pull(hub, one.source, trust_remote_code=trust_remote_code))
    yield Stage("generate", f"Loading {found[DENSE].source.id} and {found[PRUNED].source.id}")
    models: dict[str, Loaded] = {}
    for lane, one in found.items():
        models[lane] = load_whole(
            folders[lane], device=str(where), dtype=one.dtype, trust_remote_code=trust_remote_code
        )
        for text in texts:
            refuse_long(*models[lane], text, new_tokens)
    samples = []
    for number, text in enumerate(texts):
        samples.append((yield from _in_turn(models, number, text, new_tokens)))
    return Comparison(
        {lane: one.source.id for lane, one in found.items()},
        {lane: one.source.revision for lane, one in found.items()},
        new_tokens,
        samples,
    )


def prompts_in(language: str) -> tuple[str, ...]:
    """hubprune's own prompts in a language, by code or name. Raises LanguageUnknown, UsageError where it has none."""
    known = resolve_language(language)
    if not (found := prompts(known.code)):
        raise UsageError(f"hubprune has no prompts in {known.name}.", "Give one with -p.")
    return found


def _memory(one: _Found) -> int:
    return memory_of(sum(math.prod(shape) for _, shape in one.description.tensors.values()), one.dtype)


def _in_turn(models: Mapping[str, Loaded], number: int, prompt: str, new_tokens: int) -> Generator[Event, None, Sample]:
    texts = dict.fromkeys(models, "")
    with ExitStack() as stack:
        streams = {
            lane: stack.enter_context(closing(stream(model, tokenizer, prompt, new_tokens)))
            for lane, (model, tokenizer) in models.items()
        }
        while streams:
            for lane in list(streams):
                piece = next(streams[lane], None)
                if piece is None:
                    del streams[lane]
                else:
                    texts[lane] += piece
                    yield Said(lane, number, piece)
    return Sample(prompt, texts)
