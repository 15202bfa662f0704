"""Base and pruned model write on from the same prompt, greedily, as the words come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hubprune.languages import resolve
from hubprune.report import DENSE, PRUNED

from . import gpu_words, hints, html, words
from .gpu import READING, Failed, failure, gpu, release
from .run import Run, logged, problem, quota_left
from .settings import SETTINGS

LANES = (hints.NAMES[DENSE], hints.NAMES[PRUNED])
NEW_TOKENS = 48
LONGEST_PROMPT = 400  # characters
WRITING = 20.0  # seconds that a call may take beside reading the weights: a cautious guess


@dataclass(frozen=True)
class Wish:
    """What one model is to write; it is sent to another process."""

    folder: Path
    prompt: str
    dtype: str  # of the computation on a GPU
    bytes: int  # of the weights


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


def wishes(run: Run, prompt: str) -> list[Wish]:
    """What each model is to write, the original first."""
    assert run.report is not None
    model = run.report.model
    return [Wish(folder, prompt, model.dtype, model.bytes) for folder in (base_folder(run), run.out)]


def seconds_of(wish: Wish) -> float:
    """Seconds of GPU that a wish asks for."""
    return min(SETTINGS.slice_seconds or 60.0, WRITING + wish.bytes / READING)


@gpu(duration=seconds_of)
def write(wish: Wish) -> Iterator[str | Failed]:
    """The next piece of text; the model is in memory only while it writes."""
    try:
        yield from _write(wish)
    except Exception as error:
        yield failure(error)
    finally:
        release()


def both(run: Run, prompt: str) -> Iterator[tuple[int, str] | words.Notice]:
    """(lane, next piece of text), the original first; a notice where that ends before its time."""
    asked = wishes(run, prompt)
    for lane, wish in enumerate(asked):
        try:
            for piece in write(wish):
                if isinstance(piece, Failed):
                    yield unwritten(piece, run, asked[lane:])
                    return
                yield lane, piece
        except Exception as error:  # of the package `spaces`: no quota, a worker that died
            yield unwritten(failure(error), run, asked[lane:])
            return


def unwritten(step: Failed, run: Run, rest: list[Wish]) -> words.Notice:
    """Why texts are missing; the result stays as it is, and nothing is to be pruned again."""
    kept = max(0.0, run.keeps()) / 60
    match step.kind:
        case "Quota":
            return gpu_words.cannot_write(quota_left(step), sum(map(seconds_of, rest)), kept)
        case "Worker":
            return gpu_words.writing_lost(logged(step, "generate"), kept)
    return problem(step, run)


def _write(wish: Wish) -> Iterator[str]:
    import torch

    from hubprune.generation import load_whole, stream

    on_gpu = torch.cuda.is_available()
    dtype = wish.dtype if on_gpu else "float32"
    model, tokenizer = load_whole(
        wish.folder, device="cuda:0" if on_gpu else "cpu", dtype=dtype, trust_remote_code=False
    )
    yield from stream(model, tokenizer, wish.prompt, NEW_TOKENS)


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
