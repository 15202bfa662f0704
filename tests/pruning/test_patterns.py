"""Masks: exact counts, ties by index, and equality with a full sort, for whatever scores there are."""

from __future__ import annotations

from decimal import Decimal

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from twins import exact_count, mask_groups, mask_matrix, mask_rows

from hubprune.errors import RecipeError
from hubprune.pruning.patterns import (
    NofM,
    Unstructured,
    lowest_of_groups,
    lowest_of_matrix,
    lowest_per_row,
    parse,
)

# Few distinct values, so that ties are the rule: zeros of both signs, float32 denormals, their neighbours, the largest.
TIED = st.sampled_from([0.0, -0.0, 1e-45, 3e-45, 1.1754942e-38, 1.1754944e-38, 0.5, 1.0, 1.0000001, 3.4028235e38])
WIDTHS = st.integers(1, 40)
ANY = st.floats(min_value=0, max_value=2.0**127, width=32)


@st.composite
def scores(draw: st.DrawFn, columns: st.SearchStrategy[int] = WIDTHS) -> torch.Tensor:
    rows, width = draw(st.integers(1, 5)), draw(columns)
    values = draw(st.lists(draw(st.sampled_from([TIED, ANY])), min_size=rows * width, max_size=rows * width))
    return torch.tensor(values, dtype=draw(st.sampled_from([torch.float32, torch.float64]))).view(rows, width)


@st.composite
def grouped(draw: st.DrawFn) -> tuple[torch.Tensor, int, int]:
    group = draw(st.integers(2, 32))
    return draw(scores(st.integers(1, 4).map(lambda runs: runs * group))), draw(st.integers(1, group - 1)), group


@given(scores(), st.data())
def test_a_row_loses_exactly_its_lowest_scores(score: torch.Tensor, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, score.shape[1]))
    marked = lowest_per_row(score, count)
    assert marked.dtype == torch.bool
    assert (marked.sum(1) == count).all()
    assert torch.equal(marked, mask_rows(score, count))


@given(scores(), st.data())
def test_a_matrix_loses_exactly_its_lowest_scores(score: torch.Tensor, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, score.numel()))
    marked = lowest_of_matrix(score, count)
    assert int(marked.sum()) == count
    assert torch.equal(marked, mask_matrix(score, count))


@settings(max_examples=200)
@given(grouped())
def test_every_run_keeps_exactly_n_of_m(case: tuple[torch.Tensor, int, int]) -> None:
    score, kept, group = case
    marked = lowest_of_groups(score, kept, group)
    assert (marked.reshape(-1, group).sum(1) == group - kept).all()
    assert torch.equal(marked, mask_groups(score, kept, group))


@pytest.mark.parametrize("group", range(2, 33))
def test_every_group_size_on_scores_full_of_ties(group: int) -> None:
    """Both ways of ranking (comparisons up to 16, a sort above) at every size, on a matrix with thousands of ties."""
    score = torch.randint(0, 3, (64, group * 5), generator=torch.Generator().manual_seed(group)).float()
    for kept in {1, group // 2, group - 1} - {0}:
        assert torch.equal(lowest_of_groups(score, kept, group), mask_groups(score, kept, group))


@given(scores(), st.data())
def test_masks_ignore_the_layout_in_memory(score: torch.Tensor, data: st.DataObject) -> None:
    """A transposed view gives the mask of its copy, and the scores are not written into."""
    count = data.draw(st.integers(0, score.shape[0]))
    before = score.clone()
    assert torch.equal(lowest_per_row(score.t(), count), lowest_per_row(score.t().contiguous(), count))
    assert torch.equal(score, before)


@given(scores(), st.data())
def test_pruning_what_is_pruned_changes_nothing(score: torch.Tensor, data: st.DataObject) -> None:
    """Idempotence: zeros in place of the marked scores are the lowest scores, so the same are marked again."""
    score = score + 1  # what stays is above zero
    count = data.draw(st.integers(0, score.shape[1]))
    marked = lowest_per_row(score, count)
    assert torch.equal(lowest_per_row(score.masked_fill(marked, 0), count), marked)


@given(grouped())
def test_pruning_a_pruned_run_changes_nothing(case: tuple[torch.Tensor, int, int]) -> None:
    score, kept, group = case
    score = score + 1
    marked = lowest_of_groups(score, kept, group)
    assert torch.equal(lowest_of_groups(score.masked_fill(marked, 0), kept, group), marked)


@given(scores(), st.data())
def test_rows_do_not_see_each_other(score: torch.Tensor, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, score.shape[1]))
    order = torch.tensor(data.draw(st.permutations(range(len(score)))))
    assert torch.equal(lowest_per_row(score[order], count), lowest_per_row(score, count)[order])


@given(grouped(), st.data())
def test_rows_do_not_see_each_other_in_runs(case: tuple[torch.Tensor, int, int], data: st.DataObject) -> None:
    score, kept, group = case
    order = torch.tensor(data.draw(st.permutations(range(len(score)))))
    assert torch.equal(lowest_of_groups(score[order], kept, group), lowest_of_groups(score, kept, group)[order])


def test_half_precision_scores_take_the_other_selection() -> None:
    score = torch.randint(0, 9, (6, 50), generator=torch.Generator().manual_seed(0)).to(torch.bfloat16)
    assert torch.equal(lowest_per_row(score, 20), mask_rows(score.float(), 20))


def test_empty_matrices_and_impossible_counts() -> None:
    assert lowest_per_row(torch.empty(0, 4), 2).shape == (0, 4)
    with pytest.raises(ValueError, match="cannot mark 5 of 4"):
        lowest_per_row(torch.ones(2, 4), 5)
    with pytest.raises(ValueError, match="cannot mark -1"):
        lowest_per_row(torch.ones(2, 4), -1)
    with pytest.raises(ValueError, match="6 columns are not a multiple of 4"):
        lowest_of_groups(torch.ones(2, 6), 2, 4)


@given(st.integers(1, 10**9 - 1), st.integers(0, 9), st.integers(0, 10**9))
def test_counts_are_the_floor_of_the_decimal_share(digits: int, places: int, weights: int) -> None:
    """floor(share * n) as a person computes it from the written share, however many weights there are."""
    share = Decimal(digits).scaleb(-9).quantize(Decimal(1).scaleb(-places)) if places else Decimal(digits).scaleb(-9)
    if 0 < share < 1:
        pattern = parse(f"{share:f}")
        assert pattern.count(weights) == exact_count(f"{share:f}", weights)


@pytest.mark.parametrize(
    ("share", "weights", "count"),
    [
        ("0.29", 100, 29),
        ("0.57", 100, 57),
        ("0.7", 10, 7),
        ("62.5%", 8, 5),
        ("62.5%", 7, 4),
        ("0.1", 9, 0),
        ("0.999999999", 100, 99),
        ("99.9999999%", 1000, 999),
        ("33.3333333%", 3, 0),
    ],
)
def test_counts_by_hand(share: str, weights: int, count: int) -> None:
    assert parse(share).count(weights) == count


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("50%", Unstructured(0.5)),
        ("0.5", Unstructured(0.5)),
        (".5", Unstructured(0.5)),
        ("50 %", Unstructured(0.5)),
        (" 62.5% ", Unstructured(0.625)),
        ("29%", Unstructured(0.29)),
        ("2:4", NofM(2, 4)),
        ("1:4", NofM(1, 4)),
        ("16:32", NofM(16, 32)),
    ],
)
def test_spellings_that_are_patterns(text: str, pattern: Unstructured | NofM) -> None:
    assert parse(text) == pattern


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0%",
        "1",
        "100%",
        "1.5",
        "-0.5",
        "50",
        "4:4",
        "5:4",
        "0:4",
        "2:4:8",
        "2/4",
        "half",
        "50%%",
        "nan",
        "inf",
        "1e-1",
        "0x1",
        "2:",
        ":4",
        "2 :4",
        "0.0000000001",
        "99.99999999999%",
        "1" * 5000 + ":2",
    ],
)
def test_spellings_that_are_not(text: str) -> None:
    """Also shares so near to none or all that nothing would be removed, or everything."""
    with pytest.raises(RecipeError):
        parse(text)


@given(st.integers(1, 10**9 - 1))
def test_a_pattern_reads_its_own_spelling(digits: int) -> None:
    pattern = Unstructured(float(Decimal(digits).scaleb(-9)))
    assert parse(str(pattern)) == pattern


def test_what_a_pattern_says_of_itself() -> None:
    assert [str(parse(t)) for t in ("50%", "0.625", "29%", "2:4")] == ["50%", "62.5%", "29%", "2:4"]
    assert parse("1:4").sparsity == 0.75
    assert parse("30%").sparsity == 0.3
    assert parse("2:4").count(64) == 32
    assert parse("1:4").count(64) == 48
    assert parse("2:4").refusal(10) == "10 inputs are not a multiple of 4"
    assert parse("2:4").refusal(8) is None
    assert parse("50%").refusal(7) is None
