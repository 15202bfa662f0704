"""Kill runs at random moments and resume them: python kill_and_resume.py RECIPE_FOLDER WORK TRIALS SEED

Each run is a fork of this process, which has imported everything and computed nothing. One that writes texts begins by
fetching ahead. The last line printed is a JSON object: trials, how many were killed before their end, and in which
stages; and the digests of the weight files, and of what was measured and written, of the first run, which nothing
disturbed, and of each trial's.
"""

from __future__ import annotations

import gc
import hashlib
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

from hubprune.events import Event, Stage, run_to_end
from hubprune.recipe import Recipe
from hubprune.report import Report
from hubprune.run import prepare, prune
from hubprune.run.prune import unfinished_folder

TRIES = 6  # to kill a run before its end
FIGURES = ("texts", "sparsity", "languages", "blocks", "generations")  # of a report: no time, no memory
STAGE_FILE = "stages.txt"  # beside the output: the stages that a run has begun, and when


def main(recipe_folder: Path, work: Path, trials: int, seed: int) -> None:
    recipe, chance = Recipe.load(recipe_folder), random.Random(seed)
    work.mkdir()
    gc.freeze()  # what is here now is not looked through, and thereby copied, in every fork
    start = time.monotonic()
    finish(started(recipe, work / "first"))
    length = time.monotonic() - start
    begun = [(name, moment - start) for name, moment in stages_of(work)]
    undisturbed = made(work / "first")
    found, killed, stages = [], 0, dict[str, int]()
    for trial in range(trials):
        out, moment = work / str(trial), chance.uniform(0.05, 1.0) * length
        if recipe.generate:  # writing takes longest: a moment of each stage in turn
            at = trial % len(begun)
            moment = chance.uniform(begun[at][1], begun[at + 1][1] if at + 1 < len(begun) else length)
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
            stage = [("start", 0.0), *stages_of(work)][-1][0]
            stages[stage] = stages.get(stage, 0) + 1
            finish(started(recipe, out))
        assert not unfinished_folder(out).exists()
        found.append(made(out))
        shutil.rmtree(out)
    counts = {"trials": trials, "killed": killed, "stages": stages}
    print(json.dumps({**counts, "undisturbed": undisturbed, "digests": found}))


def stages_of(work: Path) -> list[tuple[str, float]]:
    """The stages that the latest run has begun, and the clock at each."""
    lines = [line.split() for line in (work / STAGE_FILE).read_text().splitlines()]
    return [(words[0], float(words[1])) for words in lines if len(words) == 2]


def made(out: Path) -> dict[str, str]:
    """The digests of a run's weights and, where it measured, of each kind of its figures and of its texts."""
    report = Report.load(out).to_dict()
    if not report["recipe"]["measure"]:
        return digests(out)
    kinds = {name: json.dumps(report[name], sort_keys=True).encode() for name in FIGURES}
    return {**digests(out), **{name: hashlib.sha256(kind).hexdigest() for name, kind in kinds.items()}}


def started(recipe: Recipe, out: Path) -> int:
    """The id of a process that runs to the end, going on with what it finds."""
    place = out.parent / STAGE_FILE
    place.write_text("")
    if process := os.fork():
        return process

    def note(event: Event) -> None:
        if isinstance(event, Stage):
            with place.open("a") as file:
                file.write(f"{event.name} {time.monotonic()}\n")

    code = 1
    try:
        if recipe.generate:
            run_to_end(prepare(recipe, out), note)
        run_to_end(prune(recipe, out, resume=True), note)
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
