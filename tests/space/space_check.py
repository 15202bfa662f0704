"""The deployed Space in an environment that holds nothing else: `make space-check`. Needs a package index; minutes.

`hubprune space deploy` to a Hub on loopback; download; a fresh virtual environment; torch and gradio as the platform
brings them; requirements.txt alone, as the Hub's builder sees it; `python app.py`; the page, and a plan from its API.
TORCH and TORCH_INDEX as for make.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

from deployed import deploy, download, fetched, hub_of

TORCH = os.environ.get("TORCH") or "torch==2.13.0"
INDEX = os.environ.get("TORCH_INDEX")
TITLE = "<title>hubprune</title>"
ASK = """
import json, sys
from gradio_client import Client
print(json.dumps(Client(sys.argv[1], verbose=False).predict(model="hubprune/demo-base", language="sw", api_name="/plan")))
"""


def main() -> int:
    """Do all of it, say each step with its time; returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="hubprune-space-check-") as temporary:
        place = Path(temporary)
        with hub_of(place / "hub") as hub:
            deployed = deploy(hub)
            say(f"Deployed {deployed['repo_id']} on {deployed['hardware']}, commit {deployed['commit']}")
            again = deploy(hub)
            assert not again["changed"], again
            space = download(hub, deployed["repo_id"], place / "space")
        say(
            f"Downloaded {sum(path.is_file() for path in space.rglob('*'))} files; the second deployment committed nothing"
        )
        python = installed(space, place)
        return started(space, python, place)


def installed(space: Path, place: Path) -> Path:
    """The interpreter of a new environment with what the platform brings and requirements.txt asks for."""
    venv.create(place / "venv", with_pip=True)
    python = place / "venv" / "bin" / "python"
    alone = place / "build"  # where the Hub's builder installs, the rest of the repository is not there yet
    alone.mkdir()
    shutil.copy(space / "requirements.txt", alone)
    version = re.search(r"^sdk_version: (\S+)$", (space / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert version, "README.md names no sdk_version"
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    subprocess.run([*pip, TORCH, *(["--index-url", INDEX] if INDEX else [])], check=True, cwd=alone)
    say(f"Installed {TORCH}")
    subprocess.run([*pip, "-r", "requirements.txt", f"gradio[oauth]=={version[1]}"], check=True, cwd=alone)
    say(f"Installed requirements.txt and gradio {version[1]}")
    subprocess.run([str(python), "-m", "pip", "--disable-pip-version-check", "check"], check=True, cwd=alone)
    return python


def started(space: Path, python: Path, place: Path) -> int:
    """Start the app as the platform does, read the page, ask for a plan; 0 where both are right."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HF_", "HUBPRUNE_"))}
    own = {**keep, "GRADIO_SERVER_PORT": str(port), "TMPDIR": str(place), "HOME": str(place)}
    url = f"http://127.0.0.1:{port}/"
    app = subprocess.Popen([str(python), "app.py"], cwd=space, env=own)
    try:
        page = fetched(url, app, 180)
        say(f"The page is served, {len(page)} characters, {'with' if TITLE in page else 'WITHOUT'} its title")
        asked = subprocess.run([str(python), "-c", ASK, url], env=own, capture_output=True, text=True, check=False)
        right = '"problem": null' in asked.stdout
        say(f"A plan: {asked.stdout.strip() or asked.stderr.strip()}")
        return 0 if TITLE in page and right else 1
    finally:
        app.terminate()
        app.wait(30)


def say(text: str) -> None:
    """A line with the seconds since the beginning."""
    print(f"[{time.monotonic() - BEGUN:5.0f} s] {text}", flush=True)


BEGUN = time.monotonic()
if __name__ == "__main__":
    sys.exit(main())
