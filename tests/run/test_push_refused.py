"""A push that is refused: told before anything in the user's folder is written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from running import finish

from hubprune.errors import HubpruneError, NoWritePermission, RepoExists, UsageError
from hubprune.hub import connect
from hubprune.loopback import LoopbackHub
from hubprune.run import publish

ALICE = "hf_alice_write"


@pytest.mark.parametrize(
    ("name", "token", "error", "sentence"),
    [
        ("alice/bad name!", ALICE, UsageError, "'alice/bad name!' cannot be the name of a repository."),
        ("alice/reads", "hf_alice_read", NoWritePermission, "Your token can read, but not write."),
        ("bob/theirs", ALICE, NoWritePermission, "alice may not write to bob/theirs"),
        ("alice/another", ALICE, RepoExists, "alice/another exists and holds something else."),
    ],
)
def test_a_push_that_is_refused_leaves_the_folder_as_it_was(
    name: str,
    token: str,
    error: type[HubpruneError],
    sentence: str,
    loopback: LoopbackHub,
    pruned: tuple,
    tmp_path: Path,
) -> None:
    folder = shutil.copytree(pruned[0], tmp_path / "out")
    with (folder / "hubprune.yaml").open("a") as recipe:
        recipe.write("# mine\n")
    if name == "alice/another":
        other = shutil.copytree(folder, tmp_path / "other")
        (other / "hubprune.yaml").write_text("schema_version: 1\nmodel: acme/other\n")
        loopback.add_repo(name, other)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(error) as caught:
        finish(publish(folder, name, hub=connect(loopback.endpoint, token, tmp_path / "hub")))
    assert sentence in caught.value.sentence
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
