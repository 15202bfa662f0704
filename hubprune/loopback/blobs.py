"""File contents on disk, named by their SHA-256. Nothing here holds more than one chunk of a file in memory."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from .errors import HubError

CHUNK_BYTES = 256 * 1024
"""Bytes read or written at a time."""


def check_sha256(text: object) -> str:
    """Return `text` if it is a SHA-256 in hexadecimal; it may then be used as a file name.

    Raises:
        HubError: 422 if it is anything else.
    """
    if not isinstance(text, str) or not re.fullmatch(r"[0-9a-f]{64}", text):
        raise HubError(422, "oid must be a sha256 of 64 hexadecimal digits")
    return text


def read_chunks(path: Path, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """Yield the bytes `start` to `stop` (exclusive; the end of the file by default) of a file, chunk by chunk."""
    left = (path.stat().st_size if stop is None else stop) - start
    with path.open("rb") as file:
        file.seek(start)
        while left > 0 and (chunk := file.read(min(CHUNK_BYTES, left))):
            left -= len(chunk)
            yield chunk


class BlobWriter:
    """A content on its way in: a temporary file, hashed while it is written, gone unless kept.

    Use it as a context manager; call `write` for each chunk, then `keep` once.
    """

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self._temporary = blobs.incoming / secrets.token_hex(8)
        self._file = self._temporary.open("wb")
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes written so far."""
        return self._hash.hexdigest()

    def write(self, chunk: bytes) -> None:
        """Append `chunk`."""
        self._hash.update(chunk)
        self._file.write(chunk)
        self.size += len(chunk)

    def keep(self, expected_sha256: str | None = None, *, as_file: Path | None = None) -> str:
        """Move the content into the store (or to `as_file`) and return its SHA-256.

        Raises:
            HubError: 422 if the content does not have the expected SHA-256; it is then dropped.
        """
        if expected_sha256 is not None and self.sha256 != expected_sha256:
            raise HubError(422, f"sha256 mismatch: expected {expected_sha256}, received {self.sha256}")
        self._file.close()
        self._temporary.replace(as_file or self._blobs.path(self.sha256))
        return self.sha256

    def __enter__(self) -> BlobWriter:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()
        self._temporary.unlink(missing_ok=True)


class BlobStore:
    """The folder of contents: ``<root>/blobs/<sha256>``, with unfinished uploads beside it in ``<root>/incoming``."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "blobs"
        self.incoming = root / "incoming"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.incoming.mkdir(exist_ok=True)

    def path(self, sha256: str) -> Path:
        """Where the content of that SHA-256 lies or would lie. Raises HubError 422 if it is no SHA-256."""
        return self.folder / check_sha256(sha256)

    def has(self, sha256: str) -> bool:
        """Whether the content is here."""
        return self.path(sha256).exists()

    def part(self, sha256: str, number: int) -> Path:
        """Where part `number` (from 1) of an upload in several parts waits for the others."""
        return self.incoming / f"{check_sha256(sha256)}.{number:d}"

    def add_bytes(self, data: bytes) -> str:
        """Store `data` and return its SHA-256."""
        with BlobWriter(self) as writer:
            writer.write(data)
            return writer.keep()

    def add_file(self, source: Path, *, link: bool = False) -> str:
        """Store a copy of the file `source` and return its SHA-256.

        With `link` the content is a hard link where the file system allows it: instant, but whoever rewrites the
        source in place then rewrites the stored content too.
        """
        source = source.resolve(strict=True)
        if link:
            with source.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            try:
                os.link(source, self.path(sha256))
                return sha256
            except FileExistsError:
                return sha256
            except OSError:
                pass  # another file system, or one without hard links: copy
        with BlobWriter(self) as writer:
            for chunk in read_chunks(source):
                writer.write(chunk)
            return writer.keep()

    def join_parts(self, sha256: str, etags: list[str]) -> None:
        """Make one content of the parts 1, 2, ... that were received for `sha256`.

        Args:
            etags: The ETag that each part was acknowledged with, in order.

        Raises:
            HubError: 400 if a part is missing or is another one than acknowledged; 422 if the whole does not have that
                SHA-256.
        """
        parts = [self.part(sha256, number) for number in range(1, len(etags) + 1)]
        with BlobWriter(self) as writer:
            for part, etag in zip(parts, etags, strict=True):
                part_hash = hashlib.sha256()
                if not part.exists():
                    raise HubError(400, f"part {part.suffix[1:]} was not uploaded")
                for chunk in read_chunks(part):
                    part_hash.update(chunk)
                    writer.write(chunk)
                if part_hash.hexdigest() != etag.strip('"'):
                    raise HubError(400, f"part {part.suffix[1:]} has another ETag")
            writer.keep(sha256)
        for part in parts:
            part.unlink(missing_ok=True)
