"""Which Hub a visitor speaks to, and with which token.

A token is handed to the one request (or the one run) that it came with, and to nothing else. Each run has a cache of
its own: what one visitor may read, another cannot find here.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hubprune.demo.loop import BASE, MODEL_FOLDER
from hubprune.hub import Hub, connect
from hubprune.hub.secrets import forget_token
from hubprune.loopback import LoopbackHub

from .settings import SETTINGS

_shelf: list[LoopbackHub] = []


def shelf() -> LoopbackHub:
    """A Hub on this machine that holds the embedded model, for the first click; started when first asked for."""
    if not _shelf:
        server = LoopbackHub(SETTINGS.folder / "shelf", users={}).start()
        server.add_repo(BASE, MODEL_FOLDER)
        _shelf.append(server)
    return _shelf[0]


def use_shelf(server: LoopbackHub) -> None:
    """Take a loopback Hub that runs already and holds the embedded model."""
    _shelf[:] = [server]


def hub_for(model: str, token: str | None, cache: Path) -> Hub:
    """The connection through which a model is read: the embedded one from the shelf, every other from the Hub."""
    if model == BASE:
        return connect(endpoint=shelf().endpoint, token=False, cache_dir=cache)
    return connect(token=token or False, cache_dir=cache)


@contextmanager
def reading(model: str, token: str | None) -> Iterator[Hub]:
    """For one request: a connection with a cache that is gone afterwards, as is the memory of the token."""
    cache = Path(tempfile.mkdtemp(prefix="look-", dir=SETTINGS.folder))
    try:
        yield hub_for(model, token, cache / "hub")  # what belongs to a cache is written beside it
    finally:
        shutil.rmtree(cache, ignore_errors=True)
        forget_token(token)


@contextmanager
def signed_in(token: str) -> Iterator[Hub]:
    """For one request that writes: the Hub with the visitor's token."""
    try:
        yield connect(token=token, cache_dir=SETTINGS.folder / "writing" / "hub")
    finally:
        forget_token(token)
