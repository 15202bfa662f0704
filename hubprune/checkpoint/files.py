"""The weight files of a checkpoint folder as one table: tensor name -> file and range."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

import torch

from hubprune.checkpoint.tensorfile import TensorEntry, TensorFile
from hubprune.errors import CheckpointDamaged, NoSafetensors

SINGLE_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"


@dataclass(frozen=True)
class CheckpointFiles:
    """All safetensors files a checkpoint's index names, headers checked."""

    folder: Path
    files: dict[str, TensorFile]  # file name -> file, in the index's order
    indexed: bool

    @classmethod
    def open(cls, folder: Path) -> CheckpointFiles:
        """Open `model.safetensors`, or the files that the index names.

        Raises NoSafetensors where there are none, CheckpointDamaged where index and files contradict each other.
        """
        index = folder / INDEX_FILE
        if not index.is_file():
            if not (folder / SINGLE_FILE).is_file():
                raise NoSafetensors(
                    f"{folder.name} has no safetensors weights.",
                    "hubprune loads no pickle files; convert the model to safetensors first.",
                )
            return cls(folder, {SINGLE_FILE: TensorFile.open(folder / SINGLE_FILE)}, indexed=False)
        weight_map = read_index(index)
        files = {}
        for name in dict.fromkeys(weight_map.values()):
            if not (folder / name).is_file():
                raise CheckpointDamaged(f"The index names {name}, which is missing.", "Download the model again.")
            files[name] = TensorFile.open(folder / name)
        held = [(tensor, name) for name, file in files.items() for tensor in file.entries]
        if len({tensor for tensor, _ in held}) != len(held):
            raise CheckpointDamaged("A tensor occurs in two weight files.", "Use another revision of the model.")
        if lost := sorted(set(weight_map.items()) - set(held)):
            raise CheckpointDamaged(
                f"The index names {lost[0][0]}, which {lost[0][1]} lacks.", "Download the model again."
            )
        return cls(folder, files, indexed=True)

    @cached_property
    def where(self) -> dict[str, TensorFile]:
        """Tensor name -> the file that holds it."""
        return {tensor: file for file in self.files.values() for tensor in file.entries}

    def entry(self, name: str) -> TensorEntry:
        return self.where[name].entries[name]

    def read(self, name: str) -> torch.Tensor:
        """The stored tensor; raises CheckpointDamaged where a floating-point tensor holds NaN or Inf."""
        tensor = self.where[name].read(name)
        refuse_nan(name, tensor)
        return tensor

    @property
    def nbytes(self) -> int:
        return sum(file.size for file in self.files.values())

    @property
    def parameters(self) -> int:
        return sum(math.prod(entry.shape) for file in self.files.values() for entry in file.entries.values())


def refuse_nan(name: str, tensor: torch.Tensor) -> None:
    """Raise CheckpointDamaged where a floating-point tensor holds NaN or Inf."""
    if tensor.dtype in (torch.float32, torch.float16, torch.bfloat16, torch.float64) and not is_finite(tensor):
        raise CheckpointDamaged(f"The weight {name} holds NaN or Inf.", "Use another revision of the model.")


def is_finite(tensor: torch.Tensor) -> bool:
    """True where no element is NaN or Inf. Read in pieces of 4 M elements, so that no full-size mask is made."""
    flat = tensor.reshape(-1)
    step = 1 << 22
    return all(bool(torch.isfinite(flat[at : at + step]).all()) for at in range(0, flat.numel(), step))


def read_index(path: Path) -> dict[str, str]:
    """The index's weight map; every file name in it must be a plain name inside the folder."""
    try:
        weight_map = json.loads(path.read_text(encoding="utf-8"))["weight_map"]
        names = set(weight_map.values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointDamaged(f"The index {path.name} cannot be read.", "Download the model again.") from error
    for name in names:
        if (
            not isinstance(name, str)
            or PurePosixPath(name).name != name
            or "\\" in name
            or not name.endswith(".safetensors")
        ):
            raise CheckpointDamaged(
                f"The index names the weight file {name!r}, which is not a safetensors file of its own folder.",
                "Do not use this repository.",
            )
    return weight_map
