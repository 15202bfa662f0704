"""One thread for every test (more cost more than they bring at this size), and tiny models made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import settings
from walking import save_model

settings.register_profile("hubprune", deadline=None, database=None)  # shared cores; no files left behind
settings.load_profile("hubprune")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`saved(family, **changes)`: folder of a tiny random model, made once, read only."""
    made: dict[str, Path] = {}

    def make(family: str = "llama", **changes: Any) -> Path:
        key = f"{family} {sorted(changes.items())}"
        if key not in made:
            made[key] = save_model(tmp_path_factory.mktemp(family), family, **changes)
        return made[key]

    return make
