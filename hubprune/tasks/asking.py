"""The requests of an lm-eval task, as token ids or prompts; and its items' scores, from the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hubprune.errors import TaskUnavailable
from hubprune.tasks.packing import Request

LIKELIHOOD, GENERATION = "loglikelihood", "generate_until"
NO_COLUMN = "Mend `passage` under metadata in the task's YAML file."
MOST_NEW_TOKENS = 256  # of a generated answer where the task sets no limit, as in lm-eval


@dataclass(frozen=True)
class Prompt:
    """A text to be continued greedily, up to the first of the stop texts."""

    text: str
    until: tuple[str, ...]
    new_tokens: int


class Encoder:
    """Texts to requests as lm-eval's own model class cuts them, with the tokenizer's beginning token before each."""

    def __init__(self, tokenizer: Any, beginning: int | None) -> None:
        self.tokenizer, self.beginning = tokenizer, beginning

    def request(self, context: str, continuation: str) -> Request:
        """Token ids of a context and its continuation; blanks at the context's end go to the continuation.

        An empty context becomes the beginning token, or the end-of-text token where there is none.
        """
        stripped = context.rstrip()
        continuation, context = context[len(stripped) :] + continuation, stripped
        if not context:
            ids = self.ids(continuation)
            first = self.beginning if self.beginning is not None else self.tokenizer.eos_token_id
            return ((first,), ids) if first is not None else (ids[:1], ids[1:])
        start = () if self.beginning is None else (self.beginning,)
        alone, whole = self.ids(context), self.ids(context + continuation)
        return start + alone, whole[len(alone) :]

    def ids(self, text: str) -> tuple[int, ...]:
        """Token ids without special tokens."""
        return tuple(self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])


def prompt(arguments: tuple[str, dict[str, Any]]) -> Prompt:
    """What a request for generated text asks for."""
    text, options = arguments
    until = options.get("until") or ()
    most = int(options.get("max_gen_toks") or MOST_NEW_TOKENS)
    return Prompt(text, (until,) if isinstance(until, str) else tuple(until), most)


def scores(task: Any, answers: Sequence[Any]) -> dict[str, np.ndarray]:
    """Metric -> score of each item, (items,), of an lm-eval task whose instances were answered in order.

    An answer is (log-likelihood, whether it is the likeliest) or a text. Metrics whose score of an item is no number
    are left out; so are those that lm-eval does not average.
    """
    by_item: dict[int, list[Any]] = {}
    for instance, answer in zip(task.instances, answers, strict=True):
        instance.resps, instance.filtered_resps = [answer], {}
        by_item.setdefault(instance.doc_id, []).append(instance)
    task.apply_filters()
    averaged = {metric for metric, how in task.aggregation().items() if getattr(how, "__name__", "") == "mean"}
    found: dict[str, list[float]] = {}
    key = next(iter(task.instances[0].filtered_resps))
    for instances in by_item.values():
        instances.sort(key=lambda instance: instance.idx)
        responses = [instance.filtered_resps[key] for instance in instances]
        results = task.process_results(instances[0].doc, responses)
        for metric, value in ((metric, value) for metric, value in results.items() if metric in averaged):
            found.setdefault(metric, []).append(value)
    return {metric: values for metric, given in found.items() if (values := _numbers(given, len(by_item))) is not None}


def passages(members: Sequence[Any], column: str) -> np.ndarray | None:
    """The number of each item's passage, (items,) int64 counted from 0; None where no two items share one.

    Args:
        members: lm-eval tasks whose instances are built; items in the order of `scores`, member after member.
        column: of the items, that holds the passage; "" for none.

    Raises TaskUnavailable where an item has no such column.
    """
    docs = [doc for member in members for doc in {one.doc_id: one.doc for one in member.instances}.values()]
    if not column:
        return None
    if not all(column in doc for doc in docs):
        raise TaskUnavailable(f"its items have no column {column!r} for their passage", NO_COLUMN)
    numbers: dict[str, int] = {}
    found = [numbers.setdefault(str(doc[column]), len(numbers)) for doc in docs]
    return np.array(found, dtype=np.int64) if len(numbers) < len(docs) else None


def _numbers(values: list[Any], items: int) -> np.ndarray | None:
    if len(values) != items or not all(np.isscalar(value) and not isinstance(value, str) for value in values):
        return None
    return np.array(values, dtype=np.float64)
