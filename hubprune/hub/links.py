"""Links in a model's folder: what lies elsewhere on this machine is not part of a model, and must not be published."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

from hubprune.errors import CheckpointDamaged

TEMPLATES = "additional_chat_templates"  # the one folder inside a model that is copied


def refuse_links(folder: Path) -> None:
    """Raise CheckpointDamaged for a link in a local model's folder that leads out of it.

    The Hub's cache is made of links from `snapshots/COMMIT` to `blobs`: those are the model's own.
    """
    homes = [folder.resolve(), *_blobs(folder.resolve())]
    for path in [*_links(folder), *_links(folder / TEMPLATES)]:
        if path.is_dir() and path.name != TEMPLATES:
            continue  # nothing is read from other folders
        if not any(_target(path).is_relative_to(home) for home in homes):
            raise CheckpointDamaged(
                f"{path.name} in {folder.name} is a link that leads out of the folder.",
                "Put a copy of the file in its place, or remove the link.",
            )


def _links(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.iterdir()) if path.is_symlink()) if folder.is_dir() else iter(())


def _target(link: Path) -> Path:
    """Where a link leads in the end; the root for one that leads to itself."""
    try:
        return link.resolve(strict=True)
    except RuntimeError:  # it leads to itself, as Python before 3.13 says it
        return Path("/")
    except OSError as error:
        return Path("/") if error.errno == errno.ELOOP else link.resolve()


def _blobs(folder: Path) -> list[Path]:
    """Where the files of a snapshot in the Hub's cache lie: beside it, or shared by the whole cache."""
    repository = folder.parent.parent
    if folder.parent.name != "snapshots" or not repository.name.startswith("models--"):
        return []
    return [repository / "blobs", repository.parent / "blobs"]
