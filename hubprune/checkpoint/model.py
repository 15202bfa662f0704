"""A checkpoint folder and the module tree that belongs to it: configuration, names, what can be pruned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hubprune.checkpoint.files import CheckpointFiles
from hubprune.checkpoint.skeleton import Skeleton
from hubprune.checkpoint.tensors import StreamedTensors, Tensors, line_up, load_whole
from hubprune.errors import CheckpointDamaged, UnsupportedArchitecture


def read_config(folder: Path, *, trust_remote_code: bool = False) -> Any:
    """The transformers configuration of a folder; raises UnsupportedArchitecture where its class is not known."""
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(folder, trust_remote_code=trust_remote_code)
    except (ValueError, KeyError, OSError) as error:
        first = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise UnsupportedArchitecture(
            f"The configuration of {folder.name} cannot be used: {first}",
            "Use a model of a class that transformers knows.",
        ) from error


def open_tensors(folder: Path, skeleton: Skeleton, *, whole: bool = False, trust_remote_code: bool = False) -> Tensors:
    """The tensors of a folder under the names of a skeleton's module tree.

    They are streamed where the names line up, else (or where `whole` asks for it) the model is loaded whole.
    """
    files = CheckpointFiles.open(folder)
    names = stored_names(skeleton, {name: files.entry(name).shape for name in files.where})
    if names is None or whole:
        return load_whole(folder, files, names, trust_remote_code=trust_remote_code)
    return StreamedTensors(files, names)


def stored_names(skeleton: Skeleton, stored: dict[str, tuple[int, ...]]) -> dict[str, str] | None:
    """Name in the module tree -> name in the files, or None where they do not line up (see `tensors.line_up`)."""
    model = skeleton.model
    shapes = {name: tensor.shape for name, tensor in model.state_dict().items()}
    tie = getattr(model.config.get_text_config(decoder=True), "tie_word_embeddings", False)
    tied = set(model._tied_weights_keys or {}) if tie else set()
    return line_up(shapes, tied, model.base_model_prefix, stored)


def check_vocabulary(skeleton: Skeleton, vocabulary: int) -> None:
    """Refuse a tokenizer with more tokens than the model has embeddings."""
    rows = skeleton.model.get_input_embeddings().weight.shape[0]
    if vocabulary > rows:
        raise CheckpointDamaged(
            f"The tokenizer has {vocabulary:,} tokens, the model embeds {rows:,}.", "Use another revision of the model."
        )
