"""check_walk accepts what can be walked block by block and refuses what cannot, by numbers alone."""

from __future__ import annotations

import pytest
import torch
from toys import ToyConfig
from transformers import AutoConfig
from walking import COMMON, FAMILIES

from hubprune.errors import UnsupportedArchitecture
from hubprune.pruning.check import check_walk

LARGE = {
    "num_hidden_layers": 40,
    "vocab_size": 200_000,
    "hidden_size": 4096,
    "intermediate_size": 14_336,
    "head_dim": 128,
}
HEADS = {"num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 8192}


@pytest.mark.parametrize("family", FAMILIES)
def test_families_are_accepted(family: str) -> None:
    assert check_walk(AutoConfig.for_model(family, **COMMON | FAMILIES[family])) is False


def test_a_large_configuration_is_checked_small() -> None:
    """40 blocks of width 4,096 would be 35 GB in float32."""
    config = AutoConfig.for_model("llama", **COMMON | LARGE | HEADS)
    before = config.to_dict()
    assert check_walk(config) is False
    assert config.to_dict() == before


@pytest.mark.parametrize("oddity", ["none", "per-layer inputs", "positional", "keyword"])
def test_ways_of_calling_blocks_that_can_be_followed(oddity: str) -> None:
    assert check_walk(ToyConfig(oddity)) is False


def test_blocks_that_return_a_tuple_are_recognised() -> None:
    assert check_walk(ToyConfig("tuple")) is True


@pytest.mark.parametrize(
    ("oddity", "reason"),
    [
        ("each block twice", "not called once each, in order"),
        ("all blocks twice", "differs from its own forward"),
        ("earlier output", "called in two different ways|differs from its own forward"),
        ("between", "differs from its own forward"),
        ("text decides", r"takes an argument \(\w+\) that differs between texts"),
        ("text decides a flat tensor", r"takes an argument \(\w+\) that differs between texts"),
        ("block skipped", "not called once each, in order"),
        ("last block skipped", "last block is never called"),
    ],
)
def test_ways_of_calling_blocks_that_are_refused(oddity: str, reason: str) -> None:
    with pytest.raises(UnsupportedArchitecture, match=reason):
        check_walk(ToyConfig(oddity))


def test_the_random_state_is_left_as_it_was() -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    check_walk(ToyConfig())
    assert torch.equal(torch.rand(3), expected)
