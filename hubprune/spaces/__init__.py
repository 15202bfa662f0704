"""The Space as a folder, put together from this very hubprune, and deployed.

    wheel.py     hubprune as a wheel: built from the checkout, or packed from what is installed
    folder.py    app, wheel, requirements: a folder that can be uploaded as it stands

A package index may not have this hubprune, so its wheel travels along. It cannot stand in requirements.txt: where the
Hub installs a Space's requirements, that file is all there is of the repository. So requirements.txt names what the
wheel needs, and app.py opens the wheel that lies beside it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

from hubprune.events import Event, Stage
from hubprune.hub import Hub, whoami
from hubprune.hub.space import Deployed
from hubprune.hub.space import deploy as upload
from hubprune.spaces.folder import assemble

DEFAULT_NAME = "hubprune"


def deploy(hub: Hub, repo_id: str = DEFAULT_NAME, **options: Any) -> Generator[Event, None, Deployed]:
    """Put the Space together and have the Hub's hold it; `options` are those of `hubprune.hub.space.deploy`.

    Raises what that does, and HubpruneError where the wheel cannot be made.
    """
    whoami(hub)  # who may not deploy learns it before anything is built
    with tempfile.TemporaryDirectory(prefix="hubprune-space-") as folder:
        yield Stage("check", "Packing hubprune and its Space")
        assemble(Path(folder))
        return (yield from upload(hub, folder, repo_id, **options))
