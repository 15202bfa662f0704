"""SIGKILL at random moments of a run, then resume: python kills.py [TRIALS] [SEED]

TRIALS are shared by wanda and sparsegpt. Every run must end in the weight bytes of one that nothing disturbed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "run"))
sys.path.insert(0, str(Path(__file__).parent.parent))
from conftest import ROOT  # first: it shuts the network and cleans the environment
from running import small


def main(trials: int, seed: int) -> None:
    differing = 0
    for method in ("wanda", "sparsegpt"):
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            (work / "recipe").mkdir()
            small(ROOT / "hubprune" / "demo" / "model", method=method).save(work / "recipe")
            script = ROOT / "tests" / "run" / "kill_and_resume.py"
            words = [work / "recipe", work / "runs", trials // 2, seed]
            done = subprocess.run(
                [sys.executable, script, *map(str, words)],
                stdout=subprocess.PIPE,
                text=True,
                check=True,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
            found = json.loads(done.stdout.splitlines()[-1])
        wrong = sum(digests != found["undisturbed"] for digests in found["digests"])
        print(
            f"{method}: {found['trials']} trials, {found['killed']} killed before their end, {wrong} differ from the "
            "undisturbed run",
            flush=True,
        )
        differing += wrong
    sys.exit(bool(differing))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, int(sys.argv[2]) if len(sys.argv) > 2 else 0)
