"""hubprune itself as a wheel: built from its checkout, or packed from what is installed."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import subprocess
import sys
import zipfile
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path, PurePath

from hubprune import __version__
from hubprune.errors import HubpruneError

PACKAGE = Path(__file__).parents[1]
CHECKOUT = PACKAGE.parent
INFO = f"hubprune-{__version__}.dist-info"
BUILT_IN = ("METADATA", "WHEEL", "entry_points.txt")  # of the metadata; the rest is the installer's, but for licences
DATE = (2020, 2, 2, 0, 0, 0)  # one for all files, as hatchling has it: the same content is the same wheel


def is_checkout() -> bool:
    """Whether this hubprune runs from its source tree."""
    return (CHECKOUT / "pyproject.toml").is_file() and (CHECKOUT / "space" / "app.py").is_file()


def space_folder() -> Path:
    """The Space's own files: space/ of the checkout, or what the wheel brought along."""
    return CHECKOUT / "space" if is_checkout() else PACKAGE / "_space"


def make_wheel(folder: Path) -> Path:
    """Write the wheel of this hubprune into a folder; the same files give the same bytes.

    Raises HubpruneError where it cannot be made: no build tool beside a checkout, or an installation without a record
    of its files.
    """
    return build(CHECKOUT, folder) if is_checkout() else pack(installed(), folder)


def build(checkout: Path, folder: Path) -> Path:
    """The wheel of a source tree: by hatchling where it is installed, else by pip, which fetches hatchling."""
    if importlib.util.find_spec("hatchling"):
        tool = ["hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    else:
        tool = ["pip", "wheel", "--no-deps", "--disable-pip-version-check", "--wheel-dir", str(folder), "."]
    done = subprocess.run([sys.executable, "-m", *tool], cwd=checkout, capture_output=True, text=True, check=False)
    wheels = sorted(folder.glob("hubprune-*.whl"))
    if done.returncode or len(wheels) != 1:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        raise HubpruneError(
            f"The wheel of hubprune cannot be built from its source tree ({tool[0]}: {said[-1]}).",
            "Install the build tool: pip install hatchling",
        )
    return wheels[0]


def installed() -> Distribution:
    """The installation that this very package is part of. Raises HubpruneError where there is none with a record."""
    try:
        found = distribution("hubprune")
    except PackageNotFoundError:
        found = None
    own = PACKAGE / "__init__.py"
    if found is None or own not in [Path(str(found.locate_file(file))).resolve() for file in found.files or []]:
        raise HubpruneError(
            "This hubprune was not installed by pip or a tool like it, so its wheel cannot be made from it.",
            "Install it with pip, or run the command in a checkout of its source.",
        )
    return found


def pack(source: Distribution, folder: Path) -> Path:
    """A wheel from the files that an installation has a record of; what the installer added stays out."""
    path = folder / f"hubprune-{__version__}-py3-none-any.whl"
    record = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(str(PurePath(file).as_posix()) for file in source.files or [] if belongs(file)):
            content = Path(str(source.locate_file(name))).read_bytes()
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            record.append(f"{name},sha256={digest},{len(content)}")
            write(archive, name, content)
        write(archive, f"{INFO}/RECORD", "\n".join([*record, f"{INFO}/RECORD,,", ""]).encode())
    return path


def belongs(file: PurePath) -> bool:
    """Whether an installed file was in the wheel."""
    if file.parts[0] == INFO:
        return file.name in BUILT_IN or "licenses" in file.parts
    return file.parts[0] in ("hubprune", "optimum") and "__pycache__" not in file.parts


def write(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Add a file with the one date and ordinary rights."""
    entry = zipfile.ZipInfo(name, DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)
