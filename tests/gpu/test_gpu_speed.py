"""On a CUDA device: its own figures, and 2:4 on tensor cores with the same results. Skipped where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from transformers import AutoModelForCausalLM, Qwen3Config, Qwen3ForCausalLM

from hubprune.events import run_to_end
from hubprune.generation.semi_structured import convert, obstacle
from hubprune.generation.speed import measure_speed
from hubprune.report import DENSE, PRUNED

pytestmark = pytest.mark.gpu
GPU = "cuda:0"


@pytest.fixture(scope="module")
def folders(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A random model, and the same with the blocks' matrices cut to 2:4 by magnitude."""
    torch.manual_seed(0)
    sizes = {"vocab_size": 4096, "hidden_size": 512, "intermediate_size": 1536, "num_hidden_layers": 4}
    heads = {"num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 64}
    model = Qwen3ForCausalLM(Qwen3Config(**sizes, **heads, max_position_embeddings=512)).to(torch.bfloat16)
    found = {lane: tmp_path_factory.mktemp(lane) for lane in (DENSE, PRUNED)}
    for lane, folder in found.items():
        if lane == PRUNED:
            for name, module in model.named_modules():
                if isinstance(module, nn.Linear) and "layers" in name:
                    runs = module.weight.data.view(-1, 4)
                    runs.scatter_(1, runs.abs().topk(2, largest=False).indices, 0)
        model.save_pretrained(folder)
        for name in ("tokenizer.json", "tokenizer_config.json"):
            (folder / name).write_bytes((model_folder / name).read_bytes())
    return found


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_tensor_cores_compute_what_dense_weights_do(folders: dict[str, Path], dtype: str) -> None:
    if reason := obstacle(GPU, dtype):
        pytest.skip(reason)
    model = AutoModelForCausalLM.from_pretrained(folders[PRUNED], dtype=getattr(torch, dtype)).to(GPU).eval()
    ids = torch.randint(4096, (2, 33), generator=torch.Generator().manual_seed(0)).to(GPU)
    with torch.inference_mode():
        dense = model(ids).logits.float()
        assert convert(model) == 4 * 7
        sparse = model(ids).logits.float()
    assert float((sparse - dense).norm() / dense.norm()) < 0.03


def test_all_forms_are_measured_on_the_device(folders: dict[str, Path]) -> None:
    if reason := obstacle(GPU, "bfloat16"):
        pytest.skip(reason)
    found = run_to_end(measure_speed(folders, device=GPU, dtype="bfloat16", batches=(1, 8), rounds=3))
    forms = [(DENSE, "dense"), (PRUNED, "dense"), (PRUNED, "2:4")]
    assert [(row.lane, row.form, row.batch) for row in found.rows] == [(*form, n) for n in (1, 8) for form in forms]
    rows = {(row.lane, row.form, row.batch): row for row in found.rows}
    weights = sum(file.stat().st_size for file in folders[DENSE].glob("*.safetensors"))
    for batch in (1, 8):
        dense, pruned, sparse = (rows[*form, batch].peak_memory for form in forms)
        assert dense == pruned > weights
        assert sparse < pruned
    assert any("28 linear maps" in note for note in found.notes)
