"""`optimum-cli prune` is `hubprune prune`: found by optimum in an installed wheel and in an editable install."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PLUG_IN = Path("optimum", "commands", "register", "register_hubprune.py")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-deps", "--no-index")
# What the scripts `optimum-cli` and `hubprune` run, in a process that knows hubprune by one folder alone: an
# installation of hubprune in the environment of the tests themselves is taken out first.
ALONE = f"""\
import os, site, sys
sys.path[:] = [path for path in sys.path if not os.path.isfile(os.path.join(path, {str(PLUG_IN)!r}))]
site.addsitedir(sys.argv.pop(1))
"""
OPTIMUM = ALONE + "from optimum.commands.optimum_cli import main; main()"
HUBPRUNE = ALONE + "from hubprune.cli import main; main()"
HEAVY = ("torch", "transformers", "huggingface_hub", "datasets", "hubprune")
SHORT = [
    *("--lang", "sw", "--calib", "demo", "--eval-text", "demo", "--samples", "2", "--eval-samples", "2"),
    *("--seq-len", "32", "--method", "wanda", "--pattern", "2:4", "--no-control", "--device", "cpu"),
]


@pytest.fixture(scope="module")
def wheel_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed wheel and nothing else."""
    wheels, folder = tmp_path_factory.mktemp("wheel"), tmp_path_factory.mktemp("installed")
    build = (sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(wheels))
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = wheels.glob("*.whl")
    subprocess.run([*PIP, "--no-compile", "--target", str(folder), str(wheel)], cwd=folder, check=True)
    return folder


@pytest.fixture(scope="module")
def editable_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the editable install: a .pth file that names the source tree."""
    folder = tmp_path_factory.mktemp("editable")
    subprocess.run([*PIP, "--no-build-isolation", "--target", str(folder), "--editable", ROOT], cwd=folder, check=True)
    assert not (folder / "optimum").exists()
    return folder


@pytest.fixture(params=["wheel", "editable"])
def installed(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.getfixturevalue(f"{request.param}_folder")
    return folder


def said(program: str, folder: Path, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program far from the source tree."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-c", program, str(folder), *words]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def weights(folder: Path) -> str:
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


def test_the_namespace_is_shared_with_optimum() -> None:
    assert not [path for path in (ROOT / "optimum").rglob("*") if path.name == "__init__.py"]
    assert (ROOT / PLUG_IN).is_file()


def test_optimum_lists_the_command(installed: Path, tmp_path: Path) -> None:
    done = said(OPTIMUM, installed, "--help", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "prune " in done.stdout
    assert "(hubprune)" in done.stdout
    assert "export" in done.stdout  # optimum's own commands are still there


def test_the_help_is_that_of_hubprune_prune(installed: Path, tmp_path: Path) -> None:
    ours = said(HUBPRUNE, installed, "prune", "--help", cwd=tmp_path)
    for flag in ("--help", "-h"):
        theirs = said(OPTIMUM, installed, "prune", flag, cwd=tmp_path)
        assert (theirs.returncode, theirs.stdout) == (0, ours.stdout), theirs.stderr
    assert "Usage: hubprune prune MODEL" in ours.stdout


@pytest.mark.parametrize("words", [["--lang"], ["--langs", "sw"], ["./nowhere", "--lang", "sw"], ["--", "./nowhere"]])
def test_failures_are_those_of_hubprune_prune(words: list[str], wheel_folder: Path, tmp_path: Path) -> None:
    theirs = said(OPTIMUM, wheel_folder, "prune", *words, cwd=tmp_path)
    ours = said(HUBPRUNE, wheel_folder, "prune", *words, cwd=tmp_path)
    assert theirs.returncode in (1, 2)
    assert (theirs.returncode, theirs.stdout, theirs.stderr) == (ours.returncode, ours.stdout, ours.stderr)


def test_a_run_gives_what_hubprune_prune_gives(wheel_folder: Path, model_folder: Path, tmp_path: Path) -> None:
    theirs = said(OPTIMUM, wheel_folder, "prune", str(model_folder), "theirs", *SHORT, cwd=tmp_path)
    ours = said(HUBPRUNE, wheel_folder, "prune", str(model_folder), "ours", *SHORT, cwd=tmp_path)
    assert theirs.returncode == ours.returncode == 0, theirs.stderr + ours.stderr
    assert weights(tmp_path / "theirs") == weights(tmp_path / "ours") != weights(model_folder)
    assert theirs.stdout == ours.stdout.replace("ours", "theirs")
    assert theirs.stderr == ours.stderr.replace("ours", "theirs")


def test_nothing_heavy_is_loaded_before_the_command_runs(wheel_folder: Path, tmp_path: Path) -> None:
    listing = OPTIMUM.removesuffix("main()") + (
        "from optimum.commands.optimum_cli import load_optimum_namespace_cli_commands as load; "
        f"print(len(load()), *[name for name in {HEAVY} if name in sys.modules])"
    )
    done = said(listing, wheel_folder, cwd=tmp_path)
    assert done.stdout.split() == ["1"], done.stdout + done.stderr
