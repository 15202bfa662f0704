"""Skeletons and tensors: what is filled and emptied, names that line up or not, and blocks that cannot be pruned."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM

from hubprune.checkpoint.files import SINGLE_FILE
from hubprune.checkpoint.matrices import Matrix, matrices_of, prunable
from hubprune.checkpoint.model import check_vocabulary, open_tensors, read_config
from hubprune.checkpoint.skeleton import Skeleton, build, find_blocks
from hubprune.checkpoint.tensors import StreamedTensors, WholeTensors, line_up
from hubprune.errors import CheckpointDamaged, UnsupportedArchitecture

CPU = torch.device("cpu")
Tiny = Callable[..., Path]
SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 64, "intermediate_size": 48}


def skeleton_of(folder: Path, dtype: torch.dtype = torch.float32) -> Skeleton:
    return build(read_config(folder), dtype=dtype, device=CPU)


def of_config(family: str, **changes: object) -> Skeleton:
    return build(AutoConfig.for_model(family, **SMALL | changes), dtype=torch.float32, device=CPU)


def changed(source: Path, out: Path, tensors: dict[str, torch.Tensor], **config: object) -> Path:
    """A copy of a checkpoint with other tensors or configuration keys."""
    out.mkdir()
    save_file({**load_file(source / SINGLE_FILE), **tensors}, out / SINGLE_FILE, metadata={"format": "pt"})
    (out / "config.json").write_text(json.dumps(json.loads((source / "config.json").read_text()) | config))
    return out


@pytest.mark.parametrize("family", ["llama", "mistral", "qwen3", "gemma3_text", "cohere"])
def test_a_filled_skeleton_is_the_model(tiny: Tiny, family: str) -> None:
    """Outer weights and every block filled from the files: parameter by parameter what transformers loads."""
    skeleton = skeleton_of(tiny(family))
    tensors = open_tensors(tiny(family), skeleton)
    assert isinstance(tensors, StreamedTensors)
    skeleton.fill_outer(tensors)
    for index in range(2):
        skeleton.fill_block(index, {n: tensors.read(full) for n, full in skeleton.block_names(index).items()})
    plain = AutoModelForCausalLM.from_pretrained(tiny(family), dtype=torch.float32)
    expected, found = dict(plain.named_parameters()), dict(skeleton.model.named_parameters())
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], parameter) for name, parameter in expected.items())
    for (name, one), (other, two) in zip(plain.named_buffers(), skeleton.model.named_buffers(), strict=True):
        assert name == other
        assert torch.equal(one, two)
    skeleton.empty_outer()
    for index in range(2):
        skeleton.empty_block(index)
    assert all(parameter.is_meta for parameter in skeleton.model.parameters())


@pytest.mark.parametrize("equal", [True, False])
def test_a_head_that_is_stored_beside_tied_embeddings(tiny: Tiny, tmp_path: Path, equal: bool) -> None:
    """Equal values are tied; other values win over the configuration, as transformers has it."""
    source = tiny("llama", tie_word_embeddings=True)
    head = load_file(source / SINGLE_FILE)["model.embed_tokens.weight"] + (0 if equal else 1)
    folder = changed(source, tmp_path / "model", {"lm_head.weight": head})
    plain = AutoModelForCausalLM.from_pretrained(folder)
    skeleton = skeleton_of(folder)
    for _ in range(2):  # a walk fills the ends twice
        skeleton.fill_outer(open_tensors(folder, skeleton))
        assert torch.equal(skeleton.model.lm_head.weight, plain.lm_head.weight)
        assert (skeleton.model.lm_head.weight is skeleton.model.model.embed_tokens.weight) is equal
        skeleton.empty_outer()


def test_weights_that_the_files_lack(tiny: Tiny, tmp_path: Path) -> None:
    """An untied model without its head: never filled with random values."""
    source = tiny("llama")
    tensors = {n: t for n, t in load_file(source / SINGLE_FILE).items() if n != "lm_head.weight"}
    save_file(tensors, tmp_path / SINGLE_FILE, metadata={"format": "pt"})
    (tmp_path / "config.json").write_bytes((source / "config.json").read_bytes())
    with pytest.raises(CheckpointDamaged, match=r"lack lm_head\.weight"):
        open_tensors(tmp_path, skeleton_of(tmp_path))


def test_weights_of_another_shape(tiny: Tiny, tmp_path: Path) -> None:
    folder = changed(tiny("llama"), tmp_path / "model", {"model.norm.weight": torch.ones(31)})
    with pytest.raises((CheckpointDamaged, RuntimeError)):
        open_tensors(folder, skeleton_of(folder))


@pytest.mark.parametrize(("stored", "written"), [("bfloat16", "float32"), ("float32", "float16")])
def test_a_whole_model_has_the_dtype_of_its_files(tiny: Tiny, tmp_path: Path, stored: str, written: str) -> None:
    """Whatever the configuration claims: else a bfloat16 checkpoint would come out twice its size."""
    folder = changed(tiny("llama", stored), tmp_path / "model", {}, dtype=written)
    streamed = open_tensors(folder, skeleton_of(folder))
    whole = open_tensors(folder, skeleton_of(folder), whole=True)
    assert isinstance(whole, WholeTensors)
    for name in streamed.names():
        assert whole.read(name).dtype == getattr(torch, stored)
        assert torch.equal(whole.read(name), streamed.read(name))


def test_what_is_read_may_be_written_into(tiny: Tiny) -> None:
    for whole in (False, True):
        tensors = open_tensors(tiny("llama"), skeleton_of(tiny("llama")), whole=whole)
        before = tensors.read("model.norm.weight")
        tensors.read("model.norm.weight").zero_()
        assert torch.equal(tensors.read("model.norm.weight"), before)


def test_names_that_line_up_and_names_that_do_not() -> None:
    shapes = {"model.a": torch.Size([2]), "model.b": torch.Size([3, 1]), "head": torch.Size([4])}
    plain = {"model.a": (2,), "model.b": (3, 1), "head": (4,)}
    short = {"a": (2,), "b": (3, 1), "head": (4,)}
    assert line_up(shapes, set(), "model", plain) == {name: name for name in plain}
    assert line_up(shapes, set(), "model", short) == {"model.a": "a", "model.b": "b", "head": "head"}
    assert line_up(shapes, set(), "model", plain | {"rotary": (9,)}) == {name: name for name in plain}
    assert line_up(shapes, {"head"}, "model", {"a": (2,), "b": (3, 1)}) == {"model.a": "a", "model.b": "b"}
    assert line_up(shapes, set(), "model", {"a": (2,), "b": (3, 1)}) is None
    assert line_up(shapes, set(), "model", plain | {"model.b": (1, 3)}) is None
    assert line_up(shapes, {"head"}, "model", plain | {"head": (5,)}) is None


def shapes(found: list[dict[str, Matrix]]) -> list[dict[str, tuple[int, int]]]:
    return [{name: matrix.shape for name, matrix in block.items()} for block in found]


def test_prunable_matrices_by_local_name(tiny: Tiny) -> None:
    expected = {
        "self_attn.q_proj": (32, 32),
        "self_attn.k_proj": (16, 32),
        "self_attn.v_proj": (16, 32),
        "self_attn.o_proj": (32, 32),
        "mlp.gate_proj": (48, 32),
        "mlp.up_proj": (48, 32),
        "mlp.down_proj": (32, 48),
    }
    assert shapes(prunable(skeleton_of(tiny("llama")))) == [expected, expected]


def test_blocks_that_would_be_half_pruned_are_refused() -> None:
    with pytest.raises(UnsupportedArchitecture, match=r"MambaForCausalLM yet: mixer\.\S+ \(\w+\) is no linear map"):
        prunable(of_config("mamba", state_size=4))
    skeleton = of_config("llama")
    skeleton.blocks[1].mlp.extra = nn.Embedding(8, 8)
    with pytest.raises(UnsupportedArchitecture, match=r"mlp\.extra\.weight \(Embedding\) is no linear map"):
        prunable(skeleton)


def test_blocks_may_differ_but_none_is_without_matrices() -> None:
    skeleton = of_config("llama")
    skeleton.blocks[1].mlp.extra = nn.Linear(8, 8)
    skeleton.blocks[1].mlp.up_proj = nn.Linear(32, 40)
    one, two = shapes(prunable(skeleton))
    assert two == one | {"mlp.up_proj": (40, 32), "mlp.extra": (8, 8)}
    skeleton.blocks[1] = nn.Identity()
    with pytest.raises(UnsupportedArchitecture, match="block 2 has no linear maps"):
        prunable(skeleton)


def test_blocks_that_share_weights_are_refused() -> None:
    """Pruned once, they would be changed twice."""
    skeleton = of_config("llama")
    skeleton.blocks[1] = skeleton.blocks[0]
    with pytest.raises(UnsupportedArchitecture, match="one block stands in several places"):
        prunable(skeleton)
    skeleton = of_config("llama")
    skeleton.model.all_tied_weights_keys = {"model.layers.1.mlp.up_proj.weight": "model.layers.0.mlp.up_proj.weight"}
    with pytest.raises(UnsupportedArchitecture, match=r"layers\.1\.mlp\.up_proj\.weight shares its weights"):
        prunable(skeleton)


def test_a_matrix_is_a_view_of_its_parameter() -> None:
    """Conv1D holds (in, out); experts are stacked, in some classes as (in, out) too."""
    block = of_config("gpt2", n_embd=32, n_layer=2, n_head=2).blocks[0]
    found = matrices_of(block)
    assert {name: (m.shape, m.transposed) for name, m in found.items()} == {
        "attn.c_attn": ((96, 32), True),
        "attn.c_proj": ((32, 32), True),
        "mlp.c_fc": ((128, 32), True),
        "mlp.c_proj": ((32, 128), True),
    }
    stored = torch.arange(3 * 2 * 4.0).view(3, 2, 4)
    stacked = Matrix("e.1.down_proj", "e.*.down_proj", "e.down_proj", (4, 2), transposed=True, expert=1)
    assert torch.equal(stacked.of(stored), stored[1].t())
    stacked.of(stored)[3, 0] = -1
    assert stored[1, 0, 3] == -1
    assert stacked.owner == "e"


def test_blocks_are_found_by_structure() -> None:
    skeleton = of_config("opt", ffn_dim=48, word_embed_proj_dim=32)
    assert skeleton.prefix == "model.decoder.layers"
    assert len(skeleton.blocks) == 2
    skeleton.model.model.decoder.more = nn.ModuleList([nn.Identity(), nn.Identity()])
    with pytest.raises(UnsupportedArchitecture, match="2 lists of 2 blocks"):
        find_blocks(skeleton.model)


def test_configurations_without_a_causal_model(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedArchitecture, match="no causal language model"):
        build(AutoConfig.for_model("vit"), dtype=torch.float32, device=CPU)
    (tmp_path / "config.json").write_text('{"model_type": "no-such-class"}')
    with pytest.raises(UnsupportedArchitecture, match="cannot be used"):
        read_config(tmp_path)


def test_a_tokenizer_with_more_tokens_than_embeddings() -> None:
    skeleton = of_config("llama")
    check_vocabulary(skeleton, 64)
    with pytest.raises(CheckpointDamaged, match="65 tokens, the model embeds 64"):
        check_vocabulary(skeleton, 65)


def test_some_parameters_are_kept_in_float32() -> None:
    """By whole names of modules in the path, with the class's own wildcards."""
    skeleton = of_config("llama")
    skeleton.dtype = torch.bfloat16
    skeleton.model._keep_in_fp32_modules_strict = {"router"}
    skeleton.model._keep_in_fp32_modules = {"gate"}
    assert skeleton.dtype_of("model.layers.0.router.weight") == torch.float32
    assert skeleton.dtype_of("model.layers.0.routers.weight") == torch.bfloat16
    assert skeleton.dtype_of("model.layers.0.gate.weight") == torch.bfloat16
    skeleton.dtype = torch.float16
    assert skeleton.dtype_of("model.layers.0.gate.weight") == torch.float32
