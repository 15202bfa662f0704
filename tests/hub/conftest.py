"""A loopback Hub for each test, a small model to put into it, and no way to any other Hub."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import huggingface_hub.constants
import numpy
import pytest
from safetensors.numpy import save_file

from hubprune.hub import Hub, connect, retry
from hubprune.loopback import LoopbackHub

CARD = "---\nlicense: other\nlicense_name: tiny\nlicense_link: LICENSE\npipeline_tag: text-generation\n---\n\n# Base\n"
T = TypeVar("T")


@pytest.fixture(autouse=True)
def nowhere_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No token, no shared cache; the default endpoint is a closed port, so whatever is sent there fails the test."""
    constants = huggingface_hub.constants
    assert constants.ENDPOINT == "http://127.0.0.1:9"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "not-this-cache"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited between tries; nobody really waits."""
    waited: list[float] = []
    monkeypatch.setattr(retry, "time", SimpleNamespace(sleep=waited.append))
    return waited


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackHub]:
    with LoopbackHub(tmp_path_factory.mktemp("server")) as hub:
        yield hub


@pytest.fixture
def server(running: LoopbackHub) -> LoopbackHub:
    """An empty Hub. To start one for each test would take longer than the tests."""
    running.clear_faults()
    with running.store.lock:
        running.store.repositories.clear()
        for blob in running.store.blobs.folder.iterdir():
            blob.unlink()
    running.clear_requests()
    return running


@pytest.fixture
def join(server: LoopbackHub, tmp_path: Path) -> Callable[..., Hub]:
    """Connect to the loopback Hub, as alice with write access unless told otherwise; each account has its own cache."""

    def connected(token: str | bool = "hf_alice_write") -> Hub:
        return connect(server.endpoint, token, tmp_path / f"cache-{token}")

    return connected


@pytest.fixture
def hub(join: Callable[..., Hub]) -> Hub:
    return join()


def write_model(folder: Path, *, shards: int = 0, rows: int = 64, **config: Any) -> Path:
    """A model's folder: one weight file, or `shards` of them with an index."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        f"model.layers.{i}.mlp.up_proj.weight": numpy.full((rows, 64), i, "float16") for i in range(max(shards, 2))
    }
    if shards:
        names = [f"model-{i + 1:05d}-of-{shards:05d}.safetensors" for i in range(shards)]
        for name, (key, value) in zip(names, tensors.items(), strict=True):
            save_file({key: value}, folder / name)
        index = {"metadata": {}, "weight_map": dict(zip(tensors, names, strict=True))}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    else:
        save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", "num_hidden_layers": 2, **config}))
    (folder / "generation_config.json").write_text("{}")
    (folder / "tokenizer.json").write_text('{"version": "1.0"}')
    (folder / "tokenizer_config.json").write_text('{"chat_template": "{{ messages }}"}')
    (folder / "README.md").write_text(CARD)
    (folder / "LICENSE").write_text("Do as you like.\n")
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path / "base")


@pytest.fixture
def result(tmp_path: Path) -> Path:
    """A folder as `prune` writes it."""
    folder = write_model(tmp_path / "result")
    (folder / "hubprune.yaml").write_text("schema_version: 1\nmodel: acme/base\n")
    return folder


def drained(events: Generator[Any, None, T]) -> tuple[list[Any], T]:
    """All events of a generator, and what it returns."""
    seen = []
    while True:
        try:
            seen.append(next(events))
        except StopIteration as stop:
            return seen, stop.value


def outcome(events: Generator[Any, None, T]) -> T:
    return drained(events)[1]


def messages(error: BaseException | None) -> str:
    """Every text that a traceback of this error would show."""
    if error is None:
        return ""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return f"{messages(before)}\n{error}"


def asked(server: LoopbackHub) -> list[str]:
    """Every request so far, as "METHOD path"."""
    return [f"{request.method} {request.path}" for request in server.requests]
