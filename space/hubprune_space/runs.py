"""The runs of all visitors: who owns which, who is in line, what is kept how long.

A run belongs to whoever holds its key, which cannot be guessed, and only while nobody else is signed in there. Its
thread goes on when the page is closed; its folder goes when its time is over.
"""

from __future__ import annotations

import contextlib
import contextvars
import logging
import secrets
import shutil
import threading
import time
from collections.abc import Sequence

from hubprune.hub.secrets import forget_token
from hubprune.recipe import Recipe

from . import words
from .forms import TEXT_FILE, Refused
from .gpu import Job, Stopped, failure, steps
from .run import Run, Upload, with_text
from .settings import SETTINGS

logger = logging.getLogger(__name__)
LONGEST_NAME = 300  # characters of owner/name that are remembered


class Runs:
    """All runs, one of which computes at a time."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._line: list[Run] = []
        self._turn = threading.Condition()
        threading.Thread(target=self._reap, name="reaper", daemon=True).start()

    def start(
        self, recipe: Recipe, owner: str, *, endpoint: str, token: str | None, estimate: float, blocks: int,
        name: str, owners: Sequence[str] = (), text: str | None = None, instead_of: str | None = None,
    ) -> Run:  # fmt: skip
        """Put a run in line; raises Refused where the line is full, or where the owner has another run to see to.

        `owners`: accounts that it may be published to. The owner's last run is gone on with where it is this very
        one, stopped for want of a GPU, and deleted otherwise; a result that is not published only where its key is
        `instead_of`.
        """
        with self._turn:
            earlier = self.of(owner)
            if earlier is not None and earlier.ended is None:
                raise Refused(words.already_running(earlier.repo_name))
            if earlier is not None and earlier.publishing:
                raise Refused(words.being_published(earlier.repo_name))
            if earlier is not None and earlier.waits_for_its_owner and earlier.key != instead_of:
                raise Refused(words.unpublished_result(earlier.repo_name))
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
                if earlier is not None:
                    self._runs.pop(earlier.key, None)  # from here on nobody publishes it
            if text is not None:
                (folder / TEXT_FILE).write_bytes(text.encode())
                recipe = with_text(recipe, folder / TEXT_FILE)
            run = Run(key, owner, recipe, name, folder, estimate, blocks, owners=list(owners))
            if goes_on and earlier is not None:
                run.goes_on_with(earlier)
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
        run = self._runs.get(key) if isinstance(key, str) else None
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

    def publishes(self, run: Run, upload: Upload) -> bool:
        """Note that an upload begins; False where another is under way, or the run is gone."""
        with self._turn:
            if run.publishing or self._runs.get(run.key) is not run:
                return False
            run.upload, run.asked = upload, upload.repo_id
        run.version += 1
        return True

    def renames(self, run: Run, repo_id: str) -> bool:
        """Note the repository that the publish form names now; True where what was said of a former one is void.

        An upload that is under way keeps its own.
        """
        with self._turn:
            if run.publishing:
                return False
            run.asked = repo_id if len(repo_id) <= LONGEST_NAME else run.asked
            void = run.upload is not None and run.upload.repo_id != repo_id
            if void:
                run.upload = None
        return void

    def forget(self, run: Run) -> None:
        """Stop a run and delete everything of it; raises Refused while its result is being published."""
        with self._turn:
            if run.publishing:
                raise Refused(words.being_published(run.repo_name))
            run.cancel()
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
                        with contextlib.suppress(Refused), self._turn:  # it is being published
                            if self._runs.get(run.key) is run:  # else another goes on in its folder
                                self.forget(run)
                    except OSError:  # a full disk; the next round tries again
                        logger.exception("a run could not be deleted")


RUNS = Runs()  # of this Space
