"""The headers of weight files, read and checked: no weights are downloaded."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from huggingface_hub import parse_local_safetensors_file_metadata
from huggingface_hub.errors import HFValidationError, SafetensorsParsingError
from huggingface_hub.utils import SafetensorsFileMetadata

from hubprune.errors import CheckpointDamaged
from hubprune.hub.client import Hub
from hubprune.hub.files import AGAIN
from hubprune.hub.retry import patiently
from hubprune.hub.source import Source

Tensors = dict[str, tuple[str, tuple[int, ...]]]  # name -> (dtype as in the header, e.g. "BF16"; shape)

BITS = {
    **{"BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "U16": 16, "I16": 16, "F16": 16, "BF16": 16},
    **{"U32": 32, "I32": 32, "F32": 32, "U64": 64, "I64": 64, "F64": 64},
}
TRIES = 2
UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError)


def local_tensors(source: Source, path: Path) -> Tensors:
    """The tensors that the header of a file on this machine names. Raises CheckpointDamaged."""
    try:
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
        header = parse_local_safetensors_file_metadata(path)
    except UNREADABLE as error:
        raise _unreadable(source, path.name) from error
    return checked(source, path.name, header, path.stat().st_size - 8 - length)


def remote_tensors(hub: Hub, source: Source, sizes: dict[str, int]) -> list[Tensors]:
    """The same for files on the Hub, from a part of each; `sizes` says how long they are. Raises CheckpointDamaged."""

    def tensors(name: str) -> Tensors:
        if sizes[name] < 8:
            raise CheckpointDamaged(f"{name} of {source.id} is too short for a weight file.", AGAIN)
        for attempt in range(TRIES):  # what is unreadable may have been damaged on its way
            try:
                header = patiently(
                    lambda: hub.api.parse_safetensors_file_metadata(source.id, name, revision=source.revision)
                )
                break
            except HFValidationError:
                raise
            except (SafetensorsParsingError, *UNREADABLE[1:]) as error:
                if attempt == TRIES - 1:
                    raise _unreadable(source, name) from error
        return checked(source, name, header, sizes[name] - 8)  # behind the header itself, whose length is not told

    with ThreadPoolExecutor(max_workers=8) as pool:
        return list(pool.map(tensors, sizes))


def checked(source: Source, name: str, header: SafetensorsFileMetadata, room: int) -> Tensors:
    """The tensors of a header whose shapes and ranges can be right, in a file with `room` bytes for them."""
    at = 0
    for key, tensor in sorted(header.tensors.items(), key=lambda item: _range(source, name, *item)):
        start, end = tensor.data_offsets
        bits = BITS.get(tensor.dtype)
        if bits and (end - start) * 8 != math.prod(tensor.shape) * bits:
            raise _damaged(source, name, f"the range of {key} does not fit its shape")
        if start < at and end > start:
            raise _damaged(source, name, f"the range of {key} overlaps another")
        at = max(at, end)
    if at > room:
        raise CheckpointDamaged(f"{name} of {source.id} ends before its last weight.", AGAIN)
    return {key: (tensor.dtype, tuple(tensor.shape)) for key, tensor in header.tensors.items()}


def _range(source: Source, name: str, key: str, tensor: Any) -> tuple[int, int]:
    """The range of a tensor, all of whose header is of the right types."""
    lists = isinstance(tensor.shape, (list, tuple)) and isinstance(tensor.data_offsets, (list, tuple))
    numbers = [*tensor.shape, *tensor.data_offsets] if lists and len(tensor.data_offsets) == 2 else [None]
    if not isinstance(tensor.dtype, str) or any(type(n) is not int or n < 0 for n in numbers):
        raise _damaged(source, name, f"its header says impossible things about {key}")
    start, end = tensor.data_offsets
    if start > end:
        raise _damaged(source, name, f"the range of {key} ends before it begins")
    return start, end


def _unreadable(source: Source, name: str) -> CheckpointDamaged:
    return CheckpointDamaged(f"{name} of {source.id} has no readable header.", AGAIN)


def _damaged(source: Source, name: str, reason: str) -> CheckpointDamaged:
    return CheckpointDamaged(f"{name} of {source.id} is damaged: {reason}.", AGAIN)
