"""What a run needs before its first block, fetched ahead: model, text, tasks. For a GPU that is lent by the minute."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from pathlib import Path

from hubprune import tasks
from hubprune.calibration import gather, writes_itself
from hubprune.events import Event
from hubprune.hub import Hub, connect, pull
from hubprune.recipe import Recipe
from hubprune.run.clock import Clock
from hubprune.run.examine import examine
from hubprune.run.inputs import load_tokenizer
from hubprune.run.prune import unfinished_folder
from hubprune.run.questions import prepare_exam
from hubprune.run.room import need_disk, need_folder
from hubprune.run.state import RunState, blocks_done


def prepare(recipe: Recipe, out: Path, *, hub: Hub | None = None) -> Generator[Event, None, None]:
    """Fetch all that pruning a model into `out` needs, without touching a GPU.

    `prune(recipe, out, resume=True)` then begins at once: model and tasks are in the Hub's caches, the text lies in
    `OUT.unfinished`. What is there already, of this call or of a run that broke off, is not fetched again. Text that
    the model writes itself is left to the run.

    Raises what `prune` raises before it computes.
    """
    clock, hub = Clock(), hub or connect()
    need_folder(out)
    yield clock.stage("check", f"Reading the headers of {recipe.model}")
    examined = examine(recipe, hub, looking=True)
    wanted = tasks.find(examined.recipe.tasks, examined.recipe.eval_lang)
    need_disk(examined, out)
    folder = examined.source.folder
    if not examined.source.local:
        folder = yield from clock.listen(pull(hub, examined.source, trust_remote_code=recipe.trust_remote_code))
    assert folder is not None
    tokenizer = load_tokenizer(folder, trust_remote_code=recipe.trust_remote_code)
    unfinished = unfinished_folder(out)
    state = RunState(unfinished, examined)
    if not blocks_done(unfinished) and not state.kept_text() and not writes_itself(recipe.calib):
        shutil.rmtree(unfinished, ignore_errors=True)
        clock.go_on(state.clock_file)
        seq_len = examined.recipe.seq_len or 0
        texts = yield from clock.listen(gather(examined.recipe, tokenizer, hub, seq_len=seq_len))
        state.keep_text(texts)
    yield from clock.listen(prepare_exam(examined, *wanted, tokenizer, hub))
    clock.keep()
