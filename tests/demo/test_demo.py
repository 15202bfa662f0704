"""The demo as its users run it: the command, in an empty folder, with nothing but loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hubprune.demo.offline import only
from hubprune.errors import OutputExists


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """(the folder it ran in, what it printed)."""
    folder = tmp_path_factory.mktemp("empty")
    done = subprocess.run(
        [sys.executable, "-m", "hubprune", "demo", "--json"],
        cwd=folder,
        env={key: value for key, value in os.environ.items() if key != "HF_ENDPOINT"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=400,
    )
    return folder, done


def test_the_demo_runs_to_its_end(shown: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, done = shown
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert [row["language"] for row in results["languages"]] == ["sw", "en", "ar", "de", "es", "ru", "zh"]
    assert {path.name for path in folder.iterdir()} == {"hubprune-demo"}
    assert (folder / "hubprune-demo" / "README.md").is_file()


def test_its_table_shows_what_the_tool_is_for(shown: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    rows = {row["language"]: row for row in json.loads(shown[1].stdout)["languages"]}
    swahili, english = rows["sw"], rows["en"]
    assert swahili["against_control"] + 2 * swahili["against_control_se"] < 1, "Swahili text should help Swahili"
    assert english["against_control"] - 2 * english["against_control_se"] > 1, "and cost English"


def test_the_hub_is_put_back_as_it_was(tmp_path: Path) -> None:
    from huggingface_hub import constants

    before = (constants.ENDPOINT, constants.HF_HUB_DISABLE_XET, os.environ.get("HF_ENDPOINT"))
    with only("http://127.0.0.1:1", tmp_path):
        assert constants.ENDPOINT == os.environ["HF_ENDPOINT"] == "http://127.0.0.1:1"
    assert (constants.ENDPOINT, constants.HF_HUB_DISABLE_XET, os.environ.get("HF_ENDPOINT")) == before


def test_a_folder_that_no_demo_wrote_is_left_alone(tmp_path: Path) -> None:
    from hubprune.demo import run

    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OutputExists, match="not empty"):
        next(run(tmp_path))
