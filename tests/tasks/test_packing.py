"""Every request is answered by a window that begins with what it reads, and by as few windows as can be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hubprune.tasks.packing import Request, digest, pack, padded, shorten

TOKENS = st.lists(st.integers(0, 3), min_size=1, max_size=6).map(tuple)  # few kinds: many beginnings in common
REQUESTS = st.lists(st.tuples(TOKENS, TOKENS), max_size=30)


def read(request: Request) -> tuple[int, ...]:
    return request[0] + request[1][:-1]


@given(REQUESTS)
def test_each_request_is_read_in_its_own_window(requests: list[Request]) -> None:
    found = {}
    for sheet in pack(requests, 64):
        assert sheet.tokens.shape == (len(sheet.rows), sheet.length)
        for place, (window, start, targets) in zip(sheet.requests, sheet.readouts, strict=True):
            context, continuation = requests[place]
            assert tuple(sheet.tokens[window][: len(read(requests[place]))]) == read(requests[place])
            assert (start, targets) == (len(context), continuation)
            found[place] = True
    assert sorted(found) == list(range(len(requests)))


@given(REQUESTS)
def test_no_window_begins_another(requests: list[Request]) -> None:
    reads = {read(request) for request in requests}
    needed = [one for one in reads if not any(other != one and other[: len(one)] == one for other in reads)]
    assert sum(len(sheet.rows) for sheet in pack(requests, 64)) == len(needed)


def test_choices_of_one_token_share_a_window() -> None:
    (sheet,) = pack([((1, 2, 3), (token,)) for token in (7, 8, 9, 10)], 64)
    assert len(sheet.rows) == 1
    asked = dict(zip(sheet.requests, sheet.readouts, strict=True))
    assert [asked[place] for place in range(4)] == [(0, 3, (token,)) for token in (7, 8, 9, 10)]


@given(st.integers(1, 5000), st.integers(16, 5000))
def test_lengths_are_few_and_little_longer(length: int, longest: int) -> None:
    length = min(length, longest)
    got = padded(length, longest)
    assert length <= got <= longest
    assert got <= max(16, length * 1.25 + 1)


def test_there_are_few_lengths() -> None:
    assert len({padded(length, 4096) for length in range(1, 4097)}) <= 40


@given(st.lists(st.integers(2, 9), min_size=1, max_size=40).map(tuple), TOKENS, st.integers(6, 20), st.booleans())
def test_a_long_context_loses_its_left(
    context: tuple[int, ...], continuation: tuple[int, ...], longest: int, bos
) -> None:
    context = (1, *context) if bos else context
    short, same = shorten((context, continuation), longest, 1 if bos else None)
    assert same == continuation
    assert len(read((short, same))) <= longest
    kept = short[1:] if bos else short
    assert context[len(context) - len(kept) :] == kept
    assert not bos or short[0] == 1
    assert short == context or len(read((short, same))) == longest


def test_a_digest_knows_where_a_context_ends() -> None:
    assert digest([((1, 2), (3,))]) != digest([((1,), (2, 3))])
    assert digest([((1, 2), (3,))]) == digest([((1, 2), (3,))])
