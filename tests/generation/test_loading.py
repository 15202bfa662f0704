"""A model whole in memory: what is asked for before, where it goes, and files that are none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers.utils import logging

from hubprune import estimate
from hubprune.errors import CheckpointDamaged, NotEnoughMemory
from hubprune.generation import load_whole, loading
from hubprune.generation.loading import parameters, placement

CPU: dict[str, Any] = {"device": "cpu", "dtype": "float32", "trust_remote_code": False}


@pytest.fixture
def copy(model_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model_folder, tmp_path / "copy"))


def test_a_model_is_loaded_as_it_is(model_folder: Path) -> None:
    shown = logging.is_progress_bar_enabled()
    model, tokenizer = load_whole(model_folder, **CPU)
    assert not model.training
    stored = load_file(model_folder / "model.safetensors")
    assert torch.equal(model.model.layers[1].mlp.up_proj.weight, stored["model.layers.1.mlp.up_proj.weight"].float())
    assert tokenizer("maji")["input_ids"]
    assert parameters(model_folder) == sum(p.numel() for p in model.parameters())
    assert logging.is_progress_bar_enabled() == shown


def test_memory_is_asked_for_before_anything_is_loaded(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "free_memory", lambda: 1_000_000)
    with pytest.raises(NotEnoughMemory, match=r"needs about 20 MB of memory whole; 1 MB are free"):
        load_whole(model_folder, **CPU)


def test_memory_that_runs_out_on_the_way(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    monkeypatch.setattr("transformers.AutoModelForCausalLM.from_pretrained", full)
    with pytest.raises(NotEnoughMemory, match="The memory does not suffice for the model whole"):
        load_whole(model_folder, **CPU)


# Weights of 100 bytes need 120: what lies free on each GPU, and where they go.
@pytest.mark.parametrize(
    ("free", "expected"),
    [([120], {"": "cuda:0"}), ([130, 900], {"": "cuda:0"}), ([80, 90], "auto"), ([119], None), ([50, 60], None)],
)
def test_a_model_too_large_for_a_gpu_is_spread_over_all(
    free: list[int], expected: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    save_file({"weight": torch.zeros(10, 5)}, tmp_path / "model.safetensors")
    gpus = SimpleNamespace(device_count=lambda: len(free), mem_get_info=lambda place: (free[_index(place)], 0))
    monkeypatch.setattr(torch, "cuda", gpus)
    if expected is None:
        with pytest.raises(NotEnoughMemory):
            placement(tmp_path, "cuda:0", "bfloat16")
    else:
        assert placement(tmp_path, "cuda:0", "bfloat16") == expected


def _index(place: Any) -> int:
    return place if isinstance(place, int) else torch.device(place).index


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(CheckpointDamaged, match="The tokenizer cannot be loaded"):
        load_whole(tmp_path, **CPU)


def test_damaged_weights(copy: Path) -> None:
    (copy / "model.safetensors").write_bytes(b"x" * 2000)
    with pytest.raises(CheckpointDamaged, match="The model cannot be loaded: "):
        load_whole(copy, **CPU)


def test_weights_of_another_shape(copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"intermediate_size": config["intermediate_size"] * 2}))
    with pytest.raises(CheckpointDamaged, match="The model cannot be loaded: "):
        load_whole(copy, **CPU)


def test_missing_weights(copy: Path) -> None:
    tensors = load_file(copy / "model.safetensors")
    del tensors["model.layers.2.mlp.up_proj.weight"]
    save_file(tensors, copy / "model.safetensors", {"format": "pt"})
    with pytest.raises(CheckpointDamaged, match=r"lacks 1 of the model's weights, model\.layers\.2\.mlp\.up_proj"):
        load_whole(copy, **CPU)


def test_pickles_are_not_taken(copy: Path) -> None:
    torch.save(load_file(copy / "model.safetensors"), copy / "pytorch_model.bin")
    (copy / "model.safetensors").unlink()
    with pytest.raises(CheckpointDamaged, match="The model cannot be loaded: "):
        load_whole(copy, **CPU)


def test_an_error_without_words_is_named() -> None:
    assert loading._damaged("model", KeyError()).sentence == "The model cannot be loaded: KeyError."
