"""`make test-all`: the tests with each Python that is at hand, and once with the lowest versions of the dependencies.

    python tests/compatibility/every_version.py python3.11 python3.12 ...

Each run is `make test` with a virtual environment of its own (.venv-3.12, .venv-lowest), made by pip and kept for the
next time. What was tested is printed as the table of docs/compatibility.md; a Python that is not at hand is named, and
does not make the whole fail. Nothing but the standard library: this runs before anything is installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from floors import floors, lowest_python

ROOT = Path(__file__).parents[2]
VERSION = "import sys; print('.'.join(map(str, sys.version_info[:3])))"
INSTALLED = """
import sys
from importlib.metadata import PackageNotFoundError, version
for name in sys.argv[1:]:
    try:
        print(version(name))
    except PackageNotFoundError:
        print("-")
"""


@dataclass
class Run:
    """One run of the tests: what it ran with, and how it ended."""

    title: str
    python: str
    ended_well: bool
    installed: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


def pythons_at_hand(names: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Paths of the interpreters by their version ('3.12.1'), and the names that are not at hand.

    A name counts only if it runs: version managers leave shims that do not.
    """
    found: dict[str, str] = {}
    missing = []
    for name in names:
        path = shutil.which(name)
        said = subprocess.run([path, "-c", VERSION], capture_output=True, text=True, check=False) if path else None
        if path and said and said.returncode == 0:
            found.setdefault(said.stdout.strip(), path)
        else:
            missing.append(name)
    return found, missing


def series(version: str) -> str:
    """'3.12' of '3.12.1'."""
    return ".".join(version.split(".")[:2])


def counts_of(report: Path) -> dict[str, int]:
    """Passed, failed (errors too) and skipped tests of a JUnit file; nothing where pytest did not get so far."""
    if not report.exists():
        return {}
    totals = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        for name in totals:
            totals[name] += int(suite.get(name, 0))
    failed = totals["failures"] + totals["errors"]
    return {
        "passed": totals["tests"] - failed - totals["skipped"],
        "failed": failed,
        "skipped": totals["skipped"],
    }


def run_tests(title: str, python: str, version: str, venv: str, lowest: bool = False) -> Run:
    """`make test` in the virtual environment `venv`; with `lowest`, pip takes the lowest versions allowed."""
    with tempfile.TemporaryDirectory(prefix="hubprune-versions-") as folder:
        report, constraints = Path(folder) / "report.xml", Path(folder) / "lowest.txt"
        environment = os.environ | {"PYTEST_ADDOPTS": f"--junitxml={report}"}
        command = ["make", "--no-print-directory", "test", f"PYTHON={python}", f"VENV={venv}"]
        if lowest:
            constraints.write_text("".join(f"{name}=={floor}\n" for name, floor in floors().items()), encoding="utf-8")
            environment["PIP_CONSTRAINT"] = str(constraints)
            command.append("TORCH=torch")  # the constraints say which
        print(f"== {title}, Python {version}, in {venv}", flush=True)
        ended = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        return Run(title, version, ended == 0, installed_in(ROOT / venv / "bin" / "python"), counts_of(report))


def installed_in(python: Path) -> dict[str, str]:
    """The versions of the direct dependencies that an environment holds; nothing where it could not be made."""
    names = list(floors())
    if not python.exists():
        return {}
    said = subprocess.run([python, "-c", INSTALLED, *names], capture_output=True, text=True, check=True).stdout.split()
    return dict(zip(names, said, strict=True))


def table(runs: list[Run]) -> str:
    """The runs as a Markdown table, one column each."""
    rows = [("", [run.title for run in runs]), ("Python", [run.python for run in runs])]
    rows += [(name, [run.installed.get(name, "-") for run in runs]) for name in floors()]
    rows += [(name, [str(run.counts.get(name, "-")) for run in runs]) for name in ("passed", "failed", "skipped")]
    lines = [f"| {' | '.join((name, *cells))} |" for name, cells in rows]
    return "\n".join([lines[0], "|---" * (len(runs) + 1) + "|", *lines[1:]])


def main(names: list[str]) -> int:
    """Run them all; 0 if every run that was possible ended well."""
    found, missing = pythons_at_hand(names)
    oldest = {version: path for version, path in found.items() if series(version) == lowest_python()}
    runs = [run_tests("lowest", path, version, ".venv-lowest", lowest=True) for version, path in oldest.items()]
    runs += [run_tests("newest", path, version, f".venv-{series(version)}") for version, path in found.items()]
    if runs:
        print(f"\n{table(runs)}\n")
    if missing:
        print(
            f'Not at hand, so not tested: {", ".join(missing)}. Name others with PYTHONS="python3.12 /path/to/python".'
        )
    if not oldest:
        print(f"The lowest versions of the dependencies were not tested: they need Python {lowest_python()}.")
    failed = [f"{run.title} with Python {run.python}" for run in runs if not run.ended_well]
    if failed:
        print(f"Failed: {', '.join(failed)}.")
    return 1 if failed or not runs else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
