"""Two checkpoints, or one, on the same windows."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator
from pathlib import Path
from typing import Any

from hubprune import __version__
from hubprune.calibration import Texts, gather
from hubprune.checkpoint.model import check_tokens, check_vocabulary, open_tensors, vocabulary_of
from hubprune.checkpoint.tensors import Tensors
from hubprune.events import Event, Finished, Measured
from hubprune.generation.sizes import sizes
from hubprune.hub import Hub, connect, pull
from hubprune.pruning.calls import BlockCalls
from hubprune.pruning.lanes import in_memory
from hubprune.pruning.measured import WalkResult
from hubprune.pruning.walk import DENSE_LANE, Variant, Walk
from hubprune.recipe import Recipe
from hubprune.report import DENSE, PRUNED, Report, Speed
from hubprune.run.clock import Clock
from hubprune.run.command import command_of
from hubprune.run.examine import Examined, examine
from hubprune.run.inputs import groups, load_tokenizer
from hubprune.run.questions import DenseAnswers, Questions, prepare_exam
from hubprune.run.record import block_rows, language_rows
from hubprune.run.same_tokens import SameTokens
from hubprune.run.speed import speed_of
from hubprune.run.whole import Writing, Written, write_texts
from hubprune.tasks import Exam, find


def evaluate(
    recipe: Recipe,
    against: str | None = None,
    *,
    hub: Hub | None = None,
    command: str | None = None,
    speed: bool = False,
    tasks_optional: bool = False,
) -> Generator[Event, None, Report]:
    """Measure `recipe.model`, beside the checkpoint `against` where one is given.

    Languages are `eval_lang`, or `lang`. In the report the lane "dense" is `against` and "pruned" is the model; without
    `against` the model itself is the lane "dense". Checkpoints of one shape are walked together, so that the errors
    of their blocks are measured too; others one after the other. With `speed`, tokens per second and peak memory are
    measured too, the models whole in memory; where they do not fit, the report says so. `tasks_optional`: go on
    without tasks where lm-eval is not installed.

    Windows fit both models: where no length is asked for, the shorter context decides.

    Raises UsageError where the two tokenizers cut the text differently: then no figure can be compared. RecipeError for
    windows that one of the models was not made for.
    """
    clock = Clock()
    hub = hub or connect()
    recipe = recipe.replace(
        eval_lang=recipe.eval_lang or tuple(recipe.lang), control=None, measure=True, lang={}, calib="auto"
    )
    wanted = find(recipe.tasks, recipe.eval_lang, optional=tasks_optional)
    dense = recipe.replace(model=against, revision=None) if against else recipe
    other = base = yield from _examined(dense, hub, clock)
    if against:
        base, other = _cut_alike(base, (yield from _examined(recipe, hub, clock)))
    other_folder = base_folder = yield from _folder(base, hub, clock)
    tokenizer = _tokenizer(base, base_folder)
    if against:
        other_folder = yield from _folder(other, hub, clock)
        tokenizer = SameTokens(tokenizer, _tokenizer(other, other_folder), (other.source.id, base.source.id))
    texts: Texts = yield from clock.listen(gather(base.recipe, tokenizer, hub, seq_len=base.recipe.seq_len or 0))
    evaluation = groups(texts.evaluation)
    exam: Exam = yield from clock.listen(prepare_exam(base, *wanted, tokenizer, hub, beside=other))
    questions = Questions(exam, base)
    for one in (base, other):
        check_tokens(one.skeleton, [group.tokens for group in (*evaluation, *questions.groups)])
    yield clock.stage("measure", f"Measuring {', '.join(base.recipe.eval_lang)}")
    tensors = open_tensors(base_folder, base.skeleton, trust_remote_code=recipe.trust_remote_code)
    rivals: Tensors | None = None
    if against:
        rivals = open_tensors(other_folder, other.skeleton, trust_remote_code=recipe.trust_remote_code)
    together = against is not None and _same_shape(base, other)
    variants = [Variant(PRUNED, weights=rivals)] if together else []
    cache = DenseAnswers(hub, base, exam)
    known = cache.load()
    result: WalkResult = yield from _walk(base, tensors).run(
        evaluation, variants, _nothing, None, questions.groups, dense_answers=known is None
    )
    if rivals is not None and not together:
        alone: WalkResult = yield from _walk(other, rivals).run(evaluation, [], _nothing, None, questions.groups)
        result.losses[PRUNED] = alone.losses[DENSE_LANE]
        result.answers[PRUNED] = alone.answers[DENSE_LANE]
    likelihoods = {lane: questions.in_order(found) for lane, found in result.answers.items() if found}
    if known is not None:
        likelihoods[DENSE] = known
    elif likelihoods:
        cache.save(likelihoods[DENSE])
    rows = language_rows(result, texts.evaluation, [])
    for row in rows:
        yield Measured(row)
    folders = {DENSE: base_folder, **({PRUNED: other_folder} if against else {})}
    writing = Writing(base, exam, list(folders))
    written: Written = yield from clock.listen(write_texts(writing, folders, None, ()))
    graded = exam.grade(likelihoods, written.answers, ())
    for task in graded:
        yield Measured(task)
    pace: Speed | None = None
    if speed:
        lanes = {DENSE: base, **({PRUNED: other} if against else {})}
        pace = yield from clock.listen(speed_of(lanes, folders))
    resolved = other.recipe.replace(eval_text=texts.eval_text or other.recipe.eval_text, seq_len=base.recipe.seq_len)
    resolved = resolved.replace(tasks=exam.words(resolved.tasks))
    report = Report(
        model=other.facts,
        recipe=resolved.to_dict(),
        texts=[text.record for text in texts.evaluation],
        sparsity=None,
        languages=rows,
        blocks=block_rows(result),
        warnings=[],
        run=clock.facts(base.device, command or command_of(resolved, "eval")),
        hubprune_version=__version__,
        against=base.facts if against else None,
        tasks=graded,
        no_tasks=exam.without,
        generations=written.rows,
        no_generations=writing.reason,
        sizes={lane: sizes(folder) for lane, folder in folders.items()},
        speed=pace,
    )
    yield Finished(report, None)
    return report


def _examined(recipe: Recipe, hub: Hub, clock: Clock) -> Generator[Event, None, Examined]:
    yield clock.stage("check", f"Reading the headers of {recipe.model}")
    return examine(recipe, hub, pruning=False)


def _folder(examined: Examined, hub: Hub, clock: Clock) -> Generator[Event, None, Path]:
    if examined.source.folder is not None:
        return examined.source.folder
    trusted = examined.recipe.trust_remote_code
    return (yield from clock.listen(pull(hub, examined.source, trust_remote_code=trusted)))


def _cut_alike(*models: Examined) -> list[Examined]:
    """The models with windows of one length, the shortest that any of them would take."""
    seq_len = min(one.recipe.seq_len or 0 for one in models)
    return [dataclasses.replace(one, recipe=one.recipe.replace(seq_len=seq_len)) for one in models]


def _tokenizer(examined: Examined, folder: Path) -> Any:
    """A model's tokenizer. Raises CheckpointDamaged for that of another model."""
    tokenizer = load_tokenizer(folder, trust_remote_code=examined.recipe.trust_remote_code)
    check_vocabulary(examined.skeleton, vocabulary_of(tokenizer))
    return tokenizer


def _walk(examined: Examined, tensors: Tensors) -> Walk:
    calls = BlockCalls(examined.skeleton, examined.returns_tuple)
    batch = examined.recipe.batch_size or 1
    pin = examined.device.type == "cuda"
    return Walk(examined.skeleton, tensors, calls, batch, in_memory(pin), lambda block, name: False, stage="measure")


def _same_shape(a: Examined, b: Examined) -> bool:
    """Whether one module tree can hold the weights of both: the same class, configuration and tensor shapes."""
    ignored = {"_name_or_path", "transformers_version", "dtype", "torch_dtype"}
    plain = [{k: v for k, v in x.config.to_dict().items() if k not in ignored} for x in (a, b)]
    shapes = [{name: shape for name, (_, shape) in x.description.tensors.items()} for x in (a, b)]
    return plain[0] == plain[1] and shapes[0] == shapes[1]


def _nothing(variant: str, block: int, tensors: object) -> None:
    """Nothing is written by an evaluation."""
