"""Writing the pruned checkpoint: shards like the source's, filled in place while the walk goes on.

Every output file is made at its full size at once and each finished tensor is written to its place; what was not
written is copied from the source by byte range at the end. Files keep the source's names, headers and order; only
where a source file has more than 5 GB is the checkpoint cut anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import torch

from hubprune.checkpoint.files import INDEX_FILE, SINGLE_FILE, CheckpointFiles
from hubprune.checkpoint.tensorfile import TensorEntry, encode_header, read_into
from hubprune.checkpoint.tensors import StreamedTensors, Tensors, WholeTensors

MAX_SHARD_BYTES = 5_000_000_000
COPY_BYTES = 1 << 24


class Writer(Protocol):
    """Takes finished tensors under the names of the module tree."""

    def write(self, name: str, tensor: torch.Tensor) -> None: ...

    def close(self) -> list[str]:
        """Finish the files and return their names."""
        ...


def open_writer(out: Path, tensors: Tensors, max_shard_bytes: int = MAX_SHARD_BYTES) -> Writer:
    """The writer that fits where the tensors come from."""
    if isinstance(tensors, (StreamedTensors, WholeTensors)) and tensors.stored_names:
        return ShardWriter(out, tensors.files, tensors.stored_names, max_shard_bytes)
    assert isinstance(tensors, WholeTensors)
    return WholeWriter(out, tensors, max_shard_bytes)


class ShardWriter:
    """Writes tensors in place into copies of the source's shards."""

    def __init__(self, out: Path, files: CheckpointFiles, stored_names: dict[str, str], max_shard_bytes: int) -> None:
        self.stored_names = stored_names
        self.place: dict[str, tuple[Path, int, TensorEntry]] = {}  # name in the files -> (file, data offset, entry)
        self.names = []
        shards = _shards(files, max_shard_bytes)
        for name, (header, entries) in shards.items():
            path = out / name
            size = len(header) + max((entry.end for entry in entries.values()), default=0)
            if not _begun(path, header, size):
                with path.open("wb") as file:
                    file.write(header)
                    file.truncate(size)
                    if hasattr(os, "posix_fallocate"):  # a disk that is too small says so now, not after hours
                        os.posix_fallocate(file.fileno(), 0, size)
            for entry in entries.values():
                self.place[entry.name] = (path, len(header), entry)
            self.names.append(name)
        self.files, self.left = files, dict.fromkeys(self.place)  # not written yet
        if len(shards) > 1 or files.indexed:
            self.names.append(_write_index(out, files, shards))

    def _copy(self, name: str) -> None:
        source, entry = self.files.where[name], self.files.entry(name)
        path, offset, target = self.place[name]
        with source.path.open("rb") as reader, path.open("r+b") as writer:
            reader.seek(len(source.header) + entry.start)
            writer.seek(offset + target.start)
            left = entry.nbytes
            while left:
                piece = reader.read(min(COPY_BYTES, left))
                if not piece:
                    raise OSError(f"{source.path.name} ended early")
                writer.write(piece)
                left -= len(piece)

    def write(self, name: str, tensor: torch.Tensor) -> None:
        """Put a tensor into its place; dtype and shape must be those of the source."""
        path, offset, entry = self.place[self.stored_names[name]]
        if tensor.dtype != entry.dtype or tuple(tensor.shape) != entry.shape:
            raise ValueError(f"{name} is {tensor.dtype} {tuple(tensor.shape)}, the source {entry.dtype} {entry.shape}")
        raw = tensor.contiguous().flatten().view(torch.uint8).numpy().data
        descriptor = os.open(path, os.O_WRONLY)
        try:
            done = 0
            while done < len(raw):
                done += os.pwrite(descriptor, raw[done:], offset + entry.start + done)
        finally:
            os.close(descriptor)
        self.left.pop(entry.name, None)

    def read(self, name: str) -> torch.Tensor:
        """A tensor that was written, from its place in the output."""
        path, offset, entry = self.place[self.stored_names[name]]
        raw = torch.empty(entry.nbytes, dtype=torch.uint8)
        read_into(path, raw.numpy().data, offset + entry.start)
        return raw.view(entry.dtype).view(entry.shape)

    def have(self, names: Iterable[str]) -> None:
        """These tensors were written before, by a run that this one goes on with."""
        for name in names:
            self.left.pop(self.stored_names[name], None)

    def flush(self) -> None:
        """What has been written is on the disk."""
        for path in {path for path, _, _ in self.place.values()}:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def close(self) -> list[str]:
        """Copy what was not written from the source."""
        for name in self.left:
            self._copy(name)
        self.flush()
        return self.names


def _begun(path: Path, header: bytes, size: int) -> bool:
    """Whether an earlier run made this file with this header and size."""
    if not path.is_file() or path.stat().st_size != size:
        return False
    with path.open("rb") as file:
        return file.read(len(header)) == header


class WholeWriter:
    """Puts tensors back into the model that was loaded whole; transformers saves it under the source's names."""

    def __init__(self, out: Path, tensors: WholeTensors, max_shard_bytes: int) -> None:
        self.out, self.tensors, self.max_shard_bytes = out, tensors, max_shard_bytes

    def write(self, name: str, tensor: torch.Tensor) -> None:
        self.tensors.state[name].copy_(tensor)

    def close(self) -> list[str]:
        self.tensors.model.save_pretrained(self.out, max_shard_size=self.max_shard_bytes)
        return sorted(path.name for path in self.out.glob("*.safetensors*"))


def _shards(files: CheckpointFiles, limit: int) -> dict[str, tuple[bytes, dict[str, TensorEntry]]]:
    """File name -> (header, entries) of the output: the source's own, or split where one is over the limit."""
    if all(file.size <= limit for file in files.files.values()):
        return {name: (file.header, file.entries) for name, file in files.files.items()}
    groups: list[dict[str, TensorEntry]] = [{}]
    for file in files.files.values():
        for entry in sorted(file.entries.values(), key=lambda entry: entry.start):
            if groups[-1] and sum(e.nbytes for e in groups[-1].values()) + entry.nbytes > limit:
                groups.append({})
            groups[-1][entry.name] = entry
    plain = {
        name: {key: (e.dtype, e.shape) for key, e in group.items()}
        for name, group in zip(_names(len(groups)), groups, strict=True)
    }
    return {name: encode_header(group, {"format": "pt"}) for name, group in plain.items()}


def _names(count: int) -> list[str]:
    return [f"model-{i + 1:05d}-of-{count:05d}.safetensors" for i in range(count)] if count > 1 else [SINGLE_FILE]


def _write_index(out: Path, files: CheckpointFiles, shards: dict[str, tuple[bytes, dict[str, TensorEntry]]]) -> str:
    """The source's index byte for byte where the shards are the source's, else one that names the new files."""
    ours = {name: entries for name, (_, entries) in shards.items()}
    if files.indexed and ours == {name: file.entries for name, file in files.files.items()}:
        (out / INDEX_FILE).write_bytes((files.folder / INDEX_FILE).read_bytes())
    else:
        total = sum(entry.nbytes for _, entries in shards.values() for entry in entries.values())
        weight_map = {entry: name for name, (_, entries) in sorted(shards.items()) for entry in entries}
        index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(weight_map.items()))}
        (out / INDEX_FILE).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
    return INDEX_FILE
