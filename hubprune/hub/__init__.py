"""Everything that talks to the Hub, both ways, through one HfApi object."""

from hubprune.hub.client import Hub, accounts, connect, default_repo_id, whoami
from hubprune.hub.describe import Description, describe
from hubprune.hub.failures import translated
from hubprune.hub.published import Earlier, earlier_result
from hubprune.hub.pull import pull
from hubprune.hub.push import check_target, push
from hubprune.hub.secrets import scrub
from hubprune.hub.source import Source, resolve

__all__ = [
    "Description",
    "Earlier",
    "Hub",
    "Source",
    "accounts",
    "check_target",
    "connect",
    "default_repo_id",
    "describe",
    "earlier_result",
    "pull",
    "push",
    "resolve",
    "scrub",
    "translated",
    "whoami",
]
