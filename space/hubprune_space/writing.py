"""Base and pruned model write on from the same prompt, greedily, as the words come."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hubprune.languages import resolve
from hubprune.report import DENSE, PRUNED

from . import hints, html
from .gpu import Failed, failure, gpu
from .run import Run

LANES = (hints.NAMES[DENSE], hints.NAMES[PRUNED])
NEW_TOKENS = 48
LONGEST_PROMPT = 400  # characters
SECONDS = 60.0


@dataclass(frozen=True)
class Wish:
    """What is to be written; it is sent to another process."""

    base: Path
    pruned: Path
    prompt: str
    dtype: str  # of the computation on a GPU


def base_folder(run: Run) -> Path:
    """The original model, as the run fetched it."""
    return next((run.folder / "cache").glob("models--*/snapshots/*"))


def prompts(run: Run) -> list[str]:
    """Languages to choose from: those of the calibration, and English."""
    return list(dict.fromkeys([*run.recipe.lang, "en"]))


def prompt_of(language: str) -> str:
    """The first of the prompts that come with hubprune."""
    from hubprune.generation import prompts as known

    found = list(known(language))
    return str(found[0]) if found else resolve(language).prompt


@gpu(duration=lambda wish: SECONDS)
def write(wish: Wish) -> Iterator[tuple[int, str] | Failed]:
    """(lane, next piece of text), the base model first; each is in memory only while it writes."""
    try:
        for lane, folder in enumerate((wish.base, wish.pruned)):
            yield from _write(lane, folder, wish.prompt, wish.dtype)
    except Exception as error:
        yield failure(error)


def _write(lane: int, folder: Path, prompt: str, dtype: str) -> Iterator[tuple[int, str]]:
    import torch

    from hubprune.generation import load_whole, stream

    on_gpu = torch.cuda.is_available()
    model, tokenizer = load_whole(
        folder, device="cuda:0" if on_gpu else "cpu", dtype=dtype if on_gpu else "float32", trust_remote_code=False
    )
    try:
        for piece in stream(model, tokenizer, prompt, NEW_TOKENS):
            yield lane, piece
    finally:
        del model, tokenizer
        gc.collect()


def panes(language: str, prompt: str, texts: list[str], *, now: int | None = None) -> str:
    """Both texts side by side. The prompt and what follows it are one text, which runs as its first letter does."""
    shown = ""
    for lane, name in enumerate(LANES):
        text = texts[lane] or ("…" if now is not None and lane >= now else "")
        runs = html.direction_of(prompt + text) or ("rtl" if resolve(language).rtl else "ltr")
        # A visitor may begin in another language than the one that is chosen; at least another script is seen.
        spoken = f' lang="{html.esc(language)}"' if (runs == "rtl") == resolve(language).rtl else ""
        shown += (
            f'<div class="{"writing" if lane == now else ""}" dir="{runs}"><h4>{name}</h4><p class="whole"{spoken}>'
            f'<span class="prompt">{html.esc(prompt)}</span><span class="text">{html.esc(text)}</span></p></div>'
        )
    return f'<div class="sample pair" aria-busy="{str(now is not None).lower()}">{shown}</div>'
