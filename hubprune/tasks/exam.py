"""All tasks of a run: what is asked of each model, and the rows of the table from its answers.

words of --tasks --names.find--> Wanted --loading.open_task--> items --asking--> requests --packing--> windows
                                                                                    │
TaskRow <--grade-- answers of each lane <----------------- the walk, or generation ─┘
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hubprune.calibration.tokens import frame
from hubprune.errors import HubpruneError, TaskUnavailable
from hubprune.evaluation.paired import paired
from hubprune.evaluation.perplexity import mean_and_error
from hubprune.events import Event, Progress, Stage, Warned
from hubprune.report import CONTROL, DENSE, PRUNED, Paired, TaskRow, TaskScore
from hubprune.task_table import family_of
from hubprune.tasks.asking import GENERATION, Encoder, Prompt, prompt, scores
from hubprune.tasks.loading import Opened, open_task
from hubprune.tasks.names import AUTO, Wanted
from hubprune.tasks.packing import Request, Sheet, digest, pack, shorten

PREFERRED = ("acc_norm", "acc", "exact_match", "f1")
Likelihood = tuple[float, bool]  # summed negative log-likelihood of a continuation, nats; whether it is the likeliest


@dataclass
class Exam:
    """What is asked of every model.

    Attributes:
        tasks: the tasks that could be opened.
        without: language -> why it has no task, or why one of its tasks is not measured.
        requests: log-likelihoods asked for, tasks after one another.
        prompts: texts to be continued, likewise.
        truncated: task -> items whose context was cut.
        longest: tokens of a window, at most.
    """

    tasks: list[Opened] = field(default_factory=list)
    without: dict[str, str] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    prompts: list[Prompt] = field(default_factory=list)
    truncated: dict[str, int] = field(default_factory=dict)
    longest: int = 0

    @property
    def sheets(self) -> list[Sheet]:
        """The windows that answer the log-likelihood requests."""
        return pack(self.requests, self.longest)

    def words(self, asked: Sequence[str]) -> tuple[str, ...]:
        """The words of `--tasks` with the tasks that were found in place of "auto", if there were any."""
        defaults = [opened.wanted.name for opened in self.tasks if opened.wanted.by_default] or [AUTO]
        return tuple(name for word in asked for name in (defaults if word == AUTO else [word]))

    @property
    def sha256(self) -> str:
        """Of all that is asked."""
        prompts = [(_bytes(p.text), _bytes(repr((p.until, p.new_tokens)))) for p in self.prompts]
        return digest([*self.requests, *prompts])

    def miss(self, language: str, reason: str) -> None:
        """Note why a task of a language is not measured, beside other reasons."""
        told = [self.without[language]] if language in self.without else []
        self.without[language] = "; ".join([*told, reason.rstrip(".")])

    def leave_unwritten(self, reason: str) -> None:
        """Say of the languages of tasks that ask for text why these have no score."""
        for opened, _, written in self.parts():
            if self.prompts[written]:
                self.miss(opened.language, f"{opened.wanted.name} asks for text, and {reason}")

    def grade(
        self,
        likelihoods: Mapping[str, Sequence[Likelihood]],
        texts: Mapping[str, Sequence[str]],
        calibrated: Collection[str],
    ) -> list[TaskRow]:
        """One row for each task.

        Args:
            likelihoods: lane -> answer to each of `requests`.
            texts: lane -> continuation of each of `prompts`.
            calibrated: languages of the calibration text.
        """
        rows = []
        for opened, asked, written in self.parts():
            found = {}
            for lane in dict.fromkeys([*likelihoods, *texts]):
                known, spoken = likelihoods.get(lane, ())[asked], texts.get(lane, ())[written]
                if len(known) + len(spoken) == len(opened.instances):
                    found[lane] = _scores(opened, known, spoken)
            if found:
                rows.append(self._row(opened, found, opened.language in calibrated))
        return rows

    def parts(self) -> Iterator[tuple[Opened, slice, slice]]:
        """Each task with the places of its requests and of its prompts."""
        at = said = 0
        for opened in self.tasks:
            written = sum(instance.request_type == GENERATION for instance in opened.instances)
            asked = len(opened.instances) - written
            yield opened, slice(at, at + asked), slice(said, said + written)
            at, said = at + asked, said + written

    def _row(self, opened: Opened, found: Mapping[str, Mapping[str, np.ndarray]], calibrated: bool) -> TaskRow:
        name, config = opened.wanted.name, opened.members[0].config
        family = family_of(name)
        first = next(iter(found.values()))
        metric = next((m for m in (family.metric if family else "", *PREFERRED) if m in first), None) or next(
            iter(first), None
        )
        if metric is None:
            raise TaskUnavailable(f"The task {name} gives its items no score.", "Leave it out of --tasks.")
        values = {lane: given[metric] for lane, given in found.items()}
        return TaskRow(
            language=opened.language,
            calibrated=calibrated,
            task=name,
            metric=metric,
            kind=family.kind if family else "",
            items=len(next(iter(values.values()))),
            chance=chance(opened.members, metric),
            shots=config.num_fewshot or 0,
            source=opened.source,
            revision=opened.revision,
            config=opened.config,
            split=config.test_split or config.validation_split or config.training_split,
            license=opened.license or (family.license if family else None),
            version=str(opened.members[0].VERSION),
            scores={
                lane: task_score(scored, values.get(DENSE) if lane != DENSE else None, opened.clusters)
                for lane, scored in values.items()
            },
            against_control=_between(values, PRUNED, CONTROL, opened.clusters),
            truncated=self.truncated.get(name, 0),
            sha256=self.digests()[name],
            passages=None if opened.clusters is None else int(opened.clusters.max()) + 1,
        )

    def digests(self) -> dict[str, str]:
        """Task -> SHA-256 of its requests."""
        return {
            opened.wanted.name: Exam(requests=self.requests[asked], prompts=self.prompts[written]).sha256
            for opened, asked, written in self.parts()
        }


def prepare(
    wanted: Sequence[Wanted],
    without: Mapping[str, str],
    tokenizer: Any,
    hub: Any,
    *,
    limit: int | None,
    longest: int,
) -> Generator[Event, None, Exam]:
    """Load the tasks and cut their requests; a default task that cannot be had is told and left out.

    Args:
        limit: items of each task, None for all.
        longest: tokens that the model reads at once, at most.

    Raises what `open_task` raises, for a task that was asked for.
    """
    exam = Exam(without=dict(without), longest=longest)
    if not wanted:
        return exam
    yield Stage("tasks", f"Tasks: {', '.join(task.name for task in wanted)}")
    encoder = Encoder(tokenizer, frame(tokenizer).beginning)
    for number, task in enumerate(wanted):
        try:
            opened = open_task(task, hub, limit)
        except HubpruneError as error:
            if not task.by_default:
                raise
            yield Warned(error.sentence)
            exam.miss(task.language, error.sentence)
        else:
            add(exam, opened, encoder)
        yield Progress("tasks", number + 1, len(wanted), "task")
    return exam


def add(exam: Exam, opened: Opened, encoder: Encoder) -> None:
    """Put a task's requests to the others."""
    cut = set()
    for instance in opened.instances:
        if instance.request_type == GENERATION:
            exam.prompts.append(prompt(instance.args))
            continue
        whole = encoder.request(*instance.args)
        fitting = shorten(whole, exam.longest, encoder.beginning)
        if fitting != whole:
            cut.add((instance.task_name, instance.doc_id))
        exam.requests.append(fitting)
    if cut:
        exam.truncated[opened.wanted.name] = len(cut)
    exam.tasks.append(opened)


def task_score(values: np.ndarray, dense: np.ndarray | None, clusters: np.ndarray | None) -> TaskScore:
    """The mean score of items, (items,), and what it differs from the dense model's; `clusters` as in `paired`."""
    mean, error = mean_and_error(values, clusters)
    return TaskScore(mean, error, paired(values, dense, clusters) if dense is not None else None)


def chance(members: Sequence[Any], metric: str) -> float | None:
    """The expected score of guessing among an item's choices; None where there is nothing to choose from."""
    if metric not in ("acc", "acc_norm", "acc_bytes", "acc_mutual_info"):
        return None
    choices: dict[tuple[str, int], float] = defaultdict(float)
    for member in members:
        if member.OUTPUT_TYPE != "multiple_choice":
            return None
        twice = 2 if "acc_mutual_info" in member.aggregation() else 1  # choices are asked again without their context
        for instance in member.instances:
            choices[instance.task_name, instance.doc_id] += 1 / twice
    return float(np.mean([1 / count for count in choices.values()]))


def _scores(opened: Opened, known: Sequence[Likelihood], spoken: Sequence[str]) -> dict[str, np.ndarray]:
    """Metric -> score of each item, over all members."""
    ours, theirs = iter([(-loss, likeliest) for loss, likeliest in known]), iter(spoken)
    found = []
    for member in opened.members:
        answers = [next(theirs if i.request_type == GENERATION else ours) for i in member.instances]
        found.append(scores(member, answers))
    shared = [metric for metric in found[0] if all(metric in one for one in found)]
    return {metric: np.concatenate([one[metric] for one in found]) for metric in shared}


def _between(values: Mapping[str, np.ndarray], lane: str, reference: str, clusters: np.ndarray | None) -> Paired | None:
    return paired(values[lane], values[reference], clusters) if lane in values and reference in values else None


def _bytes(text: str) -> tuple[int, ...]:
    return tuple(text.encode())
