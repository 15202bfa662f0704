"""Of a data set, only the splits that a task asks are downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from hubprune.hub import connect
from hubprune.loopback import LoopbackHub
from hubprune.task_table import family_of
from hubprune.tasks.loading import FEW, _asked, _unused, open_task
from hubprune.tasks.names import Wanted, folder_of

from .hub_sets import rows_of

TRAIN_ROWS, LONGEST = 3000, 300  # incompressible: half a megabyte and more


def rows(split: str) -> list[dict[str, Any]]:
    """Premises and hypotheses in Swahili; many long ones to train on."""
    if split != "train":
        items = [row for row in rows_of("xnli") if (row["config"], row["split"]) == ("sw", "validation")]
        return [{key: row[key] for key in ("premise", "hypothesis", "label")} for row in items]
    letters = np.random.default_rng(0).integers(97, 123, (TRAIN_ROWS, LONGEST), dtype=np.uint8)
    return [{"premise": line.tobytes().decode(), "hypothesis": "x", "label": 0} for line in letters]


def write_parquet(folder: Path) -> Path:
    """A repository as facebook/xnli is: one parquet file a split, what the labels are called on the card alone."""
    lines = ["---", "configs:", "- config_name: sw", "  data_files:"]
    for split in ("train", "test", "validation"):
        place = folder / "sw" / f"{split}-00000-of-00001.parquet"
        place.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows(split)), place)
        lines += [f"  - split: {split}", f"    path: sw/{split}-*"]
    lines += ["dataset_info:", "- config_name: sw", "  features:", "  - {name: premise, dtype: string}"]
    lines += ["  - {name: hypothesis, dtype: string}", "  - name: label", "    dtype:", "      class_label:"]
    lines += ["        names: {'0': entailment, '1': neutral, '2': contradiction}", "  splits:"]
    for split in ("train", "test", "validation"):
        lines.append(f"  - {{name: {split}, num_bytes: 1, num_examples: {len(rows(split))}}}")
    (folder / "README.md").write_text("\n".join([*lines, "---", ""]), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def hub(loopback: LoopbackHub, tmp_path_factory: pytest.TempPathFactory) -> Any:
    loopback.add_repo("facebook/xnli", write_parquet(tmp_path_factory.mktemp("xnli")), "dataset")
    return connect(endpoint=loopback.endpoint, token="hf_bob_write")


def wanted(task: str) -> Wanted:
    family = family_of(task)
    assert family
    return Wanted(task, folder_of(family), family.names["sw"])


def test_a_split_that_is_not_asked_is_not_downloaded(loopback: LoopbackHub, hub: Any) -> None:
    loopback.clear_requests()
    opened = open_task(wanted("xnli_sw"), hub, None)
    sent = sum(record.bytes_sent for record in loopback.requests)
    size = {
        split: len(loopback.read_file("facebook/xnli", f"sw/{split}-00000-of-00001.parquet", kind="dataset"))
        for split in ("train", "validation")
    }
    assert size["train"] > 500_000 > 20 * size["validation"]
    assert size["validation"] < sent < 100_000
    asked = {record.path.rpartition("/")[2] for record in loopback.requests if "/resolve/" in record.path}
    assert {name for name in asked if "parquet" in name} == {"validation-00000-of-00001.parquet"}
    task = opened.members[0]
    assert [doc["premise"] for doc in task.validation_docs()] == [row["premise"] for row in rows("validation")]
    assert task.dataset["validation"].features["label"].names == ["entailment", "neutral", "contradiction"]
    assert 0 < len(task.dataset["train"]) <= FEW


def test_the_whole_data_set_is_still_to_be_had(hub: Any, loopback: LoopbackHub, monkeypatch) -> None:
    """What was loaded in part is not taken for the whole afterwards, neither by us nor by anyone else."""
    import datasets

    open_task(wanted("xnli_sw"), hub, None)
    from hubprune.calibration.datasets_hub import Shelf

    revision, _ = Shelf(hub).facts("facebook/xnli", None)
    with Shelf(hub).asking("facebook/xnli"):
        whole = datasets.load_dataset("facebook/xnli", "sw", revision=revision)
    assert {split: len(part) for split, part in whole.items()} == {
        "train": TRAIN_ROWS,
        "test": len(rows("test")),
        "validation": len(rows("validation")),
    }


def test_a_task_with_examples_gets_the_split_they_are_in(hub: Any, tmp_path: Path) -> None:
    yaml = (
        "task: mine\ndataset_path: facebook/xnli\ndataset_name: sw\noutput_type: multiple_choice\n"
        'training_split: train\nvalidation_split: validation\ndoc_to_text: "{{premise}}"\n'
        "doc_to_choice: [a, b, c]\ndoc_to_target: label\nnum_fewshot: 2\n"
    )
    (tmp_path / "mine.yaml").write_text(yaml, encoding="utf-8")
    opened = open_task(Wanted("mine", tmp_path, "sw"), hub, 3)
    assert len(opened.members[0].dataset["train"]) == TRAIN_ROWS
    assert opened.members[0].config.num_fewshot == 2


@pytest.mark.parametrize(
    ("config", "asked"),
    [
        ({"training_split": "train", "validation_split": "validation"}, {"validation"}),
        ({"training_split": "train", "test_split": "test", "fewshot_split": "dev"}, {"test", "dev"}),
        ({"training_split": "train", "test_split": "test", "num_fewshot": 3}, {"test", "train"}),
        ({"training_split": "train", "test_split": "train"}, {"train"}),
        ({"test_split": "test", "fewshot_config": {"split": "dev"}}, {"test", "dev"}),
        ({"test_split": "test", "class": "Own"}, set()),
        ({"group": "g", "task": ["a", "b"]}, set()),
    ],
)
def test_the_splits_that_a_task_reads(config: dict[str, Any], asked: set[str]) -> None:
    assert _asked(config) == asked


@pytest.mark.parametrize(
    ("config", "unused"),
    [
        ({"training_split": "train", "test_split": "test"}, "train"),
        ({"training_split": "train", "test_split": "train"}, None),
        ({"training_split": "train", "validation_split": "train"}, None),
        ({"training_split": "train", "test_split": "test", "num_fewshot": 3}, None),
    ],
)
def test_a_split_that_is_asked_is_never_cut(config: dict[str, Any], unused: str | None) -> None:
    """Some tasks of lm-eval ask of the split that they call their examples."""
    assert _unused(config) == unused
