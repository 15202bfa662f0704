"""A tiny model that can be pruned in a second, to be damaged by the tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hostile import Damage, Refused, attempt, make_base

from hubprune.hub import Hub, connect


@pytest.fixture(scope="session")
def base(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two blocks of a Llama, 16 wide, with the demo's tokenizer. Do not write into it."""
    return make_base(model_folder, tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture
def model(base: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model, alone in its folder."""
    return Path(shutil.copytree(base, tmp_path / "in" / "tiny"))


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """A connection that leads nowhere: a local model needs none."""
    return connect("http://127.0.0.1:9", False, tmp_path / "cache")


@pytest.fixture
def refused(model: Path, tmp_path: Path, hub: Hub) -> Refused:
    """Damage the model and prune it: the failure, and the proof that nothing was written."""

    def run(damage: Damage) -> str:
        damage(model)
        return attempt(model, tmp_path / "out", hub)

    return run
