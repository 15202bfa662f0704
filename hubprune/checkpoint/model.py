"""A checkpoint folder and the module tree that belongs to it: configuration, names, what can be pruned."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from hubprune.checkpoint.configuration import check_memory, check_text, unusable
from hubprune.checkpoint.files import INDEX_FILE, SINGLE_FILE, CheckpointFiles
from hubprune.checkpoint.leftovers import refuse_leftovers
from hubprune.checkpoint.skeleton import Skeleton
from hubprune.checkpoint.tensors import StreamedTensors, Tensors, line_up, load_whole
from hubprune.errors import CheckpointDamaged, UnsupportedArchitecture


def read_config(folder: Path, *, stored: int | None = None, trust_remote_code: bool = False) -> Any:
    """The transformers configuration of a folder; `stored`: parameters of its weight files, if they lie elsewhere.

    Raises UnsupportedArchitecture where its class is not known, CheckpointDamaged where it cannot be right, and
    RemoteCodeNeeded where it asks for foreign code. No memory is taken for the sizes it names.
    """
    from huggingface_hub.errors import StrictDataclassError
    from transformers import AutoConfig

    check_text(folder)
    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=trust_remote_code)
    except (TypeError, AttributeError, ArithmeticError, IndexError, StrictDataclassError) as error:
        raise unusable(error, folder.name) from error
    except (ValueError, KeyError, OSError) as error:
        first = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        unknown = re.search(r"model type `([^`]*)` but Transformers does not recognize", first)
        reason = f"this version of transformers knows no model type {unknown[1]!r}" if unknown else first.rstrip(".")
        raise UnsupportedArchitecture(
            f"The configuration of {folder.name} cannot be used: {reason}.",
            "Use a model of a class that transformers knows.",
        ) from error
    check_memory(config, folder.name, _stored(folder) if stored is None else stored)
    return config


def _stored(folder: Path) -> int | None:
    """How many parameters the weight files in a folder hold; None where there are none."""
    files = any((folder / name).is_file() for name in (INDEX_FILE, SINGLE_FILE))
    return CheckpointFiles.open(folder).parameters if files else None


def open_tensors(folder: Path, skeleton: Skeleton, *, whole: bool = False, trust_remote_code: bool = False) -> Tensors:
    """The tensors of a folder under the names of a skeleton's module tree.

    They are streamed where the names line up, else (or where `whole` asks for it) the model is loaded whole.

    Raises CheckpointDamaged where they are not those of the model.
    """
    files = CheckpointFiles.open(folder)
    shapes = {name: files.entry(name).shape for name in files.where}
    names = stored_names(skeleton, shapes)
    if names is None or whole:
        whole_tensors, unexpected = load_whole(folder, files, names, trust_remote_code=trust_remote_code)
        refuse_leftovers(skeleton.model, skeleton.prefix, set(shapes) - unexpected, shapes)
        return whole_tensors
    return StreamedTensors(files, names)


def stored_names(skeleton: Skeleton, stored: dict[str, tuple[int, ...]]) -> dict[str, str] | None:
    """Name in the module tree -> name in the files, or None where they do not line up (see `tensors.line_up`).

    Raises CheckpointDamaged where they do, and the files hold weights of blocks that the model does not take.
    """
    model = skeleton.model
    shapes = {name: tensor.shape for name, tensor in model.state_dict().items()}
    tie = getattr(model.config.get_text_config(decoder=True), "tie_word_embeddings", False)
    tied = set(model._tied_weights_keys or {}) if tie else set()
    names = line_up(shapes, tied, model.base_model_prefix, stored)
    if names is not None:
        refuse_leftovers(model, skeleton.prefix, names.values(), stored)
    return names


def check_vocabulary(skeleton: Skeleton, vocabulary: int) -> None:
    """Refuse a tokenizer of another model: one whose own vocabulary has more tokens than the model has embeddings."""
    rows = skeleton.model.get_input_embeddings().weight.shape[0]
    if vocabulary > rows:
        raise CheckpointDamaged(
            f"The tokenizer has {vocabulary:,} tokens, the model embeds {rows:,}.", "Use another revision of the model."
        )


def vocabulary_of(tokenizer: Any) -> int:
    """Tokens of a tokenizer's own vocabulary, up to the highest number.

    Tokens that were added to it (for images, say) may lie beyond the embeddings; `check_tokens` sees to it that none of
    those is used.
    """
    added = set(tokenizer.get_added_vocab())
    return 1 + max((number for token, number in tokenizer.get_vocab().items() if token not in added), default=-1)


def check_tokens(skeleton: Skeleton, windows: Iterable[torch.Tensor]) -> None:
    """Refuse token windows with a token that the model does not embed."""
    rows = skeleton.model.get_input_embeddings().weight.shape[0]
    last = max((int(ids.max()) for ids in windows if ids.numel()), default=0)
    if last >= rows:
        raise CheckpointDamaged(
            f"The tokenizer gives the token {last:,}, the model embeds {rows:,}.", "Use another revision of the model."
        )
