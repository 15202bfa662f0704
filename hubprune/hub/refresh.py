"""A card that was written anew for a model that is published already: the small files alone, in one commit."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

from huggingface_hub import CommitInfo, ModelInfo
from huggingface_hub.errors import HfHubHTTPError

from hubprune.errors import RepoExists
from hubprune.events import Event, Warned
from hubprune.hub.client import Hub
from hubprune.hub.failures import status_of
from hubprune.hub.retry import patiently
from hubprune.hub.upload import LocalFile, additions, offers_xet, preupload, unwarned
from hubprune.report import RESULTS_FILE

CARD, PLOTS = "README.md", "plots/"
MESSAGE = "Update the model card"
# The author's own words in a card of hubprune, between the two marks that publishing writes.
OWN_TEXT = re.compile(r"^<!-- Your own text:[^\n]*-->(.*?)<!-- End of your own text\. -->", re.DOTALL | re.MULTILINE)


def refresh(
    hub: Hub, repo_id: str, files: list[LocalFile], info: ModelInfo, message: str | None, *, create_pr: bool
) -> Generator[Event, None, CommitInfo | None]:
    """Commit card, results and plots of a folder whose model the repository holds; None where its card stays.

    It stays where it is the same, and, with a warning, where somebody wrote it by hand: it is no card of hubprune, or
    has words of its own and the folder's has none.
    """
    card = next((file for file in files if file.name == CARD), None)
    if card is None:
        return None
    if any(sibling.rfilename == CARD for sibling in info.siblings or []):
        path = patiently(
            lambda: hub.api.hf_hub_download(repo_id, CARD, revision=info.sha, cache_dir=hub.cache_dir), reconnect=True
        )
        there, ours = Path(path).read_bytes(), card.path.read_bytes()
        if there == ours:
            return None
        if written_by_hand(there, ours):
            yield Warned(f"{CARD} of {repo_id} was edited on the Hub, and stays as it is there.")
            return None
    small = [file for file in files if file.name in (CARD, RESULTS_FILE) or file.name.startswith(PLOTS)]
    with ExitStack() as open_files:
        xet = offers_xet(hub, repo_id, create_pr=create_pr)
        added = additions(small, xet=xet, open_files=open_files)
        preupload(hub, repo_id, added, create_pr=create_pr)

        def send() -> CommitInfo:
            with unwarned():
                return hub.api.create_commit(
                    repo_id, added, commit_message=message or MESSAGE, parent_commit=info.sha, create_pr=create_pr
                )

        try:
            return patiently(send, reconnect=True)
        except HfHubHTTPError as error:
            if status_of(error) != 412 or create_pr:
                raise
            # Somebody was faster, or the answer to our own commit got lost: the same command then commits nothing.
            raise RepoExists(
                f"{repo_id} has been changed during the upload of its card.", "Look at it, then run the command again."
            ) from None


def written_by_hand(there: bytes, ours: bytes) -> bool:
    """Whether the card in the repository has words that the folder's would take away."""
    theirs, own = (OWN_TEXT.search(text.decode("utf-8", "replace")) for text in (there, ours))
    if theirs is None or own is None:
        return theirs is None
    return theirs[1] != own[1] and not own[1].strip()
