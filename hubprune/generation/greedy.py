"""Greedy continuations: at each step the likeliest token, so the same model and prompt give the same text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hubprune.generation.loading import padding

BROKEN = "\ufffd"  # what a tokenizer decodes half a character to


@dataclass(frozen=True)
class Continuation:
    """What a model wrote after a prompt, and in how many tokens (the one that ends the text not counted)."""

    text: str
    tokens: int


def continue_all(model: Any, tokenizer: Any, prompts: Sequence[str], new_tokens: int) -> list[Continuation]:
    """The continuations of all prompts, at most `new_tokens` tokens each, computed together.

    Prompts are filled up on the left and the filling is masked. That leaves each text independent of its neighbours but
    for the rounding of sums, which may turn a choice between two equally likely tokens.
    """
    import torch

    rows = [prompt_ids(tokenizer, prompt) for prompt in prompts]
    if not rows:
        return []
    width, filler = max(map(len, rows)), padding(tokenizer)
    ids = torch.tensor([[filler] * (width - len(row)) + row for row in rows], device=model.device)
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows], device=model.device)
    with torch.no_grad():
        whole = model.generate(ids, attention_mask=mask, max_new_tokens=new_tokens)
    ends = end_tokens(model)
    found = []
    for row, output in zip(rows, whole[:, width:].tolist(), strict=True):
        end = next((place for place, token in enumerate(output) if token in ends), len(output))
        found.append(Continuation(written(tokenizer, row, output[:end]), end))
    return found


def stream(model: Any, tokenizer: Any, prompt: str, new_tokens: int) -> Iterator[str]:
    """Pieces of text as the model writes them; all pieces joined are the continuation.

    Closing the iterator stops the model before its next token. A character that is split over tokens comes when it is
    complete.
    """
    import torch

    start, ends = prompt_ids(tokenizer, prompt), end_tokens(model)
    new: list[int] = []
    given, cache = "", None
    step = torch.tensor([start], device=model.device)
    while len(new) < new_tokens:
        with torch.no_grad():
            output = model(step, past_key_values=cache, use_cache=True)
        token = int(output.logits[0, -1].argmax())
        if token in ends:
            break
        cache, step = output.past_key_values, torch.tensor([[token]], device=model.device)
        new.append(token)
        text = written(tokenizer, start, new)
        whole = text.rstrip(BROKEN) if len(new) < new_tokens else text
        if whole.startswith(given) and len(whole) > len(given):
            yield whole[len(given) :]
            given = whole
    rest = written(tokenizer, start, new)
    if rest.startswith(given) and len(rest) > len(given):
        yield rest[len(given) :]


def prompt_ids(tokenizer: Any, prompt: str) -> list[int]:
    """Token ids of a prompt with the tokenizer's beginning token, and without a token that would end the text."""
    ids = list(tokenizer(prompt)["input_ids"])
    while len(ids) > 1 and ids[-1] == tokenizer.eos_token_id:
        ids.pop()
    return ids


def written(tokenizer: Any, prompt: list[int], new: list[int]) -> str:
    """The text of new tokens as it stands after the prompt: a blank between the two is the new text's."""
    before = tokenizer.decode(prompt, skip_special_tokens=True)
    whole = tokenizer.decode(prompt + new, skip_special_tokens=True)
    return whole[len(before) :] if whole.startswith(before) else tokenizer.decode(new, skip_special_tokens=True)


def end_tokens(model: Any) -> set[int]:
    """Tokens that end a text."""
    ends = model.generation_config.eos_token_id
    return set() if ends is None else {ends} if isinstance(ends, int) else set(ends)
