"""From the walk to files: streamed or whole, sharded or not, the same bytes, and a model that transformers loads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from walking import calibration, evaluation, finish, load_plain, opened, pruned_by, save_model, walk

from hubprune.checkpoint.tensors import StreamedTensors, WholeTensors
from hubprune.checkpoint.writer import open_writer
from hubprune.pruning.lanes import in_memory
from hubprune.pruning.walk import Walk

Saved = Callable[..., Path]


def prune_into(folder: Path, out: Path, method: str = "sparsegpt", *, whole: bool = False, limit: int = 10**9) -> None:
    """Walk a checkpoint and write what it hands out, as a run does."""
    out.mkdir()
    skeleton, tensors, calls = opened(folder, whole=whole)
    assert isinstance(tensors, WholeTensors if whole else StreamedTensors)
    writer = open_writer(out, tensors, limit)

    def sink(variant: str, block: int, changed: dict[str, torch.Tensor]) -> None:
        for name, tensor in changed.items():
            writer.write(f"{skeleton.prefix}.{block}.{name}", tensor)

    steps = Walk(skeleton, tensors, calls, 2, in_memory(False), lambda block, name: True)
    finish(steps.run([], [pruned_by(method, "50%", calibration())], sink))
    writer.close()
    (out / "config.json").write_bytes((folder / "config.json").read_bytes())


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("family", ["llama", "cohere", "gemma3_text"])
def test_streamed_and_whole_runs_write_the_same_bytes(saved: Saved, tmp_path: Path, family: str, dtype: str) -> None:
    folder = saved(family, dtype=dtype)
    prune_into(folder, tmp_path / "streamed")
    prune_into(folder, tmp_path / "whole", whole=True)
    assert contents(tmp_path / "streamed") == contents(tmp_path / "whole")


def test_streamed_and_whole_runs_of_a_sharded_model(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "source", "qwen3", dtype="bfloat16")
    load_plain(folder, torch.bfloat16).save_pretrained(folder, max_shard_size="40KB")
    (folder / "model.safetensors").unlink(missing_ok=True)
    assert len(list(folder.glob("*.safetensors"))) > 1
    prune_into(folder, tmp_path / "streamed")
    prune_into(folder, tmp_path / "whole", whole=True)
    assert contents(tmp_path / "streamed") == contents(tmp_path / "whole")


@pytest.mark.parametrize("family", ["llama", "cohere"])
def test_what_is_written_is_what_was_measured(saved: Saved, tmp_path: Path, family: str) -> None:
    """The walk's sparse losses, to the last bit, from a walk over the written checkpoint."""
    measured = walk(saved(family), [pruned_by("sparsegpt", "50%")], evaluation()).result.losses["pruned"]
    prune_into(saved(family), tmp_path / "out")
    again = walk(tmp_path / "out", groups=evaluation()).result.losses["dense"]
    assert all(torch.equal(again[label], values) for label, values in measured.items())


def test_cutting_changes_no_tensor(saved: Saved, tmp_path: Path) -> None:
    prune_into(saved("mistral"), tmp_path / "one")
    prune_into(saved("mistral"), tmp_path / "many", limit=30_000)
    assert len(list((tmp_path / "many").glob("*.safetensors"))) > 2
    one, many = load_plain(tmp_path / "one").state_dict(), load_plain(tmp_path / "many").state_dict()
    assert all(torch.equal(one[name], many[name]) for name in one)


def test_what_is_not_pruned_is_the_sources(saved: Saved, tmp_path: Path) -> None:
    """Embeddings, norms, head: byte for byte; every matrix of a block: changed."""
    prune_into(saved("qwen3"), tmp_path / "out", "wanda")
    before, after = load_plain(saved("qwen3")).state_dict(), load_plain(tmp_path / "out").state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {name for name in before if name.endswith("_proj.weight")}
    for name in changed:
        assert int((after[name] == 0).sum()) == after[name].shape[0] * (after[name].shape[1] // 2)
