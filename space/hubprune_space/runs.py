"""The runs of all visitors: who owns which, who is in line, what is kept how long.

A run belongs to whoever holds its key, which cannot be guessed, and only while nobody else is signed in there. Its
thread goes on when the page is closed; its folder goes when its time is over.
"""

from __future__ import annotations

import contextvars
import logging
import re
import secrets
import shutil
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from hubprune.events import Finished, Measured, Progress, Published, Said, Stage, Warned
from hubprune.hub.secrets import forget_token
from hubprune.recipe import Recipe
from hubprune.report import LanguageRow, Report

from . import problems, words
from .elsewhere import own_command
from .forms import TEXT_FILE, Refused
from .gpu import Failed, Job, Step, Stopped, steps
from .settings import SETTINGS

logger = logging.getLogger(__name__)
State = Literal["waiting", "running", "done", "stopped", "failed"]
GOES_ON = ("no-quota", "gpu-lost")  # states after which the blocks that are done stay for another try
STAGES = ("check", "download", "text", "tasks", "prune", "measure", "verify", "generate", "card")


@dataclass
class Run:
    """One visitor's run, as its page shows it."""

    key: str
    owner: str
    recipe: Recipe
    repo_name: str
    folder: Path
    estimate: float  # seconds
    blocks: int
    state: State = "waiting"
    stage: str = "check"
    progress: dict[str, Progress] = field(default_factory=dict)
    rows: list[LanguageRow] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    notice: words.Notice | None = None
    report: Report | None = None
    published: Published | None = None
    owners: list[str] = field(default_factory=list)  # accounts that it may be published to
    begun: float | None = None  # monotonic
    pruning_since: float | None = None
    ended: float | None = None
    version: int = 0  # counts changes, for pages that wait for one

    @property
    def out(self) -> Path:
        return self.folder / "result"

    @property
    def over(self) -> bool:
        return self.state in ("done", "stopped", "failed")

    @property
    def done_blocks(self) -> int:
        found = self.progress.get("prune")
        return found.done if found else 0

    @property
    def resumable(self) -> bool:
        """Whether the blocks that are done stay for another try."""
        return self.state == "failed" and self.notice is not None and self.notice.name in GOES_ON

    def is_unfinished(self, recipe: Recipe, text: str | None) -> bool:
        """Whether this is the very run of a recipe and a visitor's own text, broken off."""
        path = self.folder / TEXT_FILE
        own = path.read_bytes().decode() if path.exists() else None
        asked = recipe if text is None else with_text(recipe, path)
        return self.resumable and own == text and self.recipe == asked

    def cancel(self) -> None:
        """Stop at the next block."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "cancel").touch()

    def keeps(self) -> float:
        """Seconds that the result is still kept."""
        return SETTINGS.keep_seconds - (time.monotonic() - self.ended) if self.ended else SETTINGS.keep_seconds

    def left(self) -> float:
        """Seconds until the end, as far as can be told."""
        if self.begun is None:
            return self.estimate
        done, now = self.done_blocks, time.monotonic()
        if done and self.pruning_since and done < self.blocks:
            return (now - self.pruning_since) / done * (self.blocks - done) * 1.15
        return max(3.0, self.estimate - (now - self.begun)) if not done else 3.0

    def take(self, step: Step) -> None:
        """Note a step of the run."""
        now = time.monotonic()
        match step:
            case Stage():
                if STAGES.index(step.name) >= STAGES.index(self.stage) if step.name in STAGES else False:
                    self.stage = step.name
                if step.name == "prune" and self.pruning_since is None:
                    self.pruning_since = now
                self._say(step.text)
            case Progress():
                self.progress[step.stage] = step
                if step.unit == "block":
                    self.blocks = step.total
                    self._say(f"Block {step.done} of {step.total}")
                    if step.stage == "prune" and step.done == step.total:
                        self.stage = "measure"
            case Warned():
                self._say(f"Note: {step.text}")
            case Measured(row=LanguageRow() as row):
                self.stage = "measure"
                self.rows.append(row)
            case Finished():
                self.report, self.state, self.stage = step.report, "done", "card"
                self._say("Done")
            case Stopped():
                self.state, self.notice = "stopped", words.cancelled(self.done_blocks, self.blocks)
                self._say("Stopped")
            case Failed():
                self._fail(step)
            case Said():
                return
        self.version += 1

    def _say(self, text: str) -> None:
        since = time.monotonic() - (self.begun or time.monotonic())
        self.log.append(f"{since:7.1f} s  {text}")

    def _fail(self, step: Failed) -> None:
        self.state = "failed"
        self.notice = problem(step, self)
        self._say(self.notice.sentence)


def with_text(recipe: Recipe, path: Path) -> Recipe:
    """The recipe with a visitor's own text for its language; the others, and the control, keep their source."""
    calib = recipe.calib
    if isinstance(calib, str):
        calib = dict.fromkeys((*recipe.lang, "en"), calib)
    return recipe.replace(calib={**calib, next(iter(recipe.lang)): str(path)})


def problem(step: Failed, run: Run) -> words.Notice:
    """The words for a run that ended in an error; a defect gets a code that stands in the server's log too."""
    kept = SETTINGS.keep_seconds / 60
    match step.kind:
        case "" | "Worker":
            code = f"hp-{secrets.token_hex(2)}"
            logger.error("%s in step %s\n%s", code, run.stage, step.trace)
            return words.gpu_lost(code, kept) if step.kind else words.unexpected(run.stage, code)
        case "Quota":
            left = re.search(r"vs\. ([\d.]+)s? left", step.sentence)
            return words.no_quota(float(left[1]) if left else None, run.left(), kept, own_command(run.recipe))
    return problems.notice(problems.of_kind(step.kind, step.sentence), run.recipe)


class Runs:
    """All runs, one of which computes at a time."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._line: list[Run] = []
        self._turn = threading.Condition()
        threading.Thread(target=self._reap, name="reaper", daemon=True).start()

    def start(
        self, recipe: Recipe, owner: str, *, endpoint: str, token: str | None, estimate: float, blocks: int,
        name: str, owners: Sequence[str] = (), text: str | None = None,
    ) -> Run:  # fmt: skip
        """Put a run in line; raises Refused where the line is full, or another run of the owner is not over.

        `owners`: accounts that it may be published to. The owner's last run is gone on with where it is this very
        one, stopped for want of a GPU, and deleted otherwise.
        """
        with self._turn:
            earlier = self.of(owner)
            if earlier is not None and earlier.ended is None:
                raise Refused(words.already_running(earlier.repo_name))
            goes_on = earlier is not None and earlier.is_unfinished(recipe, text)
            if len(self._line) > SETTINGS.longest_line:
                raise Refused(words.full_line(len(self._line) - 1))
            key = secrets.token_urlsafe(24)
            folder = SETTINGS.folder / f"run-{secrets.token_hex(8)}"
            if goes_on and earlier is not None:
                folder = earlier.folder
                self._runs.pop(earlier.key, None)
            else:
                folder.mkdir(mode=0o700)
            if text is not None:
                (folder / TEXT_FILE).write_bytes(text.encode())
                recipe = with_text(recipe, folder / TEXT_FILE)
            run = Run(key, owner, recipe, name, folder, estimate, blocks, owners=list(owners))
            self._runs[key] = run
            self._line.append(run)
        if earlier is not None and not goes_on:
            self.forget(earlier)
        job = Job(run.recipe, run.out, endpoint, token, folder / "cache", estimate, SETTINGS.slice_seconds)
        # The context names the visitor's request, whose quota of ZeroGPU is used.
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._work, run, job), name="run", daemon=True).start()
        return run

    def get(self, key: str | None, owner: str | None) -> Run | None:
        """The run of a key; None where there is none, or where somebody else is signed in."""
        run = self._runs.get(key or "")
        return run if run and owner in (None, run.owner) else None

    def of(self, owner: str | None) -> Run | None:
        """The run of an account that has proved who it is, from whatever browser."""
        with self._turn:
            mine = [run for run in self._runs.values() if owner is not None and run.owner == owner]
        return mine[-1] if mine else None

    def place(self, run: Run) -> tuple[int, float]:
        """Place in line (1 is computing) and seconds until its turn."""
        with self._turn:
            ahead = self._line[: self._line.index(run)] if run in self._line else []
        return len(ahead) + 1, sum(other.left() for other in ahead)

    def cancel(self, run: Run) -> None:
        """Stop a run: at once where it waits in line, else at its next block."""
        with self._turn:
            if run in self._line:
                run.cancel()
                self._turn.notify_all()

    def forget(self, run: Run) -> None:
        """Stop a run and delete everything of it."""
        run.cancel()
        with self._turn:
            self._runs.pop(run.key, None)
            computing = run in self._line
            self._turn.notify_all()
        if not computing:
            shutil.rmtree(run.folder, ignore_errors=True)

    def _work(self, run: Run, job: Job) -> None:
        """The thread of one run."""
        try:
            with self._turn:
                self._turn.wait_for(lambda: self._line[0] is run or job.cancel.exists())
            if job.cancel.exists():
                run.take(Stopped())
                return
            run.state, run.begun = "running", time.monotonic()
            run.version += 1
            for step in steps(job):
                run.take(step)
                if run.over:
                    break
        except Exception as error:  # a defect of this file; the page must hear of it
            from .gpu import failure

            run.take(failure(error))
        finally:
            forget_token(job.token)
            with self._turn:
                self._line.remove(run)
                self._turn.notify_all()
                keep = run.key in self._runs and (run.state == "done" or run.resumable)
            if not keep:
                shutil.rmtree(run.folder, ignore_errors=True)
            run.ended = time.monotonic()
            run.version += 1

    def _reap(self) -> None:
        """Delete what has been kept for its time."""
        while True:
            time.sleep(min(5.0, SETTINGS.keep_seconds / 4))
            for run in list(self._runs.values()):
                if run.ended and run.keeps() <= 0:
                    try:
                        self.forget(run)
                    except OSError:  # a full disk; the next round tries again
                        logger.exception("a run could not be deleted")


RUNS = Runs()  # of this Space
