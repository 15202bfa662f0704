"""The control's pruned blocks on disk, so that it can write text too although it is never published.

One safetensors file for each block holds the tensors that differ from the dense model's, under their names there.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from hubprune.errors import CheckpointDamaged
from hubprune.run.state import sync_folder

FOLDER = "control"


class Overlay:
    """The changed tensors of a model in a folder."""

    def __init__(self, folder: Path, prefix: str) -> None:
        self.folder, self.prefix = folder, prefix

    def write(self, block: int, tensors: dict[str, torch.Tensor]) -> None:
        """Keep a block's changed tensors; `tensors` by their local names. Safe on disk when this returns."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{block:04d}.safetensors"
        temporary = path.with_suffix(".new")
        named = {f"{self.prefix}.{block}.{name}": tensor.contiguous() for name, tensor in tensors.items()}
        save_file(named, temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync_folder(self.folder)

    def put_on(self, model: Any, blocks: int) -> None:
        """Overwrite the dense model's tensors with these. Raises CheckpointDamaged unless all blocks are there."""
        parameters = dict(model.named_parameters())
        paths = sorted(self.folder.glob("*.safetensors"))
        if len(paths) != blocks:
            raise CheckpointDamaged(
                f"Only {len(paths)} of {blocks} blocks of the control were kept.", "Start over with --fresh."
            )
        with torch.no_grad():
            for path in paths:
                with safe_open(path, "pt") as file:
                    for name in file.keys():  # noqa: SIM118 - safe_open is no mapping
                        parameters[name].copy_(file.get_tensor(name))

    def forget(self) -> None:
        """Delete the files."""
        shutil.rmtree(self.folder, ignore_errors=True)
