"""Xet storage without a Xet service: hf_xet keeps chunks in a local folder, and this module finds files in it.

The released hf_xet understands the address ``local://<folder>`` and does all of its work in the client's process. The
server hands that address out, and reads from the shards in the folder which Xet hash belongs to which SHA-256.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import NamedTuple

_HEADER_BYTES = 48  # of a shard, of a file in it, and of each of a file's records
_HAS_VERIFICATION = 0x80000000
_HAS_METADATA = 0x40000000
_END = b"\xff" * 32


class XetFile(NamedTuple):
    """A file in Xet storage: its Xet hash in hexadecimal, and its size in bytes."""

    xet_hash: str
    size: int


class XetFolder:
    """The local folder of chunks that hf_xet reads and writes."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder.resolve()
        self._known: dict[str, XetFile] = {}
        self._read: set[Path] = set()

    @property
    def address(self) -> str:
        """The address to hand to hf_xet."""
        return f"local://{self.folder}"

    def find(self, sha256: str) -> XetFile | None:
        """The Xet file whose content has that SHA-256, if it has been uploaded."""
        if sha256 not in self._known:
            for shard in self.folder.glob("**/shards/*.mdb"):
                if shard not in self._read:
                    self._known.update(parse_shard(shard.read_bytes()))
                    self._read.add(shard)
        return self._known.get(sha256)

    def fetch(self, file: XetFile, target: Path) -> None:
        """Write the content of `file` to `target`, which appears only when it is whole."""
        import hf_xet

        partial = target.with_name(target.name + ".xet")
        group = hf_xet.XetSession().new_file_download_group(endpoint=self.address)
        group.start_download_file(hf_xet.XetFileInfo(file.xet_hash, file.size), str(partial))
        group.wait_to_finish()
        os.replace(partial, target)


def parse_shard(shard: bytes) -> dict[str, XetFile]:
    """Read the files of a Xet metadata shard (format version 2): SHA-256 in hexadecimal -> Xet file.

    A shard holds metadata only, a few hundred bytes a file.
    """
    files: dict[str, XetFile] = {}
    offset = _HEADER_BYTES
    while offset + _HEADER_BYTES <= len(shard) and (xet_hash := shard[offset : offset + 32]) != _END:
        flags, count, _ = struct.unpack_from("<IIQ", shard, offset + 32)
        offset += _HEADER_BYTES
        size = sum(struct.unpack_from("<I", shard, offset + _HEADER_BYTES * i + 36)[0] for i in range(count))
        offset += _HEADER_BYTES * count * (2 if flags & _HAS_VERIFICATION else 1)
        if flags & _HAS_METADATA:
            files[_hex(shard[offset : offset + 32])] = XetFile(_hex(xet_hash), size)
            offset += _HEADER_BYTES
    return files


def _hex(digest: bytes) -> str:
    """Xet writes a hash as four little-endian words of 64 bits."""
    return "".join(f"{word:016x}" for word in struct.unpack("<4Q", digest))
