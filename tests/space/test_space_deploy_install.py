"""What `hubprune space deploy` uploaded, downloaded again: it installs, and the app starts from it.

Without a package index; `make space-check` does the same with one, in an environment that holds nothing else.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deployed import OWNER, ROOT, TOKEN, deploy, download, environment, hub_of

SPACE = f"{OWNER}/hubprune"
# Leaves the source tree out, also where the tests run in an editable installation of it.
APP = f"""
import sys
sys.path = [sys.path[0] or ".", *(path for path in sys.path[1:] if path != {str(ROOT)!r})]
import app, hubprune
print("title", app.demo.title)
print("package", hubprune.__file__)
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with hub_of(tmp_path_factory.mktemp("hub")) as started:
        yield started


@pytest.fixture(scope="module")
def first(hub: Any) -> dict[str, Any]:
    """The answer of the first deployment."""
    return deploy(hub)


@pytest.fixture(scope="module")
def downloaded(hub: Any, first: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Space from the Hub."""
    return download(hub, SPACE, tmp_path_factory.mktemp("download") / "space")


def imported(hub: Any, folder: Path, **more: str) -> dict[str, str]:
    """What the app says of itself, imported where it lies."""
    done = subprocess.run(
        [sys.executable, "-c", APP],
        cwd=folder,
        env=environment(hub, **more),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


def test_the_space_is_the_accounts_own_and_private(hub: Any, first: dict[str, Any]) -> None:
    assert (first["repo_id"], first["private"], first["created"], first["changed"]) == (SPACE, True, True, True)
    assert first["hardware"] == hub.repository(SPACE, "space").hardware == "zero-a10g"
    assert first["url"] == f"{hub.endpoint}/spaces/{SPACE}"


def test_the_same_again_commits_nothing(hub: Any, first: dict[str, Any]) -> None:
    again = deploy(hub)
    assert (again["commit"], again["created"], again["changed"]) == (first["commit"], False, False)


def test_no_token_was_uploaded(downloaded: Path) -> None:
    assert not [path for path in downloaded.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]


def test_the_app_starts_from_the_installed_wheel(hub: Any, downloaded: Path, tmp_path: Path) -> None:
    (wheel,) = downloaded.glob("*.whl")
    target = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", str(target), f"./{wheel.name}"], cwd=downloaded, check=True)
    said = imported(hub, downloaded, PYTHONPATH=str(target))
    assert said == {"title": "hubprune", "package": str(target / "hubprune" / "__init__.py")}


def test_the_app_starts_from_the_wheel_beside_it(hub: Any, downloaded: Path, tmp_path: Path) -> None:
    """As on the Hub, where nothing has installed hubprune."""
    said = imported(hub, downloaded, TMPDIR=str(tmp_path))
    assert said["title"] == "hubprune"
    assert Path(said["package"]).is_relative_to(tmp_path)
