"""What the YAML files of MKQA name as functions: rows of the data set to items, an answer to its scores."""

from __future__ import annotations

import functools
from typing import Any

from hubprune import task_names
from hubprune.tasks.mkqa.scoring import scores

LANGUAGES = task_names.MKQA.split()
COLUMNS = {"zh": "zh_cn"}  # the data set's name of a language, where it is another


def items(language: str, rows: Any) -> Any:
    """The data set as items of one language: question, accepted answers ("" for: has none), answerable."""

    def item(row: dict[str, Any]) -> dict[str, Any]:
        column = COLUMNS.get(language, language)
        accepted = accepted_answers(row["answers"][column])
        return {
            "language": language,
            "question": row["queries"][column].strip(),
            "accepted": accepted,
            "answerable": accepted != [""],
        }

    return rows.map(item, remove_columns=[name for name in rows.column_names if name != "example_id"])


def accepted_answers(answers: list[dict[str, Any]]) -> list[str]:
    """Texts and aliases, each once; no text, as of long and missing answers, is ""."""
    texts = [text for one in answers for text in (one["text"] or "", *(one.get("aliases") or ()))]
    return list(dict.fromkeys(texts))


def score(doc: dict[str, Any], results: list[str]) -> dict[str, float]:
    """The metrics of one item; those named after a kind of question only for questions of that kind."""
    exact, overlap = scores(results[0], doc["accepted"], doc["language"])
    found = {"exact_match": exact, "f1": overlap}
    if doc["answerable"]:
        return found | {"answerable_exact_match": exact, "answerable_f1": overlap}
    return found | {"unanswerable_exact_match": exact}


# items_ar, items_da, ...: lm-eval's YAML names a function, without arguments.
globals().update({f"items_{language}": functools.partial(items, language) for language in LANGUAGES})
