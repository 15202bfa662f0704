"""What a card tells of the model that comes with hubprune is really what makes it again."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

from hubprune.demo.loop import BASE, MODEL_FOLDER
from hubprune.events import run_to_end
from hubprune.hub import connect
from hubprune.loopback import LoopbackHub
from hubprune.recipe import Recipe
from hubprune.run import prune


def weights(folder: Path) -> str:
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


def test_the_command_of_the_card_makes_the_same_weights(tmp_path: Path) -> None:
    """As the page makes it: pulled from a Hub that nobody else reaches, calibrated with a text of the visitor's."""
    (tmp_path / "calibration.txt").write_text("Paka na mbwa ni wanyama wa nyumbani. " * 300, encoding="utf-8")
    recipe = Recipe(
        BASE,
        lang={"sw": 1.0},
        calib={"sw": str(tmp_path / "calibration.txt"), "en": "demo"},
        **{"eval_text": "demo", "samples": 3, "seq_len": 64, "control": None, "measure": False, "method": "wanda"},
        **{"tasks": (), "device": "cpu"},
    )
    out = tmp_path / "out"
    with LoopbackHub(tmp_path / "hub") as server:
        server.add_repo(BASE, MODEL_FOLDER)
        hub = connect(server.endpoint, "hf_alice_write", tmp_path / "home" / "hub")
        run_to_end(prune(recipe, out, hub=hub))
    again = re.search(r"The same again, .*?```bash\n(.+?)\n```", (out / "README.md").read_text(), re.DOTALL)
    assert again
    (out / "calibration.txt").write_bytes((tmp_path / "calibration.txt").read_bytes())
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, words in (("python", ""), ("hubprune", "-m hubprune ")):
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words}"$@"\n')
        (programs / name).chmod(0o755)
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": root}
    done = subprocess.run(
        ["bash", "-c", again[1]], cwd=out, env=environment, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    assert weights(out / "again") == weights(out) != weights(MODEL_FOLDER)
