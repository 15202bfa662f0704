"""The wheel that travels with a Space: the same from the checkout, from an installation, and when made again."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hubprune import __version__
from hubprune.errors import HubpruneError
from hubprune.hub import connect
from hubprune.spaces import wheel
from hubprune.spaces.folder import check_wheel

from .conftest import install

RECORD = f"{wheel.INFO}/RECORD"


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_checkout_is_built(built: Path, tmp_path: Path) -> None:
    assert wheel.is_checkout()
    assert built.name == f"hubprune-{__version__}-py3-none-any.whl"
    assert {"hubprune/demo/model/model.safetensors", "hubprune/_space/app.py"} <= set(contents(built))
    assert wheel.make_wheel(tmp_path).read_bytes() == built.read_bytes()


def test_an_installation_is_packed_into_the_wheel_it_came_from(built: Path, tmp_path: Path) -> None:
    installed = install(built, tmp_path / "installed")
    (installed / "hubprune" / "__pycache__").mkdir(exist_ok=True)
    code = (
        "import sys; from pathlib import Path; from hubprune.spaces import wheel;"
        "print(wheel.is_checkout(), wheel.space_folder(), wheel.make_wheel(Path(sys.argv[1])))"
    )
    for out in (tmp_path / "first", tmp_path / "second"):
        out.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", code, str(out)],
            env={"PYTHONPATH": str(installed)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.split() == ["False", str(installed / "hubprune" / "_space"), str(out / built.name)], (
            done.stderr
        )
    packed, original = contents(tmp_path / "first" / built.name), contents(built)
    assert {**packed, RECORD: b""} == {**original, RECORD: b""}
    assert sorted(packed[RECORD].split()) == sorted(original[RECORD].split())
    assert (tmp_path / "first" / built.name).read_bytes() == (tmp_path / "second" / built.name).read_bytes()


def test_what_was_not_installed_cannot_be_packed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def nothing(name: str) -> None:
        raise wheel.PackageNotFoundError(name)

    monkeypatch.setattr(wheel, "CHECKOUT", tmp_path)
    monkeypatch.setattr(wheel, "distribution", nothing)
    with pytest.raises(HubpruneError, match="was not installed by pip") as caught:
        wheel.make_wheel(tmp_path)
    assert caught.value.next_step


def test_another_installation_is_not_taken_for_this_one(
    built: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (other,) = wheel.Distribution.discover(name="hubprune", path=[str(install(built, tmp_path / "other"))])
    monkeypatch.setattr(wheel, "CHECKOUT", tmp_path)
    monkeypatch.setattr(wheel, "distribution", lambda name: other)
    with pytest.raises(HubpruneError, match="was not installed by pip"):
        wheel.make_wheel(tmp_path)


@pytest.mark.parametrize("tool", ["hatchling", "pip"])
def test_a_checkout_that_cannot_be_built(tool: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(wheel.importlib.util, "find_spec", lambda name: name == tool or None)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(HubpruneError, match=rf"cannot be built from its source tree \({tool}: ") as caught:
        wheel.build(tmp_path, tmp_path)
    assert caught.value.next_step == "Install the build tool: pip install hatchling"


def test_a_token_in_the_wheel_is_found_though_it_is_compressed(tmp_path: Path) -> None:
    connect("http://127.0.0.1:9", "hf_alice_write")  # the loopback Hub's own, which no other Hub knows
    path, token = tmp_path / "w.whl", "hf_" + "abcdefghijklmnopqrstuvwxyzABCDEFGH"
    for text, found in (("hf_alice_write of the loopback Hub", False), (f"KEY = '{token}'", True)):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("hubprune/secret.py", text * 50)
        if found:
            with pytest.raises(HubpruneError, match=r"hubprune/secret\.py of hubprune's wheel") as caught:
                check_wheel(path)
            assert token not in str(caught.value)
        else:
            check_wheel(path)
