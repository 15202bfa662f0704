"""MODEL: ids, folders, addresses, revisions, and words that are none of these."""

import re

import huggingface_hub.constants
import pytest

from hubprune.errors import NotFound, Offline, RevisionNotFound, UsageError
from hubprune.hub import connect, pull, resolve

from .conftest import outcome


def test_an_id_becomes_a_commit(server, hub, model):
    commit = server.add_repo("acme/base", model)
    source = resolve(hub, "acme/base")
    assert (source.id, source.revision, source.folder, source.local) == ("acme/base", commit, None, False)


@pytest.mark.parametrize("model_argument", ["hf://acme/base@v1", "hf://models/acme/base@v1", "hf://acme/base@v1/"])
def test_addresses_with_a_revision(server, hub, model, model_argument):
    first = server.add_repo("acme/base", model)
    hub.api.create_tag("acme/base", tag="v1")
    (model / "config.json").write_text('{"changed": true}')
    second = server.add_repo("acme/base", model)
    assert first != second
    assert resolve(hub, model_argument).revision == first
    assert resolve(hub, "acme/base").revision == second
    assert resolve(hub, "acme/base", "v1").revision == resolve(hub, "acme/base", first[:8]).revision == first


def test_two_revisions_that_differ(hub):
    with pytest.raises(UsageError, match="Two revisions"):
        resolve(hub, "hf://acme/base@v1", "v2")


def test_a_folder(hub, model):
    source = resolve(hub, str(model))
    assert (source.id, source.revision, source.folder, source.local) == ("base", None, model.resolve(), True)
    with pytest.raises(UsageError, match="has no revisions"):
        resolve(hub, str(model), "main")


@pytest.mark.parametrize(
    "words", ["./missing", "/no/such/folder", "~/nothing-here", "a/b/c", "models/", "C:\\models\\x"]
)
def test_a_path_to_nothing_is_not_asked_of_the_hub(server, hub, words):
    with pytest.raises(NotFound, match=re.escape(f"There is no folder {words}.")):
        resolve(hub, words)
    assert server.requests == []


@pytest.mark.parametrize(
    "words", ["a model", "acme/base@v1", "-acme/base", "acme/ba--se", "http://127.0.0.1/acme/base", "hf://datasets/a/b",
              "hf://acme/base/config.json", "hf://", ""]
)  # fmt: skip
def test_words_that_can_be_no_model(server, hub, words):
    with pytest.raises(UsageError) as caught:
        resolve(hub, words)
    assert "owner/name" in caught.value.next_step or "repository alone" in caught.value.next_step
    assert server.requests == []


def test_a_file_is_told_from_a_folder(hub, model):
    with pytest.raises(UsageError, match="is a file"):
        resolve(hub, str(model / "config.json"))


def test_an_unknown_revision(server, hub, model):
    server.add_repo("acme/base", model)
    with pytest.raises(RevisionNotFound, match="acme/base has no revision 'no/such'"):
        resolve(hub, "acme/base", "no/such")


@pytest.mark.parametrize("token", ["hf_bob_write", False])
def test_missing_and_private_look_the_same(server, join, model, token):
    server.add_repo("acme/secret", model, private=True)
    for name in ("acme/secret", "acme/nothing"):
        with pytest.raises(NotFound, match=f"There is no model {name} on the Hub, or it is private"):
            resolve(join(token), name)


def test_nobody_listens(tmp_path, waits):
    with pytest.raises(Offline, match="The Hub cannot be reached") as caught:
        resolve(connect("http://127.0.0.1:9", False, tmp_path / "cache"), "acme/base")
    assert "HF_HUB_OFFLINE" in caught.value.next_step
    assert waits == []  # the user learns it at once


def test_a_hiccup_is_waited_out(server, hub, model, waits):
    commit = server.add_repo("acme/base", model)
    server.fault("GET /api/models/acme/base", status=503, times=2)
    assert resolve(hub, "acme/base").revision == commit
    assert len(waits) == 2


def test_offline_takes_what_the_cache_has(server, hub, model, monkeypatch):
    commit = server.add_repo("acme/base", model)
    folder = outcome(pull(hub, resolve(hub, "acme/base")))
    server.clear_requests()
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    source = resolve(hub, "acme/base")
    assert source.revision == commit
    assert outcome(pull(hub, source)) == folder
    assert server.requests == []
    with pytest.raises(Offline, match="offline mode is on"):
        resolve(hub, "acme/other")
