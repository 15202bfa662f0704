"""A user's own YAML that is wrong is named with its line, before lm-eval passes over it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from transformers import AutoTokenizer

from hubprune.errors import TaskUnavailable
from hubprune.evaluation.paired import paired
from hubprune.events import run_to_end
from hubprune.report import DENSE, PRUNED
from hubprune.tasks import Exam, find, prepare
from hubprune.tasks.local import tasks_in

MODEL = Path(__file__).parents[2] / "hubprune" / "demo" / "model"
GOOD = """task: mine
dataset_path: json
dataset_kwargs: {data_files: {test: items.jsonl}}
output_type: multiple_choice
test_split: test
doc_to_text: "{{q}}"
doc_to_choice: "{{choices}}"
doc_to_target: label
"""


def exam_of(tmp_path: Path, passage: str) -> Exam:
    """Three questions, the first and the last on one passage."""
    rows = [
        {"q": q, "about": about, "choices": ["a", "b"], "label": 0} for q, about in (("x", "M"), ("y", "N"), ("z", "M"))
    ]
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(GOOD + f"metadata: {{version: 1, passage: {passage}}}\n", encoding="utf-8")
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    return run_to_end(prepare(*find([str(tmp_path)], ["en"]), tokenizer, None, limit=None, longest=64))


def test_a_task_says_itself_which_items_share_a_passage(tmp_path: Path) -> None:
    exam = exam_of(tmp_path, "about")
    right, wrong_ = [(1.0, True), (2.0, False)], [(2.0, False), (1.0, True)]
    (row,) = exam.grade({DENSE: right * 3, PRUNED: wrong_ + right + wrong_}, {}, ())
    assert (row.items, row.passages, row.independent) == (3, 2, 2)
    change = row.scores[PRUNED].against_dense
    assert (change.better, change.worse) == (0, 2)
    assert change.p == 1.0  # one passage that differs; two independent items would have 0.5
    assert change.se == pytest.approx(4 / 9)  # deviations -2/3 and 2/3 of the passages: sqrt(2 / 1 * 2 * (2/3)^2) / 3
    assert change.se == pytest.approx(paired(np.array([0.0, 1, 0]), np.ones(3), np.array([0, 1, 0])).se)


def test_a_passage_without_its_column_is_told(tmp_path: Path) -> None:
    with pytest.raises(TaskUnavailable, match="mine cannot be measured: its items have no column 'gone'") as caught:
        exam_of(tmp_path, "gone")
    assert "`passage` under metadata" in caught.value.next_step


def wrong(tmp_path: Path, text: str, **others: str) -> str:
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    for name, content in others.items():
        (tmp_path / f"{name}.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(TaskUnavailable) as caught:
        tasks_in(tmp_path)
    assert caught.value.next_step
    return caught.value.sentence


def test_a_good_one(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(GOOD + "process_docs: !function utils.docs\n", encoding="utf-8")
    assert tasks_in(tmp_path) == tasks_in(tmp_path / "mine.yaml") == ["mine"]


def test_included_keys_count(tmp_path: Path) -> None:
    (tmp_path / "_common").write_text(GOOD.replace("task: mine\n", ""), encoding="utf-8")
    (tmp_path / "mine.yaml").write_text("include: _common\ntask: mine\n", encoding="utf-8")
    assert tasks_in(tmp_path) == ["mine"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD + "doc_to_txt: x\n", r"mine.yaml, line 9: there is no key 'doc_to_txt'."),
        ("task: mine\n  bad: [", "mine.yaml, line 2: "),
        ("- a\n- b\n", "mine.yaml, line 1: it holds no keys."),
        (GOOD.replace("output_type: multiple_choice\n", ""), "mine.yaml, line 1: the task has no output_type."),
        (GOOD.replace("dataset_path: json\n", ""), "mine.yaml, line 1: the task has no dataset_path."),
        ("include: gone\n" + GOOD, "mine.yaml, line 1: it includes gone, which does not exist."),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    assert wrong(tmp_path, text).startswith(said)


def test_no_utf_8(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_bytes(b"task: \xff\xfe\n")
    with pytest.raises(TaskUnavailable, match=r"mine\.yaml, line 1: it is no text in UTF-8"):
        tasks_in(tmp_path)


def test_two_of_one_name(tmp_path: Path) -> None:
    assert "call their task mine" in wrong(tmp_path, GOOD, other=GOOD)


def test_no_task_at_all(tmp_path: Path) -> None:
    with pytest.raises(TaskUnavailable, match="holds no task"):
        tasks_in(tmp_path)


def opened(folder: Path, model_folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    run_to_end(prepare(*find([str(folder)], []), tokenizer, None, limit=None, longest=64))


def test_items_that_do_not_fit_the_yaml(tmp_path: Path, model_folder: Path) -> None:
    """What only shows when the items are read names the task and the reason."""
    (tmp_path / "mine.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "items.jsonl").write_text('{"question": "?", "choices": ["a", "b"], "label": 0}\n', encoding="utf-8")
    with pytest.raises(TaskUnavailable, match=r"The task mine cannot be measured: .*'q' is undefined"):
        opened(tmp_path, model_folder)


def test_items_filtered_away(tmp_path: Path, model_folder: Path) -> None:
    (tmp_path / "mine.yaml").write_text(GOOD + "process_docs: !function utils.none\n", encoding="utf-8")
    (tmp_path / "utils.py").write_text("def none(docs):\n    return docs.filter(lambda doc: False)\n", encoding="utf-8")
    (tmp_path / "items.jsonl").write_text('{"q": "?", "choices": ["a", "b"], "label": 0}\n', encoding="utf-8")
    with pytest.raises(TaskUnavailable, match="The task mine cannot be measured: its data set has no items left"):
        opened(tmp_path, model_folder)
