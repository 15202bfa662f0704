"""Put a folder into the Hub without going through a client: for tests, and for the demo's base model."""

from __future__ import annotations

from pathlib import Path

from .commits import is_large, lfs_patterns
from .records import Gate, Kind, Repository, Tree
from .store import GITATTRIBUTES, Store, check_path


def read_folder(store: Store, folder: Path, *, link: bool = False) -> Tree:
    """Store the contents of all files under `folder` and return them as a tree; symbolic links are followed.

    ``.git`` and ``.cache/huggingface`` are left out, as the client does.

    Args:
        link: Hard-link large files instead of copying them; see `blobs.BlobStore.add_file`.

    Raises:
        NotADirectoryError: `folder` is no folder.
        HubError: 400 if a file's name cannot be a path in a repository.
    """
    if not folder.is_dir():
        raise NotADirectoryError(folder)
    gitattributes = folder / ".gitattributes"
    rules = gitattributes.read_bytes() if gitattributes.is_file() else GITATTRIBUTES.encode()
    patterns = lfs_patterns(rules)
    tree: Tree = {}
    for source in sorted(folder.rglob("*")):
        relative = source.relative_to(folder)
        if not source.is_file() or ".git" in relative.parts or relative.parts[:2] == (".cache", "huggingface"):
            continue
        path = check_path(relative.as_posix())
        if is_large(path, source.stat().st_size, patterns):
            entry = store.large_file(store.blobs.add_file(source, link=link))
            assert entry is not None  # it has just been stored
            tree[path] = entry
        else:
            tree[path] = store.small_file(source.read_bytes())
    return tree


def add_folder(
    store: Store,
    repo_id: str,
    folder: Path,
    *,
    kind: Kind,
    private: bool,
    gated: Gate,
    commit_message: str,
    author: str | None,
    link: bool,
) -> str:
    """Commit a folder to main, creating the repository if there is none; return the commit id.

    Files that are in the repository but not in the folder stay. See `server.LoopbackHub.add_repo` for the arguments.
    """
    files = read_folder(store, folder, link=link)
    author = author or repo_id.split("/")[0]
    with store.lock:
        repository = store.repositories.get((kind, repo_id))
        if repository is None:
            repository = Repository(repo_id, kind, sdk="gradio" if kind == "space" else None)
            store.add_repository(repository, author)
        repository.private, repository.gated = private, gated
        parent = repository.refs["refs/heads/main"]
        tree = {**repository.commits[parent].tree, **files}
        oid = store.commit(repository, "refs/heads/main", parent, tree, title=commit_message, author=author)
        store.save()
    return oid
