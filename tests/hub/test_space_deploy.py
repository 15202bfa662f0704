"""A folder becomes a Space: private, one commit, the same again none, and never over somebody else's work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest

from hubprune.errors import (
    HubpruneError,
    NotSignedIn,
    NoWritePermission,
    Offline,
    RepoExists,
    UploadInterrupted,
    UsageError,
)
from hubprune.events import Progress, Stage, Warned
from hubprune.hub import connect, retry
from hubprune.hub.space import Deployed, deploy

from .conftest import asked, drained, messages, outcome

CREATE, COMMIT = "POST /api/repos/create", "POST /api/spaces/alice/page/commit/main"
HEAD = "---\ntitle: hubprune\nsdk: gradio\nsuggested_hardware: zero-a10g\n---\n"
TOKEN = "hf_" + "abcdefghijklmnopqrstuvwxyzABCDEFGH"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A small folder of the shape that hubprune.spaces writes."""
    folder = tmp_path / "page"
    (folder / "hubprune_space").mkdir(parents=True)
    (folder / "app.py").write_text("import hubprune_space\n")
    (folder / "README.md").write_text(f"{HEAD}\n# Page\n")
    (folder / "requirements.txt").write_text("transformers>=5\n")
    (folder / "hubprune_space" / "__init__.py").write_text('"""The page."""\n')
    (folder / "hubprune_space" / "old.py").write_text("")
    (folder / "hubprune-1.0-py3-none-any.whl").write_bytes(b"PK" + bytes(range(256)) * 50)
    return folder


def space(server, repo_id="alice/page"):
    return server.repository(repo_id, "space")


def files(server, repo_id="alice/page"):
    return server.list_files(repo_id, kind="space")


def theirs(hub, repo_id="alice/page", **more: Any):
    """A Space that somebody made without hubprune."""
    hub.api.create_repo(repo_id, repo_type="space", space_sdk="gradio", **more)
    hub.api.upload_file(path_or_fileobj=b"print()", path_in_repo="app.py", repo_id=repo_id, repo_type="space")


def test_a_new_space_is_private_and_has_one_commit(server, hub, page):
    events, deployed = drained(deploy(hub, page, "alice/page"))
    assert deployed == Deployed(
        "alice/page", f"{server.endpoint}/spaces/alice/page", deployed.commit, True, True, True, "zero-a10g"
    )
    made = space(server)
    assert (made.private, made.sdk, made.hardware, made.secrets) == (True, "gradio", "zero-a10g", {})
    assert len(made.commits) == 2  # the Hub's own first one, and ours
    assert made.refs["refs/heads/main"] == deployed.commit
    names = sorted(path.relative_to(page).as_posix() for path in page.rglob("*") if path.is_file())
    assert files(server) == sorted([".gitattributes", *names])
    assert all(server.read_file("alice/page", name, kind="space") == (page / name).read_bytes() for name in names)
    assert events[0] == Stage("publish", "Deploying to the Space alice/page")
    assert [event.done > 0 for event in events if isinstance(event, Progress)] == [False, True]


def test_as_it_was_asked_for(server, hub, page):
    made = outcome(
        deploy(hub, page, "page", hardware="t4-small", variables={"LIMIT": "5"}, private=False, message="A page")
    )
    assert (made.repo_id, made.private, made.hardware) == ("alice/page", False, "t4-small")
    there = space(server)
    assert (there.private, there.hardware, there.variables) == (False, "t4-small", {"LIMIT": "5"})
    assert there.commits[made.commit].title == "A page"


def test_the_same_again_changes_nothing(server, hub, page):
    first = outcome(deploy(hub, page, "alice/page", variables={"LIMIT": "5"}))
    server.clear_requests()
    again = outcome(deploy(hub, page, "alice/page", variables={"LIMIT": "5"}, hardware="zero-a10g"))
    assert (again.commit, again.created, again.changed, again.hardware) == (first.commit, False, False, "zero-a10g")
    assert len(space(server).commits) == 2
    assert {request.split()[0] for request in asked(server)} == {"GET"}


def test_an_update_replaces_what_was_ours_and_nothing_else(server, hub, page):
    outcome(deploy(hub, page, "alice/page"))
    hub.api.upload_file(path_or_fileobj=b"x", path_in_repo="mine.txt", repo_id="alice/page", repo_type="space")
    (page / "hubprune-1.0-py3-none-any.whl").rename(page / "hubprune-1.1-py3-none-any.whl")
    (page / "hubprune_space" / "old.py").rename(page / "hubprune_space" / "new.py")
    deployed = outcome(deploy(hub, page, "alice/page"))
    assert (deployed.created, deployed.changed) == (False, True)
    kept = [".gitattributes", "README.md", "app.py", "mine.txt", "requirements.txt"]
    new = ["hubprune-1.1-py3-none-any.whl", "hubprune_space/__init__.py", "hubprune_space/new.py"]
    assert files(server) == sorted([*kept, *new])
    assert len(space(server).commits) == 4


def test_settings_change_only_where_they_differ(server, hub, page):
    outcome(deploy(hub, page, "alice/page", variables={"A": "1", "B": "2"}))
    server.clear_requests()
    deployed = outcome(deploy(hub, page, "alice/page", variables={"A": "1", "B": "3"}, hardware="l4x1"))
    assert (deployed.changed, deployed.hardware) == (False, "l4x1")
    assert (space(server).variables, space(server).hardware) == ({"A": "1", "B": "3"}, "l4x1")
    posts = [request for request in asked(server) if request.startswith("POST")]
    assert posts == ["POST /api/spaces/alice/page/variables", "POST /api/spaces/alice/page/hardware"]
    assert outcome(deploy(hub, page, "alice/page")).hardware == "l4x1"  # not named: it stays


def test_the_visibility_of_a_space_that_exists_is_kept(server, hub, page):
    outcome(deploy(hub, page, "alice/page"))
    events, deployed = drained(deploy(hub, page, "alice/page", private=False))
    assert deployed.private
    assert space(server).private
    assert [event.text for event in events if isinstance(event, Warned)] == [
        "The Space alice/page stays private: the visibility of an existing Space is never changed."
    ]


def test_somebody_elses_space_is_left_alone(server, hub, page):
    theirs(hub)
    with pytest.raises(RepoExists, match="exists and was not made by hubprune") as caught:
        outcome(deploy(hub, page, "alice/page", hardware="l4x1", variables={"A": "1"}))
    assert "--to" in caught.value.next_step
    assert "--force" in caught.value.next_step
    assert files(server) == [".gitattributes", "app.py"]
    assert (space(server).hardware, space(server).variables) == ("cpu-basic", {})


def test_unless_that_is_meant(server, hub, page):
    theirs(hub)
    hub.api.upload_file(path_or_fileobj=b"x", path_in_repo="mine.txt", repo_id="alice/page", repo_type="space")
    assert outcome(deploy(hub, page, "alice/page", force=True)).changed
    assert server.read_file("alice/page", "app.py", kind="space") == (page / "app.py").read_bytes()
    assert "mine.txt" in files(server)


def test_a_space_with_the_hubs_own_files_alone_is_filled(server, hub, page):
    hub.api.create_repo("alice/page", repo_type="space", space_sdk="gradio", private=True)
    hub.api.upload_file(
        path_or_fileobj=HEAD.encode(), path_in_repo="README.md", repo_id="alice/page", repo_type="space"
    )
    deployed = outcome(deploy(hub, page, "alice/page"))
    assert (deployed.created, deployed.changed) == (False, True)


@pytest.mark.parametrize(
    ("hardware", "step"),
    [(None, "may host few ZeroGPU Spaces"), ("t4-small", "--hardware zero-a10g")],
)
def test_hardware_that_this_account_may_not_use(server, hub, page, hardware, step):
    server.fault(CREATE, status=402, message="A PRO subscription is required")
    with pytest.raises(NoWritePermission, match="may not host a Space on") as caught:
        outcome(deploy(hub, page, "alice/page", hardware=hardware))
    assert (hardware or "zero-a10g") in caught.value.sentence
    assert "A PRO subscription is required." in caught.value.sentence
    assert step in caught.value.next_step


def test_dearer_hardware_for_a_space_that_exists(server, hub, page):
    outcome(deploy(hub, page, "alice/page"))
    server.fault("POST /api/spaces/alice/page/hardware", status=402, message="Payment required")
    with pytest.raises(NoWritePermission, match="may not host a Space on a10g-small: Payment required"):
        outcome(deploy(hub, page, "alice/page", hardware="a10g-small"))


@pytest.mark.parametrize(
    ("name", "token", "error", "words"),
    [
        ("alice/page", False, NotSignedIn, "not signed in"),
        ("alice/page", "hf_nobody", NotSignedIn, "token"),
        ("alice/page", "hf_alice_read", NoWritePermission, "can read, but not write"),
        ("alice/page", "hf_bob_write", NoWritePermission, "bob may not write to alice/page"),
        ("not a name", "hf_alice_write", UsageError, "cannot be the name"),
        ("a/b/c", "hf_alice_write", UsageError, "cannot be the name"),
    ],
)
def test_refused_before_anything_is_sent(server, join, page, name, token, error, words):
    with pytest.raises(error, match=words) as caught:
        outcome(deploy(join(token), page, name))
    assert caught.value.next_step
    assert not [request for request in asked(server) if not request.startswith("GET")]
    assert not server.store.repositories


def test_refused_before_anything_is_asked(server, hub, page):
    with pytest.raises(UsageError, match="no hardware 'abacus'"):
        outcome(deploy(hub, page, "alice/page", hardware="abacus"))
    with pytest.raises(HubpruneError, match="variable KEY contains an access token") as caught:
        outcome(deploy(hub, page, "alice/page", variables={"KEY": "hf_alice_write"}))
    assert "hf_alice_write" not in messages(caught.value)
    (page / "app.py").write_text(f"token = '{TOKEN}'\n")
    with pytest.raises(HubpruneError, match="contains an access token"):
        outcome(deploy(hub, page, "alice/page"))
    assert asked(server) == []


def test_no_hub(server, page, tmp_path, monkeypatch):
    with pytest.raises(Offline, match="cannot be reached"):
        outcome(deploy(connect("http://127.0.0.1:9", "hf_alice_write", tmp_path / "cache"), page, "alice/page"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(Offline, match="Offline mode is on"):
        outcome(deploy(connect(server.endpoint, "hf_alice_write", tmp_path / "cache"), page, "alice/page"))


def test_what_broke_off_is_completed_by_the_same_call(server, hub, page):
    server.fault(COMMIT, status=503, times=99)
    with pytest.raises(UploadInterrupted, match="broke off") as caught:
        outcome(deploy(hub, page, "alice/page"))
    assert "Run the same command again" in caught.value.next_step
    assert asked(server).count(COMMIT) == retry.TRIES
    assert files(server) == [".gitattributes"]
    server.clear_faults()
    deployed = outcome(deploy(hub, page, "alice/page"))
    assert (deployed.created, deployed.changed) == (False, True)
    assert len(space(server).commits) == 2


@pytest.mark.parametrize("request_", [CREATE, COMMIT])
@pytest.mark.parametrize("fault", [{"kind": "truncate", "after": 5}, {"status": 503}, {"kind": "reset"}])
def test_an_answer_that_got_lost(server, hub, page, request_, fault):
    server.fault(request_, **fault)
    deployed = outcome(deploy(hub, page, "alice/page"))
    assert asked(server).count(request_) == 2
    assert len(space(server).commits) == 2
    assert space(server).refs["refs/heads/main"] == deployed.commit


def test_somebody_else_is_faster(server, hub, page):
    events = deploy(hub, page, "alice/page")
    next(event for event in events if getattr(event, "done", None) == 0)
    hub.api.upload_file(path_or_fileobj=b"x", path_in_repo="mine.txt", repo_id="alice/page", repo_type="space")
    with pytest.raises(RepoExists, match="changed by somebody else"):
        drained(events)
    assert files(server) == [".gitattributes", "mine.txt"]


def test_metadata_that_the_hub_refuses(hub, page):
    (page / "README.md").write_text("---\ntitle: [\n---\n")
    with pytest.raises(HubpruneError, match=r"The Hub refuses the README\.md") as caught:
        outcome(deploy(hub, page, "alice/page"))
    assert caught.value.next_step == "Correct the metadata at the top of README.md."
