"""The writer: the source's headers and bytes wherever nothing was written, and files that transformers loads whole."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from hubprune.checkpoint.files import INDEX_FILE, SINGLE_FILE, CheckpointFiles
from hubprune.checkpoint.model import open_tensors, read_config
from hubprune.checkpoint.skeleton import Skeleton, build
from hubprune.checkpoint.tensorfile import TensorFile
from hubprune.checkpoint.tensors import StreamedTensors, WholeTensors
from hubprune.checkpoint.writer import ShardWriter, WholeWriter, open_writer

CHANGED = "model.layers.1.mlp.down_proj.weight"
Tiny = Callable[..., Path]


def skeleton_of(folder: Path) -> Skeleton:
    return build(read_config(folder), dtype=torch.float32, device=torch.device("cpu"))


def resave(folder: Path, out: Path, **options: str) -> Path:
    """The same model saved again by transformers, with a shard size, say."""
    from transformers import AutoModelForCausalLM

    AutoModelForCausalLM.from_pretrained(folder, dtype="auto").save_pretrained(out, **options)
    return out


def write(source: Path, out: Path, *, limit: int | None = None, whole: bool = False) -> tuple[list[str], torch.Tensor]:
    """Copy a checkpoint with one tensor halved: (files written, the tensor as written)."""
    out.mkdir()
    tensors = open_tensors(source, skeleton_of(source), whole=whole)
    writer = open_writer(out, tensors, **({} if limit is None else {"max_shard_bytes": limit}))
    half = tensors.read(CHANGED) / 2
    writer.write(CHANGED, half)
    names = writer.close()
    (out / "config.json").write_bytes((source / "config.json").read_bytes())
    return names, half


def tensors_of(folder: Path) -> dict[str, torch.Tensor]:
    return {name: t for path in sorted(folder.glob("*.safetensors")) for name, t in load_file(path).items()}


def same_but_one(source: Path, out: Path, half: torch.Tensor, changed: str = CHANGED) -> None:
    before, after = tensors_of(source), tensors_of(out)
    assert before.keys() == after.keys()
    for name, tensor in before.items():
        expected = half if name == changed else tensor
        assert after[name].dtype == tensor.dtype
        assert torch.equal(after[name].view(torch.uint8), expected.view(torch.uint8)), name


def loads_with_transformers(folder: Path) -> torch.nn.Module:
    from transformers import AutoModelForCausalLM

    model, info = AutoModelForCausalLM.from_pretrained(folder, dtype="auto", output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    assert not info["mismatched_keys"]
    return model


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("whole", [False, True])
def test_one_file_keeps_its_header_and_every_other_byte(tiny: Tiny, tmp_path: Path, dtype: str, whole: bool) -> None:
    source, out = tiny("llama", dtype), tmp_path / "out"
    names, half = write(source, out, whole=whole)
    assert names == [SINGLE_FILE]
    assert half.dtype == getattr(torch, dtype)
    old, new = TensorFile.open(source / SINGLE_FILE), TensorFile.open(out / SINGLE_FILE)
    assert new.header == old.header
    expected = bytearray((source / SINGLE_FILE).read_bytes())
    entry = old.entries[CHANGED]
    at = len(old.header) + entry.start
    expected[at : at + entry.nbytes] = half.flatten().view(torch.uint8).numpy().tobytes()
    assert (out / SINGLE_FILE).read_bytes() == bytes(expected)
    loads_with_transformers(out)


def test_shards_keep_names_headers_and_index(tiny: Tiny, tmp_path: Path) -> None:
    source, out = resave(tiny("llama", "bfloat16"), tmp_path / "source", max_shard_size="20KB"), tmp_path / "out"
    shards = sorted(path.name for path in source.glob("*.safetensors"))
    assert len(shards) > 1
    names, half = write(source, out)
    assert sorted(names) == [*shards, INDEX_FILE]
    for name in shards:
        assert TensorFile.open(out / name).header == TensorFile.open(source / name).header
    assert (out / INDEX_FILE).read_bytes() == (source / INDEX_FILE).read_bytes()
    same_but_one(source, out, half)
    loads_with_transformers(out)


@pytest.mark.parametrize("limit", [1, 2_500, 9_000, 20_000])
@pytest.mark.parametrize("sharded", [False, True])
def test_a_file_over_the_limit_is_cut(tiny: Tiny, tmp_path: Path, sharded: bool, limit: int) -> None:
    """No file holds more tensor bytes than the limit unless it is one tensor; the index names every tensor's file."""
    source, out = tiny("llama", "bfloat16"), tmp_path / "out"
    if sharded:
        source = resave(source, tmp_path / "source", max_shard_size="25KB")
    names, half = write(source, out, limit=limit)
    weights = [name for name in names if name != INDEX_FILE]
    assert weights == [f"model-{i + 1:05d}-of-{len(weights):05d}.safetensors" for i in range(len(weights))]
    index = json.loads((out / INDEX_FILE).read_text())
    total = 0
    for name in weights:
        file = TensorFile.open(out / name)
        held = sum(entry.nbytes for entry in file.entries.values())
        assert held <= limit or len(file.entries) == 1
        assert {tensor for tensor, place in index["weight_map"].items() if place == name} == set(file.entries)
        total += held
    assert index["metadata"]["total_size"] == total
    same_but_one(source, out, half)
    loads_with_transformers(out)


def test_a_checkpoint_cut_into_as_many_files_gets_an_index_of_its_own(tmp_path: Path) -> None:
    """Two files in, two files of the same names out, but a tensor has moved: the source's index would be wrong."""
    one, two = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
    save_file({"a": torch.ones(100), "b": torch.ones(50)}, tmp_path / one)
    save_file({"c": torch.ones(10)}, tmp_path / two)
    (tmp_path / INDEX_FILE).write_text(json.dumps({"metadata": {}, "weight_map": {"a": one, "b": one, "c": two}}))
    out = tmp_path / "out"
    out.mkdir()
    ShardWriter(out, CheckpointFiles.open(tmp_path), {}, 420).close()
    files = CheckpointFiles.open(out)  # refuses an index that files contradict
    assert {name: set(file.entries) for name, file in files.files.items()} == {one: {"a"}, two: {"b", "c"}}


def test_names_without_the_base_models_prefix(tiny: Tiny, tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir()
    tensors = {name.removeprefix("model."): t for name, t in load_file(tiny("llama") / SINGLE_FILE).items()}
    save_file(tensors, source / SINGLE_FILE, metadata={"format": "pt"})
    (source / "config.json").write_bytes((tiny("llama") / "config.json").read_bytes())
    assert isinstance(open_tensors(source, skeleton_of(source)), StreamedTensors)
    _, half = write(source, out)
    same_but_one(source, out, half, changed=CHANGED.removeprefix("model."))
    assert TensorFile.open(out / SINGLE_FILE).header == TensorFile.open(source / SINGLE_FILE).header


@pytest.mark.parametrize("whole", [False, True])
def test_a_tied_head_stays_absent(tiny: Tiny, tmp_path: Path, whole: bool) -> None:
    source, out = tiny("llama", tie_word_embeddings=True), tmp_path / "out"
    _, half = write(source, out, whole=whole)
    assert "lm_head.weight" not in tensors_of(out)
    same_but_one(source, out, half)
    model = loads_with_transformers(out)
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight


def test_a_model_whose_names_do_not_line_up_is_saved_by_transformers(tiny: Tiny, tmp_path: Path) -> None:
    source, out = tiny("llama", "bfloat16"), tmp_path / "out"
    out.mkdir()
    whole = open_tensors(source, skeleton_of(source), whole=True)
    writer = open_writer(out, WholeTensors(whole.model, whole.files, None))
    assert isinstance(writer, WholeWriter)
    half = whole.read(CHANGED) / 2
    writer.write(CHANGED, half)
    assert writer.close() == [SINGLE_FILE]
    same_but_one(source, out, half)
    loads_with_transformers(out)


def test_a_model_saved_by_transformers_is_cut_at_the_limit(tiny: Tiny, tmp_path: Path) -> None:
    whole = open_tensors(tiny("llama"), skeleton_of(tiny("llama")), whole=True)
    names = open_writer(tmp_path, WholeTensors(whole.model, whole.files, None), 20_000).close()
    assert INDEX_FILE in names
    assert len(names) > 2


def test_only_what_was_not_written_is_copied(tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte of the output is written once."""
    copied: list[str] = []
    copy = ShardWriter._copy
    monkeypatch.setattr(ShardWriter, "_copy", lambda self, name: (copied.append(name), copy(self, name)))
    source = tiny("llama")
    write(source, tmp_path / "out")
    assert sorted([*copied, CHANGED]) == sorted(tensors_of(source))


def test_a_full_disk_is_noticed_before_the_walk(tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, offset: int, size: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    tensors = open_tensors(tiny("llama"), skeleton_of(tiny("llama")))
    with pytest.raises(OSError, match="No space left"):
        open_writer(tmp_path, tensors)


@pytest.mark.parametrize("bad", [torch.zeros(3, 3), torch.zeros(32, 48, dtype=torch.float16)])
def test_a_tensor_of_another_dtype_or_shape_is_not_written(tiny: Tiny, tmp_path: Path, bad: torch.Tensor) -> None:
    writer = open_writer(tmp_path, open_tensors(tiny("llama"), skeleton_of(tiny("llama"))))
    with pytest.raises(ValueError, match="the source"):
        writer.write(CHANGED, bad)


def test_the_same_writes_give_the_same_bytes(tiny: Tiny, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tiny("llama"), tmp_path / name, limit=9_000)
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two
