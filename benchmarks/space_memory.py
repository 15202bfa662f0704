"""Memory of the Space's process after each of many runs: `python benchmarks/space_memory.py [RUNS]`.

Each run prunes the embedded model, measures it and lets it write, in a thread of its own as on the page. Twice in a
process of its own: as it is, and without handing freed memory back to the system after a run.
"""

from __future__ import annotations

import gc
import json
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "space"), str(ROOT)]


def main(runs: int) -> None:
    """Both processes, one after the other."""
    for name in ("handed back", "kept"):
        done = subprocess.run([sys.executable, __file__, str(runs), name], capture_output=True, text=True, check=True)
        megabytes = json.loads(done.stdout.splitlines()[-1])
        print(f"{name:12} {' '.join(map(str, megabytes))} MB")


def process(runs: int, *, back: bool) -> list[int]:
    """Resident megabytes after each run."""
    import psutil
    from hubprune_space import gpu

    if not back:
        gpu.release = lambda: bool(gc.collect())  # type: ignore[assignment]
    found = []
    for _ in range(runs):
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        found.append(psutil.Process().memory_info().rss // 1_000_000)
    return found


def run() -> None:
    """One visitor's run."""
    from hubprune_space import gpu, hubs
    from hubprune_space.forms import Form

    from hubprune.demo.loop import BASE
    from hubprune.events import Finished

    folder = Path(tempfile.mkdtemp())
    recipe = Form(model=BASE, measures=["texts"]).recipe()
    job = gpu.Job(recipe, folder / "result", hubs.shelf().endpoint, None, folder / "cache" / "hub", 5.0, None)
    *_, last = gpu.steps(job)
    assert isinstance(last, Finished), last
    shutil.rmtree(folder)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        print(json.dumps(process(int(sys.argv[1]), back=sys.argv[2] == "handed back")))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 12)
