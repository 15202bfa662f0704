"""Safetensors files: headers checked before they are believed, tensors read and written by byte range.

Format: 8 bytes little-endian length, a JSON header of that length, then the tensors' bytes
(https://huggingface.co/docs/safetensors). Reading by range instead of mapping keeps the memory of a run at what is
in use.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from hubprune.errors import CheckpointDamaged

MAX_HEADER_BYTES = 100_000_000  # the limit of the safetensors library

DTYPES: dict[str, torch.dtype] = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


@dataclass(frozen=True)
class TensorEntry:
    """Where one tensor lies: dtype, shape, and its bytes [start, end) counted from the end of the header."""

    name: str
    dtype: torch.dtype
    shape: tuple[int, ...]
    start: int
    end: int

    @property
    def nbytes(self) -> int:
        return self.end - self.start


@dataclass(frozen=True)
class TensorFile:
    """One safetensors file whose header has been checked against the file's size."""

    path: Path
    header: bytes  # the length prefix and the JSON, as they stand in the file
    entries: dict[str, TensorEntry]
    size: int

    @classmethod
    def open(cls, path: Path) -> TensorFile:
        """Read and check the header; raises CheckpointDamaged with the first contradiction."""
        size = path.stat().st_size
        with path.open("rb") as file:
            prefix = file.read(8)
            length = int.from_bytes(prefix, "little")
            if len(prefix) < 8 or not 2 <= length <= MAX_HEADER_BYTES or 8 + length > size:
                raise _damaged(path, "its header length is impossible")
            raw = file.read(length)
        try:
            header = json.loads(raw, object_pairs_hook=_no_duplicates)
            if not isinstance(header, dict):
                raise ValueError("not an object")
            header.pop("__metadata__", None)
            entries = {name: _entry(name, info) for name, info in header.items()}
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise _damaged(path, f"its header cannot be read ({str(error)[:200]})") from error
        _check_ranges(path, entries, size - 8 - length)
        return cls(path, prefix + raw, entries, size)

    def read(self, name: str) -> torch.Tensor:
        """A fresh tensor with the stored dtype and shape. Bool and float8 come back as stored."""
        entry = self.entries[name]
        raw = torch.empty(entry.nbytes, dtype=torch.uint8)
        if entry.nbytes:
            read_into(self.path, raw.numpy().data, len(self.header) + entry.start)
        return raw.view(entry.dtype).view(entry.shape) if entry.nbytes else torch.empty(entry.shape, dtype=entry.dtype)


def read_into(path: Path, view: memoryview, offset: int) -> None:
    """Fill `view` with the file's bytes from `offset` on; a file that ends early is damaged."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        done = 0
        while done < len(view):
            count = os.preadv(descriptor, [view[done : done + (1 << 30)]], offset + done)
            if count == 0:
                raise _damaged(path, "it ends before its last tensor")
            done += count
    finally:
        os.close(descriptor)


def encode_header(
    tensors: dict[str, tuple[torch.dtype, tuple[int, ...]]], metadata: dict[str, str]
) -> tuple[bytes, dict[str, TensorEntry]]:
    """Length prefix and JSON header for tensors laid out one after the other in the given order, padded to 8 bytes."""
    names = {dtype: name for name, dtype in DTYPES.items()}
    header: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
    entries: dict[str, TensorEntry] = {}
    at = 0
    for name, (dtype, shape) in tensors.items():
        end = at + math.prod(shape) * dtype.itemsize
        entries[name] = TensorEntry(name, dtype, tuple(shape), at, end)
        header[name] = {"dtype": names[dtype], "shape": list(shape), "data_offsets": [at, end]}
        at = end
    raw = json.dumps(header, separators=(",", ":")).encode()
    raw += b" " * (-len(raw) % 8)
    return len(raw).to_bytes(8, "little") + raw, entries


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _entry(name: str, info: dict[str, Any]) -> TensorEntry:
    dtype, shape, (start, end) = info["dtype"], info["shape"], info["data_offsets"]
    if dtype not in DTYPES:
        raise ValueError(f"{name} has the unknown dtype {dtype!r}")
    whole = [*shape, start, end]
    if any(isinstance(n, bool) or not isinstance(n, int) or n < 0 for n in whole):
        raise ValueError(f"{name} has an impossible shape or range")
    if end - start != math.prod(shape) * DTYPES[dtype].itemsize:
        raise ValueError(f"{name} has a range that does not fit its shape")
    return TensorEntry(name, DTYPES[dtype], tuple(shape), start, end)


def _check_ranges(path: Path, entries: dict[str, TensorEntry], room: int) -> None:
    """Ranges must tile the file's data section: no overlap, no hole, nothing beyond the end."""
    at = 0
    for entry in sorted(entries.values(), key=lambda entry: (entry.start, entry.end)):
        if entry.start != at:
            raise _damaged(
                path, f"the range of {entry.name} {'overlaps another' if entry.start < at else 'leaves a hole'}"
            )
        at = entry.end
    if at != room:
        raise _damaged(path, f"it holds {room:,} bytes of tensors where its header says {at:,}")


def _damaged(path: Path, reason: str) -> CheckpointDamaged:
    return CheckpointDamaged(
        f"The weight file {path.name} is damaged: {reason}.",
        "Delete it from the cache and run again; if it stays, the repository itself is damaged.",
    )
