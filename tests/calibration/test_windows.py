"""Windows, against a naive twin, and what must hold of documents whatever they are."""

from __future__ import annotations

import hashlib
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubprune.calibration.documents import Corpus, clean, dealt_to, digest_of
from hubprune.calibration.windows import Windows, windows

from .conftest import drain
from .test_tokens import Slow

SHORT = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), max_size=80)


def cut(tokenizer: Any, texts: list[str], seq_len: int, count: int) -> Windows:
    pairs = [(digest_of(text), text) for text in texts]
    return drain(windows(tokenizer, pairs, seq_len=seq_len, count=count))[1]


def naive(tokenizer: Any, texts: list[str], seq_len: int, count: int) -> list[list[int]]:
    """One document after the other, a token at a time."""
    stream: list[int] = []
    for text in texts:
        ids = tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        if ids and stream:
            stream.append(tokenizer.eos_token_id)
        stream += ids
    found = []
    while len(stream) >= seq_len - 1 and len(found) < count:
        found.append([tokenizer.bos_token_id, *stream[: seq_len - 1]])
        stream = stream[seq_len - 1 :]
    return found


@settings(max_examples=60, deadline=None)
@given(SHORT, st.integers(2, 40), st.integers(1, 12))
def test_windows_equal_the_naive_ones(tokenizer: Any, texts: list[str], seq_len: int, count: int) -> None:
    result = cut(tokenizer, texts, seq_len, count)
    expected = naive(tokenizer, texts, seq_len, count)
    assert result.tokens.tolist() == expected
    assert result.tokens.shape == result.bytes.shape == (len(expected), seq_len)
    flat = [token for row in expected for token in row]
    assert result.sha256 == hashlib.sha256(struct.pack(f"<{len(flat)}i", *flat)).hexdigest()
    assert result.scored_bytes == tuple(row[1:].sum() for row in result.bytes)  # the beginning token has no bytes


def test_all_windows_together_have_the_bytes_of_the_text(tokenizer: Any) -> None:
    texts = ["Habari ya asubuhi, 中文 🙂.", "Maji ni uhai.", "é" * 30]
    whole = naive(tokenizer, texts, 2, 1000)  # windows of one token: nothing is left over
    result = cut(tokenizer, texts, 2, 1000)
    assert len(result.tokens) == len(whole)
    assert sum(result.scored_bytes) == sum(len(text.encode()) for text in texts)


def test_no_more_documents_are_counted_than_are_in_the_windows(tokenizer: Any) -> None:
    result = cut(tokenizer, [f"maji {i} " * 10 for i in range(200)], 16, 2)
    assert 1 <= len(result.documents) <= 2
    assert cut(tokenizer, [], 16, 2).tokens.shape == (0, 16)


def test_a_blank_line_joins_where_there_is_no_end_token() -> None:
    result = cut(Slow(), ["ab", "cd"], 3, 9)
    assert ["".join(map(chr, row)) for row in result.tokens] == ["ab\n", "\ncd"]
    assert result.scored_bytes == (2, 2)  # the first token of a window is not scored, beginning token or not


@given(st.text())
def test_documents_are_dealt_by_their_text_alone(text: str) -> None:
    text = clean(text)
    assert dealt_to(digest_of(text)) == dealt_to(digest_of(f"  {text}\n"))
    assert digest_of(text) == hashlib.sha256(text.encode()).hexdigest()


def test_three_of_five_documents_calibrate() -> None:
    uses = [dealt_to(digest_of(str(i))) for i in range(5000)]
    assert uses.count("calibration") == pytest.approx(3000, abs=150)


def test_halves_of_surrogate_pairs_are_replaced() -> None:
    assert clean(" a\ud800b ") == "a\ufffdb"
    assert clean("\ud83d\ude42") == "🙂"


@given(st.lists(st.sampled_from(["a", " a", "b", "c\n", "", "d", "e", "f"])))
def test_documents_of_both_uses_are_disjoint_and_distinct(texts: list[str]) -> None:
    def corpus(share: str | None) -> Corpus:
        return Corpus("x", "x", ("x",), lambda seed: iter(texts), "shuffled", share=share)

    measured = [digest for digest, _ in corpus("evaluation").documents(None)]
    drawn = [digest for digest, _ in corpus("calibration").documents(0)]
    everything = [digest for digest, _ in corpus(None).documents(0)]
    assert sorted(measured + drawn) == sorted(everything)
    assert len(set(everything)) == len(everything) == len({text.strip() for text in texts} - {""})
    assert not set(measured) & {digest for digest, _ in corpus(None).documents(0, set(measured))}
