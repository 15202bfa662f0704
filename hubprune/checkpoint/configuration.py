"""A configuration is foreign text: looked at before transformers believes it, and before it costs memory."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hubprune.building import BUILDING
from hubprune.errors import CheckpointDamaged, RemoteCodeNeeded

CONFIG_FILE = "config.json"
# Keys that count something of which transformers makes a module, a list entry or a label each.
COUNT = re.compile(r"(?:num|n)_(?:\w+_)?(?:layers?|heads?|experts?|groups?|blocks?|labels?)")
SIZE = re.compile(r"\w*_size|max_position_embeddings|n_positions|n_ctx|n_embd|d_model")
MOST = 1024  # of each; the deepest models have about a hundred layers, the widest some hundred heads or experts
MOST_LABELS = 100_000
# Keys whose value may name a repository with a compiled kernel, which transformers would download and run.
KERNELS = re.compile(r"_?(?:attn|experts)_implementation(?:_internal)?")
MAX_BUFFER_BYTES = 2**30  # masks and tables that a model makes itself
MISSING = 2  # a configuration that describes more than so many times the parameters of the files is damaged
NEXT = "Use another revision of the model."


def check_text(folder: Path) -> None:
    """Refuse a config.json with impossible counts, or one that asks for foreign code.

    Raises CheckpointDamaged, RemoteCodeNeeded.
    """
    try:
        raw = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointDamaged(f"{CONFIG_FILE} of {folder.name} cannot be read.", NEXT) from error
    if not isinstance(raw, dict):
        raise CheckpointDamaged(f"{CONFIG_FILE} of {folder.name} holds no JSON object.", NEXT)
    for key, value in _items(raw):
        if COUNT.fullmatch(key):
            most = MOST_LABELS if key.endswith("labels") else MOST
            for number in value if isinstance(value, list) else [value]:
                if number is not None and (type(number) is not int or not 0 <= number <= most):
                    raise CheckpointDamaged(
                        f"{CONFIG_FILE} of {folder.name} is impossible: {key} is {_short(number)}.", NEXT
                    )
        elif SIZE.fullmatch(key) and type(value) is int and value < 0:
            raise CheckpointDamaged(f"{CONFIG_FILE} of {folder.name} is impossible: {key} is {value}.", NEXT)
        elif KERNELS.fullmatch(key) and "/" in str(value):
            raise RemoteCodeNeeded(
                f"{CONFIG_FILE} of {folder.name} wants to run code of another repository: {key} is {_short(value)}.",
                "hubprune does not run it; remove that key in a copy of the model.",
            )


def check_memory(config: Any, name: str, stored: int | None) -> None:
    """Build the model without memory, and refuse it where that fails or where it would take too much.

    Args:
        config: a transformers configuration.
        name: the model's name for messages.
        stored: how many parameters the weight files hold, if that is known. Which ones are missing is said later,
            where files and model are compared; a model of far more parameters is refused here.

    Raises CheckpointDamaged.
    """
    import torch
    from transformers import MODEL_FOR_CAUSAL_LM_MAPPING, AutoModelForCausalLM

    if type(config) not in MODEL_FOR_CAUSAL_LM_MAPPING:
        return  # no class of transformers' own: refused later, or the repository's own code that the user trusts
    try:
        with BUILDING, warnings.catch_warnings(), torch.device("meta"):
            warnings.simplefilter("ignore")
            model = AutoModelForCausalLM.from_config(config)
    except Exception as error:  # whatever a class raises for values that it cannot use
        raise unusable(error, name) from error
    if empty := [key for key, parameter in model.named_parameters() if not parameter.numel()]:
        raise CheckpointDamaged(f"{CONFIG_FILE} of {name} is impossible: {empty[0]} would have no elements.", NEXT)
    size = sum(buffer.numel() * buffer.element_size() for buffer in model.buffers())
    if size > MAX_BUFFER_BYTES:
        raise CheckpointDamaged(
            f"{CONFIG_FILE} of {name} is impossible: the model would make tables of {size / 1e9:,.0f} GB.", NEXT
        )
    described = sum(parameter.numel() for parameter in model.parameters())
    if stored is not None and described > MISSING * stored:
        raise CheckpointDamaged(
            f"{CONFIG_FILE} of {name} describes {described:,} parameters, the weight files hold {stored:,}.", NEXT
        )


def unusable(error: Exception, name: str) -> CheckpointDamaged:
    """What to raise for a configuration that transformers cannot use."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = " ".join(lines[:2])[:200].rstrip(".") or type(error).__name__
    return CheckpointDamaged(f"The configuration of {name} cannot be used: {said}.", NEXT)


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key with its value, at any depth."""
    left = [value]
    while left:
        match left.pop():
            case dict() as found:
                yield from found.items()
                left += found.values()
            case list() as found:
                left += found


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:60] + "..."
