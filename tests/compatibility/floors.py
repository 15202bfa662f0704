"""The lowest versions that pyproject.toml allows: of Python, and of the dependencies that the tests see.

Those are the package's own and those of the extras that `test` holds (`hubprune[eval]`); pytest does not count.
Nothing but the standard library: this runs before anything is installed.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?\s*>=\s*([0-9][0-9.]*)\s*(?:,\s*<\s*[0-9.]+)?")


def floors(path: Path = PYPROJECT) -> dict[str, str]:
    """The lowest version of each dependency, by name.

    Raises:
        ValueError: a dependency is not of the form `name>=lowest` or `name>=lowest,<next`.
    """
    project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    own = re.compile(rf"{project['name']}\[(.+)\]")
    tested = [name for line in extras["test"] if (match := own.fullmatch(line)) for name in match[1].split(",")]
    requirements = [*project["dependencies"], *(line for extra in tested for line in extras[extra])]
    lowest = {}
    for requirement in requirements:
        if own.fullmatch(requirement):
            continue
        match = REQUIREMENT.fullmatch(requirement)
        if match is None:
            raise ValueError(f"{requirement!r} in {path.name} names no lowest version; write name>=lowest")
        lowest[match[1]] = match[2]
    return lowest


def lowest_python(path: Path = PYPROJECT) -> str:
    """The lowest Python that pyproject.toml allows, like '3.11'."""
    return tomllib.loads(path.read_text(encoding="utf-8"))["project"]["requires-python"].removeprefix(">=")
