"""The table of a checkpoint's files: the index and the files must agree, and no name leads out of the folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from hubprune.checkpoint.files import INDEX_FILE, SINGLE_FILE, CheckpointFiles, is_finite
from hubprune.errors import CheckpointDamaged, NoSafetensors

ONE, TWO = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"


def sharded(folder: Path, weight_map: Any, files: dict[str, dict[str, torch.Tensor]]) -> Path:
    for name, tensors in files.items():
        save_file(tensors, folder / name)
    (folder / INDEX_FILE).write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    return folder


def refused(folder: Path, reason: str) -> CheckpointDamaged:
    with pytest.raises(CheckpointDamaged, match=reason) as caught:
        CheckpointFiles.open(folder)
    return caught.value


def test_one_file(tmp_path: Path) -> None:
    save_file({"a": torch.ones(3), "b": torch.arange(4)}, tmp_path / SINGLE_FILE)
    files = CheckpointFiles.open(tmp_path)
    assert (files.indexed, list(files.files), set(files.where)) == (False, [SINGLE_FILE], {"a", "b"})
    assert files.read("b").tolist() == [0, 1, 2, 3]
    assert files.nbytes == (tmp_path / SINGLE_FILE).stat().st_size


def test_several_files(tmp_path: Path) -> None:
    sharded(tmp_path, {"a": ONE, "b": TWO}, {ONE: {"a": torch.ones(3)}, TWO: {"b": torch.zeros(2, 2)}})
    files = CheckpointFiles.open(tmp_path)
    assert (files.indexed, list(files.files)) == (True, [ONE, TWO])
    assert files.entry("b").shape == (2, 2)
    assert files.read("a").tolist() == [1, 1, 1]


def test_the_index_counts_where_both_are_there(tmp_path: Path) -> None:
    """As in hubprune.hub, which fetches what the index names."""
    save_file({"stale": torch.ones(1)}, tmp_path / SINGLE_FILE)
    sharded(tmp_path, {"a": ONE}, {ONE: {"a": torch.ones(3)}})
    assert set(CheckpointFiles.open(tmp_path).where) == {"a"}


@pytest.mark.parametrize("present", [[], ["pytorch_model.bin"]])
def test_no_safetensors(tmp_path: Path, present: list[str]) -> None:
    for name in present:
        (tmp_path / name).write_bytes(b"pickle")
    with pytest.raises(NoSafetensors) as caught:
        CheckpointFiles.open(tmp_path)
    assert "convert" in caught.value.next_step


@pytest.mark.parametrize(
    "name",
    [
        "../secret.safetensors",
        "/etc/x.safetensors",
        "sub/x.safetensors",
        "..\\x.safetensors",
        "..",
        "",
        ".",
        "x.bin",
        7,
        None,
        ["x.safetensors"],
        "x.safetensors/",
        "./x.safetensors",
    ],
)
def test_an_index_that_leaves_its_folder(tmp_path: Path, name: Any) -> None:
    inside = tmp_path / "model"
    (inside / "sub").mkdir(parents=True)
    for place in (tmp_path / "secret.safetensors", inside / "sub" / "x.safetensors", inside / "x.safetensors"):
        save_file({"a": torch.ones(1)}, place)
    sharded(inside, {"a": name}, {})
    refused(inside, "not a safetensors file of its own folder|cannot be read")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"weight_map": []}', '{"weight_map": null}', "\udcff"])
def test_an_index_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / INDEX_FILE).write_bytes(text.encode("utf-8", "surrogateescape"))
    refused(tmp_path, "cannot be read")


def test_a_missing_file(tmp_path: Path) -> None:
    sharded(tmp_path, {"a": ONE, "b": TWO}, {ONE: {"a": torch.ones(3)}})
    refused(tmp_path, f"names {TWO}, which is missing")


def test_a_tensor_that_its_file_lacks(tmp_path: Path) -> None:
    sharded(tmp_path, {"a": ONE, "b": ONE}, {ONE: {"a": torch.ones(3)}})
    refused(tmp_path, f"names b, which {ONE} lacks")


def test_a_tensor_in_another_file_than_the_index_says(tmp_path: Path) -> None:
    files = {ONE: {"a": torch.ones(3)}, TWO: {"b": torch.ones(3), "c": torch.ones(1)}}
    sharded(tmp_path, {"a": ONE, "b": ONE, "c": TWO}, files)
    refused(tmp_path, f"names b, which {ONE} lacks")


def test_a_tensor_in_two_files(tmp_path: Path) -> None:
    sharded(tmp_path, {"a": ONE, "b": TWO}, {ONE: {"a": torch.ones(3)}, TWO: {"a": torch.ones(3), "b": torch.ones(1)}})
    refused(tmp_path, "occurs in two weight files")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_a_weight_that_is_no_number(tmp_path: Path, bad: float, dtype: torch.dtype) -> None:
    weight = torch.ones(40, 40, dtype=dtype)
    weight[31, 7] = bad
    save_file({"fine": torch.ones(2), "bad": weight}, tmp_path / SINGLE_FILE)
    files = CheckpointFiles.open(tmp_path)
    assert files.read("fine").tolist() == [1, 1]
    with pytest.raises(CheckpointDamaged, match="The weight bad holds NaN or Inf"):
        files.read("bad")


def test_is_finite_looks_at_every_piece() -> None:
    """Pieces of 4 M elements: the last element of the last, short piece counts too."""
    weight = torch.zeros((1 << 22) + 3, dtype=torch.bfloat16)
    assert is_finite(weight)
    weight[-1] = float("inf")
    assert not is_finite(weight)
    assert is_finite(torch.empty(0))
