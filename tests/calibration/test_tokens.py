"""Token ids and bytes of one document, against a naive twin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubprune.calibration.tokens import decoded_bytes, end_of_document, frame, offset_bytes, tokenise

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def naive_bytes(spans: list[tuple[int, int]], text: str) -> list[int]:
    """Give each character, in order, to the last token that covers it; an uncovered one to the next token."""
    counts = [0] * len(spans)
    for position, character in enumerate(text):
        covering = [i for i, (start, end) in enumerate(spans) if start <= position < end]
        following = [i for i, (start, end) in enumerate(spans) if start > position and end > start]
        if covering or following:
            counts[covering[-1] if covering else following[0]] += len(character.encode())
    return counts


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_bytes_of_tokens_equal_the_naive_count(tokenizer: Any, text: str) -> None:
    spans = tokenizer(text, add_special_tokens=False, split_special_tokens=True, return_offsets_mapping=True)
    ((ids, counts),) = tokenise(tokenizer, [text])
    assert ids.tolist() == spans["input_ids"]
    assert counts.tolist() == naive_bytes(spans["offset_mapping"], text)
    assert counts.sum() == len(text.encode())


def test_a_split_character_counts_with_its_last_token(tokenizer: Any) -> None:
    ((ids, counts),) = tokenise(tokenizer, ["🙂 ab"])
    assert len(ids) == 5
    assert counts.tolist() == [0, 0, 0, 4, 3]


def test_trimmed_spaces_count_with_the_next_token() -> None:
    # What a tokenizer that trims its offsets says of "ab  cé ": a, b, cé, and an empty token between.
    spans = np.array([[0, 1], [1, 2], [0, 0], [4, 6]])
    assert offset_bytes(spans, "ab  cé ").tolist() == naive_bytes(spans.tolist(), "ab  cé ") == [1, 1, 0, 5]
    assert offset_bytes(np.zeros((0, 2), dtype=np.int64), "").tolist() == []


def test_special_tokens_written_in_a_text_are_letters(tokenizer: Any) -> None:
    ((ids, counts),) = tokenise(tokenizer, ["a</s>b<s>"])
    assert not {tokenizer.bos_token_id, tokenizer.eos_token_id} & set(ids.tolist())
    assert counts.sum() == 9


def test_the_frame_is_asked_of_the_tokenizer(tokenizer: Any) -> None:
    edges = frame(tokenizer)
    assert (edges.beginning, edges.between[0].tolist(), edges.between[1].tolist()) == (0, [1], [0])
    assert edges.joint == "the token </s>"


class Chat:
    """What `end_of_document` asks of a chat model's tokenizer."""

    def __init__(self, eos: str | None, special: list[str], template: str | None = "{{ messages }}") -> None:
        self.eos_token, self.chat_template, self.all_special_tokens = eos, template, special

    def get_added_vocab(self) -> dict[str, int]:
        return {}


@pytest.mark.parametrize(
    ("tokenizer", "end"),
    [
        (Chat("<|im_end|>", ["<|im_end|>", "<|endoftext|>"]), "<|endoftext|>"),  # the end of a turn is no document's
        (Chat("<|eot_id|>", ["<|eot_id|>", "<|end_of_text|>"]), "<|end_of_text|>"),
        (Chat("<|turn|>", ["<|turn|>"]), None),
        (Chat("</s>", ["</s>", "<|endoftext|>"]), "</s>"),
        (Chat("<|odd|>", ["<|odd|>"], template=None), "<|odd|>"),
        (Chat(None, ["<|endoftext|>"]), None),
    ],
)
def test_the_end_of_a_turn_is_not_the_end_of_a_document(tokenizer: Chat, end: str | None) -> None:
    assert end_of_document(tokenizer) == end


class Slow:
    """A tokenizer of single characters without offsets, without a beginning and without an end of documents."""

    is_fast = False
    eos_token = None

    def __call__(self, text: str | list[str], **options: Any) -> dict[str, list[Any]]:
        texts = [text] if isinstance(text, str) else text
        rows = [[ord(character) for character in one] for one in texts]
        return {"input_ids": rows[0] if isinstance(text, str) else rows}

    def decode(self, ids: list[int], **options: Any) -> str:
        return "".join(chr(one) for one in ids)


def test_without_offsets_the_tokens_are_decoded() -> None:
    edges = frame(Slow())
    assert (edges.beginning, edges.between[0].tolist(), edges.joint) == (None, [10, 10], "a blank line")
    assert edges.between[1].tolist() == [1, 1]
    ((_, counts),) = tokenise(Slow(), ["aé🙂"])
    assert counts.tolist() == [1, 2, 4]


@pytest.mark.parametrize("text", ["", "a", "中文字", "aé🙂 x"])
def test_decoded_bytes_are_right_in_sum(tokenizer: Any, text: str) -> None:
    ((ids, counts),) = tokenise(tokenizer, [text])
    decoded = decoded_bytes(tokenizer, ids, text)
    assert decoded.sum() == counts.sum()
    assert (decoded >= 0).all()
