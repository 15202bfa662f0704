"""Every architecture's checkpoint, made once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from families import FAMILIES, save

sys.path.append(str(Path(__file__).parent.parent / "pruning"))  # the engine's twins and walks


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
            made[name] = save(tmp_path_factory.mktemp(name), name, FAMILIES[name])
        return made[name]

    return make
