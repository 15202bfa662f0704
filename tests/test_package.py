"""The wheel holds what a run needs and nothing else, and works where no source tree is."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import hubprune

ROOT = Path(__file__).parent.parent
LANGUAGES = ("ar", "de", "en", "es", "ru", "sw", "zh")
NEEDED = {
    "hubprune/__init__.py",
    "hubprune/__main__.py",
    "hubprune/demo/plain.py",
    "hubprune/demo/model/config.json",
    "hubprune/demo/model/model.safetensors",
    "hubprune/demo/model/tokenizer.json",
    "hubprune/demo/model/tokenizer_config.json",
    "hubprune/publishing/card.md.jinja",
    "hubprune/_space/app.py",
    "hubprune/_space/requirements.txt",
    "hubprune/_space/hubprune_space/page.py",
    "optimum/commands/register/register_hubprune.py",
    *(f"hubprune/demo/text/{code}/train.jsonl" for code in LANGUAGES),
    *(f"hubprune/demo/text/{code}/test.jsonl" for code in LANGUAGES),
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder), cwd=ROOT)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed wheel and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    run(*pip, "install", "--no-deps", "--no-index", "--no-compile", "--target", str(folder), str(wheel), cwd=folder)
    return folder


def run(*command: str, cwd: Path, **environment: str) -> str:
    """Run a command to its end; what it says where it fails, else its stdout."""
    done = subprocess.run(command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}", pytrace=False)
    return done.stdout


def test_the_wheel_holds_data_and_code_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert names >= NEEDED
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "hubprune").rglob("*.py")} <= names
    outside = {name.split("/")[0] for name in names} - {"hubprune"}
    assert outside == {f"hubprune-{hubprune.__version__}.dist-info", "optimum"}
    assert [name for name in names if name.startswith("optimum/")] == ["optimum/commands/register/register_hubprune.py"]
    assert not [name for name in names if "__pycache__" in name or Path(name).name.startswith("test_")]


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    info = f"hubprune-{hubprune.__version__}.dist-info"
    facts = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
    assert (facts["Name"], facts["Version"]) == ("hubprune", hubprune.__version__)
    assert facts["License-Expression"] == "Apache-2.0 AND CC-BY-SA-4.0"
    assert archive.read(f"{info}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert "hubprune = hubprune.cli:main" in archive.read(f"{info}/entry_points.txt").decode()


def test_the_installed_package_works_far_from_its_source(installed: Path, tmp_path: Path) -> None:
    code = "import hubprune; from hubprune.demo.loop import MODEL_FOLDER as m; print(hubprune.__file__, m.is_dir())"
    said = run(sys.executable, "-c", code, cwd=tmp_path, PYTHONPATH=str(installed))
    assert said.split() == [str(installed / "hubprune" / "__init__.py"), "True"]
    version = run(sys.executable, "-m", "hubprune", "--version", cwd=tmp_path, PYTHONPATH=str(installed))
    assert version.strip() == f"hubprune {hubprune.__version__}"
