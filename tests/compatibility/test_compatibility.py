"""The ranges of pyproject.toml are those that were tested, and `make test-all` hides nothing."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import every_version
import pytest
from floors import floors, lowest_python
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "compatibility.md"
RESULT = '<testsuites><testsuite tests="9" failures="1" errors="2" skipped="3"/></testsuites>'


def project(folder: Path, *requirements: str, evaluation: str = "extra>=2") -> Path:
    """A pyproject.toml with these dependencies."""
    lines = ", ".join(f'"{requirement}"' for requirement in requirements)
    path = folder / "pyproject.toml"
    path.write_text(
        f'[project]\nname = "house"\ndependencies = [{lines}]\n'
        f'[project.optional-dependencies]\neval = ["{evaluation}"]\nother = ["four"]\ntest = ["house[eval]", "tool"]\n'
    )
    return path


def test_floors_are_those_of_users_dependencies(tmp_path: Path) -> None:
    path = project(tmp_path, "one>=1.10", "two[with,more]>=3,<4", evaluation="three>=0.5")
    assert floors(path) == {"one": "1.10", "two": "3", "three": "0.5"}


@pytest.mark.parametrize("requirement", ["one", "one<2", "one==1", "one>=1,!=1.5", "one>1", "one~=1.2"])
def test_a_dependency_without_a_lowest_version_is_refused(tmp_path: Path, requirement: str) -> None:
    with pytest.raises(ValueError, match="names no lowest version"):
        floors(project(tmp_path, requirement))


def test_the_floors_are_the_versions_that_were_tested() -> None:
    """Whoever moves a floor runs `make test-all` and brings its table to docs/compatibility.md."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.read_text().splitlines()]
    tested = {row[0]: row[1:] for row in rows if len(row) > 2}
    assert tested[""][0] == "lowest"
    assert every_version.series(tested["Python"][0]) == lowest_python()
    assert set(tested["of these, failed again once mended"]) == {"0"}
    for name, floor in floors().items():
        assert SpecifierSet(f"=={floor}").contains(tested[name][0]), f"{name}: the lowest tested is {tested[name][0]}"


def test_every_tested_version_is_in_its_range() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    ranges = {
        Requirement(line).name: Requirement(line) for line in re.findall(r'"([a-z0-9-]+(?:\[\w+\])?>=[^"]+)"', text)
    }
    for line in PAGE.read_text().splitlines():
        name, *versions = (cell.strip() for cell in line.strip("|").split("|"))
        for version in versions if name in ranges else ():
            assert version == "-" or ranges[name].specifier.contains(version), f"{name} {version}"


def test_a_python_that_does_not_run_is_missing(tmp_path: Path) -> None:
    shim = tmp_path / "python3.99"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    found, missing = every_version.pythons_at_hand([sys.executable, str(shim), "python9.9", sys.executable])
    assert found == {".".join(map(str, sys.version_info[:3])): sys.executable}
    assert missing == [str(shim), "python9.9"]


def test_no_python_at_all_is_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert every_version.main(["python9.9"]) == 1
    said = capsys.readouterr().out
    assert "Not at hand, so not tested: python9.9." in said
    assert f"they need Python {lowest_python()}" in said


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `make` that installs nothing, fails for .venv-lowest, and keeps what it was told in the file returned."""
    calls = tmp_path / "calls"
    program = tmp_path / "bin" / "make"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n"
        f'echo "$*" >> {calls}; test -n "$PIP_CONSTRAINT" && cat "$PIP_CONSTRAINT" >> {calls}\n'
        f"echo '{RESULT}' > \"${{PYTEST_ADDOPTS#--junitxml=}}\"\n"
        'case "$*" in *VENV=.venv-lowest*) exit 2;; esac\n'
    )
    program.chmod(0o755)
    monkeypatch.setattr(every_version, "ROOT", tmp_path)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.delenv("PIP_CONSTRAINT", raising=False)
    return calls


def test_each_python_is_run_and_the_lowest_once_more(
    make: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here = every_version.series(".".join(map(str, sys.version_info[:3])))
    monkeypatch.setattr(every_version, "lowest_python", lambda: here)
    assert every_version.main([sys.executable, "python9.9"]) == 1
    lowest, *constraints, newest = make.read_text().splitlines()
    assert f"test PYTHON={sys.executable} VENV=.venv-{here}" in newest
    assert "VENV=.venv-lowest TORCH=torch" in lowest
    assert constraints == [f"{name}=={floor}" for name, floor in floors().items()]
    said = capsys.readouterr().out
    assert "|  | lowest | newest |\n|---|---|---|\n" in said
    assert "| passed | 3 | 3 |\n| failed | 3 | 3 |\n| skipped | 3 | 3 |\n" in said
    assert "Not at hand, so not tested: python9.9." in said
    assert f"Failed: lowest with Python {here}" in said
    assert "newest with" not in said


def test_counts(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    assert every_version.counts_of(report) == {}
    report.write_text(RESULT)
    assert every_version.counts_of(report) == {"passed": 3, "failed": 3, "skipped": 3}
