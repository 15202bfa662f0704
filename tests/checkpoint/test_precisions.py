"""A mixture of experts with weights in several precisions: kept, or refused where they cannot be matched."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from hubprune.checkpoint.files import SINGLE_FILE
from hubprune.checkpoint.model import open_tensors, read_config
from hubprune.checkpoint.skeleton import build
from hubprune.checkpoint.tensors import WholeTensors
from hubprune.checkpoint.writer import open_writer
from hubprune.errors import UnsupportedArchitecture

ROUTER, EXPERT = "model.layers.0.mlp.gate.weight", "model.layers.1.mlp.experts.2.up_proj.weight"


def mixed(tiny: Callable[..., Path], out: Path, name: str) -> tuple[Path, dict[str, torch.Tensor]]:
    """A mixture in bfloat16 with one weight in float32: its folder, and its tensors."""
    source = tiny("qwen3_moe", "bfloat16", num_experts=4, moe_intermediate_size=24, decoder_sparse_step=1)
    tensors = load_file(source / SINGLE_FILE)
    tensors[name] = tensors[name].float() + 1 / 3
    out.mkdir()
    save_file(tensors, out / SINGLE_FILE, {"format": "pt"})
    (out / "config.json").write_text(json.dumps(json.loads((source / "config.json").read_text())))
    return out, tensors


def test_a_router_in_float32_stays_what_it_is(tiny: Callable[..., Path], tmp_path: Path) -> None:
    folder, stored = mixed(tiny, tmp_path / "in", ROUTER)
    skeleton = build(read_config(folder), dtype=torch.float32, device=torch.device("cpu"))
    tensors = open_tensors(folder, skeleton)
    assert torch.equal(tensors.read(ROUTER), stored[ROUTER])
    (tmp_path / "out").mkdir()
    open_writer(tmp_path / "out", tensors).close()
    written = load_file(tmp_path / "out" / SINGLE_FILE)
    assert written.keys() == stored.keys()
    assert all(written[name].dtype == stored[name].dtype for name in stored)
    assert all(torch.equal(written[name], stored[name]) for name in stored)


def test_an_expert_in_float32_among_others_is_refused(tiny: Callable[..., Path], tmp_path: Path) -> None:
    """transformers stacks the experts, and one tensor has one precision."""
    folder, _ = mixed(tiny, tmp_path / "in", EXPERT)
    skeleton = build(read_config(folder), dtype=torch.float32, device=torch.device("cpu"))
    with pytest.raises(UnsupportedArchitecture, match=rf"{EXPERT} is stored in another precision than most weights"):
        open_tensors(folder, skeleton)


def test_mixtures_are_still_loaded_whole(tiny: Callable[..., Path], tmp_path: Path) -> None:
    """What the tests above are about."""
    folder, _ = mixed(tiny, tmp_path / "in", ROUTER)
    skeleton = build(read_config(folder), dtype=torch.float32, device=torch.device("cpu"))
    assert isinstance(open_tensors(folder, skeleton), WholeTensors)
