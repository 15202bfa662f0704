"""Deploys the Space to a Hub on loopback and downloads what was uploaded, as the Hub's own builder would."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TOKEN = "hf_of_the_one_who_deploys"
OWNER = "amina"


def hub_of(folder: Path) -> Any:
    """A Hub with one account, to be started; its token is none that stands in hubprune's own files."""
    from hubprune.loopback import LoopbackHub, User

    return LoopbackHub(folder, users={TOKEN: User(OWNER)})


def environment(hub: Any, **more: str) -> dict[str, str]:
    """That of a process whose Hub this is, and that finds hubprune nowhere but where it is told."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "SPACE_ID")}
    return {**inherited, **hub.environment(TOKEN), "HF_HOME": str(hub.root / "home"), **more}


def deploy(hub: Any, *words: str) -> dict[str, Any]:
    """What `hubprune space deploy --json` says."""
    command = [sys.executable, "-m", "hubprune", "space", "deploy", "--json", *words]
    done = subprocess.run(
        command, env=environment(hub, PYTHONPATH=str(ROOT)), cwd=hub.root, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def download(hub: Any, repo_id: str, folder: Path) -> Path:
    """The Space's files as they lie on the Hub, in a fresh folder."""
    from huggingface_hub import HfApi
    from huggingface_hub.utils import disable_progress_bars

    with disable_progress_bars():
        cached = HfApi(hub.endpoint, TOKEN).snapshot_download(repo_id, repo_type="space", cache_dir=hub.root / "cache")
    shutil.copytree(cached, folder)
    return folder


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def fetched(url: str, process: subprocess.Popen[bytes], seconds: float) -> str:
    """The page, once it is served. Raises SystemExit where the process ends before that."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise SystemExit(f"The app ended with exit code {process.returncode}.")
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                text: str = answer.read().decode("utf-8")
                return text
        except OSError:
            time.sleep(0.5)
    raise SystemExit(f"Nothing was served at {url} for {seconds:.0f} s.")
