"""Where a model's tensors come from: the files, one at a time, or a model that had to be loaded whole.

Names line up where every parameter of the module tree has a tensor of its name and shape in the files (or of its
name without the base model's prefix). Where they do not, transformers renames, splits or fuses while it loads; then
the model is loaded whole with it, and the plan says so.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Protocol

import torch

from hubprune.building import BUILDING
from hubprune.checkpoint.files import CheckpointFiles, refuse_nan
from hubprune.checkpoint.leftovers import is_known
from hubprune.errors import CheckpointDamaged, UnsupportedArchitecture


class Tensors(Protocol):
    """The stored tensors of a model under the names of its module tree."""

    streamed: bool

    def names(self) -> set[str]: ...

    def read(self, name: str) -> torch.Tensor:
        """The tensor in its stored dtype, in host memory. The caller may write into it."""
        ...


class StreamedTensors:
    """Tensors read from the files by name, nothing kept."""

    streamed = True

    def __init__(self, files: CheckpointFiles, stored_names: dict[str, str]) -> None:
        self.files = files
        self.stored_names = stored_names  # name in the module tree -> name in the files

    def names(self) -> set[str]:
        return set(self.stored_names)

    def read(self, name: str) -> torch.Tensor:
        return self.files.read(self.stored_names[name])


class WholeTensors:
    """Tensors of a model that transformers loaded whole, in the stored dtype.

    Where the names line up all the same, `stored_names` says where each tensor stands in the files.
    """

    streamed = False

    def __init__(self, model: Any, files: CheckpointFiles, stored_names: dict[str, str] | None = None) -> None:
        self.model, self.files, self.stored_names = model, files, stored_names
        self.state = model.state_dict()

    def names(self) -> set[str]:
        return set(self.stored_names or self.state)

    def read(self, name: str) -> torch.Tensor:
        tensor = self.state[name]
        refuse_nan(name, tensor)
        return tensor.clone()


def line_up(
    shapes: dict[str, torch.Size], tied: set[str], prefix: str, stored: dict[str, tuple[int, ...]]
) -> dict[str, str] | None:
    """Match the module tree's names with the files' names.

    Args:
        shapes: name -> shape of every parameter and persistent buffer of the module tree.
        tied: names that may be absent from the files because they share another tensor's memory.
        prefix: the base model's prefix, which some files leave out.
        stored: name -> shape of the tensors in the files.

    Returns:
        Name in the tree -> name in the files, without the absent tied names; None where they do not line up.
    """
    for shorten in (False, True):
        found = {}
        for name in shapes:
            candidate = name.removeprefix(prefix + ".") if shorten else name
            if candidate in stored:
                found[name] = candidate
        missing = set(shapes) - set(found) - tied
        if not missing and all(tuple(shapes[name]) == stored[found[name]] for name in found):
            return found
    return None


def load_whole(
    folder: Path, files: CheckpointFiles, stored_names: dict[str, str] | None = None, *, trust_remote_code: bool = False
) -> tuple[WholeTensors, set[str]]:
    """Load the model whole with transformers: (its tensors, names in the files that it did not take).

    Every tensor has its own dtype of the files. The configuration's is no guide: it often names another one.

    Raises CheckpointDamaged where weights would be left missing or do not fit, and UnsupportedArchitecture where one
    would be rounded.
    """
    from transformers import AutoModelForCausalLM

    sizes: Counter[torch.dtype] = Counter()
    for entry in (file.entries[name] for name, file in files.where.items()):
        sizes[entry.dtype] += entry.nbytes // entry.dtype.itemsize
    common = sizes.most_common(1)[0][0]
    try:
        with BUILDING:
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                folder,
                dtype=common,
                use_safetensors=True,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # refused below, with the shapes
                trust_remote_code=trust_remote_code,
            )
    except (ValueError, KeyError, TypeError, OSError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise CheckpointDamaged(
            f"transformers cannot load the model: {lines[0][:200]}", "Use another revision of the model."
        ) from error
    model, info = loaded
    for name, in_files, in_model in sorted(info.get("mismatched_keys") or ()):
        raise CheckpointDamaged(
            f"The weight {name} has the shape {tuple(in_files)} in the files, {tuple(in_model)} in the model.",
            "Use another revision of the model.",
        )
    if missing := sorted(map(str, info["missing_keys"])):
        others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise CheckpointDamaged(
            f"The weight files lack {missing[0]}{others}, which the model needs.", "Use another revision of the model."
        )
    unexpected = set(map(str, info["unexpected_keys"]))
    _keep_dtypes(model, files, stored_names, common, unexpected)
    return WholeTensors(model.eval(), files, stored_names), unexpected


@torch.no_grad()
def _keep_dtypes(
    model: Any, files: CheckpointFiles, stored_names: dict[str, str] | None, common: torch.dtype, unexpected: set[str]
) -> None:
    """Give the tensors that transformers rounded to the most common dtype, or converted, those of the files back.

    Raises UnsupportedArchitecture for one that has another name in the model, where the two cannot be matched.
    """
    matched = set(unexpected)
    for name, tensor in model.state_dict(keep_vars=True).items():
        stored = stored_names.get(name) if stored_names else name
        if stored is None or stored not in files.where or files.entry(stored).shape != tuple(tensor.shape):
            continue
        matched.add(stored)
        if tensor.dtype != files.entry(stored).dtype:
            tensor.data = files.where[stored].read(stored)
    for stored in sorted(files.where.keys() - matched):
        entry = files.entry(stored)
        if entry.dtype.is_floating_point and entry.dtype != common and not is_known(model, stored, entry.shape):
            raise UnsupportedArchitecture(
                f"{stored} is stored in another precision than most weights, and would be rounded when it is loaded.",
                "Save the model again in one precision.",
            )
