"""One round trip over the real Hub, with the account of this computer: `make live-check MODEL=owner/name`.

MODEL is pruned with very little text and pushed to one new private repository; its weights are pulled back into an
empty cache and their zeros counted; the repository is deleted, whatever happened. Choose a small model.
"""

from __future__ import annotations

import secrets
import sys
import tempfile
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import hubprune
from hubprune.events import Event, Stage, Warned
from hubprune.hub import Hub, whoami


def main(words: list[str]) -> int:
    """Refuse with one sentence, or do the round trip; returns the exit code."""
    hub = hubprune.connect()
    reason = refusal(words, hub)
    if reason:
        print(reason, file=sys.stderr)
        return 2
    recipe = hubprune.Recipe(words[0], lang="sw", samples=8, seq_len=256, eval_samples=4)
    try:
        return round_trip(recipe, hub)
    except hubprune.HubpruneError as error:
        print(error, file=sys.stderr)
        return 1


def refusal(words: list[str], hub: Hub) -> str | None:
    """Why nothing is done, or None."""
    from huggingface_hub import get_token

    if len(words) != 1:
        return "Name one small model: make live-check MODEL=owner/name."
    if is_loopback(hub.endpoint):
        return f"The Hub is {hub.endpoint}, on this computer: unset HF_ENDPOINT to check the real one."
    if not get_token():
        return "There is no token: set HF_TOKEN or run `hf auth login`."
    return None


def is_loopback(endpoint: str) -> bool:
    """Whether an endpoint is this computer itself."""
    host = urlsplit(endpoint).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def round_trip(recipe: hubprune.Recipe, hub: Hub) -> int:
    """Push, pull back, compare, delete; returns 0 where the zeros that came back are those that were reported."""
    repo_id = f"{whoami(hub)}/hubprune-live-check-{secrets.token_hex(6)}"
    if hub.api.repo_exists(repo_id):
        print(f"{repo_id} exists already; nothing was done.", file=sys.stderr)
        return 1
    try:
        report, published = hubprune.push(recipe, repo_id, private=True, hub=hub, on_event=say)
        assert report.sparsity is not None
        print(f"Published {published.url} (commit {published.commit}, private: {published.private})")
        with tempfile.TemporaryDirectory(prefix="hubprune-live-check-") as cache:
            fresh = hubprune.connect(hub.endpoint, hub.api.token, Path(cache))
            back = hubprune.inspect(repo_id, revision=published.commit, hub=fresh, on_event=say)
        zeros, weights = sum(m.stored for m in back.modules), sum(m.weights for m in back.modules)
        print(f"Reported {report.sparsity.stored:,} zeros in {report.sparsity.weights:,} weights")
        print(f"Came back {zeros:,} zeros in {weights:,} weights")
        same = (zeros, weights) == (report.sparsity.stored, report.sparsity.weights) and published.private
        print("The round trip holds." if same else "The round trip does NOT hold.")
        return 0 if same else 1
    finally:
        try:
            hub.api.delete_repo(repo_id, missing_ok=True)
            print(f"Deleted {repo_id}")
        except Exception:
            print(f"{repo_id} could not be deleted; delete it in its settings on the Hub.", file=sys.stderr)
            raise


def say(event: Event) -> None:
    """Print what begins and what should be known."""
    if isinstance(event, (Stage, Warned)):
        print(f"  {event.text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
