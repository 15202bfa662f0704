"""Tiny random checkpoints, made once; hypothesis without a deadline, for the cores are shared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import settings

settings.register_profile("hubprune", deadline=None, database=None)
settings.load_profile("hubprune")

SIZES = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 16,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 2,
}


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`tiny(family, dtype, **config)`: folder of a random model of two blocks; made once, read only."""
    made: dict[str, Path] = {}

    def make(family: str, dtype: str = "float32", **config: Any) -> Path:
        key = f"{family} {dtype} {sorted(config.items())}"
        if key not in made:
            made[key] = save(tmp_path_factory.mktemp(family), family, dtype, config)
        return made[key]

    return make


def save(folder: Path, family: str, dtype: str, changes: dict[str, Any]) -> Path:
    from transformers import AutoConfig, AutoModelForCausalLM

    state = torch.get_rng_state()
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(
        AutoConfig.for_model(family, **SIZES | changes), dtype=getattr(torch, dtype)
    )
    torch.set_rng_state(state)
    model.save_pretrained(folder)
    return folder
