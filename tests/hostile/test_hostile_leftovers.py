"""Weights that no part of the model takes, and weights in several precisions."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hostile import PRUNED, WEIGHTS, Refused, attempt, with_config, with_weights
from safetensors.torch import load_file, save_file

from hubprune.hub import Hub

BLOCK = "model.layers.1."


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("where", ["", "model."])
def test_a_configuration_with_fewer_blocks_than_the_files(
    whole: bool, where: str, model: Path, tmp_path: Path, hub: Hub
) -> None:
    if not where:  # files of the base model, whose names begin with "layers."
        bare = {name.removeprefix("model."): tensor for name, tensor in load_file(model / WEIGHTS).items()}
        save_file(bare, model / WEIGHTS, {"format": "pt"})
    with_config(num_hidden_layers=1)(model)
    answer = attempt(model, tmp_path / "out", hub, whole=whole)
    assert f"CheckpointDamaged: The files hold {where}layers.1.input_layernorm.weight, which no part of" in answer


def test_a_bias_that_the_configuration_does_not_know(refused: Refused) -> None:
    name = "model.layers.0.self_attn.q_proj.bias"
    assert f"hold {name}, which no part" in refused(with_weights(lambda t: t.update({name: torch.zeros(16)})))


HARMLESS = {
    "rotary tables": {"model.layers.0.self_attn.rotary_emb.inv_freq": torch.ones(4)},
    "masks": {"model.layers.0.self_attn.bias": torch.ones(1, 1, 8, 8), "model.layers.0.masked_bias": torch.ones(())},
    "a head and a tower": {"score.weight": torch.ones(2, 16), "vision_tower.layers.7.weight": torch.ones(2, 2)},
}


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("case", HARMLESS)
def test_leftovers_that_change_no_model(case: str, whole: bool, model: Path, tmp_path: Path, hub: Hub) -> None:
    with_weights(lambda tensors: tensors.update(HARMLESS[case]))(model)
    assert attempt(model, tmp_path / "out", hub, whole=whole) == PRUNED
    held = load_file(tmp_path / "out" / WEIGHTS)
    assert all(torch.equal(held[name], tensor) for name, tensor in HARMLESS[case].items())


def test_blocks_that_predict_further_tokens(model: Path, tmp_path: Path, hub: Hub) -> None:
    """Behind the last block, as many as the configuration says: transformers does not load them, and they stay."""
    before = load_file(model / WEIGHTS)
    with_config(num_hidden_layers=1, num_nextn_predict_layers=1)(model)
    assert attempt(model, tmp_path / "out", hub) == PRUNED
    after = load_file(tmp_path / "out" / WEIGHTS)
    assert all(torch.equal(after[name], before[name]) for name in before if name.startswith(BLOCK))


@pytest.mark.parametrize("whole", [False, True])
def test_each_weight_keeps_its_own_precision(whole: bool, model: Path, tmp_path: Path, hub: Hub) -> None:
    """Most are bfloat16. What bfloat16 cannot hold is neither rounded on its way into the walk nor into the result."""
    third = "model.layers.0.mlp.down_proj.weight", "model.layers.1.input_layernorm.weight"

    def precise(tensors: dict[str, torch.Tensor]) -> None:
        for name in third:
            tensors[name] = tensors[name].float() + 1 / 3

    with_weights(precise)(model)
    before = load_file(model / WEIGHTS)
    assert attempt(model, tmp_path / "out", hub, whole=whole) == PRUNED
    after = load_file(tmp_path / "out" / WEIGHTS)
    assert {name: tensor.dtype for name, tensor in after.items()} == {n: t.dtype for n, t in before.items()}
    kept = after[third[0]] != 0
    assert torch.equal(after[third[0]][kept], before[third[0]][kept])
    assert torch.equal(after[third[1]], before[third[1]])
    if whole:
        attempt(model, tmp_path / "streamed", hub)
        assert (tmp_path / "streamed" / WEIGHTS).read_bytes() == (tmp_path / "out" / WEIGHTS).read_bytes()
