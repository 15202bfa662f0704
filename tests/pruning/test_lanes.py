"""Lanes on a disk that has no room for them."""

from __future__ import annotations

import errno
import os
import resource
from pathlib import Path

import pytest
import torch

from hubprune.errors import NotEnoughDisk
from hubprune.pruning.lanes import on_disk


def test_a_disk_that_is_full_is_told_before_a_mapped_file_ends_the_process(tmp_path: Path, monkeypatch) -> None:
    def full(*arguments: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(NotEnoughDisk, match=r"no room on the disk for 0\.2 MB of hidden states"):
        on_disk(tmp_path)((3, 4, 5000), torch.float32)
    assert list(tmp_path.iterdir()) == []


def test_the_room_of_a_lane_on_disk_is_reserved(tmp_path: Path) -> None:
    """Under a real limit: without the reservation the file would only be mapped, and its first write deadly."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(NotEnoughDisk):
            on_disk(tmp_path)((3, 4, 5000), torch.float32)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
