"""For the time of the demo, huggingface_hub speaks to the demo's Hub and to no other.

Endpoint and transport are constants that huggingface_hub reads from the environment when it is first imported, which
may have happened; so they are set in both places, and put back afterwards.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def only(endpoint: str, home: Path) -> Iterator[None]:
    """Within this block the Hub is `endpoint`, large files go by plain HTTP, and nothing else is asked."""
    settings = {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "NO_PROXY": "127.0.0.1,localhost",
    }
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    from huggingface_hub import constants

    overrides = {
        "ENDPOINT": endpoint,
        "HUGGINGFACE_CO_URL_TEMPLATE": endpoint + "/{repo_id}/resolve/{revision}/{filename}",
        "HF_HUB_DISABLE_XET": True,
        "HF_HUB_DISABLE_TELEMETRY": True,
        "HF_HUB_OFFLINE": False,
    }
    saved = {name: getattr(constants, name) for name in overrides}
    vars(constants).update(overrides)
    try:
        yield
    finally:
        vars(constants).update(saved)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
