"""Greedy continuations: always the likeliest next token, with nothing in its way.

The models' own generation settings (temperatures, penalties, suppressed tokens) play no part; only their end tokens do.
So this is a loop of our own over the model's forward and its cache, not `generate`: two models can also be asked for
one token each in turn, and the loop can be left after every token.

What a continuation depends on: the prompts of one call are continued up to eight at a time, in the order given. Within
such a batch shorter prompts are padded on the left; pads are masked and positions count from each prompt's own first
token, which is checked with the batch's shortest prompt (`_pads_tell`). Sums over a batch of another shape may still
differ in their last bits, so a choice between two equally likely tokens can depend on the prompts beside it. It depends
on nothing else that is run before or after.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hubprune.errors import UsageError

if TYPE_CHECKING:
    import torch

BATCH = 8  # prompts continued together; part of what a figure means, so it is fixed
TELLING = 0.05  # of the logits' norm: a difference beyond what rounding in half precision makes
INCOMPLETE = "\ufffd"  # what a decoder puts for bytes that are no whole character (yet)


@dataclass(frozen=True)
class Continuation:
    """What a model wrote behind a prompt, and in how many tokens (one that ends the text is not counted)."""

    text: str
    tokens: int


def continue_all(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[str],
    new_tokens: int,
    until: Sequence[str] = (),
    *,
    context: int | None = None,
) -> list[Continuation]:
    """Continue each prompt by at most `new_tokens` tokens; fewer where the model ends its text.

    A prompt that leaves no room for them in the model's context loses its beginning, as in lm-eval.

    Args:
        until: texts behind which nothing is wanted; a continuation is stopped when it holds one, and not cut.
        context: tokens that may be read and written at most, where that is less than the model's own.

    Raises UsageError where the context does not even hold `new_tokens`.
    """
    longest = min((one for one in (context, context_of(model)) if one), default=None)
    rows = [cut(encode(tokenizer, prompt), longest, new_tokens) for prompt in prompts]
    found: list[Continuation] = []
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        for part in [[row] for row in batch] if _pads_tell(model, batch) else [batch]:
            found += _continue_batch(model, tokenizer, part, new_tokens, until)
    return found


def _continue_batch(
    model: Any, tokenizer: Any, rows: list[list[int]], new_tokens: int, until: Sequence[str]
) -> list[Continuation]:
    ends = end_tokens(model, tokenizer)
    words = [Words(tokenizer, row) for row in rows]
    steps = next_tokens(model, rows)
    for _ in range(new_tokens):
        for one, token in zip(words, next(steps), strict=True):
            one.ended = one.ended or token in ends
            if not one.ended:
                one.push(token)
                one.ended = any(stop in one.text for stop in until if stop)
        if all(one.ended for one in words):
            break
    return [Continuation(one.text + one.rest(), one.tokens) for one in words]


def stream(model: Any, tokenizer: Any, prompt: str, new_tokens: int) -> Generator[str, None, None]:
    """The continuation of one prompt as it comes: a piece for each token ('' while a character is incomplete).

    The pieces joined are the text that `continue_all` gives. Closing the iterator ends the work.

    Raises UsageError like `refuse_long`.
    """
    refuse_long(model, tokenizer, prompt, new_tokens)
    ids = encode(tokenizer, prompt)
    ends, words, steps = end_tokens(model, tokenizer), Words(tokenizer, ids), next_tokens(model, [ids])
    for _ in range(new_tokens):
        (token,) = next(steps)
        if token in ends:
            break
        yield words.push(token)
    if rest := words.rest():
        yield rest


def next_tokens(model: Any, rows: list[list[int]]) -> Iterator[list[int]]:
    """The likeliest next token of every row, step after step, without end. `rows`: token ids, not empty."""
    import torch

    ids, mask = padded(rows, device_of(model))
    cache: Any = None
    while True:
        # Entered anew for each step: the caller's own work between two steps must not happen in this mode.
        with torch.inference_mode():
            logits, cache = forward(model, ids, mask, cache)
            chosen = logits.argmax(-1, keepdim=True)
        yield chosen[:, 0].tolist()
        with torch.inference_mode():
            # A class that keeps no cache reads the whole text again.
            ids = chosen if cache is not None else torch.cat([ids, chosen.to(ids.device)], 1)
            ids, mask = ids.to(mask.device), torch.cat([mask, mask.new_ones(len(rows), 1)], 1)


def forward(model: Any, ids: torch.Tensor, mask: torch.Tensor, cache: Any) -> tuple[torch.Tensor, Any]:
    """The logits of the last position, (batch, vocabulary), and the cache with it.

    Args:
        ids: (batch, tokens) behind what is in the cache.
        mask: (batch, tokens in the cache and of `ids`); 0 for pads.
    """
    known = inspect.signature(model.forward).parameters
    more: dict[str, Any] = {}
    if "position_ids" in known:
        more["position_ids"] = (mask.cumsum(-1) - 1).clamp(min=0)[:, -ids.shape[1] :]
    if "logits_to_keep" in known:
        more["logits_to_keep"] = 1
    found = model(input_ids=ids, attention_mask=mask, past_key_values=cache, use_cache=True, **more)
    return found.logits[:, -1], getattr(found, "past_key_values", None)


def padded(rows: list[list[int]], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids padded on the left, and the mask, both (rows, longest).

    Pads are masked, so any token will do; one that the row does not begin with shows where they are not.
    """
    import torch

    longest = max(map(len, rows))
    ids = [[0 if row[0] else 1] * (longest - len(row)) + row for row in rows]
    mask = [[0] * (longest - len(row)) + [1] * len(row) for row in rows]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)


def _pads_tell(model: Any, rows: list[list[int]]) -> bool:
    """Whether pads change what the model says of the shortest row: a class that does not mask them."""
    import torch

    shortest = min(range(len(rows)), key=lambda index: len(rows[index]))
    if len(rows[shortest]) == max(map(len, rows)):
        return False
    with torch.inference_mode():
        alone, _ = forward(model, *padded([rows[shortest]], device_of(model)), None)
        beside, _ = forward(model, *padded(rows, device_of(model)), None)
    alone, beside = alone[0].float(), beside[shortest].float()
    return not bool((alone - beside).norm() <= TELLING * alone.norm())  # also where it is not a number


class Words:
    """Tokens to text, one at a time, however the characters are split over them.

    Each token is decoded behind the ones before it, since decoders treat the beginning of a text in ways of their own.

    Attributes:
        text: everything that is complete so far.
        tokens: number of tokens pushed.
        ended: for the caller.
    """

    def __init__(self, tokenizer: Any, prompt: list[int]) -> None:
        self.tokenizer, self.ids = tokenizer, list(prompt)
        self.start, self.read = 0, len(prompt)  # ids[start:read] is told already and gives ids[read:] its context
        self.text, self.tokens, self.ended = "", 0, False

    def push(self, token: int) -> str:
        """The text that this token completes."""
        self.ids.append(token)
        self.tokens += 1
        piece = self._untold()
        if piece.endswith(INCOMPLETE):
            return ""
        self.start, self.read = self.read, len(self.ids)
        self.text += piece
        return piece

    def rest(self) -> str:
        """What is left where the text ends within a character."""
        return self._untold()

    def _untold(self) -> str:
        return self._decode(self.ids[self.start :])[len(self._decode(self.ids[self.start : self.read])) :]

    def _decode(self, ids: list[int]) -> str:
        text: str = self.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text


def encode(tokenizer: Any, prompt: str) -> list[int]:
    """The prompt's token ids with the tokens that the tokenizer puts before a text, without an end token behind it."""
    ids: list[int] = list(tokenizer(prompt)["input_ids"])
    plain: list[int] = list(tokenizer(prompt, add_special_tokens=False)["input_ids"])
    end = tokenizer.eos_token_id
    while len(ids) > 1 and ids[-1] == end and ids[-len(plain) :] != plain:
        ids.pop()
    return ids or [next((i for i in (tokenizer.bos_token_id, end) if i is not None), 0)]


def cut(ids: list[int], context: int | None, new_tokens: int) -> list[int]:
    """The end of the prompt that leaves room for the new tokens."""
    if context is None or len(ids) + new_tokens <= context:
        return ids
    if new_tokens >= context:
        raise UsageError(
            f"{new_tokens:,} new tokens exceed the {context:,} tokens that the model was made for.", "Ask for fewer."
        )
    return ids[new_tokens - context :]


def refuse_long(model: Any, tokenizer: Any, prompt: str, new_tokens: int) -> None:
    """Raise UsageError where a prompt and new tokens exceed the model's context."""
    length, context = len(encode(tokenizer, prompt)), context_of(model)
    if context and length + new_tokens > context:
        raise UsageError(
            f"A prompt has {length:,} tokens; with {new_tokens:,} new ones it exceeds the {context:,} tokens that the "
            "model was made for.",
            "Give a shorter prompt, or fewer --new-tokens.",
        )


def context_of(model: Any) -> int | None:
    """The longest sequence the model was made for; None where its configuration does not say."""
    config = model.config.get_text_config(decoder=True)
    return getattr(config, "max_position_embeddings", None) or getattr(config, "max_seq_len", None) or None


def end_tokens(model: Any, tokenizer: Any) -> set[int]:
    """All tokens that end a text: those of the checkpoint's generation settings, its configuration, its tokenizer."""
    found: set[int] = set()
    settings = getattr(model, "generation_config", None)
    for end in (getattr(settings, "eos_token_id", None), getattr(model.config, "eos_token_id", None)):
        found |= {end} if isinstance(end, int) else set(end or ())
    return found | ({tokenizer.eos_token_id} - {None})


def device_of(model: Any) -> torch.device:
    """Where the model takes its input: the device of its first weight that is loaded."""
    found: Callable[[], Iterator[torch.device]] = lambda: (p.device for p in model.parameters() if not p.is_meta)  # noqa: E731
    return next(found())
