"""What an earlier run published in a repository."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from huggingface_hub.errors import RepositoryNotFoundError

from hubprune.hub.client import Hub, quiet
from hubprune.hub.describe import fetch_small
from hubprune.hub.failures import translated
from hubprune.hub.retry import patiently
from hubprune.hub.source import Source
from hubprune.hub.verify import expected_hashes
from hubprune.recipe import RECIPE_FILE
from hubprune.report import RESULTS_FILE


@dataclass(frozen=True)
class Earlier:
    """A commit with a result of hubprune; `folder` holds its recipe and results."""

    commit: str
    private: bool
    folder: Path


def earlier_result(hub: Hub, repo_id: str) -> Earlier | None:
    """The result at the head of a repository; None where there is no repository or no complete result in it."""
    with translated(repo_id), quiet():
        try:
            info = patiently(lambda: hub.api.model_info(repo_id, files_metadata=True))
        except RepositoryNotFoundError:
            return None
        names = {sibling.rfilename for sibling in info.siblings or []}
        if not {RECIPE_FILE, RESULTS_FILE} <= names or not any(name.endswith(".safetensors") for name in names):
            return None
        source = Source(repo_id, info.sha, None, False)
        folder = fetch_small(hub, source, [RECIPE_FILE, RESULTS_FILE], expected_hashes(info))
    return Earlier(str(info.sha), bool(info.private), folder)
