"""A push is one commit, private until it is there, and never over somebody else's work."""

import os

import pytest

from hubprune.errors import (
    HubpruneError,
    NotFound,
    NotSignedIn,
    NoWritePermission,
    RepoExists,
    UsageError,
)
from hubprune.events import Progress, Published, Stage, Warned
from hubprune.hub import push
from hubprune.publishing.card import OWN_BEGIN, OWN_END

from .conftest import asked, drained, messages, outcome, write_model

MINE = b"---\nlicense: apache-2.0\n---\n\n# Mine\n"


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def commits(server, repo_id):
    return len(server.repository(repo_id).commits)


def test_a_new_repository_is_private_and_has_one_commit(server, hub, result):
    events, published = drained(push(hub, result, "alice/sparse"))
    assert published == Published("alice/sparse", f"{server.endpoint}/alice/sparse", published.commit, True, None)
    assert events[-1] == published
    assert server.repository("alice/sparse").private
    assert commits(server, "alice/sparse") == 2  # the Hub's own first one, and ours
    assert server.repository("alice/sparse").refs["refs/heads/main"] == published.commit
    assert server.list_files("alice/sparse") == sorted([".gitattributes", *names(result)])
    assert all(server.read_file("alice/sparse", name) == (result / name).read_bytes() for name in names(result))


def test_its_events(hub, result):
    (result / "big.safetensors").write_bytes(b"\0" * 3_000_000)
    events, _ = drained(push(hub, result, "alice/sparse"))
    assert events[0] == Stage("publish", "Publishing to alice/sparse")
    progress = [event for event in events if isinstance(event, Progress)]
    total = sum(os.path.getsize(result / name) for name in names(result))
    assert {(step.stage, step.total, step.unit) for step in progress} == {("publish", total, "byte")}
    assert [progress[0].done, progress[-1].done] == [0, total]
    assert any(3_000_000 <= step.done < total or step.done == total for step in progress[1:-1])


def test_nothing_is_drawn(hub, result, capfd):
    outcome(push(hub, result, "alice/sparse"))
    assert capfd.readouterr() == ("", "")


def test_a_name_alone_is_the_accounts_own(server, hub, result):
    assert outcome(push(hub, result, "sparse")).repo_id == "alice/sparse"
    assert outcome(push(hub, result, "acme/sparse")).repo_id == "acme/sparse"


def test_public_only_after_the_commit(server, hub, result):
    published = outcome(push(hub, result, "alice/sparse", private=False))
    assert not published.private
    assert not server.repository("alice/sparse").private
    requests = asked(server)
    commit, settings = "POST /api/models/alice/sparse/commit/main", "PUT /api/models/alice/sparse/settings"
    assert requests.index(commit) < requests.index(settings)
    assert not (result / ".cache").exists()


def test_the_message(server, hub, result):
    published = outcome(push(hub, result, "alice/sparse", message="Half of it"))
    assert server.repository("alice/sparse").commits[published.commit].title == "Half of it"


def test_the_same_command_again_commits_nothing(server, hub, result):
    first = outcome(push(hub, result, "alice/sparse"))
    again = outcome(push(hub, result, "alice/sparse"))
    assert again == first
    assert commits(server, "alice/sparse") == 2


def test_a_card_edited_on_the_hub_is_left_alone(server, hub, result):
    outcome(push(hub, result, "alice/sparse"))
    hub.api.upload_file(path_or_fileobj=MINE, path_in_repo="README.md", repo_id="alice/sparse")
    outcome(push(hub, result, "alice/sparse"))
    assert server.read_file("alice/sparse", "README.md") == MINE


def card(own: str, rest: str = "Rest") -> str:
    return f"---\nlicense: other\n---\n\n{OWN_BEGIN}{own}{OWN_END}\n\n# {rest}\n"


@pytest.mark.parametrize(
    ("there", "ours"),
    [
        (card("\n"), card("\nWhy we made it.\n")),
        (card("\nOld words.\n"), card("\nNew words.\n")),
        (card("\nWords.\n"), card("\nWords.\n", "Made by a newer version")),
        (card("\n"), card("\n", "Made by a newer version")),
    ],
)
def test_a_new_card_is_published_alone(server, hub, result, there, ours):
    (result / "README.md").write_text(there)
    (result / "plots").mkdir()
    (result / "plots" / "blocks.png").write_bytes(b"old")
    first = outcome(push(hub, result, "alice/sparse"))
    (result / "README.md").write_text(ours)
    (result / "plots" / "blocks.png").write_bytes(b"new")
    server.clear_requests()
    again = outcome(push(hub, result, "alice/sparse"))
    assert again.commit != first.commit
    assert commits(server, "alice/sparse") == 3
    assert server.read_file("alice/sparse", "README.md").decode() == ours
    assert server.read_file("alice/sparse", "plots/blocks.png") == b"new"
    assert server.read_file("alice/sparse", "model.safetensors") == (result / "model.safetensors").read_bytes()
    assert not any("lfs" in request or "PUT" in request for request in asked(server)), "weights travelled again"
    assert outcome(push(hub, result, "alice/sparse")) == again
    assert commits(server, "alice/sparse") == 3


def test_words_written_on_the_hub_are_not_taken_away(server, hub, result):
    (result / "README.md").write_text(card("\n"))
    outcome(push(hub, result, "alice/sparse"))
    edited = card("\nWritten on the Hub.\n").encode()
    hub.api.upload_file(path_or_fileobj=edited, path_in_repo="README.md", repo_id="alice/sparse")
    events, _ = drained(push(hub, result, "alice/sparse"))
    assert server.read_file("alice/sparse", "README.md") == edited
    assert Warned("README.md of alice/sparse was edited on the Hub, and stays as it is there.") in events


@pytest.mark.parametrize("changed", ["model.safetensors", "hubprune.yaml", "config.json"])
def test_a_repository_with_something_else(server, hub, result, changed):
    outcome(push(hub, result, "alice/sparse"))
    before = server.read_file("alice/sparse", changed)
    content = bytearray((result / changed).read_bytes())
    content[-2] ^= 1
    (result / changed).write_bytes(content)
    with pytest.raises(RepoExists, match="alice/sparse exists and holds something else") as caught:
        outcome(push(hub, result, "alice/sparse"))
    assert "--force" in caught.value.next_step
    assert "--create-pr" in caught.value.next_step
    assert server.read_file("alice/sparse", changed) == before
    outcome(push(hub, result, "alice/sparse", force=True))
    assert server.read_file("alice/sparse", changed) == bytes(content)


def test_force_leaves_no_stale_weights(server, hub, tmp_path, result):
    outcome(push(hub, write_model(tmp_path / "sharded", shards=3), "alice/sparse"))
    hub.api.upload_file(path_or_fileobj=b"notes", path_in_repo="notes.txt", repo_id="alice/sparse")
    outcome(push(hub, result, "alice/sparse", force=True))
    assert server.list_files("alice/sparse") == sorted([".gitattributes", "notes.txt", *names(result)])


@pytest.mark.parametrize("was_private", [True, False])
def test_an_existing_repository_keeps_its_visibility(server, hub, result, was_private):
    hub.api.create_repo("alice/sparse", private=was_private)
    events, published = drained(push(hub, result, "alice/sparse", private=not was_private))
    assert published.private is was_private
    assert server.repository("alice/sparse").private is was_private
    kept = "private" if was_private else "public"
    assert [event.text for event in events if isinstance(event, Warned)] == [
        f"alice/sparse stays {kept}: the visibility of an existing repository is never changed."
    ]


def test_a_pull_request(server, hub, model, result, join):
    server.add_repo("acme/base", model)
    head = server.repository("acme/base").refs["refs/heads/main"]
    bob = join("hf_bob_write")  # may not write there, but may propose
    published = outcome(push(bob, result, "acme/base", create_pr=True))
    assert published.pull_request == f"{server.endpoint}/acme/base/discussions/1"
    assert server.repository("acme/base").refs["refs/heads/main"] == head
    assert "hubprune.yaml" in server.list_files("acme/base", "refs/pr/1")
    assert published.private is False


def test_a_pull_request_needs_a_repository(server, hub, result):
    with pytest.raises(NotFound, match="no repository alice/sparse to open a pull request in"):
        outcome(push(hub, result, "alice/sparse", create_pr=True))
    assert ("model", "alice/sparse") not in server.store.repositories


@pytest.mark.parametrize(
    ("token", "repo_id", "error"),
    [
        (False, "alice/sparse", NotSignedIn),
        ("hf_wrong_token", "alice/sparse", NotSignedIn),
        ("hf_alice_read", "alice/sparse", NoWritePermission),
        ("hf_bob_write", "acme/sparse", NoWritePermission),
    ],
)
def test_who_may_not(server, join, result, token, repo_id, error):
    with pytest.raises(error) as caught:
        outcome(push(join(token), result, repo_id))
    assert caught.value.next_step
    assert not token or token not in messages(caught.value)
    assert server.store.repositories == {}


def test_an_existing_repository_that_one_may_only_read(server, join, result, model):
    server.add_repo("acme/base", model)
    with pytest.raises(NoWritePermission, match="may not write to acme/base"):
        outcome(push(join("hf_bob_write"), result, "acme/base", force=True))


@pytest.mark.parametrize("repo_id", ["a/b/c", "two words", "-x/y", "alice/x--y"])
def test_a_name_that_cannot_be(hub, result, repo_id):
    with pytest.raises(UsageError, match="cannot be the name of a repository"):
        outcome(push(hub, result, repo_id))


def test_a_folder_that_is_none_or_empty(server, hub, tmp_path):
    (tmp_path / "empty").mkdir()
    for name in ("missing", "empty"):
        with pytest.raises(UsageError):
            outcome(push(hub, tmp_path / name, "alice/sparse"))
    assert server.requests == []


@pytest.mark.parametrize("name", ["notes.txt", "model.safetensors", "deep/er/log.bin"])
@pytest.mark.parametrize("token", ["hf_alice_write", "hf_" + "aBcDeFgHiJkLmNoPq" * 2])
def test_a_file_with_a_token(server, hub, result, name, token):
    path = result / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if name == "model.safetensors":
        body = path.read_bytes()
        length = int.from_bytes(body[:8], "little")
        header = b'{"__metadata__":{"command":"' + token.encode() + b'"},' + body[9 : 8 + length]
        path.write_bytes(len(header).to_bytes(8, "little") + header + body[8 + length :])
    else:
        path.write_bytes(b"x" * (4 * 2**20 - 5) + token.encode() + b" y" * 9)  # across two chunks
    with pytest.raises(HubpruneError, match="contains an access token") as caught:
        outcome(push(hub, result, "alice/sparse"))
    assert str(path) in caught.value.sentence
    assert token not in messages(caught.value)
    assert server.requests == []


def test_links_and_other_things(server, hub, result, tmp_path):
    (tmp_path / "outside.txt").write_text("mine")
    cases = {
        "link.txt": lambda path: path.symlink_to(tmp_path / "outside.txt"),
        "folder": lambda path: path.symlink_to(tmp_path, target_is_directory=True),
        "dangling": lambda path: path.symlink_to(tmp_path / "nothing"),
        "pipe": lambda path: os.mkfifo(path),
    }
    for name, make in cases.items():
        make(result / name)
        with pytest.raises(HubpruneError, match="so nothing is uploaded"):
            outcome(push(hub, result, "alice/sparse"))
        (result / name).unlink()
    assert server.requests == []
    (result / "again.md").symlink_to("README.md")
    outcome(push(hub, result, "alice/sparse"))
    assert server.read_file("alice/sparse", "again.md") == (result / "README.md").read_bytes()


def test_git_and_cache_folders_stay_at_home(server, hub, result):
    for name in (".git/config", ".cache/huggingface/x"):
        (result / name).parent.mkdir(parents=True)
        (result / name).write_text("x")
    outcome(push(hub, result, "alice/sparse"))
    assert not [name for name in server.list_files("alice/sparse") if name.startswith((".git/", ".cache/"))]


def test_a_card_that_the_hub_refuses(server, hub, result):
    (result / "README.md").write_text("---\nlanguage: German\n---\n")
    with pytest.raises(HubpruneError, match="The Hub refuses the model card") as caught:
        outcome(push(hub, result, "alice/sparse"))
    assert "README.md" in caught.value.next_step
    assert server.list_files("alice/sparse") == [".gitattributes"]
