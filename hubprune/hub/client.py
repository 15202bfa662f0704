"""The one connection to the Hub: one HfApi object with our library name, one endpoint, one cache."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, constants, get_token
from huggingface_hub import logging as hub_logging
from huggingface_hub.errors import OfflineModeIsEnabled
from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars

from hubprune import __version__
from hubprune.errors import NotSignedIn, Offline
from hubprune.hub.failures import LOGIN, translated
from hubprune.hub.retry import patiently
from hubprune.hub.secrets import remember_token
from hubprune.hub.session import watch
from hubprune.naming import repo_name
from hubprune.recipe import Recipe


@dataclass(frozen=True)
class Hub:
    """A connection. Everything goes through `api`, so that endpoint, token and library name are the same everywhere."""

    api: HfApi
    endpoint: str
    cache_dir: Path


def connect(endpoint: str | None = None, token: str | bool | None = None, cache_dir: str | Path | None = None) -> Hub:
    """Open a connection; nothing is sent yet.

    Args:
        endpoint: Address of the Hub; by default HF_ENDPOINT, or the public Hub.
        token: Access token; by default the one of HF_TOKEN or `hf auth login`; False for none.
        cache_dir: Folder for downloads; by default the cache that all Hugging Face libraries share.
    """
    endpoint = (endpoint or constants.ENDPOINT).rstrip("/")
    api = HfApi(endpoint=endpoint, token=token, library_name="hubprune", library_version=__version__)
    remember_token(token if isinstance(token, str) else None if token is False else get_token())
    return Hub(api, endpoint, Path(cache_dir or constants.HF_HUB_CACHE).expanduser())


def whoami(hub: Hub) -> str:
    """The account that the token belongs to. Raises Offline, and NotSignedIn without a token or with a wrong one."""
    return accounts(hub)[0]


def accounts(hub: Hub) -> list[str]:
    """The account that the token belongs to, then its organisations but for those that it may only read.

    Raises Offline, and NotSignedIn without a token or with a wrong one.
    """
    if hub.api.token is False:
        raise NotSignedIn("You are not signed in.", LOGIN)
    with translated("this account"):
        try:
            user = patiently(lambda: hub.api.whoami(cache=True))
            others = [one for one in user.get("orgs") or [] if one.get("name") and one.get("roleInOrg") != "read"]
            return [str(one["name"]) for one in (user, *others)]
        except OfflineModeIsEnabled:
            sentence = "Offline mode is on, so the Hub cannot be asked whose token this is."
            raise Offline(sentence, "Unset HF_HUB_OFFLINE.") from None


def default_repo_id(hub: Hub, recipe: Recipe) -> str:
    """The account's name and the recipe's: "amina/Qwen3-0.6B-wanda2of4-sw". Raises NotSignedIn."""
    return f"{whoami(hub)}/{repo_name(recipe)}"


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Within this block huggingface_hub draws no bars, logs errors only, and its requests are watched.

    A verbosity that the user has set (for example by HF_HUB_VERBOSITY) and HF_HUB_DISABLE_PROGRESS_BARS=0 are kept.
    """
    watch()
    level = hub_logging.get_verbosity()
    if level == logging.WARNING:
        hub_logging.set_verbosity_error()
    hide = constants.HF_HUB_DISABLE_PROGRESS_BARS is None and not are_progress_bars_disabled()
    try:
        with disable_progress_bars() if hide else contextlib.nullcontext():
            yield
    finally:
        hub_logging.set_verbosity(level)
