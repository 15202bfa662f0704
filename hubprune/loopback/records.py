"""What the loopback Hub remembers: repositories, commits, files, discussions. Plain dataclasses, saved as JSON."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

Kind = Literal["model", "dataset", "space"]

Gate = Literal[False, "auto", "manual"]
"""Whether downloads need a grant, and whether that is given automatically or by hand."""

KINDS: dict[str, Kind] = {"models": "model", "datasets": "dataset", "spaces": "space"}
"""Plural in the urls of the API -> kind of repository."""

URL_PREFIXES: dict[Kind, str] = {"model": "", "dataset": "datasets/", "space": "spaces/"}
"""Kind of repository -> prefix in the urls of pages and files."""


def now() -> str:
    """The present time as the Hub writes it: UTC, ISO 8601, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def git_blob_oid(data: bytes) -> str:
    """The SHA-1 under which git stores `data`."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def lfs_pointer(sha256: str, size: int) -> bytes:
    """The text that git holds in place of a large file of `size` bytes."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()


@dataclass(frozen=True)
class FileEntry:
    """A file in a commit: bytes, git object id, SHA-256 of the content, and whether it is kept as a large file."""

    size: int
    oid: str
    sha256: str
    lfs: bool = False

    @property
    def etag(self) -> str:
        """What the client uses to tell versions apart: SHA-256 for large files, git object id for small ones."""
        return self.sha256 if self.lfs else self.oid

    @property
    def lfs_fields(self) -> dict[str, Any]:
        """The large-file fields of this file in answers about it, without the object id."""
        return {"size": self.size, "pointerSize": len(lfs_pointer(self.sha256, self.size))}


Tree = dict[str, FileEntry]
"""Path in the repository -> file."""


@dataclass(frozen=True)
class Commit:
    """An immutable snapshot of a repository."""

    parents: list[str]
    tree: Tree
    title: str
    message: str
    date: str
    author: str

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Commit:
        """The inverse of `dataclasses.asdict`."""
        tree = {path: FileEntry(**entry) for path, entry in data["tree"].items()}
        return cls(**{**data, "tree": tree})


@dataclass
class Discussion:
    """A discussion or pull request of a repository."""

    number: int
    title: str
    description: str
    author: str
    created_at: str
    is_pull_request: bool
    status: str
    merge_commit: str | None = None


@dataclass
class Repository:
    """A repository: settings, refs (full ref name -> commit id), commits, discussions; for Spaces the runtime too."""

    id: str
    kind: Kind
    private: bool = False
    gated: Gate = False
    granted: list[str] = field(default_factory=list)
    created_at: str = field(default_factory=now)
    last_modified: str = field(default_factory=now)
    refs: dict[str, str] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)
    discussions: dict[str, Discussion] = field(default_factory=dict)
    sdk: str | None = None
    hardware: str = "cpu-basic"
    secrets: dict[str, str] = field(default_factory=dict)  # name -> time of the last change; the value is not kept
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def namespace(self) -> str:
        """The account or organisation that owns the repository."""
        return self.id.split("/")[0]

    @property
    def url_path(self) -> str:
        """Path of the repository's page, without the leading slash."""
        return URL_PREFIXES[self.kind] + self.id

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Repository:
        """The inverse of `dataclasses.asdict`."""
        commits = {oid: Commit.from_json(commit) for oid, commit in data["commits"].items()}
        discussions = {number: Discussion(**one) for number, one in data["discussions"].items()}
        return cls(**{**data, "commits": commits, "discussions": discussions})
