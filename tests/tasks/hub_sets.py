"""Small data sets with the columns of the real ones, written for these tests, for a Hub on loopback.

Real task code of lm-eval reads them under the real ids:

    seed(loopback, folder)                     all of them
    seed(loopback, folder, {"facebook/xnli"})  one

The items are in the files of hub_items/: one a data set, JSON lines, each row with its config and split.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

ITEMS = Path(__file__).parent / "hub_items"
# Data set on the Hub -> (file of items, licence on the card).
SETS = {
    "jumelet/multiblimp": ("multiblimp", "cc-by-4.0"),
    "CohereLabs/Global-MMLU-Lite": ("global_mmlu", "apache-2.0"),
    "CohereForAI/Global-MMLU-Lite": ("global_mmlu", "apache-2.0"),  # the owner's old name, which lm-eval half uses
    "facebook/belebele": ("belebele", "cc-by-sa-4.0"),
    "cambridgeltl/xcopa": ("xcopa", "cc-by-4.0"),
    "facebook/xnli": ("xnli", None),
    "mrlbenchmarks/global-piqa-nonparallel": ("global_piqa", "cc-by-sa-4.0"),
    "alexandrainst/m_hellaswag": ("m_hellaswag", "cc-by-nc-4.0"),
}
SCRIPT = "juletxara/xstory_cloze"  # a data set that is a program; `datasets` refuses it


def seed(loopback: Any, folder: Path, ids: Collection[str] = tuple(SETS)) -> None:
    """Put data sets onto a Hub on loopback; `folder` is where their files are written first."""
    for repo_id in ids:
        name, license = SETS[repo_id]
        loopback.add_repo(repo_id, write(folder / repo_id.replace("/", "--"), rows_of(name), license), "dataset")


def seed_script(loopback: Any, folder: Path) -> None:
    """The data set that is a program."""
    place = folder / "script"
    place.mkdir(parents=True)
    (place / "xstory_cloze.py").write_text("import datasets\n")
    (place / "README.md").write_text("---\nlicense: cc-by-sa-4.0\n---\n")
    loopback.add_repo(SCRIPT, place, "dataset")


def rows_of(name: str) -> list[dict[str, Any]]:
    """All rows of a file of items, with their `config` and `split`."""
    text = (ITEMS / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def write(folder: Path, rows: list[dict[str, Any]], license: str | None) -> Path:
    """A repository of JSON lines, one file for each config and split, and a card that says so."""
    files: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        item = {column: value for column, value in row.items() if column not in ("config", "split")}
        files.setdefault((row["config"], row["split"]), []).append(json.dumps(item, ensure_ascii=False) + "\n")
    card = ["---", *([f"license: {license}"] if license else []), "configs:"]
    for config in dict.fromkeys(config for config, _ in files):
        card += [f"- config_name: {json.dumps(config)}", "  data_files:"]
        for split in (split for named, split in files if named == config):
            card += [f"  - split: {split}", f"    path: data/{config}/{split}.jsonl"]
    for (config, split), lines in files.items():
        place = folder / "data" / config / f"{split}.jsonl"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("".join(lines), encoding="utf-8")
    (folder / "README.md").write_text("\n".join([*card, "---", "# Made for tests", ""]), encoding="utf-8")
    return folder
