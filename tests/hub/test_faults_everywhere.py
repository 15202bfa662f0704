"""A fault at each request of a pull and of a push: either it is got over, or it is one sentence and nothing is lost.

Whatever happens, nothing is public before it is complete, and the same call completes it afterwards.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import huggingface_hub.constants
import pytest

from hubprune.errors import HubpruneError, HubTrouble, NotFound, NotSignedIn, RepoExists, UploadInterrupted
from hubprune.hub import connect, pull, push, resolve, retry, session
from hubprune.loopback import LoopbackHub

from .conftest import asked, outcome, write_model

BASE, TARGET = "acme/base", "alice/sparse"
SHORT, LONG = 0.2, 0.3  # seconds: what the client waits, and how long the server is silent
FAULTS = {
    **{str(status): {"status": status} for status in (500, 502, 503, 504, 429)},
    "429 and wait": {"status": 429, "retry_after": 3},
    "reset": {"kind": "reset"},
    "stall": {"kind": "stall", "seconds": LONG},
    "truncate": {"kind": "truncate", "after": 5},
}
# Answers that say they are right and are not: a proxy's page, damaged bytes, JSON of another shape.
GARBLED = {
    "page": {"kind": "page"},
    "page 502": {"kind": "page", "status": 502},
    **{
        f"body {body!a}": {"kind": "replace", "body": body} for body in ("", "{", "\xff\xfe", "[]", "{}", "null", "[3]")
    },
    "siblings": {"kind": "replace", "body": '{"id": "a/b", "sha": "c", "name": "x", "siblings": [1], "files": [{}]}'},
    "files": {"kind": "replace", "body": '{"files": [], "objects": [], "commitOid": 3, "url": "x"}'},
}
CURED = pytest.mark.parametrize("fault", [*FAULTS.values(), *GARBLED.values()], ids=[*FAULTS, *GARBLED])
STAYING = {
    **{fault: FAULTS[fault] for fault in ("503", "reset", "429", "truncate")},
    "429 and wait": {"status": 429, "retry_after": 50},
    "429 and wait long": {"status": 429, "retry_after": 3600},
    "truncate at once": {"kind": "truncate"},
    "truncate late": {"kind": "truncate", "after": 300},
    **{name: GARBLED[name] for name in ("page", "page 502", "body '{'", "siblings")},
}


@pytest.fixture(autouse=True)
def naps(monkeypatch):
    """How long huggingface_hub would have slept; nobody does."""
    slept: list[float] = []
    for module in ("utils._http", "file_download"):
        monkeypatch.setattr(f"huggingface_hub.{module}.time", SimpleNamespace(sleep=slept.append))
    return slept


class Pull:
    """A model on the Hub, fetched into an empty cache."""

    def __init__(self, server: LoopbackHub, work: Path) -> None:
        self.server, self.work, self.turn = server, work, 0
        self.origin = write_model(work / "base", rows=8)
        for name in ("LICENSE", "generation_config.json", "tokenizer_config.json"):
            (self.origin / name).unlink()
        server.add_repo(BASE, self.origin)

    def prepare(self) -> None:
        self.turn += 1
        self.hub = connect(self.server.endpoint, "hf_alice_write", self.work / f"cache-{self.turn}" / "hub")

    def call(self) -> None:
        folder = outcome(pull(self.hub, resolve(self.hub, BASE)))
        assert {path.name for path in folder.iterdir()} == {path.name for path in self.origin.iterdir()}
        assert all(path.read_bytes() == (self.origin / path.name).read_bytes() for path in folder.iterdir())

    def after_failure(self) -> None:
        for path in self.hub.cache_dir.glob("models--*/snapshots/*/*"):
            assert path.read_bytes() == (self.origin / path.name).read_bytes()


class Push:
    """A result, published in a repository that is to be public."""

    def __init__(self, server: LoopbackHub, work: Path) -> None:
        self.server, self.folder = server, write_model(work / "result", rows=8)
        (self.folder / "hubprune.yaml").write_text("schema_version: 1\nmodel: acme/base\n")

    def prepare(self) -> None:
        self.hub = connect(self.server.endpoint, "hf_alice_write")
        with self.server.store.lock:
            self.server.store.repositories.clear()
        for blob in self.server.store.blobs.folder.iterdir():
            blob.unlink()

    def call(self) -> None:
        published = outcome(push(self.hub, self.folder, TARGET, private=False))
        repository = self.server.repository(TARGET)
        assert repository.refs["refs/heads/main"] == published.commit
        assert len(repository.commits) == 2, "committed twice"
        assert not repository.private
        for path in self.folder.iterdir():
            assert path.is_dir() or self.server.read_file(TARGET, path.name) == path.read_bytes()

    def after_failure(self) -> None:
        if any(repository.id == TARGET for repository in self.server.store.repositories.values()):
            repository = self.server.repository(TARGET)
            complete = "model.safetensors" in self.server.list_files(TARGET)
            assert repository.private or complete, "public before it was complete"


WAYS = pytest.mark.parametrize("way", [Pull, Push])


def requests_of(job: Pull | Push) -> list[str]:
    """What an undisturbed call asks."""
    job.prepare()
    job.server.clear_requests()
    job.call()
    return asked(job.server)


def fails_well(job: Pull | Push) -> HubpruneError | None:
    """Make the call; where it fails, it does so with one of our errors. Without the faults it then succeeds."""
    failure = None
    try:
        job.call()
    except HubpruneError as error:
        failure = error
    if failure:
        assert failure.sentence.endswith((".", "?"))
        assert failure.next_step
        job.after_failure()
    job.server.clear_faults()
    job.call()
    return failure


@WAYS
@CURED
def test_one_fault_is_got_over(server, tmp_path, monkeypatch, way, fault):
    job = way(server, tmp_path)
    count = len(requests_of(job))
    monkeypatch.setattr(session, "LONGEST_SILENCE", SHORT)
    failures = {}
    for number in range(count):
        job.prepare()
        server.clear_requests()
        server.fault("*", skip=number, **fault)
        if error := fails_well(job):
            failures[asked(server)[number]] = str(error)
    assert failures == {}


@WAYS
@pytest.mark.parametrize("fault", STAYING)
def test_a_fault_that_stays_is_told(server, tmp_path, waits, naps, way, fault):
    """In one sentence, after a bounded number of requests and a bounded time of waiting."""
    job = way(server, tmp_path)
    for request in dict.fromkeys(requests_of(job)):
        job.prepare()
        del waits[:], naps[:]
        server.clear_requests()
        server.fault(request, times=999, **STAYING[fault])
        error = fails_well(job)
        assert sum(waits) <= retry.PATIENCE
        assert sum(naps) <= 400, request
        assert len(server.requests) < 400, request
        if "429" in fault and error:
            assert "too many requests" in str(error)


@WAYS
def test_a_token_that_expires_midway(server, tmp_path, way):
    job = way(server, tmp_path)
    for number in range(len(requests_of(job))):
        job.prepare()
        server.fault("*", skip=number, times=999, status=401, message="Invalid credentials in Authorization header")
        assert isinstance(fails_well(job), (NotSignedIn, NotFound, HubTrouble)), number


@WAYS
def test_a_repository_that_is_deleted_meanwhile(server, tmp_path, way):
    job = way(server, tmp_path)
    for number in range(len(requests_of(job))):
        job.prepare()
        server.fault("*", skip=number, times=999, status=404, message="Repository not found")
        assert isinstance(fails_well(job), HubpruneError), number


def test_what_stays_garbled_is_said(server, tmp_path):
    job, commit = Push(server, tmp_path), f"POST /api/models/{TARGET}/commit"
    job.prepare()
    server.fault(commit, times=999, kind="replace", body="{")
    assert fails_well(job) is None, "the commit was made and is found again"
    job.prepare()
    server.fault(commit, times=999, kind="page")
    error = fails_well(job)
    assert isinstance(error, UploadInterrupted)
    assert error.sentence.endswith(f"An answer about {TARGET} is no answer of the Hub: it is a web page.")
    assert error.next_step == "Run the same command again: it completes the upload."
    job.prepare()
    server.fault(f"GET /api/models/{TARGET}", times=999, kind="replace", body="[]")
    error = fails_well(job)
    assert isinstance(error, HubTrouble)
    assert "proxy" in error.next_step


def test_a_download_that_breaks_off_again_and_again(server, tmp_path, monkeypatch):
    """Each time a piece arrived: huggingface_hub alone would go on for ever, one call deeper each time."""
    monkeypatch.setattr(huggingface_hub.constants, "DOWNLOAD_CHUNK_SIZE", 1)
    job = Pull(server, tmp_path)
    job.prepare()
    server.fault("GET /_cdn/", times=100, kind="truncate", after=1)
    job.call()
    server.clear_faults()
    job.prepare()
    server.clear_requests()
    server.fault("GET /_cdn/", times=9999, kind="truncate", after=1)
    assert "does not get on: the connection broke off 201 times" in str(fails_well(job))


def test_a_commit_upon_a_head_that_moved(server, tmp_path):
    job = Push(server, tmp_path)
    job.prepare()
    server.fault(f"POST /api/models/{TARGET}/commit/main", status=412, times=99)
    assert isinstance(fails_well(job), RepoExists)


@pytest.mark.parametrize("fault", ["503", "429", "reset", "page", "body '{'", "body '[3]'"])
def test_through_xet(tmp_path, monkeypatch, fault):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", False)
    with LoopbackHub(tmp_path / "xet", xet=True) as server:
        for way in (Push, Pull):
            job = way(server, tmp_path / way.__name__)
            requests = requests_of(job)
            assert any("xet" in request for request in requests)
            for request in dict.fromkeys(requests):
                if "xet" in request or "commit" in request or "/revision/" in request:
                    job.prepare()
                    server.fault(request, **(FAULTS | GARBLED)[fault])
                    assert not isinstance(fails_well(job), UploadInterrupted)


@pytest.mark.parametrize("request_", ["GET /api/whoami-v2", "POST /api/repos/create", "PUT /_lfs/"])
def test_a_silent_hub_is_asked_again(server, tmp_path, monkeypatch, request_):
    job = Push(server, tmp_path)
    job.prepare()
    server.clear_requests()
    monkeypatch.setattr(session, "LONGEST_SILENCE", SHORT)
    server.fault(request_, kind="stall", seconds=LONG)
    job.call()
    assert sum(request.startswith(request_) for request in asked(server)) == 2
