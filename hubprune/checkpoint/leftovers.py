"""Weights in the files that no part of the model takes: harmless, or the sign of a wrong configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from hubprune.errors import CheckpointDamaged

# What old checkpoints hold of each block, and classes of today compute: rotary tables and causal masks.
COMPUTED = re.compile(r"(^|\.)(inv_freq|original_inv_freq|masked_bias|position_ids)$")


def refuse_leftovers(model: Any, prefix: str, taken: Iterable[str], stored: Mapping[str, tuple[int, ...]]) -> None:
    """Raise CheckpointDamaged where the files hold weights of blocks that the model does not take.

    With fewer blocks in the configuration than in the files, or without a bias that the files hold, transformers loads
    another model than was trained, and only warns. Leftovers outside of the blocks (heads for other tasks, towers for
    images) and what transformers' class knows as none of its own (blocks that predict further tokens) are left alone.

    Args:
        model: a transformers model, for its list of keys to ignore and its configuration.
        prefix: the blocks' place in the module tree, e.g. "model.layers".
        taken: names in the files that the model takes.
        stored: name -> shape of all tensors in the files.
    """
    roots = {prefix, prefix.removeprefix(model.base_model_prefix + ".")}
    beyond = _beyond(model.config)
    for name in sorted(set(stored) - set(taken)):
        root = next((root for root in roots if re.match(rf"{re.escape(root)}\.\d", name)), None)
        if root is None or is_known(model, name, stored[name]):
            continue
        if int(name.removeprefix(root + ".").partition(".")[0]) not in beyond:
            raise CheckpointDamaged(
                f"The files hold {name}, which no part of the model takes: its configuration describes another one.",
                "Use another revision of the model.",
            )


def is_known(model: Any, name: str, shape: tuple[int, ...]) -> bool:
    """Whether a tensor that the model does not take is one that its class knows, or computes by itself today."""
    known = getattr(model, "_keys_to_ignore_on_load_unexpected", None) or ()
    return bool(COMPUTED.search(name)) or _is_mask(shape) or any(re.search(pattern, name) for pattern in known)


def _beyond(config: Any) -> range:
    """Numbers of the blocks behind the last that predict further tokens, which transformers does not load."""
    text = config.get_text_config(decoder=True)
    further = getattr(text, "num_nextn_predict_layers", None) or 0
    return range(text.num_hidden_layers, text.num_hidden_layers + further)


def _is_mask(shape: tuple[int, ...]) -> bool:
    """Whether a tensor has the shape of a causal mask: (1, 1, length, length)."""
    return len(shape) == 4 and shape[:2] == (1, 1) and shape[2] == shape[3]
