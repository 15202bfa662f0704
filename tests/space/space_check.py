"""The deployed Space in an environment that holds nothing else: `make space-check`. Needs a package index; minutes.

`hubprune space deploy` to a Hub on loopback; download; a fresh virtual environment; torch and gradio as the platform
brings them; requirements.txt alone, as the Hub's builder sees it; `python app.py`, once with the variables that a Space
finds and once without; each time the page, and a plan from its API. TORCH and TORCH_INDEX as for make.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Any

from deployed import deploy, download, fetched, free_port, hub_of

TORCH = os.environ.get("TORCH") or "torch==2.13.0"
INDEX = os.environ.get("TORCH_INDEX")
TITLE = re.compile(r'"title": ?"hubprune"')  # in the configuration that gradio's page carries
MODEL = "demo/tiny-multilingual-llama"  # comes with hubprune
ASK = """
import json, sys
from gradio_client import Client
client = Client(sys.argv[1], verbose=False)
print(json.dumps(client.predict(model=sys.argv[2], language="sw", api_name="/plan")))
"""


def main() -> int:
    """Do all of it, say each step with its time; returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="hubprune-space-check-") as temporary:
        place = Path(temporary)
        with hub_of(place / "hub") as hub:
            deployed = deploy(hub)
            say(f"Deployed {deployed['repo_id']} on {deployed['hardware']}, commit {deployed['commit']}")
            if deploy(hub)["changed"]:
                return fail("The second deployment made a commit.")
            space = download(hub, deployed["repo_id"], place / "space")
            say(f"The second deployment committed nothing. Downloaded {len(list(space.glob('*')))} files and folders")
            python = installed(space, place)
            for where, variables in {
                "As a Space": as_a_space(hub.endpoint, deployed["repo_id"]),
                "On this machine": {},
            }.items():
                plan = answer(space, python, place, variables)
                if plan["problem"] is not None or not plan["runs_here"]:
                    return fail(f"{where}: {plan}")
                say(f"{where} the page is served, and its API plans {plan['name']}")
    return 0


def installed(space: Path, place: Path) -> Path:
    """The interpreter of a new environment with what the platform brings and requirements.txt asks for."""
    venv.create(place / "venv", with_pip=True)
    python = place / "venv" / "bin" / "python"
    alone = place / "build"  # where the Hub's builder installs, the rest of the repository is not there yet
    alone.mkdir()
    shutil.copy(space / "requirements.txt", alone)
    version = re.search(r"^sdk_version: (\S+)$", (space / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    if version is None:
        raise SystemExit("README.md names no sdk_version.")
    pip(python, alone, "install", TORCH, *(["--index-url", INDEX] if INDEX else []))
    say(f"Installed {TORCH}")
    pip(python, alone, "install", "-r", "requirements.txt", f"gradio[oauth]=={version[1]}")
    pip(python, alone, "check")
    say(f"Installed requirements.txt and gradio {version[1]}; pip check has nothing to say")
    return python


def pip(python: Path, folder: Path, *words: str) -> None:
    """Run pip; what it says is shown where it fails."""
    command = [str(python), "-m", "pip", "--disable-pip-version-check", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")


def as_a_space(endpoint: str, repo_id: str) -> dict[str, str]:
    """Variables that the Hub gives to a Space with sign-in; the Hub is the one on loopback."""
    oauth = {"CLIENT_ID": "id", "CLIENT_SECRET": "secret", "SCOPES": "openid profile contribute-repos gated-repos"}
    return {
        "SYSTEM": "spaces",
        "SPACE_ID": repo_id,
        "HF_ENDPOINT": endpoint,
        "OPENID_PROVIDER_URL": endpoint,
        **{f"OAUTH_{name}": value for name, value in oauth.items()},
    }


def answer(space: Path, python: Path, place: Path, variables: dict[str, str]) -> dict[str, Any]:
    """Start the app as the platform does, see that its page is served, and return its plan for the demo's model."""
    port, foreign = free_port(), ("PYTHON", "HF_", "HUBPRUNE_", "SPACE")
    keep = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    own = {**keep, **variables, "GRADIO_SERVER_PORT": str(port), "TMPDIR": str(place), "HOME": str(place)}
    url = f"http://127.0.0.1:{port}/"
    with (place / "log").open("wb") as log:
        app = subprocess.Popen([str(python), "app.py"], cwd=space, env=own, stdout=log, stderr=log)
    try:
        if not TITLE.search(fetched(url, app, 180)):
            raise SystemExit("The page that is served is not hubprune's.")
        asked = subprocess.run(
            [str(python), "-c", ASK, url, MODEL], env=own, capture_output=True, text=True, check=True
        )
        plan: dict[str, Any] = json.loads(asked.stdout)
        return plan
    except BaseException:
        print((place / "log").read_text(encoding="utf-8", errors="replace")[-5000:], file=sys.stderr)
        raise
    finally:
        app.terminate()
        app.wait(30)


def say(text: str) -> None:
    """A line with the seconds since the beginning."""
    print(f"[{time.monotonic() - BEGUN:4.0f} s] {text}", flush=True)


def fail(text: str) -> int:
    """Say what is wrong; returns the exit code."""
    print(text, file=sys.stderr)
    return 1


BEGUN = time.monotonic()
if __name__ == "__main__":
    sys.exit(main())
