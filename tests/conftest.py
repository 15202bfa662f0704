"""What holds for every test: a clean environment, no network but loopback, and two shared fixtures.

The environment is set before anything imports huggingface_hub, which reads it once. Processes that tests start inherit
it: their Hub is a port that nobody listens on, unless a test gives them the endpoint of a LoopbackHub.
"""

from __future__ import annotations

import atexit
import ipaddress
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from hubprune.loopback import LoopbackHub

ROOT = Path(__file__).parent.parent
UNWANTED = ("HF_", "HUGGING", "HUBPRUNE_", "TRANSFORMERS_", "DATASETS_")
SETTINGS = {
    "HF_ENDPOINT": "http://127.0.0.1:9",  # the discard port: refused at once
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_XET": "1",  # its transport is not Python and would not see the guard below
    "NO_PROXY": "127.0.0.1,localhost",
    "no_proxy": "127.0.0.1,localhost",
    # torch's threads, without importing torch here; one where several processes test at once
    "OMP_NUM_THREADS": "1" if "PYTEST_XDIST_WORKER" in os.environ else "2",
    "OMP_WAIT_POLICY": "passive",  # threads that wait for each other sleep: a busy machine stays usable
    "TOKENIZERS_PARALLELISM": "false",
    "MPLBACKEND": "agg",
}


class NetworkShut(RuntimeError):
    """A test tried to leave this machine. Not an OSError: no library takes it for a Hub that is down."""


def scrub_environment() -> None:
    """Leave nothing of the user's settings, and no way to their account, cache or Hub."""
    for name in list(os.environ):
        if name.startswith(UNWANTED) or name.lower().endswith("_proxy"):
            del os.environ[name]
    home = tempfile.mkdtemp(prefix="hubprune-tests-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ.update(SETTINGS, HF_HOME=home)


def shut_network(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook that lets no address but loopback pass; sockets of other families are left alone."""
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        connection, address = arguments
        if connection.family in (socket.AF_INET, socket.AF_INET6) and address is not None:
            refuse_remote(address[0])
    elif event in ("socket.getaddrinfo", "socket.gethostbyname") and arguments[0]:
        refuse_remote(arguments[0])


def refuse_remote(host: str | bytes) -> None:
    """Raise NetworkShut for a host that is not this machine's loopback interface."""
    name = host.decode() if isinstance(host, bytes) else host
    try:
        local = ipaddress.ip_address(name).is_loopback
    except ValueError:
        local = name == "localhost"
    if not local:
        raise NetworkShut(f"a test asks for {name!r}; tests have no network but loopback")


scrub_environment()
sys.addaudithook(shut_network)
# The same examples in every run, and no deadline: a busy machine is not a defect.
hypothesis.settings.register_profile("suite", derandomize=True, deadline=None)
hypothesis.settings.load_profile("suite")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests marked `gpu` where there is none."""
    if item.get_closest_marker("gpu"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("needs a CUDA device")


@pytest.fixture(scope="session")
def model_folder() -> Path:
    """The demo's model: a trained Llama of 4 M parameters in bfloat16, 4 blocks, context 256. Do not write into it."""
    return ROOT / "hubprune" / "demo" / "model"


@pytest.fixture(scope="module")
def loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackHub]:
    """An empty Hub on loopback, one for all tests of a module; its users are loopback.TEST_USERS."""
    from hubprune.loopback import LoopbackHub

    with LoopbackHub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub
