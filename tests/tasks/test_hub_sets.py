"""The copies for the tests: lm-eval's own tasks read them from a Hub on loopback, the local tasks from disk."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from hubprune.errors import TaskUnavailable, TextUnavailable
from hubprune.loopback import LoopbackHub
from hubprune.task_table import family_of, language_of
from hubprune.tasks.loading import open_task
from hubprune.tasks.names import Wanted, folder_of

from .hub_sets import SETS, rows_of, seed, seed_script

LOCAL = Path(__file__).parent / "local"
TASKS = {
    "multiblimp": "deu eng arb rus spa",
    "global_mmlu": "de en sw zh",
    "belebele": "arb_Arab deu_Latn eng_Latn rus_Cyrl spa_Latn swh_Latn zho_Hans",
    "xcopa": "sw zh",
    "xnli": "ar de en es ru sw zh",
    "global_piqa_nonparallel_cloze": "deu_latn eng_latn swh_latn",
    "hellaswag": "de",
}


@pytest.fixture(scope="module")
def hub(loopback: LoopbackHub, tmp_path_factory: pytest.TempPathFactory) -> Any:
    from hubprune.hub import connect

    folder = tmp_path_factory.mktemp("sets")
    seed(loopback, folder)
    seed_script(loopback, folder)
    return connect(endpoint=loopback.endpoint, token="hf_bob_write")


def wanted(task: str) -> Wanted:
    family = family_of(task)
    assert family
    return Wanted(task, folder_of(family), language_of(task))


@pytest.mark.parametrize("task", [f"{name}_{config}" for name, configs in TASKS.items() for config in configs.split()])
def test_lm_evals_own_tasks_read_the_copies(hub: Any, task: str) -> None:
    opened = open_task(wanted(task), hub, None)
    family = family_of(task)
    assert family
    assert opened.source.split("/")[1] == family.dataset.split("/")[1]
    assert opened.license == SETS[opened.source][1]
    split = opened.members[0].config.test_split or opened.members[0].config.validation_split
    rows = [row for row in rows_of(SETS[opened.source][0]) if (row["config"], row["split"]) == (opened.config, split)]
    items = {(instance.task_name, instance.doc_id) for instance in opened.instances}
    assert len(items) == len(rows) >= 6
    asked = [context + continuation for context, continuation in (one.args for one in opened.instances)]
    assert all(text.strip() and "{{" not in text for text in asked)
    assert len(asked) == len(rows) * round(1 / family.chance)


@pytest.mark.parametrize(("task", "passages"), [("belebele_eng_Latn", 3), ("xnli_sw", 3), ("xcopa_sw", None)])
def test_items_about_one_passage_are_known(hub: Any, task: str, passages: int | None) -> None:
    """belebele asks two questions on each passage of the copies, xnli has three hypotheses for each premise."""
    opened = open_task(wanted(task), hub, None)
    if passages is None:
        assert opened.clusters is None
        return
    each = {"belebele": "flores_passage", "xnli": "premise"}[task.split("_")[0]]
    docs = {instance.doc_id: instance.doc[each] for instance in opened.instances}
    numbers = dict(zip(docs.values(), opened.clusters, strict=True))
    assert len(set(opened.clusters)) == len(numbers) == passages
    assert [numbers[text] for text in docs.values()] == list(opened.clusters)


def test_right_answers_are_spread_over_the_choices() -> None:
    """A model that always takes the first choice must not look good; multiblimp has the right one first by design."""
    answers = {"global_mmlu": "answer", "belebele": "correct_answer_num", "xcopa": "label", "xnli": "label"}
    for name, column in {**answers, "global_piqa": "label", "m_hellaswag": "label"}.items():
        counts = Counter(str(row[column]) for row in rows_of(name))
        assert len(counts) >= 2
        assert max(counts.values()) <= 0.7 * sum(counts.values()), name


def test_a_data_set_that_is_a_program_is_refused(hub: Any) -> None:
    with pytest.raises((TaskUnavailable, TextUnavailable), match="a program of its own"):
        open_task(wanted("xstorycloze_sw"), hub, None)


@pytest.mark.parametrize("code", ["ar", "de", "en", "es", "ru", "sw", "zh"])
def test_local_tasks_in_the_seven_languages(code: str) -> None:
    opened = open_task(Wanted(f"wordorder_{code}", LOCAL, ""), None, None)
    assert (opened.language, opened.source) == (code, "local")
    docs = list(opened.members[0].test_docs())
    assert len(docs) == 12
    assert {doc["label"] for doc in docs} == {0, 1}
    for doc in docs:
        right, wrong = doc["choices"][doc["label"]], doc["choices"][1 - doc["label"]]
        assert right != wrong
        assert sorted(right) == sorted(wrong)  # the same words in another order
