"""Hub -> folder: what the model needs and nothing else, after a look at the disk."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from pathlib import Path

from huggingface_hub import is_offline_mode
from huggingface_hub.utils import tqdm

from hubprune.errors import NotEnoughDisk
from hubprune.events import Event, Stage
from hubprune.hub.client import Hub, quiet
from hubprune.hub.describe import Listing, chosen_weights, exactly, listed
from hubprune.hub.failures import translated
from hubprune.hub.files import CONFIG, files_beside, read_json, refuse_foreign_code
from hubprune.hub.progress import downloading, silent_bar
from hubprune.hub.retry import patiently
from hubprune.hub.source import Source
from hubprune.hub.verify import discard_damaged, fetched_whole, hashes_of

SPARE_BYTES = 64 * 2**20  # left free on the disk beside the download


def pull(hub: Hub, source: Source, *, trust_remote_code: bool = False) -> Generator[Event, None, Path]:
    """Fetch a model; return its folder with weights, configuration, tokenizer and licence files (a Path).

    A local model is checked and its own folder returned. What the cache holds already is not fetched again, and an
    interrupted download goes on with the files that are missing. Each file is compared once with the hash that the Hub
    names, also one that was in the cache before; a damaged one is fetched again. Code in the repository is fetched only
    with `trust_remote_code`, and never run here.

    Raises NoSafetensors, RemoteCodeNeeded, UnsupportedArchitecture (an adapter), CheckpointDamaged, NotEnoughDisk,
    NotFound, Gated, Offline, HubTrouble.
    """
    listing = listed(hub, source)
    refuse_foreign_code(source.id, read_json(listing.folder / CONFIG, source.id), trust_remote_code=trust_remote_code)
    names = needed(source, listing, code=trust_remote_code)
    if source.local or is_offline_mode():
        return listing.folder
    hashes = hashes_of(names, listing.hashes)

    def fetch(bar: type[tqdm]) -> Path:
        return fetched_whole(hub, source, hashes, lambda: patiently(lambda: _fetch(hub, source, names, bar)))

    with translated(source.id), quiet():
        discard_damaged(hub, listing.folder, hashes)
        missing = bytes_to_fetch(hub, source, names)
        if not missing:
            return fetch(silent_bar())
        check_disk(hub.cache_dir, missing, source.id)
        yield Stage("download", f"Downloading {source.id} ({_gb(missing)})")
        return (yield from downloading(fetch, missing))


def needed(source: Source, listing: Listing, *, code: bool = False) -> list[str]:
    """The files to fetch; with `code` also Python files. Raises NoSafetensors, CheckpointDamaged, Offline."""
    return sorted({*chosen_weights(source, listing), *files_beside(listing.files, code=code)})


def bytes_to_fetch(hub: Hub, source: Source, names: list[str]) -> int:
    """Bytes of these files that the cache does not hold yet; 0 in offline mode, where nothing is fetched."""
    if is_offline_mode():
        return 0
    plan = patiently(
        lambda: hub.api.snapshot_download(
            source.id,
            revision=source.revision,
            cache_dir=hub.cache_dir,
            allow_patterns=exactly(names),
            tqdm_class=silent_bar(),
            dry_run=True,
        )
    )
    return sum(file.file_size or 0 for file in plan if file.will_download)


def check_disk(folder: Path, needed_bytes: int, what: str) -> None:
    """Raise NotEnoughDisk where the disk of `folder` has no room for `needed_bytes` more."""
    folder = folder.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < needed_bytes + SPARE_BYTES:
        raise NotEnoughDisk(
            f"Downloading {what} needs {_gb(needed_bytes)} of disk, and {folder} has {_gb(free)} free.",
            "Free some space, or choose a folder on another disk with --cache-dir.",
        )


def _fetch(hub: Hub, source: Source, names: list[str], bar: type[tqdm]) -> str:
    return hub.api.snapshot_download(
        source.id,
        revision=source.revision,
        cache_dir=hub.cache_dir,
        allow_patterns=exactly(names),
        tqdm_class=bar,
    )


def _gb(count: int) -> str:
    """Bytes for a reader: "16.1 GB", "8.5 MB"."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
