"""The tasks of a run on their way through the walk: windows in, answers out. What a dense model answered is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import torch

from hubprune import __version__
from hubprune.events import Event
from hubprune.hub import Hub
from hubprune.pruning.lanes import Group, Readout
from hubprune.pruning.measured import Answer
from hubprune.run.clock import versions
from hubprune.run.examine import Examined
from hubprune.tasks import Exam, Wanted, prepare

DEFAULT_CONTEXT = 4096  # tokens of a window at most, where a model names no context


def prepare_exam(
    examined: Examined,
    wanted: list[Wanted],
    without: dict[str, str],
    tokenizer: Any,
    hub: Hub,
    *,
    beside: Examined | None = None,
) -> Generator[Event, None, Exam]:
    """The tasks with their items, cut to the model's context and to that of the one beside it."""
    longest = min(one.facts.context or DEFAULT_CONTEXT for one in (examined, beside or examined))
    return (yield from prepare(wanted, without, tokenizer, hub, limit=examined.recipe.limit, longest=longest))


class Questions:
    """The log-likelihood requests of an exam as groups of windows with readouts."""

    def __init__(self, exam: Exam, examined: Examined) -> None:
        self.exam, self.sheets = exam, exam.sheets
        batch_tokens = (examined.recipe.batch_size or 1) * (examined.recipe.seq_len or 1)
        self.groups = [
            Group(
                f"questions of {sheet.length} tokens",
                torch.from_numpy(sheet.tokens),
                readouts=tuple(Readout(*readout) for readout in sheet.readouts),
                batch_size=max(1, batch_tokens // sheet.length),
            )
            for sheet in self.sheets
        ]

    @property
    def tokens(self) -> int:
        """In all windows together."""
        return sum(group.tokens.numel() for group in self.groups)

    def in_order(self, answers: Mapping[str, list[Answer]]) -> list[Answer]:
        """A lane's answers by label -> one for each request of the exam."""
        found: dict[int, Answer] = {}
        for group, sheet in zip(self.groups, self.sheets, strict=True):
            found |= dict(zip(sheet.requests, answers[group.label], strict=True))
        return [found[place] for place in range(len(self.exam.requests))]


class DenseAnswers:
    """What a dense model of the Hub answered in earlier runs, task by task, kept beside the Hub's cache.

    The key is everything that decides an answer: the model's commit, the tokens, precision, device and versions.
    """

    def __init__(self, hub: Hub, examined: Examined, exam: Exam) -> None:
        self.exam = exam
        source = examined.source
        facts = [source.id, source.revision, examined.recipe.dtype, examined.device.type, __version__, versions()]
        self.paths: dict[str, Path] = {}
        if not source.local and exam.requests:
            for task, tokens in exam.digests().items():
                key = hashlib.sha256(json.dumps([*facts, tokens], sort_keys=True).encode()).hexdigest()[:32]
                self.paths[task] = hub.cache_dir.parent / "hubprune" / "answers" / f"{key}.json"

    def load(self) -> list[Answer] | None:
        """All answers of the exam, in order; None where one is missing."""
        found: list[Answer] = []
        for task, place, _ in self.exam.parts():
            path = self.paths.get(task.wanted.name)
            try:
                kept = json.loads(path.read_text(encoding="utf-8")) if path else None
                found += [(float(loss), bool(likeliest)) for loss, likeliest in kept or []]
            except (OSError, ValueError, TypeError):
                return None
            if len(found) != place.stop:
                return None
        return found or None

    def save(self, answers: list[Answer]) -> None:
        """Keep the answers to the exam's requests, in order."""
        for task, place, _ in self.exam.parts():
            if path := self.paths.get(task.wanted.name):
                path.parent.mkdir(parents=True, exist_ok=True)
                temporary = path.with_suffix(".new")
                temporary.write_text(json.dumps(answers[place]), encoding="utf-8")
                temporary.replace(path)
