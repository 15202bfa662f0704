"""One visitor's run: how far it is, what came out, and whether that is being published."""

from __future__ import annotations

import logging
import re
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from hubprune.events import Finished, Measured, Progress, Published, Said, Stage, Warned
from hubprune.recipe import Recipe
from hubprune.report import LanguageRow, Report

from . import gpu_words, problems, words
from .elsewhere import own_command
from .forms import TEXT_FILE
from .gpu import Failed, Step, Stopped
from .settings import SETTINGS

logger = logging.getLogger(__name__)
State = Literal["waiting", "running", "done", "stopped", "failed"]
GOES_ON = ("no-quota", "gpu-lost")  # states after which the blocks that are done stay for another try
STAGES = ("check", "download", "text", "tasks", "prune", "measure", "verify", "generate", "card")


@dataclass
class Upload:
    """A result on its way into a repository, for as long as that takes; then `notice` says why it did not get there."""

    repo_id: str
    done: int = 0  # bytes
    total: int = 0
    over: bool = False
    notice: words.Notice | None = None


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
    asked: str | None = None  # owner/name as the publish form says it, where that was changed
    upload: Upload | None = None
    published: Published | None = None
    owners: list[str] = field(default_factory=list)  # accounts that it may be published to
    begun: float | None = None  # monotonic
    pruning_since: float | None = None
    done_before: int = 0  # blocks of the run that this one goes on with
    lost_at: tuple[int, int] | None = None  # blocks and texts that were done when its GPU was lost last
    ended: float | None = None
    left_in: str | None = None  # session of the page in which its owner started over
    version: int = 0  # counts changes, for pages that wait for one

    @property
    def out(self) -> Path:
        return self.folder / "result"

    @property
    def over(self) -> bool:
        return self.state in ("done", "stopped", "failed")

    @property
    def publishing(self) -> bool:
        """Whether the result is on its way into a repository."""
        return self.upload is not None and not self.upload.over

    @property
    def waits_for_its_owner(self) -> bool:
        """Whether there is a result that nobody has published."""
        return self.state == "done" and self.published is None

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
        rest = max(3.0, self.estimate - (now - self.begun))
        if done and self.pruning_since and done < self.blocks:
            block = (now - self.pruning_since) / max(1, done - self.done_before)
            return max(rest, block * (self.blocks - done) * 1.15)
        return rest

    def goes_on_with(self, earlier: Run) -> None:
        """Know what an earlier try did, which is not done again."""
        self.stage, self.progress, self.rows = earlier.stage, dict(earlier.progress), list(earlier.rows)
        self.done_before, self.lost_at = earlier.done_blocks, earlier.lost_at
        (self.folder / "cancel").unlink(missing_ok=True)

    def take(self, step: Step) -> None:
        """Note a step of the run."""
        now = time.monotonic()
        match step:
            case Stage():
                self._reach(step.name)
                if step.name == "prune" and self.pruning_since is None:
                    self.pruning_since = now
                self._say(step.text)
            case Progress():
                self.progress[step.stage] = step
                if step.unit == "block":
                    self.blocks = step.total
                    self._say(f"Block {step.done} of {step.total}")
                    if step.stage == "prune" and step.done == step.total:
                        self._reach("measure")
            case Warned():
                self._say(f"Note: {step.text}")
            case Measured(row=LanguageRow() as row):
                if all(row.language != known.language for known in self.rows):  # a later slice measures again
                    self._reach("measure")
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

    def _reach(self, stage: str) -> None:
        """Note a stage; a later slice goes through the earlier ones again, which is not told."""
        if stage in STAGES and STAGES.index(stage) > STAGES.index(self.stage):
            self.stage = stage

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
            code = logged(step, run.stage)
            if not step.kind:
                return words.unexpected(run.stage, code)
            written = run.progress.get("generate")
            last, run.lost_at = run.lost_at, (run.done_blocks, written.done if written else 0)
            if last == run.lost_at:
                return gpu_words.gpu_lost_again(code, own_command(run.recipe))
            return gpu_words.gpu_lost(code, kept, run.done_blocks)
        case "Quota":
            return gpu_words.no_quota(quota_left(step), run.left(), kept, own_command(run.recipe))
    return problems.notice(problems.of_kind(step.kind, step.sentence), run.recipe)


def logged(step: Failed, stage: str) -> str:
    """The code under which the server's log has a failure."""
    code = f"hp-{secrets.token_hex(2)}"
    logger.error("%s in step %s\n%s", code, stage, step.trace)
    return code


def quota_left(step: Failed) -> float | None:
    """Seconds of GPU that the account has left, where a refusal says so."""
    left = re.search(r"vs\. ([\d.]+)s? left", step.sentence)
    return float(left[1]) if left else None
