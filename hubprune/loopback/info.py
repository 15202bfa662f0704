"""What the Hub derives from a repository's files: tags and card, configuration, parameter counts, list of files."""

from __future__ import annotations

import hashlib
import json
import math
import struct
from typing import Any

import yaml

from .account import split_card
from .records import FileEntry, Repository, Tree
from .store import Store

HEADER_LIMIT_BYTES = 25_000_000
"""A safetensors header above this size is not read."""


def describe(store: Store, repository: Repository, oid: str, *, blobs: bool = False) -> dict[str, Any]:
    """The Hub's answer to "what is this repository", for the commit `oid`.

    Args:
        blobs: Add size and object ids to each file.
    """
    tree = repository.commits[oid].tree
    card = read_card(store, tree)
    answer: dict[str, Any] = {
        "_id": hashlib.sha1(repository.id.encode()).hexdigest()[:24],
        "id": repository.id,
        "author": repository.namespace,
        "sha": oid,
        "lastModified": repository.last_modified,
        "createdAt": repository.created_at,
        "private": repository.private,
        "gated": repository.gated,
        "disabled": False,
        "downloads": 0,
        "downloadsAllTime": 0,
        "likes": 0,
        "trendingScore": 0,
        "tags": card_tags(card),
        "cardData": card,
        "siblings": [_sibling(path, entry, blobs) for path, entry in sorted(tree.items())],
        "usedStorage": sum(entry.size for entry in tree.values()),
    }
    if repository.kind == "model":
        answer |= _model_fields(store, repository, tree, card)
    if repository.kind == "space":
        answer |= {"sdk": repository.sdk, "runtime": space_runtime(repository)}
    return answer


def read_card(store: Store, tree: Tree) -> dict[str, Any]:
    """The metadata of a README, empty if there is none that can be read. Dates become text."""
    text = (store.read_small(tree, "README.md") or b"").decode("utf-8", "replace")
    try:
        card = yaml.safe_load(split_card(text) or "")
    except yaml.YAMLError:
        return {}
    return json.loads(json.dumps(card, default=str)) if isinstance(card, dict) else {}


def card_tags(card: dict[str, Any]) -> list[str]:
    """The tags that a card gives its repository: its own, and those made of its other fields."""

    def values(name: str) -> list[str]:
        value = card.get(name)
        return [str(one) for one in value] if isinstance(value, list) else [str(value)] if value else []

    tags = [*values("library_name"), *values("pipeline_tag"), *values("tags"), *values("language")]
    tags += [f"license:{name}" for name in values("license")]
    tags += [f"dataset:{name}" for name in values("datasets")]
    for base in values("base_model"):
        tags.append(f"base_model:{base}")
        tags += [f"base_model:{relation}:{base}" for relation in values("base_model_relation")]
    return list(dict.fromkeys(tags))


def safetensors_header(store: Store, entry: FileEntry) -> dict[str, Any] | None:
    """The header of a safetensors file, or None if the file has none that can be read."""
    with store.content(entry).open("rb") as file:
        length = file.read(8)
        if len(length) < 8 or (size := struct.unpack("<Q", length)[0]) > HEADER_LIMIT_BYTES:
            return None
        try:
            header = json.loads(file.read(size))
        except (ValueError, RecursionError):
            return None
    return header if isinstance(header, dict) else None


def parameter_counts(store: Store, tree: Tree) -> dict[str, int]:
    """Number of parameters of each data type in the safetensors files of a repository's top folder."""
    counts: dict[str, int] = {}
    for path, entry in tree.items():
        if path.endswith(".safetensors") and "/" not in path:
            for name, tensor in (safetensors_header(store, entry) or {}).items():
                if name == "__metadata__":
                    continue
                try:
                    counts[tensor["dtype"]] = counts.get(tensor["dtype"], 0) + math.prod(tensor["shape"])
                except (KeyError, TypeError):  # a damaged header: its file counts nothing
                    continue
    return counts


def space_runtime(repository: Repository) -> dict[str, Any]:
    """The runtime of a Space, which is never really started."""
    return {
        "stage": "RUNNING",
        "hardware": {"current": repository.hardware, "requested": repository.hardware},
        "storage": None,
        "gcTimeout": 172800,
        "replicas": {"current": 1, "requested": 1},
        "volumes": [],
    }


def _sibling(path: str, entry: FileEntry, blobs: bool) -> dict[str, Any]:
    sibling: dict[str, Any] = {"rfilename": path}
    if blobs:
        sibling |= {"size": entry.size, "blobId": entry.oid}
        if entry.lfs:
            sibling["lfs"] = {"sha256": entry.sha256, **entry.lfs_fields}
    return sibling


def _model_fields(store: Store, repository: Repository, tree: Tree, card: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "modelId": repository.id,
        "pipeline_tag": card.get("pipeline_tag"),
        "library_name": card.get("library_name"),
        "model-index": card.get("model-index"),
        "spaces": [],
    }
    try:
        config = json.loads(store.read_small(tree, "config.json") or b"{}")
    except ValueError:
        config = {}
    if isinstance(config, dict) and config:
        shown = ("architectures", "model_type", "quantization_config", "auto_map")
        fields["config"] = {name: config[name] for name in shown if name in config}
    if counts := parameter_counts(store, tree):
        fields["safetensors"] = {"parameters": counts, "total": sum(counts.values())}
    return fields
