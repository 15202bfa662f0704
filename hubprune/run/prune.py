"""Pull, calibrate, prune, measure, write: a model in, a folder with a sparse checkpoint and its card out."""

from __future__ import annotations

import errno
import shlex
import shutil
from collections.abc import Generator
from pathlib import Path

from hubprune import tasks
from hubprune.calibration import save_kept
from hubprune.errors import CheckpointDamaged, NotEnoughDisk, OutputExists, Unfinished
from hubprune.events import Event, Finished
from hubprune.hub import Hub, connect, pull
from hubprune.publishing.card import CARD_FILE
from hubprune.publishing.folder import finish
from hubprune.recipe import Recipe
from hubprune.report import Report
from hubprune.run.clock import Clock
from hubprune.run.examine import examine
from hubprune.run.gate import Gate
from hubprune.run.pruning import Asked, Pruning
from hubprune.run.room import need_disk, need_folder
from hubprune.run.state import blocks_done, prepared


def prune(
    recipe: Recipe,
    out: Path,
    *,
    hub: Hub | None = None,
    force: bool = False,
    resume: bool | None = None,
    kept: Path | None = None,
    repo_id: str | None = None,
    command: str | None = None,
    whole: bool = False,
    gate: Gate | None = None,
    tasks_optional: bool = False,
) -> Generator[Event, None, Report]:
    """Prune a model into a folder.

    The work is done in `OUT.unfinished`, which becomes `out` when it is complete. A run that breaks off after a block
    leaves it there, and can be resumed: the result is the same to the byte.

    Args:
        recipe: what to do.
        out: folder for the result.
        hub: connection; opened with the environment's settings if absent.
        force: replace what is in `out`.
        resume: go on with an unfinished run, or with what `prepare` fetched (True), or start over (False); None raises
            Unfinished where there is an unfinished run.
        kept: file with the token ids of earlier calibration text of the model's own making, for a replay.
        repo_id: name on the Hub that the card speaks of.
        command: the command that the card names; made from the recipe if absent.
        whole: load the model whole even where it could be streamed.
        tasks_optional: go on without tasks where lm-eval is not installed, rather than raise ExtraMissing.
        gate: what the result must be worth; QualityGate is raised when it lies in `out`, complete.

    Returns:
        The report; it also stands in the folder, with recipe, card and plots.
    """
    clock = Clock()
    hub = hub or connect()
    if out.exists() and (not out.is_dir() or any(out.iterdir())) and not force:
        raise OutputExists(f"{out} exists and is not empty.", "Give another folder, or --force to replace it.")
    unfinished = unfinished_folder(out)
    if resume is None and (done := blocks_done(unfinished)):
        raise Unfinished(
            f"An earlier run into {out} broke off after {done} blocks.",
            "Add --resume to go on with it, or --fresh to start over.",
        )
    need_folder(out)
    gate = gate or Gate()
    gate.refuse(recipe)
    yield clock.stage("check", f"Reading the headers of {recipe.model}")
    examined = examine(recipe, hub)
    wanted = tasks.find(examined.recipe.tasks, examined.recipe.eval_lang, optional=tasks_optional)
    need_disk(examined, out)
    if examined.source.local:
        assert examined.source.folder is not None
        folder = examined.source.folder
        if out.exists() and (out.resolve() == folder or out.resolve() in folder.parents):
            raise OutputExists("The output folder is the model's own.", "Give another folder.")
    else:
        folder = yield from clock.listen(pull(hub, examined.source, trust_remote_code=recipe.trust_remote_code))
    pruning = Pruning(examined, Asked(recipe, wanted, kept, command, whole), folder, unfinished, hub, clock)
    try:
        report, texts = yield from pruning.run(resume=bool(resume))
        save_kept(unfinished, texts)
        if (out / CARD_FILE).is_file():  # the author's own text in a card that is replaced stays
            shutil.copy(out / CARD_FILE, unfinished / CARD_FILE)
        finish(unfinished, report, Recipe.from_dict(report.recipe), repo_id)
        if out.exists():
            shutil.rmtree(out)
        pruning.state.forget()  # last: a run that ends before can be resumed
        unfinished.rename(out)
    except CheckpointDamaged:  # the same again would end the same
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise NotEnoughDisk("The disk is full; nothing is lost.", "Free some space and add --resume.") from error
    finally:
        if not blocks_done(unfinished) and not (resume and prepared(unfinished)):
            shutil.rmtree(unfinished, ignore_errors=True)
    yield Finished(report, out)
    gate.check(report, f"The result is in {out}; to publish it all the same: hubprune push {shlex.quote(str(out))}")
    return report


def unfinished_folder(out: Path) -> Path:
    """Where a run into `out` works until it is complete."""
    return out.with_name(out.name + ".unfinished")
