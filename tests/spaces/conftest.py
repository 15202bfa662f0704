"""The wheel of this tree, built once, and how it is installed without a network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hubprune.spaces import wheel


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree."""
    return wheel.make_wheel(tmp_path_factory.mktemp("wheel"))


def install(path: Path, folder: Path) -> Path:
    """Install a wheel alone into a folder, as pip does."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--no-compile", "--target", str(folder), str(path)], check=True, cwd=path.parent)
    return folder
