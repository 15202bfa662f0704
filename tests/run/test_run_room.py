"""Room for the result: told before anything is downloaded."""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path
from typing import Any

import pytest
from running import small

from hubprune.errors import HubpruneError
from hubprune.run import prune
from hubprune.run.room import need_folder


def test_a_folder_that_cannot_be_made_is_told_before_anything_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    events = prune(small("acme/never-asked-for"), tmp_path / "file" / "out")
    with pytest.raises(HubpruneError, match=r"The folder .*file/out cannot be made: not a directory\.") as caught:
        next(events)
    assert caught.value.next_step == "Name a folder that you may write."


def test_a_folder_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*words: Any, **more: Any) -> str:
        raise PermissionError(errno.EACCES, "Permission denied", more.get("dir"))

    monkeypatch.setattr(tempfile, "mkdtemp", refused)
    with pytest.raises(HubpruneError, match="permission denied"):
        need_folder(tmp_path / "a" / "b")


def test_trying_leaves_nothing_behind(tmp_path: Path) -> None:
    need_folder(tmp_path / "a" / "b")
    assert not list(tmp_path.iterdir())
