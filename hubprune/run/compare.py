"""Two checkpoints side by side: each continues the same prompts, a token of one and a token of the other in turn."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from hubprune.checkpoint.model import read_config
from hubprune.errors import UsageError
from hubprune.events import Event, Said, Stage
from hubprune.generation import load_whole, prompts, stream
from hubprune.hub import Hub, Source, connect, describe, pull, resolve
from hubprune.hub.files import refuse_foreign_code
from hubprune.languages import resolve as resolve_language
from hubprune.report import DENSE, PRUNED, Sample
from hubprune.run.examine import device_of, dtype_of


@dataclass(frozen=True)
class Comparison:
    """What both models wrote. Lanes: DENSE is the base, PRUNED the other one."""

    models: dict[str, str]  # lane -> id
    revisions: dict[str, str | None]
    new_tokens: int
    samples: list[Sample]


def compare(
    base: str,
    pruned: str,
    texts: Sequence[str],
    *,
    new_tokens: int = 60,
    device: str = "auto",
    dtype: str = "auto",
    trust_remote_code: bool = False,
    hub: Hub | None = None,
) -> Generator[Event, None, Comparison]:
    """Continue each prompt greedily with both models, held in memory whole; yields Said for every piece of text.

    Raises UsageError without a prompt, NotEnoughMemory where one of the models does not fit beside what is loaded.
    """
    if not texts or not all(text.strip() for text in texts):
        raise UsageError("A prompt is missing or empty.", "Give one with -p, or a language with --lang.")
    hub = hub or connect()
    where, models, sources = device_of(device), {}, {}
    for lane, name in ((DENSE, base), (PRUNED, pruned)):
        yield Stage("check", f"Reading the headers of {name}")
        source, folder = yield from _folder(hub, name, trust_remote_code)
        config = read_config(folder, trust_remote_code=trust_remote_code)
        stored = getattr(config, "dtype", None) or torch.float32
        precision = str(dtype_of(dtype, where, stored)).removeprefix("torch.")
        yield Stage("load", f"Loading {name}")
        models[lane] = load_whole(folder, device=str(where), dtype=precision, trust_remote_code=trust_remote_code)
        sources[lane] = source
    yield Stage("generate", "Writing")
    samples = []
    for number, prompt in enumerate(texts):
        samples.append((yield from _in_turn(models, number, prompt, new_tokens)))
    return Comparison(
        {lane: source.id for lane, source in sources.items()},
        {lane: source.revision for lane, source in sources.items()},
        new_tokens,
        samples,
    )


def _in_turn(
    models: dict[str, tuple[Any, Any]], number: int, prompt: str, new_tokens: int
) -> Generator[Event, None, Sample]:
    texts = dict.fromkeys(models, "")
    with ExitStack() as stack:
        streams = {
            lane: stack.enter_context(closing(stream(model, tokenizer, prompt, new_tokens)))  # type: ignore[type-var]
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


def _folder(hub: Hub, name: str, trust_remote_code: bool) -> Generator[Event, None, tuple[Source, Path]]:
    source = resolve(hub, name, None)
    refuse_foreign_code(name, describe(hub, source).config, trust_remote_code=trust_remote_code)
    folder = source.folder
    if folder is None:
        folder = yield from pull(hub, source, trust_remote_code=trust_remote_code)
    return source, folder


def prompts_in(language: str) -> tuple[str, ...]:
    """hubprune's own prompts in a language, by code or name. Raises LanguageUnknown, UsageError where it has none."""
    known = resolve_language(language)
    if not (found := prompts(known.code)):
        raise UsageError(f"hubprune has no prompts in {known.name}.", "Give one with -p.")
    return found
