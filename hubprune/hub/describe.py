"""What a model is, from the headers of its files alone: no weights are downloaded."""

from __future__ import annotations

import glob
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from huggingface_hub import is_offline_mode, metadata_load

from hubprune.errors import CheckpointDamaged, Offline
from hubprune.hub.client import Hub, quiet
from hubprune.hub.failures import translated
from hubprune.hub.files import CONFIG, INDEX, WEIGHTS, describing_files, read_json, refuse_other_weights, weight_files
from hubprune.hub.headers import Tensors, local_tensors, remote_tensors
from hubprune.hub.links import refuse_links
from hubprune.hub.progress import silent_bar
from hubprune.hub.retry import patiently
from hubprune.hub.source import Source
from hubprune.hub.verify import Hashes, expected_hashes, fetched_whole, hashes_of


@dataclass(frozen=True)
class Description:
    """A model as its headers, its configuration and its page on the Hub describe it."""

    tensors: Tensors
    files: dict[str, int]  # every file of the repository -> bytes
    weights: tuple[str, ...]  # the files that hold the tensors
    weight_bytes: int
    config: dict[str, Any]
    config_folder: Path  # holds config.json and, where the model has them, generation and tokenizer configuration
    license: str | None
    license_name: str | None
    license_link: str | None
    pipeline_tag: str | None
    gated: str | None  # None, "auto" or "manual"
    chat_template: bool


@dataclass(frozen=True)
class Listing:
    """The files of a model and the facts of its card, before any weight is looked at."""

    files: dict[str, int]
    folder: Path  # with the small files that describe the model
    index: dict[str, object] | None
    card: dict[str, Any]
    gated: str | None
    hashes: Hashes  # of each file on the Hub; empty where nothing is fetched


def describe(hub: Hub, source: Source) -> Description:
    """Read the description of a model, local or on the Hub.

    Raises NoSafetensors, CheckpointDamaged, UnsupportedArchitecture (an adapter), NotFound, Gated, Offline.
    """
    listing = listed(hub, source)
    weights = chosen_weights(source, listing)
    config = read_json(listing.folder / CONFIG, source.id)
    refuse_other_weights(source.id, config, weights)
    with translated(source.id), quiet():
        if source.local or is_offline_mode():
            found = [local_tensors(source, listing.folder / name) for name in weights]
        else:
            found = remote_tensors(hub, source, {name: listing.files[name] for name in weights})
    tensors: Tensors = {}
    for held in found:
        if twice := sorted(tensors.keys() & held.keys()):
            raise CheckpointDamaged(f"Two weight files of {source.id} hold {twice[0]}.", "Use another revision.")
        tensors |= held
    _agree(source, tensors, listing.index)
    card = listing.card
    return Description(
        tensors=tensors,
        files=listing.files,
        weights=tuple(weights),
        weight_bytes=sum(listing.files[name] for name in weights),
        config=config,
        config_folder=listing.folder,
        license=_text(card.get("license")),
        license_name=_text(card.get("license_name")),
        license_link=_text(card.get("license_link")),
        pipeline_tag=_text(card.get("pipeline_tag")),
        gated=listing.gated,
        chat_template=_has_chat_template(listing, source),
    )


def listed(hub: Hub, source: Source) -> Listing:
    """The files of a model; the small ones that describe it are there to be read."""
    if source.local:
        assert source.folder is not None
        refuse_links(source.folder)
        return _listed_folder(source.folder, source)
    if is_offline_mode():
        return _listed_folder(cached_snapshot(hub, source), source)
    with translated(source.id), quiet():
        info = patiently(lambda: hub.api.model_info(source.id, revision=source.revision, files_metadata=True))
        files = {s.rfilename: s.size or 0 for s in info.siblings or []}
        if CONFIG not in files:
            weight_files(source.id, files, None)  # an adapter or a pickle is told from a repository without a model
            raise CheckpointDamaged(
                f"{source.id} has no {CONFIG}.", "Only models that transformers can load are pruned."
            )
        hashes = expected_hashes(info)
        folder = fetch_small(hub, source, describing_files(files), hashes)
    card = info.card_data.to_dict() if info.card_data else {}
    card.setdefault("pipeline_tag", info.pipeline_tag)
    index = read_json(folder / INDEX, source.id) if INDEX in files else None
    return Listing(files, folder, index, card, info.gated or None, hashes)


def chosen_weights(source: Source, listing: Listing) -> list[str]:
    """The weight files of a listed model. Raises like `weight_files`, and Offline for those that only the Hub has."""
    if not source.local and is_offline_mode():
        weight_map = (listing.index or {}).get("weight_map")
        expected = {str(v) for v in weight_map.values()} if isinstance(weight_map, dict) else {WEIGHTS}
        if absent := sorted(expected - set(listing.files)):
            raise Offline(f"{absent[0]} of {source.id} is not in the cache.", "Unset HF_HUB_OFFLINE to download it.")
    return weight_files(source.id, listing.files, listing.index)


def cached_snapshot(hub: Hub, source: Source) -> Path:
    """The folder of the commit in the cache, without asking the Hub. Raises Offline."""
    with translated(source.id), quiet():
        return Path(
            hub.api.snapshot_download(
                source.id,
                revision=source.revision,
                cache_dir=hub.cache_dir,
                local_files_only=True,
                allow_patterns=CONFIG,
            )
        )


def fetch_small(hub: Hub, source: Source, names: list[str], hashes: Hashes) -> Path:
    """Download a few small files that have these hashes; return the folder of the commit in the cache."""

    def fetch() -> str:
        return hub.api.snapshot_download(
            source.id,
            revision=source.revision,
            cache_dir=hub.cache_dir,
            allow_patterns=exactly(names),
            tqdm_class=silent_bar(),
        )

    return fetched_whole(hub, source, hashes_of(names, hashes), lambda: patiently(fetch))


def exactly(names: list[str]) -> list[str]:
    """Patterns that match these names and no others."""
    return [glob.escape(name) for name in names]


def _listed_folder(folder: Path, source: Source) -> Listing:
    files = {p.relative_to(folder).as_posix(): p.stat().st_size for p in sorted(folder.rglob("*")) if p.is_file()}
    if CONFIG not in files:
        weight_files(source.id, files, None)
        raise CheckpointDamaged(
            f"{source.id} has no {CONFIG}.", "Give the folder of a model that transformers can load."
        )
    readme = folder / "README.md"
    try:
        card = (metadata_load(readme) if readme.is_file() else None) or {}
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise CheckpointDamaged(
            f"The metadata in README.md of {source.id} is no readable YAML.",
            "Correct what stands between its two lines of ---.",
        ) from error
    return Listing(files, folder, read_json(folder / INDEX, source.id) if INDEX in files else None, card, None, {})


def _agree(source: Source, tensors: dict[str, Any], index: dict[str, object] | None) -> None:
    """Raise CheckpointDamaged where the index names weights that no file holds."""
    missing = sorted(set(index["weight_map"]) - set(tensors)) if index else []  # type: ignore[call-overload]
    if missing:
        raise CheckpointDamaged(
            f"{INDEX} of {source.id} names {missing[0]}, which no weight file holds.",
            "Download or copy the model again.",
        )


def _has_chat_template(listing: Listing, source: Source) -> bool:
    if any(name.startswith("chat_template") for name in listing.files):
        return True
    path = listing.folder / "tokenizer_config.json"
    return path.is_file() and bool(read_json(path, source.id).get("chat_template"))


def _text(value: Any) -> str | None:
    """A field of the card, which may hold anything: its text, or the first of a list of texts."""
    first = value[0] if isinstance(value, list) and value else value
    return first or None if isinstance(first, str) else None
