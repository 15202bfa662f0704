"""A loopback Hub for each test, a model folder to put into it, and a way to run a real client against it."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

import pytest

from hubprune.loopback import LoopbackHub

PART_BYTES = 64 * 1024
CARD = "---\nlanguage:\n- de\n- sw\nlicense: apache-2.0\nbase_model: acme/base\ntags:\n- pruned\n---\n\n# Tiny\n"


class Answer:
    """Status, headers and body of an answer."""

    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> Any:
        return json.loads(self.body)


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


_opener = build_opener(ProxyHandler({}), _NoRedirect())


def ask(
    url: str,
    method: str = "GET",
    *,
    token: str | None = None,
    json_body: Any = None,
    data: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """Send one request, follow no redirect, and raise for no status."""
    headers = dict(headers or {})
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if json_body is not None:
        data, headers["Content-Type"] = json.dumps(json_body).encode(), "application/json"
    request = Request(url, data, headers, method=method)
    try:
        with _opener.open(request, timeout=20) as response:
            return Answer(response.status, response.headers, response.read())
    except HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


def safetensors(name: str, count: int, fill: bytes = b"\x00\x3c") -> bytes:
    """A safetensors file with one float16 tensor of `count` elements."""
    header = json.dumps({name: {"dtype": "F16", "shape": [count], "data_offsets": [0, 2 * count]}}).encode()
    return struct.pack("<Q", len(header)) + header + fill * count


def make_model(folder: Path) -> Path:
    """A repository of a model in two shards: 3,000 parameters, all of them 1.0."""
    folder.mkdir()
    shards = {f"model-0000{i}-of-00002.safetensors": (f"layer.{i}", 1000 * i) for i in (1, 2)}
    for file, (name, count) in shards.items():
        (folder / file).write_bytes(safetensors(name, count))
    index = {"metadata": {"total_size": 6000}, "weight_map": {name: file for file, (name, _) in shards.items()}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", "architectures": ["LlamaForCausalLM"]}))
    (folder / "README.md").write_text(CARD)
    return folder


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LoopbackHub]:
    """A Hub without Xet storage, which takes large files above 64 KiB in parts."""
    with LoopbackHub(tmp_path / "hub", part_bytes=PART_BYTES) as running:
        yield running


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    """The folder made by `make_model`."""
    return make_model(tmp_path / "model")


def run_client(hub: LoopbackHub, code: str, folder: Path, token: str | None = "hf_alice_write", **extra: str) -> str:
    """Run `code` in a process whose clients know only `hub`; return what it prints.

    The endpoint is read once, when huggingface_hub is imported: hence the process. `folder` becomes ``HF_HOME``.
    """
    kept = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "COVERAGE_PROCESS_START")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment |= hub.environment(token)
    environment |= {"HF_HOME": str(folder), "HF_HUB_DISABLE_PROGRESS_BARS": "1", "OMP_NUM_THREADS": "1"}
    environment |= {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    environment |= extra
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={name: value for name, value in environment.items() if value},
        cwd=folder.parent,
        capture_output=True,
        text=True,
        timeout=120,
    )
    if done.returncode != 0:
        last = "\n".join(str(record) for record in hub.requests[-8:])
        pytest.fail(f"{done.stderr[-3000:]}\n--- last requests\n{last}", pytrace=False)
    return done.stdout


@pytest.fixture
def client(hub: LoopbackHub, tmp_path: Path) -> Callable[..., str]:
    """`run_client` against `hub`."""
    return lambda code, **options: run_client(hub, code, tmp_path / "home", **options)


@pytest.fixture(params=["lfs", "xet"])
def either_hub(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LoopbackHub]:
    """A Hub without Xet storage, as `hub`, then one with it."""
    if request.param == "xet":
        pytest.importorskip("hf_xet")
    with LoopbackHub(tmp_path / "hub", xet=request.param == "xet", part_bytes=PART_BYTES) as running:
        yield running


@pytest.fixture
def either_client(either_hub: LoopbackHub, tmp_path: Path) -> Callable[..., str]:
    """`run_client` against `either_hub`."""
    return lambda code, **options: run_client(either_hub, code, tmp_path / "home", **options)


@pytest.fixture(scope="session", name="ask")
def ask_fixture() -> Callable[..., Answer]:
    """The function `ask`."""
    return ask


@pytest.fixture(scope="session")
def write_model() -> Callable[[Path], Path]:
    """The function `make_model`."""
    return make_model
