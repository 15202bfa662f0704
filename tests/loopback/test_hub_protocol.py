"""Status codes, paths, pages and the log: what a client may rely on, asked over plain HTTP."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from urllib.request import ProxyHandler, build_opener

import pytest

from hubprune.loopback import HubError, LoopbackHub, User
from hubprune.loopback.store import check_path, check_repository_id

ALICE, READER, BOB = "hf_alice_write", "hf_alice_read", "hf_bob_write"


def ndjson(*operations: tuple[str, dict]) -> bytes:
    lines = [("header", {"summary": "test"}), *operations]
    return b"\n".join(json.dumps({"key": key, "value": value}).encode() for key, value in lines)


def file_operation(path: str, data: bytes = b"x") -> tuple[str, dict]:
    return "file", {"path": path, "content": base64.b64encode(data).decode(), "encoding": "base64"}


@pytest.fixture(scope="module")
def shared_hub(tmp_path_factory, write_model):
    folder = write_model(tmp_path_factory.mktemp("seed") / "model")
    with LoopbackHub(tmp_path_factory.mktemp("hub")) as hub:
        hub.add_repo("acme/tiny", folder)
        hub.add_repo("acme/secret", folder, private=True)
        hub.add_repo("acme/gated", folder, gated="manual")
        yield hub


@pytest.fixture
def api(shared_hub):
    return shared_hub.endpoint


@pytest.mark.parametrize(
    ("method", "path", "token", "status"),
    [
        ("GET", "/api/whoami-v2", None, 401),
        ("GET", "/api/whoami-v2", "hf_wrong", 401),
        ("GET", "/api/models/acme/none", None, 401),
        ("GET", "/api/models/acme/none", BOB, 404),
        ("GET", "/api/models/acme/secret", None, 401),
        ("GET", "/api/models/acme/secret", BOB, 404),
        ("GET", "/api/models/acme/secret", READER, 200),
        ("GET", "/api/models/acme/gated", BOB, 200),
        ("GET", "/acme/gated/resolve/main/config.json", None, 401),
        ("GET", "/acme/gated/resolve/main/config.json", BOB, 403),
        ("GET", "/acme/tiny/resolve/main/config.json", None, 200),
        ("GET", "/acme/tiny/resolve/main/none", None, 404),
        ("GET", "/acme/tiny/resolve/none/config.json", None, 404),
        ("GET", "/api/models/acme/tiny/tree/main/none", None, 404),
        ("GET", "/api/models/acme/tiny/tree/main?limit=0", None, 400),
        ("GET", "/api/models/acme/tiny/tree/main?cursor=%21", None, 400),
        ("POST", "/api/models/acme/tiny/commit/main", None, 401),
        ("POST", "/api/models/acme/tiny/commit/main", READER, 403),
        ("POST", "/api/models/acme/tiny/commit/main", BOB, 403),
        ("POST", "/api/models/acme/tiny/commit/main", ALICE, 400),
        ("POST", "/api/models/acme/tiny/branch/main", ALICE, 409),
        ("DELETE", "/api/models/acme/tiny/branch/main", ALICE, 403),
        ("DELETE", "/api/models/acme/tiny/branch/none", ALICE, 404),
        ("DELETE", "/api/whoami-v2", ALICE, 405),
        ("GET", "/nowhere", ALICE, 404),
        ("GET", "/api/models/acme/tiny/xet-read-token/main", ALICE, 404),
    ],
)
def test_status(api, ask, method, path, token, status):
    answer = ask(api + path, method, token=token)
    assert answer.status == status, answer.body
    if status >= 400:
        assert answer.json()["error"] == answer.headers["X-Error-Message"]


def test_error_codes_tell_the_errors_apart(api, ask):
    for path, code in [
        ("/api/models/acme/none", "RepoNotFound"),
        ("/api/models/acme/tiny/revision/none", "RevisionNotFound"),
        ("/acme/tiny/resolve/main/none", "EntryNotFound"),
        ("/acme/gated/resolve/main/config.json", "GatedRepo"),
    ]:
        assert ask(api + path, token=BOB).headers["X-Error-Code"] == code
    assert ask(api + "/acme/tiny/resolve/main/none").headers["X-Repo-Commit"]


def test_a_stale_parent_is_refused(api, ask):
    body = b'{"key":"header","value":{"summary":"s","parentCommit":"' + b"0" * 40 + b'"}}'
    assert ask(api + "/api/models/acme/tiny/commit/main", "POST", token=ALICE, data=body).status == 412


@pytest.mark.parametrize("data", [b"", b"nonsense", b"[]", b'{"key":"header"}', b'{"key":"header","value":{}}'])
def test_a_malformed_commit_is_refused(api, ask, data):
    assert ask(api + "/api/models/acme/tiny/commit/main", "POST", token=ALICE, data=data).status == 400


@pytest.mark.parametrize(
    "path",
    ["/api/whoami-v2", "/api/models", "/api/models/acme/tiny", "/api/models/acme/tiny/tree/main",
     "/api/models/acme/tiny/refs", "/acme/tiny/resolve/main/config.json", "/acme/tiny/resolve/main/none",
     "/acme/tiny/resolve/main/model-00001-of-00002.safetensors"],
)  # fmt: skip
def test_head_answers_as_get_does(api, ask, path):
    get, head = ask(api + path, token=ALICE), ask(api + path, "HEAD", token=ALICE)
    assert head.status == get.status
    assert head.body == b""
    for name in ("Content-Length", "ETag", "X-Repo-Commit", "X-Linked-Size", "X-Error-Code"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize(
    "path", ["../x", "a/../../x", "/etc/x", "a//b", "./a", "a\\b", ".git/config", "a/.git/b", "", "\0"]
)
def test_a_commit_cannot_leave_its_repository(api, ask, shared_hub, path):
    answer = ask(api + "/api/models/acme/tiny/commit/main", "POST", token=ALICE, data=ndjson(file_operation(path)))
    assert answer.status == 400
    with pytest.raises(HubError):
        check_path(path)
    assert all(len(file.name) == 64 for file in shared_hub.store.blobs.folder.iterdir())


def test_an_oid_cannot_leave_the_blobs(api, ask, shared_hub):
    (shared_hub.root / "outside").write_text("not yours")
    operation = "lfsFile", {"path": "stolen", "algo": "sha256", "oid": "../outside", "size": 9}
    commit = api + "/api/models/acme/tiny/commit/main"
    assert ask(commit, "POST", token=ALICE, data=ndjson(operation)).status == 422
    assert ask(api + "/_lfs/verify", "POST", json_body={"oid": "../outside", "size": 9}).status == 422
    batch = {"operation": "upload", "transfers": ["basic"], "objects": [{"oid": "../outside", "size": 9}]}
    assert ask(api + "/acme/tiny.git/info/lfs/objects/batch", "POST", token=ALICE, json_body=batch).status == 422


@pytest.mark.parametrize(
    "path", ["/acme/tiny/resolve/main/..%2F..%2Fstate.json", "/acme/tiny/resolve/main/../../state.json"]
)
def test_a_url_cannot_leave_the_repository(api, ask, path):
    assert ask(api + path).status == 404


@pytest.mark.parametrize("repo_id", ["tiny", "a/b/c", "../x", "acme/..", "acme/", "acme/a b", "acme/" + "x" * 97, 7])
def test_invalid_repository_ids(repo_id):
    with pytest.raises(HubError):
        check_repository_id(repo_id)


def test_the_tree_comes_in_pages(api, ask):
    lines = [file_operation(f"docs/{i:02}.txt") for i in range(7)]
    assert ask(api + "/api/models/acme/tiny/commit/main", "POST", token=ALICE, data=ndjson(*lines)).status == 200
    url, found, pages = f"{api}/api/models/acme/tiny/tree/main?recursive=true&limit=4", [], 0
    while url:
        answer = ask(url)
        found += [item["path"] for item in answer.json()]
        pages += 1
        link = answer.headers["Link"]
        url = link.split(">")[0].lstrip("<") if link else None
    assert pages == 4
    assert found == sorted(set(found))
    assert len(found) == 7 + 6 + 1  # added files, those of the model with .gitattributes, and the folder "docs"
    flat = [item["path"] for item in ask(f"{api}/api/models/acme/tiny/tree/main").json()]
    assert "docs" in flat
    assert "docs/00.txt" not in flat


def test_models_come_in_pages(api, ask):
    first = ask(api + "/api/models?limit=1", token=ALICE)
    second = ask(first.headers["Link"].split(">")[0].lstrip("<"), token=ALICE)
    assert first.json()[0]["id"] != second.json()[0]["id"]


def test_expand_picks_and_tolerates(api, ask):
    answer = ask(api + "/api/models/acme/tiny?expand=gated&expand=nonsense").json()
    assert set(answer) == {"_id", "id", "modelId", "gated"}


def test_a_revision_is_one_encoded_segment(api, ask):
    created = ask(f"{api}/api/models/acme/tiny/branch/feature%2Fone", "POST", token=ALICE)
    assert created.status == 201
    assert ask(f"{api}/acme/tiny/resolve/feature%2Fone/config.json").status == 200
    assert ask(f"{api}/acme/tiny/resolve/refs%2Fheads%2Ffeature%2Fone/config.json").status == 200


def test_the_log_holds_no_token(api, ask, shared_hub):
    ask(f"{api}/api/models?search={ALICE}", token="hf_a_real_one", headers={"User-Agent": "me hf_a_real_one"})
    record = shared_hub.requests[-1]
    assert record.authorized
    assert record.status == 401
    assert record.query == "search=***"
    assert record.user_agent == "me ***"
    assert "hf_a" not in repr(shared_hub.requests) + (shared_hub.root / "state.json").read_text()
    shared_hub.clear_requests()
    assert shared_hub.requests == []


def test_the_state_outlives_the_server(tmp_path, model_folder):
    with LoopbackHub(tmp_path / "hub") as hub:
        oid = hub.add_repo("acme/tiny", model_folder, private=True, gated="auto", commit_message="First")
    assert not list(hub.root.glob("*.tmp"))
    with LoopbackHub(tmp_path / "hub") as again:
        repository = again.repository("acme/tiny")
        assert repository == hub.repository("acme/tiny")
        assert (repository.private, repository.gated, repository.refs["refs/heads/main"]) == (True, "auto", oid)
        assert again.read_file("acme/tiny", "README.md") == (model_folder / "README.md").read_bytes()


def test_seeding_twice_adds_a_commit(hub, model_folder):
    first = hub.add_repo("acme/tiny", model_folder)
    (model_folder / "config.json").write_text("{}")
    second = hub.add_repo("acme/tiny", model_folder, commit_message="Second", author="alice")
    assert (
        hub.read_file("acme/tiny", "config.json", first) != hub.read_file("acme/tiny", "config.json", second) == b"{}"
    )
    assert hub.repository("acme/tiny").commits[second].author == "alice"
    with pytest.raises(NotADirectoryError):
        hub.add_repo("acme/tiny", model_folder / "config.json")


def test_linked_seeds_share_their_bytes(hub, model_folder):
    hub.add_repo("acme/tiny", model_folder, link=True)
    entry = hub.store.tree(hub.repository("acme/tiny"), "main")["model-00001-of-00002.safetensors"]
    assert hub.store.content(entry).samefile(model_folder / "model-00001-of-00002.safetensors")


def test_own_users(tmp_path, ask):
    with LoopbackHub(tmp_path / "hub", users={"secret": User("carol")}) as hub:
        assert ask(hub.endpoint + "/api/whoami-v2", token="secret").json()["name"] == "carol"
        assert ask(hub.endpoint + "/api/whoami-v2", token=ALICE).status == 401


def test_stop_frees_the_port(tmp_path):
    with LoopbackHub(tmp_path / "hub") as hub:
        port = int(hub.endpoint.rsplit(":", 1)[1])
        with pytest.raises(OSError, match="in use"):
            LoopbackHub(tmp_path / "other", port=port)
    with LoopbackHub(tmp_path / "hub", port=port) as again:
        assert again.endpoint == hub.endpoint


def test_command_line(tmp_path):
    command = [sys.executable, "-m", "hubprune.loopback", "--root", str(tmp_path / "hub")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            facts = json.loads(process.stdout.readline())
            with build_opener(ProxyHandler({})).open(facts["endpoint"] + "/api/models", timeout=20) as response:
                assert json.load(response) == []
        finally:
            process.terminate()
    assert ALICE in facts["tokens"]
    assert facts["xet"] is False
