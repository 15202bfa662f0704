"""Every architecture's checkpoint, made once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

sys.path.append(str(Path(__file__).parent.parent / "pruning"))  # the engine's twins and walks

from families import FAMILIES, REFUSED, Family


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`saved(family)`: folder of a tiny random model; made once, read only."""
    made: dict[str, Path] = {}

    def make(name: str) -> Path:
        if name not in made:
            made[name] = save(tmp_path_factory.mktemp(name), name, (FAMILIES | REFUSED)[name])
        return made[name]

    return make


def save(folder: Path, name: str, family: Family) -> Path:
    """Save a random model, every parameter away from zero and one."""
    from transformers import AutoConfig, AutoModelForCausalLM

    state = torch.get_rng_state()
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(name, **family.config), dtype=torch.float32)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3).add_(torch.randn_like(parameter) * 0.05)
    torch.set_rng_state(state)
    model.save_pretrained(folder)
    return folder
