"""How much a run's tasks will take, before anything of them is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hubprune.task_table import default_tasks, family_of
from hubprune.tasks.names import AUTO

UNKNOWN_ITEMS, UNKNOWN_TOKENS = 500, 150  # of a task that is not in our table


def expected(words: Sequence[str], languages: Iterable[str]) -> list[str]:
    """The tasks that the words of `--tasks` will mean as far as can be told without lm-eval; globs stay as they are."""
    languages = list(languages)
    names = []
    for word in words:
        names += [task for code in languages for task in default_tasks(code, languages)] if word == AUTO else [word]
    return list(dict.fromkeys(names))


def expected_tokens(words: Sequence[str], languages: Iterable[str], limit: int | None) -> int:
    """About how many tokens the windows of these tasks hold."""
    total = 0
    for name in expected(words, languages):
        family = family_of(name)
        if family and family.generates:
            continue
        items, tokens = (family.items, family.tokens) if family else (UNKNOWN_ITEMS, UNKNOWN_TOKENS)
        total += min(items, limit or items) * tokens
    return total
