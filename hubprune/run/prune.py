"""Pull, calibrate, prune, measure, write: a model in, a folder with a sparse checkpoint and its card out."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any

import torch

from hubprune import __version__
from hubprune.calibration import Texts, TextWindows, gather, save_kept
from hubprune.checkpoint.model import check_tokens, check_vocabulary, open_tensors, vocabulary_of
from hubprune.checkpoint.writer import ShardWriter, open_writer
from hubprune.errors import CheckpointDamaged, NotEnoughDisk, OutputExists, Unfinished, UsageError
from hubprune.events import Event, Finished, Measured, Warned
from hubprune.hub import Hub, connect, pull
from hubprune.pruning.calls import BlockCalls
from hubprune.pruning.lanes import Group
from hubprune.pruning.measured import MatrixCount
from hubprune.pruning.methods import METHODS
from hubprune.pruning.walk import Variant, Walk
from hubprune.publishing.card import CARD_FILE
from hubprune.publishing.folder import copy_source_files, finish
from hubprune.recipe import Recipe
from hubprune.report import CONTROL, PRUNED, Report
from hubprune.run.clock import Clock
from hubprune.run.command import command_of
from hubprune.run.examine import Examined, examine, uses_text
from hubprune.run.record import block_rows, damped, language_rows, pooled, sparsity
from hubprune.run.room import can_save_lanes, lane_home, need_disk, need_folder
from hubprune.run.state import RunState, blocks_done


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
) -> Generator[Event, None, Report]:
    """Prune a model into a folder.

    The work is done in `OUT.unfinished`, which becomes `out` when it is complete. A run that breaks off after a block
    leaves it there, and can be resumed: the result is the same to the byte.

    Args:
        recipe: what to do.
        out: folder for the result.
        hub: connection; opened with the environment's settings if absent.
        force: replace what is in `out`.
        resume: go on with an unfinished run (True) or start over (False); None raises Unfinished where there is one.
        kept: file with the token ids of earlier calibration text of the model's own making, for a replay.
        repo_id: name on the Hub that the card speaks of.
        command: the command that the card names; made from the recipe if absent.
        whole: load the model whole even where it could be streamed.

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
    yield clock.stage("check", f"Reading the headers of {recipe.model}")
    examined = examine(recipe, hub)
    need_disk(examined, out)
    if examined.source.local:
        assert examined.source.folder is not None
        folder = examined.source.folder
        if out.exists() and (out.resolve() == folder or out.resolve() in folder.parents):
            raise OutputExists("The output folder is the model's own.", "Give another folder.")
    else:
        folder = yield from clock.listen(pull(hub, examined.source, trust_remote_code=recipe.trust_remote_code))
    pruning = Pruning(examined, recipe, folder, unfinished, hub, clock, kept, command, whole)
    try:
        report, texts = yield from pruning.run(resume=bool(resume))
        pruning.state.forget()
        save_kept(unfinished, texts)
        if (out / CARD_FILE).is_file():  # the author's own text in a card that is replaced stays
            shutil.copy(out / CARD_FILE, unfinished / CARD_FILE)
        finish(unfinished, report, Recipe.from_dict(report.recipe), repo_id)
        if out.exists():
            shutil.rmtree(out)
        unfinished.rename(out)
    except CheckpointDamaged:  # the same again would end the same
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise NotEnoughDisk("The disk is full; nothing is lost.", "Free some space and add --resume.") from error
    finally:
        if not blocks_done(unfinished):
            shutil.rmtree(unfinished, ignore_errors=True)
    yield Finished(report, out)
    return report


def unfinished_folder(out: Path) -> Path:
    """Where a run into `out` works until it is complete."""
    return out.with_name(out.name + ".unfinished")


class Pruning:
    """The work between download and card."""

    def __init__(
        self,
        examined: Examined,
        asked: Recipe,
        folder: Path,
        out: Path,
        hub: Hub,
        clock: Clock,
        kept: Path | None,
        command: str | None,
        whole: bool,
    ) -> None:
        self.examined, self.asked, self.folder, self.out = examined, asked, folder, out
        self.hub, self.clock, self.kept, self.command = hub, clock, kept, command
        self.recipe = examined.recipe
        trusted = self.recipe.trust_remote_code
        self.tensors = open_tensors(folder, examined.skeleton, whole=whole, trust_remote_code=trusted)
        self.state = RunState(out, examined, saves_lanes=can_save_lanes(examined, out))

    def run(self, *, resume: bool) -> Generator[Event, None, tuple[Report, Texts]]:
        """Text, walk, measurements; the weights lie in the output folder afterwards, read back and verified."""
        examined, recipe = self.examined, self.recipe
        texts = yield from self._text(resume)
        windows = [text.tokens for text in (*texts.calibration, *texts.control, *texts.evaluation)]
        check_tokens(examined.skeleton, windows)
        recipe = recipe.replace(calib=texts.calib or recipe.calib, eval_text=texts.eval_text or recipe.eval_text)
        warnings = warnings_of(examined, self.asked)
        allocate, note = lane_home(examined, self.out)
        for text in warnings + note:
            yield Warned(text)
        writer = open_writer(self.out, self.tensors)
        keeper = None
        if isinstance(writer, ShardWriter):
            if not blocks_done(self.out):
                self.state.begin(texts)
            self.state.attach(writer)
            keeper = self.state

        def sink(variant: str, block: int, changed: dict[str, torch.Tensor]) -> None:
            if variant == PRUNED:
                for name, tensor in changed.items():
                    writer.write(f"{examined.skeleton.prefix}.{block}.{name}", tensor)

        yield self.clock.stage(
            "prune", f"Pruning {examined.facts.blocks} blocks with {recipe.method}, {recipe.pattern}"
        )
        walk = Walk(
            examined.skeleton,
            self.tensors,
            BlockCalls(examined.skeleton, examined.returns_tuple),
            recipe.batch_size or 1,
            allocate,
            examined.prunes,
            recipe.sequential,
        )
        result = yield from walk.run(groups(texts.evaluation), variants_of(examined, texts), sink, keeper)
        found = pooled(result.counts[PRUNED]) + damped(result.counts[PRUNED])
        for text in found:
            yield Warned(text)
        rows = language_rows(result, texts.evaluation, recipe.lang)
        for row in rows:
            yield Measured(row)
        yield self.clock.stage("verify", "Reading the written weights back")
        writer.close()
        copy_source_files(self.folder, self.out, code=recipe.trust_remote_code)
        verify(self.out, examined, result.counts[PRUNED])
        report = Report(
            model=examined.facts,
            recipe=recipe.to_dict(),
            texts=[t.record for t in (*texts.calibration, *texts.control, *texts.evaluation)],
            sparsity=sparsity(examined, result.counts[PRUNED]),
            languages=rows,
            blocks=block_rows(result),
            warnings=warnings + found,
            run=self.clock.facts(examined.device, self.command or command_of(recipe)),
            hubprune_version=__version__,
        )
        return report, texts

    def _text(self, resume: bool) -> Generator[Event, None, Texts]:
        """The windows: those of the run that is resumed, or gathered anew into an empty output folder.

        Raises UsageError where the unfinished run was another one.
        """
        recipe = self.recipe
        tokenizer = load_tokenizer(self.folder, trust_remote_code=recipe.trust_remote_code)
        check_vocabulary(self.examined.skeleton, vocabulary_of(tokenizer))
        if resume and blocks_done(self.out):
            if difference := self.state.difference():
                raise UsageError(
                    f"The unfinished run differs in {difference}.",
                    "Ask for what it was started with, or start over with --fresh.",
                )
            return self.state.texts()
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir(parents=True)
        return (
            yield from self.clock.listen(
                gather(
                    recipe,
                    tokenizer,
                    self.hub,
                    seq_len=recipe.seq_len or 0,
                    model_folder=self.folder,
                    kept=self.kept,
                )
            )
        )


def variants_of(examined: Examined, texts: Texts) -> list[Variant]:
    """The pruned lanes: the chosen languages', and the control's."""
    assert examined.pattern is not None
    method = METHODS[examined.recipe.method]
    variants = [Variant(PRUNED, method, examined.pattern, groups(texts.calibration))]
    if texts.control:
        variants.append(Variant(CONTROL, method, examined.pattern, groups(texts.control)))
    return variants


def groups(texts: list[TextWindows]) -> list[Group]:
    """Windows for the engine, labelled with their language."""
    return [Group(text.record.language, text.tokens, text.record.weight) for text in texts]


def load_tokenizer(folder: Path, *, trust_remote_code: bool) -> Any:
    """The tokenizer of a folder; raises CheckpointDamaged where it cannot be loaded."""
    from transformers import AutoTokenizer
    from transformers.utils import logging

    logging.set_verbosity_error()  # "sequence longer than the model's maximum": documents are cut into windows here
    try:
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=trust_remote_code)
    except Exception as error:  # foreign files: the libraries raise whatever they stumble on
        first = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise CheckpointDamaged(
            f"The tokenizer cannot be loaded: {first.rstrip('.')}.", "Use a model that brings its tokenizer."
        ) from error


def warnings_of(examined: Examined, asked: Recipe) -> list[str]:
    """What a reader of the result should know, from the headers and the recipe as it was asked for."""
    recipe, found = examined.recipe, []
    if not examined.facts.streamed:
        found.append("The names of the weights do not line up with the model's class, so the model is loaded whole.")
    if asked.lang and not uses_text(recipe):
        found.append(f"{recipe.method} uses no calibration text: --lang decides only what is measured.")
    if recipe.trust_remote_code:
        found.append("The model's own Python code was run (--trust-remote-code).")
    return found


def verify(out: Path, examined: Examined, counts: list[MatrixCount]) -> None:
    """Read every pruned matrix back from the files: its zeros must be those that were counted.

    Raises CheckpointDamaged where they are not.
    """
    trusted = examined.recipe.trust_remote_code
    tensors = open_tensors(out, examined.skeleton, whole=not examined.facts.streamed, trust_remote_code=trusted)
    held, stored = "", torch.empty(0)
    for count in counts:
        matrix = examined.matrices[count.block][count.name]
        if held != (held := f"{examined.skeleton.prefix}.{count.block}.{matrix.parameter}"):
            stored = tensors.read(held)
        weight = matrix.of(stored)
        zeros = weight.numel() - int(torch.count_nonzero(weight))
        if zeros != count.stored or zeros < count.masked:
            raise CheckpointDamaged(
                f"{count.name} of block {count.block} was written with {zeros:,} zeros instead of {count.stored:,}.",
                "Check the disk, then run again.",
            )
