"""One measured pass of a model: a prompt read at once, then token after token, with the cache of keys and values."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hubprune.errors import UnsupportedArchitecture

if TYPE_CHECKING:
    import torch

SEED = 0


@dataclass(frozen=True)
class Pass:
    """Seconds of one pass, and the tokens chosen on the way: (batch, 1 + steps), the first by the prompt's end."""

    prefill: float
    decode: float
    tokens: torch.Tensor


def random_prompt(vocabulary: int, batch: int, length: int, device: str) -> torch.Tensor:
    """(batch, length) token ids below `vocabulary`, the same in every call."""
    import torch

    generator = torch.Generator().manual_seed(SEED)
    return torch.randint(vocabulary, (batch, length), generator=generator).to(device)


def timed_pass(model: Any, prompt: torch.Tensor, steps: int, clock: Callable[[], float] = time.perf_counter) -> Pass:
    """Read a prompt and then decode greedily, one token of every sequence a step; nothing ends a sequence early.

    Args:
        model: a causal language model of transformers in evaluation mode.
        prompt: (batch, length) token ids on the model's device.
        steps: steps after the prompt. Prompt and steps together must fit into the model's context.
        clock: seconds; read where the device has finished what it was given.

    Returns:
        Prefill is the forward over the prompt up to its last position's likeliest token; decode is all the steps.

    Raises UnsupportedArchitecture for a model that keeps no cache.
    """
    import torch

    (batch, length), device = prompt.shape, prompt.device
    mask = torch.ones(batch, length + steps, dtype=torch.long, device=device)
    # As `generate` does it: only the last position's logits are computed, where the class can leave out the others.
    last_only = {"logits_to_keep": 1} if "logits_to_keep" in inspect.signature(model.forward).parameters else {}

    def step(ids: torch.Tensor, seen: int, cache: Any) -> tuple[torch.Tensor, Any]:
        found = model(input_ids=ids, attention_mask=mask[:, :seen], past_key_values=cache, use_cache=True, **last_only)
        if getattr(found, "past_key_values", None) is None:
            raise UnsupportedArchitecture(
                f"{type(model).__name__} keeps no cache of keys and values, without which decoding is not measured.",
                "Leave --speed out.",
            )
        return found.logits[:, -1:].argmax(-1), found.past_key_values

    def now() -> float:
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return clock()

    with torch.inference_mode():
        start = now()
        chosen, cache = step(prompt, length, None)
        middle = now()
        tokens = [chosen]
        for done in range(1, steps + 1):
            chosen, cache = step(chosen, length + done, cache)
            tokens.append(chosen)
        end = now()
    return Pass(middle - start, end - middle, torch.cat(tokens, 1))
