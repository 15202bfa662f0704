"""Safetensors files: the library and ours agree on every bit; a header that lies is refused before it is believed."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load, load_file, save_file

from hubprune.checkpoint.tensorfile import DTYPES, MAX_HEADER_BYTES, TensorFile, encode_header
from hubprune.errors import CheckpointDamaged

SHAPES = st.lists(st.integers(0, 4), max_size=3).map(tuple)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(lambda n: n != "__metadata__")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


def write(path: Path, header: Any, data: bytes = b"", *, length: int | None = None) -> Path:
    """A file with the given header (JSON text as bytes, or an object to dump) and tensor bytes."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes((len(raw) if length is None else length).to_bytes(8, "little") + raw + data)
    return path


def info(start: int, end: int, shape: list[Any] | None = None, dtype: Any = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": [(end - start) // 4] if shape is None else shape, "data_offsets": [start, end]}


def refused(path: Path, reason: str) -> None:
    with pytest.raises(CheckpointDamaged, match=reason) as caught:
        TensorFile.open(path)
    assert path.name in caught.value.sentence
    assert caught.value.next_step


@given(st.dictionaries(NAMES, st.tuples(st.sampled_from(sorted(DTYPES)), SHAPES), max_size=6), st.booleans())
def test_what_the_library_reads_is_read_the_same(folder: Path, tensors: dict[str, Any], metadata: bool) -> None:
    """encode_header lays tensors out; the safetensors library and TensorFile agree on every byte."""
    plain = {name: (DTYPES[dtype], shape) for name, (dtype, shape) in tensors.items()}
    header, entries = encode_header(plain, {"format": "pt"} if metadata else {})
    size = sum(entry.nbytes for entry in entries.values())
    data = bytes(i % 2 for i in range(size))  # valid bytes of every dtype, bool included
    path = folder / "any.safetensors"
    path.write_bytes(header + data)
    file, theirs = TensorFile.open(path), load(path.read_bytes())
    assert file.entries == entries
    assert file.header == header
    assert len(header) % 8 == 0
    assert set(theirs) == set(plain)
    for name, (dtype, shape) in plain.items():
        ours = file.read(name)
        assert (ours.dtype, tuple(ours.shape)) == (dtype, shape)
        assert ours.flatten().view(torch.uint8).tolist() == theirs[name].flatten().view(torch.uint8).tolist()


@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.bool]
)
def test_every_element_comes_back(folder: Path, dtype: torch.dtype) -> None:
    tensor = (torch.randn(7, 5, generator=torch.Generator().manual_seed(0)) * 9).to(dtype)
    path = folder / "one.safetensors"
    save_file({"a": torch.zeros(3), "t": tensor, "scalar": torch.tensor(2.5)}, path)
    file = TensorFile.open(path)
    assert torch.equal(file.read("t"), load_file(path)["t"])
    assert float(file.read("scalar")) == 2.5
    assert file.size == path.stat().st_size
    fresh = file.read("t")
    fresh.zero_()
    assert torch.equal(file.read("t"), tensor)  # a copy: the caller may write into it


HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
ALMOST = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.fixed_dictionaries(
        {
            "dtype": st.sampled_from(["F32", "BF16", "U8"]) | HOSTILE,
            "shape": st.lists(st.integers(-1, 5) | st.booleans() | st.floats(0, 4), max_size=3) | HOSTILE,
            "data_offsets": st.lists(st.integers(-4, 40), min_size=2, max_size=2) | HOSTILE,
        }
    ),
    max_size=3,
)


@given(HOSTILE | ALMOST, st.integers(0, 40), st.integers(-3, 3))
def test_a_header_is_refused_or_tiles_the_file(folder: Path, header: Any, size: int, shift: int) -> None:
    """Whatever the header says, the answer is CheckpointDamaged or entries that cover the data exactly, none twice."""
    raw = json.dumps(header).encode()
    path = write(folder / "hostile.safetensors", raw, bytes(size), length=max(0, len(raw) + shift))
    try:
        file = TensorFile.open(path)
    except CheckpointDamaged:
        return
    covered = sorted((entry.start, entry.end) for entry in file.entries.values())
    assert [start for start, _ in covered] == [0, *(end for _, end in covered)][: len(covered)]
    assert len(file.header) + (covered[-1][1] if covered else 0) == path.stat().st_size
    for name, entry in file.entries.items():
        assert (
            file.read(name).numel() * entry.dtype.itemsize
            == entry.nbytes
            == math.prod(entry.shape) * entry.dtype.itemsize
        )


@given(st.binary(max_size=60))
def test_random_bytes_raise_nothing_else(folder: Path, raw: bytes) -> None:
    path = folder / "noise.safetensors"
    path.write_bytes(raw)
    with suppress(CheckpointDamaged):
        TensorFile.open(path)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"a": info(0, 8), "b": info(4, 12)}, "the range of b overlaps another"),
        ({"a": info(0, 8), "b": info(12, 16)}, "the range of b leaves a hole"),
        ({"a": info(4, 16)}, "the range of a leaves a hole"),
        ({"a": info(0, 12)}, "holds 16 bytes of tensors where its header says 12"),
        ({"a": info(0, 20)}, "holds 16 bytes of tensors where its header says 20"),
        ({"a": info(0, 16, [5])}, "does not fit its shape"),
        ({"a": info(0, 16, [2, 2], "F16")}, "does not fit its shape"),
        ({"a": info(0, 16, [-2, -2])}, "impossible shape or range"),
        ({"a": info(0, 16, [True, 4])}, "impossible shape or range"),
        ({"a": info(0, 16, [4.0])}, "impossible shape or range"),
        ({"a": info(16, 0, [4])}, "does not fit its shape"),
        ({"a": info(0, 16, dtype="F128")}, "unknown dtype 'F128'"),
        ({"a": info(0, 16, dtype=["F32"])}, "cannot be read"),
        ({"a": {"dtype": "F32", "shape": [4]}}, "data_offsets"),
        ({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 4, 16]}}, "cannot be read"),
        ({"a": None}, "cannot be read"),
        ([1, 2], "not an object"),
        (b"{ ", "cannot be read"),
        (b'{"a": \xff\xfe}', "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
    ],
)
def test_headers_that_lie(folder: Path, header: Any, reason: str) -> None:
    refused(write(folder / "lie.safetensors", header, bytes(16)), reason)


def test_a_name_that_occurs_twice(folder: Path) -> None:
    entry = json.dumps(info(0, 16))
    refused(write(folder / "twice.safetensors", f'{{"a": {entry}, "a": {entry}}}'.encode(), bytes(16)), "occurs twice")


@pytest.mark.parametrize("length", [0, 1, 10**6, MAX_HEADER_BYTES + 1, 2**63, 2**64 - 1])
def test_header_lengths_that_cannot_be(folder: Path, length: int) -> None:
    """A length is compared with the file before memory is taken for it."""
    refused(
        write(folder / "length.safetensors", {"a": info(0, 16)}, bytes(16), length=length),
        "header length is impossible",
    )


@pytest.mark.parametrize("size", [0, 7, 8, 40, 90])
def test_files_that_end_early(folder: Path, size: int) -> None:
    whole = folder / "whole.safetensors"
    save_file({"a": torch.ones(16)}, whole)
    cut = folder / "cut.safetensors"
    cut.write_bytes(whole.read_bytes()[:size])
    refused(cut, "impossible|holds")


def test_a_file_that_shrinks_after_it_was_opened(folder: Path) -> None:
    path = folder / "shrinks.safetensors"
    save_file({"a": torch.ones(16)}, path)
    file = TensorFile.open(path)
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(CheckpointDamaged, match="ends before its last tensor"):
        file.read("a")


def test_metadata_and_empty_tensors_are_no_tensors_data(folder: Path) -> None:
    path = folder / "empty.safetensors"
    save_file({"none": torch.empty(0, 3), "a": torch.ones(2)}, path, metadata={"format": "pt"})
    file = TensorFile.open(path)
    assert set(file.entries) == {"none", "a"}
    assert file.read("none").shape == (0, 3)
