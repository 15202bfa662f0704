"""The house stands as docs/architecture.md says: who imports whom, what is light, what is public, what is too long."""

from __future__ import annotations

import ast
import graphlib
import importlib
import pkgutil
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import hubprune
from hubprune import errors, recipe

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "hubprune"
LONGEST_CODE, LONGEST_TEST = 300, 400  # lines

# Room -> the rooms it may import. A room is a file or folder right under hubprune/; each may import itself.
GROUND = {
    "building",
    "errors",
    "events",
    "language_table",
    "languages",
    "naming",
    "recipe",
    "report",
    "task_names",
    "task_table",
}
ENGINE = {"checkpoint", "pruning", "evaluation", "calibration", "hub", "publishing", "estimate", "tasks", "generation"}
MAY_IMPORT: dict[str, set[str]] = {
    "building": set(),
    "errors": set(),
    "language_table": set(),
    "languages": {"errors", "language_table"},
    "task_names": set(),
    "task_table": {"errors", "languages", "task_names"},
    "report": set(),
    "recipe": {"errors", "languages"},
    "naming": {"recipe"},
    "events": {"report"},
    "loopback": set(),
    "estimate": set(),
    "checkpoint": GROUND,
    "pruning": GROUND | {"checkpoint"},
    "evaluation": GROUND,
    "hub": GROUND,
    "calibration": GROUND | {"hub"},
    "publishing": GROUND,
    "tasks": GROUND | {"calibration", "evaluation", "hub"},
    "generation": GROUND | {"estimate"},
    "run": GROUND | ENGINE,
    "inspection": GROUND | {"checkpoint", "pruning", "hub"},
    "spaces": GROUND | {"hub", "loopback"},
    "planning": GROUND | {"estimate", "hub", "run", "tasks"},
    "api": GROUND | ENGINE | {"run", "inspection", "planning"},
    "demo": GROUND | {"calibration", "hub", "loopback", "run"},
    "cli": GROUND | {"calibration", "hub", "publishing", "run", "inspection", "planning", "api", "demo", "spaces"},
    "__main__": {"cli"},
}
# (room, name) that is allowed all the same -> why.
EXCEPTIONS: dict[tuple[str, str], str] = {}
# The package itself holds the version, which everyone may ask for, and the public names, which nobody below needs.
OF_THE_PACKAGE = {"__version__"}

HEAVY = {"torch", "transformers", "datasets", "accelerate", "matplotlib"}
LIGHT = ("errors", "events", "languages", "recipe", "report", "evaluation", "publishing", "hub", "cli", "loopback")


def modules() -> dict[str, Path]:
    """Dotted name -> file, of every module of the package."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(module: str, path: Path) -> Iterator[tuple[str, int]]:
    """(dotted name, line) of everything of hubprune that a module imports, wherever in the file."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names if alias.name.split(".")[0] == "hubprune")
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            base = ".".join(part for part in (above, node.module) if part)
            if base.split(".")[0] == "hubprune":
                yield from ((f"{base}.{alias.name}", node.lineno) for alias in node.names)


def room(module: str) -> str:
    """The room of a dotted name: "hubprune.run.prune" is in "run"; the package itself is in ""."""
    return module.partition(".")[2].split(".")[0]


def edges() -> list[tuple[str, str, str]]:
    """(room, name it imports, where) for every import from another room."""
    found = []
    for module, path in modules().items():
        for name, line in imported(module, path):
            if module != "hubprune" and room(name) != room(module):
                found.append((room(module), name, f"{path.relative_to(ROOT)}:{line}"))
    return found


def test_every_room_has_its_floor() -> None:
    assert {room(module) for module in modules()} - {""} == set(MAY_IMPORT)


def test_imports_point_downward_only() -> None:
    allowed = {own: {f"hubprune.{name}" for name in below} for own, below in MAY_IMPORT.items()}
    version = {f"hubprune.{name}" for name in OF_THE_PACKAGE} | {"hubprune"}
    wrong = {
        (own, name): where
        for own, name, where in edges()
        if name not in version and not any(name == below or name.startswith(below + ".") for below in allowed[own])
    }
    assert wrong.keys() == EXCEPTIONS.keys(), wrong


def test_whoever_imports_the_package_itself_takes_the_version_only() -> None:
    for module, path in modules().items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        taken = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "hubprune"
        }
        assert taken <= OF_THE_PACKAGE, f"{module} takes {taken}"


def test_no_rooms_import_each_other_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for own, name, _ in edges():
        if room(name) and room(name) not in OF_THE_PACKAGE:
            graph.setdefault(own, set()).add(room(name))
    assert len(graph) > 10
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError


def test_loopback_could_be_a_package_of_its_own() -> None:
    assert not [edge for edge in edges() if edge[0] == "loopback"]


def loaded_by(statement: str) -> set[str]:
    """The heavy libraries that a fresh process has loaded after a statement."""
    code = f"{statement}; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return HEAVY & set(done.stdout.split())


@pytest.mark.parametrize("name", LIGHT)
def test_light_rooms_load_nothing_heavy(name: str) -> None:
    """All modules of a room, not only its door."""
    inside = [module for module in modules() if room(module) == name and not module.endswith("__main__")]
    assert loaded_by(f"import {', '.join(inside)}") == set()


def test_heavy_libraries_are_seen_where_they_are() -> None:
    assert "torch" in loaded_by("import hubprune.run")


def test_the_public_names_are_exactly_those_that_can_be_imported() -> None:
    assert hubprune.__all__ == sorted(hubprune.__all__)
    code = "from hubprune import *; print(*sorted(n for n in dir() if not n.startswith('_')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == hubprune.__all__
    assert set(hubprune._HOME) == set(hubprune.__all__)
    for name in hubprune.__all__:
        assert getattr(hubprune, name).__doc__, name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = hubprune.nothing


def test_a_method_has_one_name_in_all_rooms() -> None:
    from hubprune.pruning.methods import METHODS
    from hubprune.publishing import facts

    assert set(METHODS) == set(recipe.METHODS) == set(facts.METHODS)


def test_every_module_can_be_imported() -> None:
    for info in pkgutil.walk_packages(hubprune.__path__, "hubprune."):
        if not info.name.endswith("__main__"):
            importlib.import_module(info.name)


def test_public_functions_and_classes_are_explained() -> None:
    """Except the failures: the tree at the top of errors.py explains them all."""
    bare = []
    for module, path in modules().items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if not ast.get_docstring(tree):
            bare.append(f"{module} (the module)")
        for node in tree.body:
            named = isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
            if named and not ast.get_docstring(node) and room(module) != "errors":
                bare.append(f"{module}.{node.name}")
    assert not bare, bare


def test_the_tree_of_failures_names_them_all() -> None:
    lines = (errors.__doc__ or "").splitlines()[2:-2]
    tree = {line.strip(" │├└─").split()[0] for line in lines}
    assert tree == {name for name, value in vars(errors).items() if isinstance(value, type)}


def test_no_file_is_too_long() -> None:
    paths = [(path, LONGEST_CODE) for path in modules().values()]
    paths += [(path, LONGEST_CODE) for path in (ROOT / "space").rglob("*.py")]
    paths += [(path, LONGEST_TEST) for path in (ROOT / "tests").rglob("*.py")]
    long = {str(p): n for p, most in paths if (n := len(p.read_text(encoding="utf-8").splitlines())) > most}
    assert not long, long


def test_no_file_tells_where_it_was_written() -> None:
    """No path of a developer's machine in any tracked text file; /home/me is everyone's."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: which files are tracked is not known")
    machine = re.compile(rb"(?<![\w.~$}-])/(?:work|root|Users/(?!me\b)\w|home/(?!me\b)\w)[\w/]")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    found = []
    for name in filter(None, listed.decode().split("\0")):
        data = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""
        if b"\0" not in data[:4096]:
            found += [f"{name}: {match[0].decode()}" for match in machine.finditer(data)]
    assert not found, found


def test_tests_cannot_leave_this_machine() -> None:
    named, numeric = r"a test asks for 'huggingface\.co'", r"a test asks for '192\.0\.2\.1'"
    with pytest.raises(RuntimeError, match=named):
        socket.create_connection(("huggingface.co", 443), timeout=1)
    with socket.socket() as plain, pytest.raises(RuntimeError, match=numeric):
        plain.connect(("192.0.2.1", 443))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram, pytest.raises(RuntimeError, match=numeric):
        datagram.sendto(b"", ("192.0.2.1", 53))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", 9), timeout=1)
