"""Kill runs at random moments and resume them: python kill_and_resume.py RECIPE_FOLDER WORK TRIALS SEED

Each run is a fork of this process, which has imported everything and computed nothing. The last line printed is a JSON
object: trials, how many were killed before their end, and the digests of the weight files of the first run, which
nothing disturbed, and of each trial's.
"""

from __future__ import annotations

import gc
import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path

import accelerate  # noqa: F401 - imported here once instead of in every fork, as are the next ones
from running import digests
from transformers import AutoConfig, AutoTokenizer, LlamaForCausalLM  # noqa: F401

from hubprune.events import run_to_end
from hubprune.recipe import Recipe
from hubprune.run import prune
from hubprune.run.prune import unfinished_folder

TRIES = 6  # to kill a run before its end


def main(recipe_folder: Path, work: Path, trials: int, seed: int) -> None:
    recipe, chance = Recipe.load(recipe_folder), random.Random(seed)
    work.mkdir()
    gc.freeze()  # what is here now is not looked through, and thereby copied, in every fork
    start = time.monotonic()
    finish(started(recipe, work / "first"))
    length = time.monotonic() - start
    undisturbed = digests(work / "first")
    found, killed = [], 0
    for trial in range(trials):
        out, moment = work / str(trial), chance.uniform(0.05, 1.0) * length
        for _ in range(TRIES):
            shutil.rmtree(out, ignore_errors=True)
            process = started(recipe, out)
            time.sleep(moment)
            os.kill(process, signal.SIGKILL)
            _, status = os.waitpid(process, 0)
            if not out.exists():
                break
            moment *= 0.7  # it was over before: a run takes as long as the machine lets it
        if not out.exists():
            killed += os.WIFSIGNALED(status)
            finish(started(recipe, out))
        assert not unfinished_folder(out).exists()
        found.append(digests(out))
        shutil.rmtree(out)
    print(json.dumps({"trials": trials, "killed": killed, "undisturbed": undisturbed, "digests": found}))


def started(recipe: Recipe, out: Path) -> int:
    """The id of a process that runs to the end, going on with what it finds."""
    if process := os.fork():
        return process
    code = 1
    try:
        run_to_end(prune(recipe, out, resume=True))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def finish(process: int) -> None:
    """Wait for a process that must succeed."""
    _, status = os.waitpid(process, 0)
    if status:
        sys.exit(f"a run ended with status {status}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
