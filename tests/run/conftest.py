"""One pruned result that many tests look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from running import finish, small

from hubprune.events import Event
from hubprune.report import Report
from hubprune.run import prune


@pytest.fixture(scope="session")
def pruned(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report, list[Event]]:
    """The demo's model, pruned to 2:4 with Wanda: (folder, report, events)."""
    out = tmp_path_factory.mktemp("pruned") / "out"
    report, events = finish(prune(small(model_folder, pattern="2:4"), out))
    return out, report, events
