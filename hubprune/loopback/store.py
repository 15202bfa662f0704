"""The state of the loopback Hub: repositories, refs, commits and jobs, on disk under one folder.

<root>/state.json     everything but file contents; replaced as a whole after each change
<root>/blobs/         file contents, named by SHA-256
<root>/incoming/      uploads that are not finished
<root>/cas/           Xet chunks, written by hf_xet in the client's process
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import threading
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .blobs import BlobStore
from .errors import HubError
from .records import Commit, FileEntry, Gate, Kind, Repository, Tree, git_blob_oid, lfs_pointer, now
from .xet import XetFile, XetFolder

LFS_THRESHOLD_BYTES = 10 * 1024 * 1024
"""Files above this size are large files, whatever their name."""

SMALL_FILE_BYTES = 32 * 1024 * 1024
"""Metadata files (cards, configurations, indices) above this size are not read."""

LFS_SUFFIXES = (
    "7z arrow bin bz2 ckpt gz h5 joblib model npy npz onnx parquet pb pickle pkl pt pth rar safetensors tar tflite tgz "
    "wasm xz zip zst"
)
GITATTRIBUTES = "".join(
    f"{pattern} filter=lfs diff=lfs merge=lfs -text\n"
    for pattern in (*(f"*.{suffix}" for suffix in LFS_SUFFIXES.split()), "*tfevents*")
)
"""The ``.gitattributes`` of a new repository: which files are kept as large files."""

REPOSITORY_ID = re.compile(r"(?=[\w.-]{1,96}/)[A-Za-z0-9][\w.-]*/(?![\w.-]{97})[A-Za-z0-9_][\w.-]*", re.ASCII)


def check_repository_id(text: object) -> str:
    """Return `text` if it is a repository id, ``namespace/name``. Raises HubError 400 if not."""
    if not isinstance(text, str) or not REPOSITORY_ID.fullmatch(text) or ".." in text:
        raise HubError(400, f"Invalid repository id: {text}")
    return text


def check_path(text: object) -> str:
    """Return `text` if it may name a file in a repository: relative, no empty, ``.``, ``..`` or ``.git`` segment.

    Raises:
        HubError: 400 if it may not.
    """
    segments = text.split("/") if isinstance(text, str) else [""]
    forbidden = {"", ".", "..", ".git"}
    if not isinstance(text, str) or forbidden & set(segments) or re.search(r"[\x00-\x1f\\]", text):
        raise HubError(400, f"Invalid path in repository: {text!r}")
    return text


def check_gate(value: object) -> Gate:
    """Return `value` if it is ``"auto"``, ``"manual"`` or false. Raises HubError 400 if it is anything else."""
    if value == "auto":
        return "auto"
    if value == "manual":
        return "manual"
    if value in (False, None):
        return False
    raise HubError(400, '"gated" must be false, "auto" or "manual"')


class Store:
    """Repositories and jobs in memory, saved to `root` after each change.

    Take `lock` around everything that reads and then changes the state, and call `save` before letting it go.

    Args:
        root: Folder of the Hub; made if it does not exist, taken up where it was left if it does.
        xet: Serve large files through Xet storage too.
    """

    def __init__(self, root: Path, xet: bool = False) -> None:
        self.root = root
        self.blobs = BlobStore(root)
        self.xet = XetFolder(root / "cas") if xet else None
        self.lock = threading.RLock()
        self.repositories: dict[tuple[Kind, str], Repository] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self._state_file = root / "state.json"
        if self._state_file.exists():
            state = json.loads(self._state_file.read_text(encoding="utf-8"))
            self.jobs = state["jobs"]
            for data in state["repositories"]:
                repository = Repository.from_json(data)
                self.repositories[repository.kind, repository.id] = repository

    def save(self) -> None:
        """Write the state; a reader of the file sees the old or the new one, never a part."""
        state = {"repositories": [asdict(one) for one in self.repositories.values()], "jobs": self.jobs}
        temporary = self._state_file.with_suffix(".tmp")
        temporary.write_text(json.dumps(state), encoding="utf-8")
        temporary.replace(self._state_file)

    # Repositories and commits

    def add_repository(self, repository: Repository, author: str) -> None:
        """Add a new repository with its first commit, which holds ``.gitattributes``.

        Raises:
            HubError: 400 if its id is none.
        """
        check_repository_id(repository.id)
        tree = {".gitattributes": self.small_file(GITATTRIBUTES.encode())}
        self.commit(repository, "refs/heads/main", None, tree, title="initial commit", author=author)
        self.repositories[repository.kind, repository.id] = repository

    def gate(self, repo_id: str, kind: Kind, gated: object, granted: Iterable[str] = ()) -> None:
        """Gate a repository (``"auto"``, ``"manual"``) or open it (False), and name the users who may download from it.

        Raises:
            HubError: 404 if there is no such repository, 400 if `gated` is none of these.
        """
        with self.lock:
            repository = self.repositories.get((kind, repo_id))
            if repository is None:
                raise HubError(404, f"There is no {kind} {repo_id}", "RepoNotFound")
            repository.gated = check_gate(gated)
            repository.granted = list(granted)
            self.save()

    def resolve(self, repository: Repository, revision: str) -> str:
        """The commit id that a branch, tag, full ref name or unique beginning of a commit id stands for.

        Raises:
            HubError: 404 if there is none.
        """
        for ref in (f"refs/heads/{revision}", f"refs/tags/{revision}", revision):
            if ref in repository.refs:
                return repository.refs[ref]
        if re.fullmatch(r"[0-9a-f]{7,40}", revision):
            found = [oid for oid in repository.commits if oid.startswith(revision)]
            if len(found) == 1:
                return found[0]
        raise HubError(404, f"Invalid rev id: {revision}", "RevisionNotFound")

    def tree(self, repository: Repository, revision: str) -> Tree:
        """The files at a revision. Raises HubError 404 if there is no such revision."""
        return repository.commits[self.resolve(repository, revision)].tree

    def commit(
        self,
        repository: Repository,
        ref: str,
        parent: str | None,
        tree: Tree,
        *,
        title: str,
        message: str = "",
        author: str,
    ) -> str:
        """Add a commit, point the full ref name `ref` at it, and return its id."""
        commit = Commit([parent] if parent else [], tree, title, message, now(), author)
        described = json.dumps(asdict(commit), sort_keys=True).encode() + secrets.token_bytes(8)
        oid = hashlib.sha1(described).hexdigest()
        repository.commits[oid] = commit
        repository.refs[ref] = oid
        repository.last_modified = commit.date
        return oid

    def history(self, repository: Repository, revision: str) -> list[tuple[str, Commit]]:
        """Commit ids and commits from a revision back to the first."""
        oid: str | None = self.resolve(repository, revision)
        found = []
        while oid is not None:
            commit = repository.commits[oid]
            found.append((oid, commit))
            oid = commit.parents[0] if commit.parents else None
        return found

    # Files

    def small_file(self, data: bytes) -> FileEntry:
        """Store `data` and return it as a file that git holds itself."""
        return FileEntry(len(data), git_blob_oid(data), self.blobs.add_bytes(data))

    def large_file(self, sha256: str) -> FileEntry | None:
        """The uploaded content of that SHA-256 as a large file, or None if it is not here."""
        if self.blobs.has(sha256):
            size = self.blobs.path(sha256).stat().st_size
        elif file := self.xet_file(sha256):
            size = file.size
        else:
            return None
        return FileEntry(size, git_blob_oid(lfs_pointer(sha256, size)), sha256, lfs=True)

    def xet_file(self, sha256: str) -> XetFile | None:
        """Where the content of that SHA-256 is in Xet storage, if it is there."""
        return self.xet.find(sha256) if self.xet else None

    def content(self, entry: FileEntry) -> Path:
        """The file on disk with the content of `entry`; rebuilt from the chunks first if it came through Xet.

        Raises:
            HubError: 404 if the content is gone.
        """
        path = self.blobs.path(entry.sha256)
        if not path.exists():
            file = self.xet_file(entry.sha256)
            if self.xet is None or file is None:
                raise HubError(404, "Entry not found", "EntryNotFound")
            with self.lock:
                if not path.exists():
                    self.xet.fetch(file, path)
        return path

    def read_small(self, tree: Tree, path: str) -> bytes | None:
        """The bytes of a metadata file, or None if it does not exist or is too large to be one."""
        entry = tree.get(path)
        if entry is None or entry.size > SMALL_FILE_BYTES:
            return None
        return self.content(entry).read_bytes()
