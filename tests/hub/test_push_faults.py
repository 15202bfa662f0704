"""What breaks off is completed by the same command; nothing is public, committed twice or half done meanwhile."""

import pytest

from hubprune.errors import HubTrouble, NoWritePermission, Offline, RepoExists, UploadInterrupted
from hubprune.hub import connect, push, retry

from .conftest import asked, drained, messages, outcome

COMMIT = "POST /api/models/alice/sparse/commit/main"


def tries(server, request=COMMIT):
    return asked(server).count(request)


def untouched(server):
    """The repository is there, private and without anything of ours."""
    repository = server.repository("alice/sparse")
    return repository.private and server.list_files("alice/sparse") == [".gitattributes"]


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_a_busy_hub_is_waited_for(server, hub, result, waits, status):
    server.fault(COMMIT, status=status, times=2)
    outcome(push(hub, result, "alice/sparse"))
    assert tries(server) == 3
    assert 1 <= waits[0] <= 1.5
    assert 2 <= waits[1] <= 3
    assert len(server.repository("alice/sparse").commits) == 2


def test_retry_after_is_honoured(server, hub, result, waits):
    server.fault(COMMIT, status=429, retry_after=7)
    outcome(push(hub, result, "alice/sparse"))
    assert waits == [7.0]


def test_a_hub_that_asks_for_too_much_patience(server, hub, result, waits):
    server.fault(COMMIT, status=429, retry_after=3600)
    with pytest.raises(UploadInterrupted, match="too many requests"):
        outcome(push(hub, result, "alice/sparse"))
    assert waits == []


@pytest.mark.parametrize("private", [True, False])
def test_interrupted_at_the_commit_and_completed_by_the_same_command(server, hub, result, private):
    server.fault(COMMIT, status=503, times=99)
    with pytest.raises(UploadInterrupted, match="The upload to alice/sparse broke off") as caught:
        outcome(push(hub, result, "alice/sparse", private=private))
    assert "Run the same command again" in caught.value.next_step
    assert tries(server) == retry.TRIES
    assert untouched(server)

    server.clear_faults()
    server.clear_requests()
    published = outcome(push(hub, result, "alice/sparse", private=private))
    assert published.private is private
    assert server.repository("alice/sparse").private is private
    assert len(server.repository("alice/sparse").commits) == 2
    assert not [request for request in asked(server) if request.startswith("PUT /_lfs")]  # what is there is skipped


def test_interrupted_before_it_became_public(server, hub, result):
    server.fault("PUT /api/models/alice/sparse/settings", status=503, times=99)
    with pytest.raises(UploadInterrupted):
        outcome(push(hub, result, "alice/sparse", private=False))
    assert server.repository("alice/sparse").private
    server.clear_faults()
    published = outcome(push(hub, result, "alice/sparse", private=False))
    assert not published.private
    assert len(server.repository("alice/sparse").commits) == 2


def test_a_change_of_mind_is_not_overruled(server, hub, result):
    server.fault(COMMIT, status=503, times=99)
    with pytest.raises(UploadInterrupted):
        outcome(push(hub, result, "alice/sparse", private=False))
    server.clear_faults()
    assert outcome(push(hub, result, "alice/sparse")).private
    assert outcome(push(hub, result, "alice/sparse", private=False)).private  # by now it is an existing repository


def test_a_commit_whose_answer_got_lost_is_not_made_twice(server, hub, result):
    server.fault(COMMIT, kind="truncate", after=5)
    published = outcome(push(hub, result, "alice/sparse"))
    repository = server.repository("alice/sparse")
    assert tries(server) == 2
    assert len(repository.commits) == 2
    assert repository.refs["refs/heads/main"] == published.commit


def test_a_connection_that_is_reset(server, hub, result):
    server.fault(COMMIT, kind="reset", times=2)
    outcome(push(hub, result, "alice/sparse"))
    assert len(server.repository("alice/sparse").commits) == 2


def test_a_created_repository_whose_answer_got_lost(server, hub, result):
    server.fault("POST /api/repos/create", kind="truncate", after=5)
    outcome(push(hub, result, "alice/sparse", private=False))
    assert not server.repository("alice/sparse").private


def test_interrupted_right_after_the_repository_was_created(server, hub, result):
    server.fault("GET /api/models/alice/sparse", status=503, times=99, skip=1)
    with pytest.raises(UploadInterrupted):
        outcome(push(hub, result, "alice/sparse", private=False))
    assert untouched(server)
    server.clear_faults()
    assert not outcome(push(hub, result, "alice/sparse", private=False)).private


def test_somebody_else_is_faster(server, hub, result):
    events = push(hub, result, "alice/sparse")
    next(event for event in events if getattr(event, "done", None) == 0)
    hub.api.upload_file(path_or_fileobj=b"mine", path_in_repo="theirs.txt", repo_id="alice/sparse")
    with pytest.raises(RepoExists, match="changed by somebody else"):
        drained(events)
    assert server.list_files("alice/sparse") == [".gitattributes", "theirs.txt"]


def test_given_up_before_the_commit(server, hub, result):
    events = push(hub, result, "alice/sparse", private=False)
    next(event for event in events if getattr(event, "done", None) == 0)
    events.close()
    assert untouched(server)
    assert tries(server) == 0
    assert not outcome(push(hub, result, "alice/sparse", private=False)).private


def test_an_upload_that_breaks_off(server, hub, result, monkeypatch):
    monkeypatch.setattr("huggingface_hub.utils._http.time", type("Clock", (), {"sleep": staticmethod(lambda s: None)}))
    server.fault("PUT /_lfs", status=500, times=99)
    with pytest.raises(UploadInterrupted, match=r"in trouble \(error 500\)"):
        outcome(push(hub, result, "alice/sparse"))
    assert untouched(server)
    server.clear_faults()
    outcome(push(hub, result, "alice/sparse"))


def test_nothing_began_when_the_hub_is_away(result, tmp_path):
    with pytest.raises(Offline):
        outcome(push(connect("http://127.0.0.1:9", "hf_alice_write", tmp_path), result, "alice/sparse"))


def test_a_server_that_repeats_the_token(server, hub, result):
    server.fault(COMMIT, status=400, message="I know your token: hf_alice_write, and hf_somebodyElses too")
    with pytest.raises(HubTrouble, match=r"I know your token: hf_\*\*\*, and hf_\*\*\* too") as caught:
        outcome(push(hub, result, "alice/sparse"))
    assert "hf_alice_write" not in messages(caught.value)
    assert "hf_somebodyElses" not in messages(caught.value)


def test_a_storage_that_repeats_the_token(server, hub, result):
    server.fault("PUT /_lfs", status=403, message="no entry for hf_alice_write")
    with pytest.raises(NoWritePermission, match=r"no entry for hf_\*\*\*") as caught:
        outcome(push(hub, result, "alice/sparse"))
    assert "hf_alice_write" not in messages(caught.value)


def test_a_token_of_another_form(server, result, tmp_path):
    hub = connect(server.endpoint, "hf_alice_write", tmp_path)
    connect(server.endpoint, "eyJh-secret", tmp_path)
    server.fault("GET /api/whoami-v2", status=418, message="this is eyJh-secret")
    with pytest.raises(HubTrouble) as caught:
        outcome(push(hub, result, "alice/sparse"))
    assert "eyJh-secret" not in messages(caught.value)
