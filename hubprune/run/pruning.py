"""The work between download and card: text and tasks, the walk, what is measured, the files read back."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from hubprune import __version__
from hubprune.calibration import Texts, gather
from hubprune.checkpoint.model import check_tokens, check_vocabulary, open_tensors, vocabulary_of
from hubprune.checkpoint.writer import ShardWriter, open_writer
from hubprune.errors import UsageError
from hubprune.events import Event, Measured, Warned
from hubprune.generation.sizes import sizes
from hubprune.hub import Hub
from hubprune.pruning.calls import BlockCalls
from hubprune.pruning.measured import Answer, WalkResult
from hubprune.pruning.methods import METHODS
from hubprune.pruning.walk import Variant, Walk
from hubprune.publishing.folder import copy_source_files
from hubprune.recipe import Recipe
from hubprune.report import CONTROL, DENSE, PRUNED, Report
from hubprune.run.clock import Clock
from hubprune.run.command import command_of
from hubprune.run.examine import Examined
from hubprune.run.inputs import groups, load_tokenizer, warnings_of
from hubprune.run.overlay import Overlay
from hubprune.run.questions import DenseAnswers, Questions, prepare_exam
from hubprune.run.record import block_rows, damped, language_rows, pooled, sparsity
from hubprune.run.room import can_save_lanes, lane_home
from hubprune.run.state import RunState, blocks_done
from hubprune.run.verify import verify
from hubprune.run.whole import Writing, Written, write_texts
from hubprune.run.written import WrittenTexts
from hubprune.tasks import Exam, Wanted


@dataclass
class Asked:
    """What a pruning was asked for, beside its model.

    Attributes:
        recipe: before it was resolved.
        tasks: the tasks wanted, and why a language has none.
        kept: file with earlier calibration text of the model's own making.
        command: for the card.
        whole: load the model whole even where it could be streamed.
    """

    recipe: Recipe
    tasks: tuple[list[Wanted], dict[str, str]]
    kept: Path | None = None
    command: str | None = None
    whole: bool = False


class Pruning:
    """One model on its way from `folder` to `out`."""

    def __init__(self, examined: Examined, asked: Asked, folder: Path, out: Path, hub: Hub, clock: Clock) -> None:
        self.examined, self.asked, self.folder, self.out = examined, asked, folder, out
        self.hub, self.clock = hub, clock
        self.recipe = examined.recipe
        trusted = self.recipe.trust_remote_code
        self.tensors = open_tensors(folder, examined.skeleton, whole=asked.whole, trust_remote_code=trusted)
        self.state = RunState(out, examined, saves_lanes=can_save_lanes(examined, out))
        self.control = Overlay(self.state.folder, examined.skeleton.prefix)
        self.tokenizer = load_tokenizer(folder, trust_remote_code=trusted)
        self.likelihoods: dict[str, list[Answer]] = {}  # lane -> answer to each request of the tasks

    def run(self, *, resume: bool) -> Generator[Event, None, tuple[Report, Texts]]:
        """Text, walk, measurements; the weights lie in the output folder afterwards, read back and verified."""
        examined, recipe = self.examined, self.recipe
        texts = yield from self._text(resume)
        exam: Exam = yield from self.clock.listen(prepare_exam(examined, *self.asked.tasks, self.tokenizer, self.hub))
        if blocks_done(self.out):
            refuse_difference(self.state.other_questions(exam.sha256))
        windows = [text.tokens for text in (*texts.calibration, *texts.control, *texts.evaluation)]
        check_tokens(examined.skeleton, windows)
        recipe = recipe.replace(
            calib=texts.calib or recipe.calib,
            eval_text=texts.eval_text or recipe.eval_text,
            tasks=exam.words(recipe.tasks),
        )
        warnings = warnings_of(examined, self.asked.recipe)
        questions = Questions(exam, examined)
        allocate, note = lane_home(examined, self.out, questions.tokens)
        for text in warnings + note:
            yield Warned(text)
        writing = Writing(examined, exam, lanes=[DENSE, *([CONTROL] if texts.control else []), PRUNED])
        before = self.state.measured() if blocks_done(self.out) else None
        if before:
            result, self.likelihoods = before
        else:
            result = yield from self._walk(texts, questions, allocate, keeps_control=writing.wanted)
        found = pooled(result.counts[PRUNED]) + damped(result.counts[PRUNED])
        for text in found:
            yield Warned(text)
        rows = language_rows(result, texts.evaluation, recipe.lang)
        for row in rows:
            yield Measured(row)
        if not before:
            yield self.clock.stage("verify", "Reading the written weights back")
            verify(self.out, examined, result.counts[PRUNED])
            if blocks_done(self.out):
                self.state.keep_measured(result, self.likelihoods)
        written: Written = yield from self.clock.listen(
            write_texts(
                writing,
                {DENSE: self.folder, PRUNED: self.out},
                self.control,
                recipe.lang,
                WrittenTexts(self.state.folder if blocks_done(self.out) else None),
            )
        )
        tasks = exam.grade(self.likelihoods, written.answers, recipe.lang)
        for task in tasks:
            yield Measured(task)
        report = Report(
            model=examined.facts,
            recipe=recipe.to_dict(),
            texts=[t.record for t in (*texts.calibration, *texts.control, *texts.evaluation)],
            sparsity=sparsity(examined, result.counts[PRUNED]),
            languages=rows,
            blocks=block_rows(result),
            warnings=warnings + found,
            run=self.clock.facts(examined.device, self.asked.command or command_of(recipe)),
            hubprune_version=__version__,
            tasks=tasks,
            no_tasks=exam.without,
            generations=written.rows,
            no_generations=writing.reason,
            sizes={DENSE: sizes(self.folder), PRUNED: sizes(self.out)},
        )
        return report, texts

    def _walk(
        self, texts: Texts, questions: Questions, allocate: Any, *, keeps_control: bool
    ) -> Generator[Event, None, WalkResult]:
        """Prune, measure and write every block."""
        examined, recipe, state = self.examined, self.recipe, self.state
        cache = DenseAnswers(self.hub, examined, questions.exam)
        writer = open_writer(self.out, self.tensors)
        keeper = None
        if isinstance(writer, ShardWriter):
            if not blocks_done(self.out):
                state.begin(texts, questions.exam.sha256, dense_known=cache.load() is not None)
            state.attach(writer)
            keeper = state
        known = cache.load() if keeper is None or state.dense_known() else None
        if keeper and state.dense_known() and known is None:
            raise UsageError("The dense model's earlier answers are gone.", "Start over with --fresh.")

        def sink(variant: str, block: int, changed: dict[str, torch.Tensor]) -> None:
            if variant == PRUNED:
                for name, tensor in changed.items():
                    writer.write(f"{examined.skeleton.prefix}.{block}.{name}", tensor)
            elif keeps_control:
                self.control.write(block, changed)

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
        result: WalkResult = yield from self.clock.listen(
            walk.run(
                groups(texts.evaluation),
                variants_of(examined, texts),
                sink,
                keeper,
                questions.groups,
                dense_answers=known is None,
            )
        )
        writer.close()
        copy_source_files(self.folder, self.out, code=recipe.trust_remote_code)
        self.likelihoods = {lane: questions.in_order(found) for lane, found in result.answers.items() if found}
        if known is None and DENSE in self.likelihoods:
            cache.save(self.likelihoods[DENSE])
        elif known is not None:
            self.likelihoods[DENSE] = known
        return result

    def _text(self, resume: bool) -> Generator[Event, None, Texts]:
        """The windows: those of the run that is resumed, those kept for it, or gathered anew into an empty folder.

        Raises UsageError where the unfinished run was another one.
        """
        check_vocabulary(self.examined.skeleton, vocabulary_of(self.tokenizer))
        if resume and blocks_done(self.out):
            refuse_difference(self.state.difference())
            self.clock.go_on(self.state.clock_file)
            return self.state.texts()
        if resume and (kept := self.state.kept_text()):
            self.clock.go_on(self.state.clock_file)
            return kept
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir(parents=True)
        self.clock.go_on(self.state.clock_file)
        gathering = gather(
            self.recipe,
            self.tokenizer,
            self.hub,
            seq_len=self.recipe.seq_len or 0,
            model_folder=self.folder,
            kept=self.asked.kept,
        )
        return (yield from self.clock.listen(gathering))


def refuse_difference(difference: str | None) -> None:
    """Raise UsageError where the unfinished run is another one than this."""
    if difference:
        raise UsageError(
            f"The unfinished run differs in {difference}.",
            "Ask for what it was started with, or start over with --fresh.",
        )


def variants_of(examined: Examined, texts: Texts) -> list[Variant]:
    """The pruned lanes: the chosen languages', and the control's."""
    assert examined.pattern is not None
    method = METHODS[examined.recipe.method]
    variants = [Variant(PRUNED, method, examined.pattern, groups(texts.calibration))]
    if texts.control:
        variants.append(Variant(CONTROL, method, examined.pattern, groups(texts.control)))
    return variants
