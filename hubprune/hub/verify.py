"""Downloads compared with what the Hub says they hold: huggingface_hub looks at the size alone."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from huggingface_hub import ModelInfo

from hubprune.errors import HubTrouble
from hubprune.hub.client import Hub
from hubprune.hub.source import Source

TRIES = 3
MEMORY = "hubprune-verified.json"  # beside the cache, not in it: tools that list the cache would stumble over it

Hashes = Mapping[str, str]  # file of the repository -> SHA-256 of its content, or the id that git gives to it


def expected_hashes(info: ModelInfo) -> dict[str, str]:
    """What the Hub says about the content of each file; `info` was asked for with files_metadata=True."""
    found = {s.rfilename: s.lfs.sha256 if s.lfs else s.blob_id for s in info.siblings or []}
    return {name: digest for name, digest in found.items() if digest}


def hashes_of(names: Iterable[str], hashes: Hashes) -> dict[str, str]:
    """The part of `hashes` that is about these files."""
    return {name: hashes[name] for name in names if name in hashes}


def fetched_whole(hub: Hub, source: Source, hashes: Hashes, fetch: Callable[[], str | Path]) -> Path:
    """The folder that `fetch()` returns, once the files named in `hashes` are right; wrong ones are fetched again.

    Raises HubTrouble for a file that stays wrong. However it ends, no wrong file is left in the cache, which is shared.
    """
    wrong: list[str] = []
    for _ in range(TRIES):
        try:
            folder = Path(fetch())
        except Exception:
            discard_damaged(hub, snapshot(hub, source), hashes)  # those that arrived before it broke off
            raise
        if not (wrong := discard_damaged(hub, folder, hashes)):
            return folder
    raise HubTrouble(
        f"{wrong[0]} of {source.id} arrived damaged {TRIES} times: its hash is not the one that the Hub names.",
        "Run the same command again; if it stays so, look for a proxy or a mirror that changes files.",
    )


def snapshot(hub: Hub, source: Source) -> Path:
    """Where the cache keeps the files of a commit."""
    return hub.cache_dir / f"models--{source.id.replace('/', '--')}" / "snapshots" / str(source.revision)


def discard_damaged(hub: Hub, folder: Path, hashes: Hashes) -> list[str]:
    """Remove the files of a folder in the cache that have another hash, with what they link to; return their names."""
    known = _recall(hub)
    before = dict(known)
    wrong = []
    for name, expected in hashes.items():
        path = (folder / name).resolve()
        if not path.is_file():
            continue
        state = path.stat()
        seen = [state.st_size, state.st_mtime_ns, expected]
        if known.get(str(path)) == seen:
            continue
        if content_hash(path, expected) == expected:
            known[str(path)] = seen
        else:
            wrong.append(name)
            known.pop(str(path), None)
            (folder / name).unlink(missing_ok=True)
            path.unlink(missing_ok=True)
    if known != before:
        _remember(hub, known)
    return wrong


def content_hash(path: Path, like: str) -> str:
    """The hash of a file's content, of the kind of `like`: SHA-256, or git's for its 40 digits."""
    return git_hash(path) if len(like) == 40 else sha256(path)


def sha256(path: Path) -> str:
    """The hex digest of a file's content, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def git_hash(path: Path) -> str:
    """The id that git gives to the file's content."""
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: digest).hexdigest()


def _recall(hub: Hub) -> dict[str, list[object]]:
    """File in the cache -> its size, time of change and right hash when it was last read."""
    try:
        known = json.loads((hub.cache_dir.parent / MEMORY).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


def _remember(hub: Hub, known: Mapping[str, list[object]]) -> None:
    """Write down what is verified and still there. Where that fails, files are read once more another time."""
    place = hub.cache_dir.parent / MEMORY
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump({path: seen for path, seen in known.items() if os.path.exists(path)}, stream, indent=1)
            os.replace(temporary, place)
        except BaseException:
            os.unlink(temporary)
            raise
