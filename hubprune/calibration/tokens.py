"""One document to token ids, and to the UTF-8 bytes that each token stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

BLANK_LINE = "\n\n"
# Spellings of the token that ends a document. A chat model's own "eos" is often the end of a turn instead.
DOCUMENT_ENDS = ("<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "<|end▁of▁sentence|>", "<|END_OF_TEXT|>", "[EOS]")

Tokens = tuple[np.ndarray, np.ndarray]  # token ids and UTF-8 bytes of each, both (tokens,) int64


@dataclass(frozen=True)
class Frame:
    """What a tokenizer puts around text: a beginning token (None without) and the tokens between two documents."""

    beginning: int | None
    between: Tokens
    joint: str  # how `between` is called: "the token </s>", or "a blank line"


def frame(tokenizer: Any) -> Frame:
    """Ask the tokenizer for its beginning token and for the end of a document, a blank line where it has none."""
    plain = list(tokenizer("a", add_special_tokens=False)["input_ids"])
    whole = list(tokenizer("a")["input_ids"])
    start = next((i for i in range(len(whole)) if whole[i : i + len(plain)] == plain), 0)
    beginning = int(whole[0]) if start else None
    end = end_of_document(tokenizer)
    if end is None:
        return Frame(beginning, tokenise(tokenizer, [BLANK_LINE])[0], "a blank line")
    between = np.array([tokenizer.convert_tokens_to_ids(end)], dtype=np.int64)
    return Frame(beginning, (between, np.zeros(1, dtype=np.int64)), f"the token {end}")


def end_of_document(tokenizer: Any) -> str | None:
    """The token that ends a document; None where there is none.

    It is the tokenizer's "eos", unless there is a chat template and that token has none of the spellings of an end of
    document: then it ends a turn, and the vocabulary is asked for one of those spellings.
    """
    eos = tokenizer.eos_token
    if eos is None or eos in DOCUMENT_ENDS or not getattr(tokenizer, "chat_template", None):
        return eos
    special = set(tokenizer.all_special_tokens) | set(getattr(tokenizer, "get_added_vocab", dict)())
    return next((end for end in DOCUMENT_ENDS if end in special), None)


def tokenise(tokenizer: Any, texts: list[str]) -> list[Tokens]:
    """Token ids and bytes of each text, no special tokens added and none read out of the text ("</s>" is four letters).

    A tokenizer without offsets (a slow one) is asked for the text of each token by itself. That misses characters split
    over tokens, so the bytes are then an estimate that is right in sum over the text.
    """
    options = {
        "add_special_tokens": False,
        "split_special_tokens": True,
        "return_attention_mask": False,
        "verbose": False,
    }
    if not getattr(tokenizer, "is_fast", False):
        rows = [np.array(row, dtype=np.int64) for row in tokenizer(texts, **options)["input_ids"]]
        return [(row, decoded_bytes(tokenizer, row, text)) for row, text in zip(rows, texts, strict=True)]
    batch = tokenizer(texts, return_offsets_mapping=True, **options)
    rows = [np.array(row, dtype=np.int64) for row in batch["input_ids"]]
    spans = [np.array(row, dtype=np.int64).reshape(-1, 2) for row in batch["offset_mapping"]]
    return [(row, offset_bytes(span, text)) for row, span, text in zip(rows, spans, texts, strict=True)]


def offset_bytes(spans: np.ndarray, text: str) -> np.ndarray:
    """UTF-8 bytes of each token, (tokens,) int64, from its (start, end) in characters, `spans` (tokens, 2).

    A character counts with the last token that covers it; one that no token covers (a space the tokenizer trims from
    its offsets) with the next token; what follows the last token with none. So the sum is the bytes of text[:last end].
    """
    if not len(spans):
        return np.zeros(0, dtype=np.int64)
    points = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    widths = 1 + (points >= 0x80).astype(np.int64) + (points >= 0x800) + (points >= 0x10000)
    upto = np.concatenate([[0], np.cumsum(widths)])
    starts, ends = spans[:, 0], spans[:, 1]
    # A token has finished what lies before its end and before the start of every later token that covers something.
    covering = np.where(ends > starts, starts, len(points))
    later = np.append(np.minimum.accumulate(covering[::-1])[::-1][1:], len(points))
    finished = np.maximum.accumulate(np.minimum(np.maximum.accumulate(ends), later))
    return np.diff(upto[finished], prepend=0)


def decoded_bytes(tokenizer: Any, row: np.ndarray, text: str) -> np.ndarray:
    """UTF-8 bytes of each token decoded by itself, (tokens,) int64, adjusted to sum to the bytes of `text`.

    The difference (split characters, dropped spaces) is spread in proportion, as whole bytes.
    """
    if not len(row):
        return np.zeros(0, dtype=np.int64)
    ids, where = np.unique(row, return_inverse=True)
    pieces = [tokenizer.decode([int(token)], skip_special_tokens=True).replace("\ufffd", "") for token in ids]
    reached = np.cumsum(np.array([len(piece.encode()) for piece in pieces], dtype=np.int64)[where])
    if not reached[-1]:
        reached = np.arange(1, len(row) + 1)
    return np.diff(np.round(reached * (len(text.encode()) / reached[-1])).astype(np.int64), prepend=0)
