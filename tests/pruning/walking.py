"""Tiny random models in folders, and walks over them in one call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from hubprune.checkpoint.model import open_tensors, read_config
from hubprune.checkpoint.skeleton import Skeleton, build
from hubprune.checkpoint.tensors import Tensors
from hubprune.pruning.calls import BlockCalls
from hubprune.pruning.lanes import Allocate, Group, in_memory
from hubprune.pruning.measured import WalkResult
from hubprune.pruning.methods import METHODS
from hubprune.pruning.patterns import parse
from hubprune.pruning.walk import Variant, Walk

VOCABULARY, WIDTH, TOKENS = 97, 48, 24
CPU = torch.device("cpu")

COMMON = {
    "vocab_size": VOCABULARY,
    "hidden_size": WIDTH,
    "intermediate_size": 80,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 12,
    "max_position_embeddings": 64,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 2,
}
FAMILIES: dict[str, dict[str, Any]] = {
    "llama": {"tie_word_embeddings": False},
    "mistral": {"sliding_window": 7},  # shorter than the windows
    "qwen3": {"tie_word_embeddings": True},
    "gemma3_text": {
        "num_hidden_layers": 3,
        "sliding_window": 6,
        "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
        "final_logit_softcapping": 9.0,
    },
    "cohere": {"logit_scale": 0.25, "tie_word_embeddings": True},  # attention and MLP read one norm's output
}


def save_model(folder: Path, family: str = "llama", *, dtype: str = "float32", seed: int = 0, **changes: Any) -> Path:
    """Save a random model of a family, every parameter (norms and biases too) away from zero and one."""
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(family, **COMMON | FAMILIES[family] | changes)
    state = torch.get_rng_state()
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3).add_(torch.randn_like(parameter) * 0.05)
    torch.set_rng_state(state)
    model.to(getattr(torch, dtype)).save_pretrained(folder)
    return folder


def load_plain(folder: Path, dtype: torch.dtype = torch.float32) -> nn.Module:
    """The model as transformers loads it."""
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()


def windows(label: str, count: int, seed: int, *, weight: float = 1.0, tokens: int = TOKENS) -> Group:
    """Random token windows."""
    generator = torch.Generator().manual_seed(seed)
    return Group(label, torch.randint(3, VOCABULARY, (count, tokens), generator=generator), weight)


def calibration() -> list[Group]:
    """Two languages of unequal length and weight; 5 and 3 windows leave a remainder for batches of 2."""
    return [windows("de", 5, 1, weight=0.7), windows("sw", 3, 2, weight=0.3)]


def evaluation() -> list[Group]:
    return [windows("de", 3, 11), windows("sw", 2, 12)]


def pruned_by(method: str, pattern: str, groups: list[Group] | None = None, name: str = "pruned") -> Variant:
    return Variant(name, METHODS[method], parse(pattern), calibration() if groups is None else groups)


@dataclass
class Walked:
    """What a walk gave: its measurements, and (variant, block, local name) -> tensor handed to the sink."""

    result: WalkResult
    tensors: dict[tuple[str, int, str], torch.Tensor]

    def of(self, variant: str) -> dict[tuple[int, str], torch.Tensor]:
        return {(block, name): t for (owner, block, name), t in self.tensors.items() if owner == variant}


def opened(
    folder: Path, *, whole: bool = False, dtype: torch.dtype = torch.float32
) -> tuple[Skeleton, Tensors, BlockCalls]:
    """Skeleton, tensors and calls of a checkpoint."""
    skeleton = build(read_config(folder), dtype=dtype, device=CPU)
    return skeleton, open_tensors(folder, skeleton, whole=whole), BlockCalls(skeleton, returns_tuple=False)


def walk(
    folder: Path,
    variants: list[Variant] | None = None,
    groups: list[Group] | None = None,
    *,
    batch: int = 2,
    sequential: str = "block",
    whole: bool = False,
    allocate: Allocate | None = None,
    dtype: torch.dtype = torch.float32,
    prunes: Callable[[int, str], bool] = lambda block, name: True,
) -> Walked:
    """Open a checkpoint and walk it."""
    skeleton, tensors, calls = opened(folder, whole=whole, dtype=dtype)
    taken: dict[tuple[str, int, str], torch.Tensor] = {}

    def sink(variant: str, block: int, changed: dict[str, torch.Tensor]) -> None:
        taken.update({(variant, block, name): tensor.clone() for name, tensor in changed.items()})

    steps = Walk(skeleton, tensors, calls, batch, allocate or in_memory(False), prunes, sequential)
    return Walked(finish(steps.run(groups if groups is not None else [], variants or [], sink)), taken)


def finish(iterator: Any) -> Any:
    """Run a generator to its end and give its return value."""
    try:
        while True:
            next(iterator)
    except StopIteration as stop:
        return stop.value
