"""SIGKILL at random moments of a run, then resume: python kills.py [TRIALS] [SEED]

TRIALS are shared by wanda and sparsegpt, and of each by runs that prune and measure, and runs that begin by fetching
ahead and end with texts that the models write. Every run must end in the weight bytes, the figures and the texts of
one that nothing disturbed.
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

WAYS = [(method, writes) for method in ("wanda", "sparsegpt") for writes in (False, True)]


def main(trials: int, seed: int) -> None:
    differing = 0
    for way, (method, writes) in enumerate(WAYS):
        count = (trials + way) // len(WAYS)
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            (work / "recipe").mkdir()
            recipe = small(ROOT / "hubprune" / "demo" / "model", method=method, generate=writes)
            recipe.save(work / "recipe")
            script = ROOT / "tests" / "run" / "kill_and_resume.py"
            words = [work / "recipe", work / "runs", count, seed + way]
            done = subprocess.run(
                [sys.executable, script, *map(str, words)],
                stdout=subprocess.PIPE,
                text=True,
                check=True,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
            found = json.loads(done.stdout.splitlines()[-1])
        expected = found["undisturbed"]
        wrong = [
            {name for name in expected | digests if expected.get(name) != digests.get(name)}
            for digests in found["digests"]
        ]
        different = sum(map(bool, wrong))
        stages = ", ".join(f"{name} {times}" for name, times in sorted(found["stages"].items()))
        print(
            f"{method}{', fetched ahead, with texts' if writes else ''}: {found['trials']} trials, {found['killed']} "
            f"killed before their end ({stages}), {different} differ from the undisturbed run"
            f"{f' in {sorted(set().union(*wrong))}' if different else ''}",
            flush=True,
        )
        differing += different
    sys.exit(bool(differing))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, int(sys.argv[2]) if len(sys.argv) > 2 else 0)
