"""hubprune as a page: choose, prune, look, publish.

On the Hub this file is the Space. On your machine `python space/app.py` opens it offline: with the model that comes
with hubprune, and a Hub on the loopback interface to publish to. HF_ENDPOINT leads it to another Hub.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import tempfile
import zipfile
from pathlib import Path

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"


def package_folder(here: Path) -> Path:
    """Where hubprune can be imported from: the wheel that was deployed beside this file, or the checkout around it."""
    for wheel in here.glob("hubprune-*.whl"):  # requirements.txt cannot name it: see hubprune/spaces
        opened = Path(tempfile.mkdtemp(prefix="hubprune-package-"))
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(opened)
        return opened
    return here.parent


if importlib.util.find_spec("hubprune") is None:
    sys.path.append(str(package_folder(Path(__file__).parent)))
with contextlib.suppress(ImportError):
    import spaces  # noqa: F401 - before torch, on a Space with ZeroGPU


def on_this_machine() -> None:
    """Start a Hub of one's own, before anything reads where the Hub is."""
    from hubprune.demo.loop import BASE, MODEL_FOLDER, USER
    from hubprune.loopback import LoopbackHub, User

    token = "mock-oauth-token-for-local-dev"  # gradio hands this one out where there is no OAuth
    server = LoopbackHub(Path(tempfile.mkdtemp(prefix="hubprune-hub-")), users={token: User(USER)}).start()
    server.add_repo(BASE, MODEL_FOLDER)
    os.environ.update(server.environment(token), HF_HOME=str(server.root / "home"))
    from hubprune_space import hubs

    hubs.use_shelf(server)


if not os.environ.get("SPACE_ID") and not os.environ.get("HF_ENDPOINT"):
    on_this_machine()

from hubprune_space.page import build, launch  # noqa: E402 - the Hub's address must be known first

demo = build()

if __name__ == "__main__":
    launch(demo)
