"""The Space as a folder that can be uploaded as it stands: its own files, the wheel, and what the wheel needs."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from email.parser import HeaderParser
from pathlib import Path

from hubprune.errors import HubpruneError
from hubprune.hub.upload import shows_token
from hubprune.loopback import TEST_USERS
from hubprune.spaces.wheel import INFO, make_wheel, space_folder

REQUIREMENTS = "requirements.txt"
OF_THE_PLATFORM = ("torch",)  # a Space's hardware decides its build
NAME = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*(?:\[([^\]]*)\])?")
EXTRA = re.compile(r"extra\s*==\s*['\"]([\w-]+)['\"]")


def assemble(folder: Path) -> Path:
    """Write the Space into an empty folder; returns the wheel in it.

    Raises HubpruneError where the wheel cannot be made, or a file of it holds an access token; those beside it are
    looked at when they are uploaded.
    """
    shutil.copytree(space_folder(), folder, ignore=leave_out, dirs_exist_ok=True)
    wheel = make_wheel(folder)
    check_wheel(wheel)
    asked = (folder / REQUIREMENTS).read_text(encoding="utf-8")
    (folder / REQUIREMENTS).write_text(requirements(asked, needs_of(wheel)), encoding="utf-8")
    return wheel


def leave_out(_: str, names: list[str]) -> list[str]:
    """Files that tools left there: caches, hidden files, wheels of earlier builds."""
    return [name for name in names if name.startswith((".", "__pycache__")) or name.endswith((".pyc", ".whl"))]


def check_wheel(wheel: Path) -> None:
    """Raises HubpruneError for an access token in a file of the wheel, which being compressed would not show it."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if shows_token(archive.read(name), but=TEST_USERS):
                raise HubpruneError(
                    f"{name} of hubprune's wheel contains an access token, so nothing is uploaded.",
                    "Remove the token from the file; if anyone else has seen it, revoke it.",
                )


def needs_of(wheel: Path) -> list[str]:
    """What the wheel says it requires, one line each, as in its metadata."""
    with zipfile.ZipFile(wheel) as archive:
        facts = HeaderParser().parsestr(archive.read(f"{INFO}/METADATA").decode("utf-8"))
    return [str(line) for line in facts.get_all("Requires-Dist") or []]


def requirements(asked: str, needs: Iterable[str]) -> str:
    """The text of requirements.txt with `hubprune[extras]` replaced by what it needs, but for what the platform has.

    Raises HubpruneError where hubprune is not among the lines: its needs would be missing.
    """
    needs, lines, found = list(needs), [], False
    for line in asked.splitlines():
        name = NAME.match(line)
        if name is None or name[1].lower() != "hubprune":
            lines.append(line)
            continue
        found = True
        lines += expanded(needs, extras_of(name))
    if not found:
        raise HubpruneError(f"{REQUIREMENTS} of the Space does not name hubprune.", "Add the line: hubprune[eval]")
    return "\n".join([*dict.fromkeys(lines), ""])


def extras_of(name: re.Match[str]) -> set[str]:
    """The extras in `hubprune[eval,space]`."""
    return {extra.strip() for extra in (name[2] or "").split(",")} - {""}


def expanded(needs: list[str], extras: set[str]) -> Iterator[str]:
    """The requirements that hold with these extras, without their markers."""
    for need in needs:
        extra, name = EXTRA.search(need), NAME.match(need)
        assert name
        if extra is not None and extra[1] not in extras:
            continue
        if name[1].lower() == "hubprune":  # an extra that takes another along
            yield from expanded(needs, extras_of(name) - extras)
        elif name[1].lower() not in OF_THE_PLATFORM:
            yield need.partition(";")[0].strip()
