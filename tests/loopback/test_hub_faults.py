"""Faults: each kind as a client meets it, over plain HTTP and through the real client."""

from __future__ import annotations

import http.client
import time
from urllib.error import URLError

import pytest

from hubprune.loopback import LoopbackHub


@pytest.fixture
def url(hub, model_folder):
    hub.add_repo("acme/tiny", model_folder)
    return f"{hub.endpoint}/acme/tiny/resolve/main/README.md"


def test_status_with_retry_after(hub, ask, url):
    hub.fault("GET /acme/tiny/resolve", status=429, retry_after=2, times=2, message="slow down")
    for _ in range(2):
        answer = ask(url)
        assert (answer.status, answer.headers["Retry-After"], answer.json()) == (429, "2", {"error": "slow down"})
    assert ask(url).status == 200
    assert [(record.status, record.fault) for record in hub.requests] == [(429, "status")] * 2 + [(200, None)]


def test_a_page_instead_of_the_answer(hub, ask, url):
    hub.fault("GET /acme/tiny", "page", times=2)
    for _ in range(2):
        answer = ask(url)
        assert (answer.status, answer.headers["Content-Type"].split(";")[0]) == (200, "text/html")
        assert b"sign in" in answer.body
    hub.fault("GET /acme/tiny", "page", status=502, body="\xff")
    answer = ask(url)
    assert (answer.status, answer.body) == (502, b"\xff")


def test_another_body(hub, ask, url):
    hub.fault("*", "replace", body="[\xff", times=2)
    answer = ask(url)
    assert (answer.status, answer.body) == (200, b"[\xff")
    assert "X-Repo-Commit" in answer.headers
    assert int(ask(url, "HEAD").headers["Content-Length"]) > 2
    with pytest.raises(ValueError, match="no byte"):
        hub.fault("*", "replace", body="\u1234")


def test_skip_pattern_and_clear(hub, ask, url):
    hub.fault("GET /*/README.md", status=500, skip=1)
    assert [ask(url).status for _ in range(3)] == [200, 500, 200]
    hub.fault("HEAD /", status=500)
    assert ask(url).status == 200
    hub.clear_faults()
    assert ask(url, "HEAD").status == 200


def test_reset(hub, ask, url):
    hub.fault("GET /acme/tiny", "reset")
    with pytest.raises((ConnectionResetError, URLError), match=r"[Rr]eset"):
        ask(url)
    assert hub.requests[-1].status == 0
    assert ask(url).status == 200


def test_truncate(hub, ask, url):
    hub.fault("GET /acme/tiny", "truncate", after=7)
    with pytest.raises(http.client.IncompleteRead) as caught:
        ask(url)
    assert caught.value.partial == b"---\nlan"
    assert ask(url).status == 200


def test_corrupt(hub, ask, url, model_folder):
    hub.fault("GET /acme/tiny", "corrupt", after=7)
    good, bad = (model_folder / "README.md").read_bytes(), ask(url).body
    assert len(good) == len(bad)
    assert [i for i, (a, b) in enumerate(zip(good, bad, strict=True)) if a != b] == [7]


@pytest.mark.parametrize("after", [0, 10])
def test_stall(hub, ask, url, after):
    hub.fault("GET /acme/tiny", "stall", seconds=0.4, after=after)
    start = time.monotonic()
    assert ask(url).status == 200
    assert time.monotonic() - start >= 0.4


def test_stop_does_not_wait_for_a_stall(tmp_path):
    with LoopbackHub(tmp_path / "hub") as hub:
        hub.fault("GET /api/models", "stall", seconds=60)
        connection = http.client.HTTPConnection(hub.endpoint.removeprefix("http://"), timeout=0.2)
        connection.request("GET", "/api/models")
        with pytest.raises(TimeoutError):
            connection.getresponse()
        start = time.monotonic()
    connection.close()
    assert time.monotonic() - start < 5


def test_faults_by_http(hub, ask, url):
    assert ask(hub.endpoint + "/_test/fault", "POST", json_body={"match": "GET /acme", "status": 502}).status == 200
    assert ask(url).status == 502
    for wrong in ({"match": "x", "kind": "none"}, {"match": "x", "status": 200}, {"match": "x", "other": 1}, {}):
        assert ask(hub.endpoint + "/_test/fault", "POST", json_body=wrong).status == 400
    assert all(not record.path.startswith("/_test") for record in hub.requests)


def test_the_client_retries_an_upload(hub, client):
    hub.fault("PUT /_lfs", status=500)
    client(
        """
        import os
        from huggingface_hub import HfApi
        api = HfApi()
        api.create_repo("acme/tiny")
        api.upload_file(path_or_fileobj=os.urandom(1000), path_in_repo="a.bin", repo_id="acme/tiny")
        """
    )
    assert [record.status for record in hub.requests if record.method == "PUT"] == [500, 200]


def test_the_client_resumes_a_cut_download(hub, client, model_folder):
    """It keeps what it has in chunks of 10 MiB."""
    source = model_folder / "large.bin"
    source.write_bytes(bytes(range(256)) * 4096 * 12)
    hub.add_repo("acme/tiny", model_folder)
    hub.fault("GET /_cdn", "truncate", after=11 * 1024**2)
    client(
        f"""
        from huggingface_hub import hf_hub_download
        found = hf_hub_download("acme/tiny", "large.bin")
        assert open(found, "rb").read() == open({str(source)!r}, "rb").read()
        """
    )
    gets = [record for record in hub.requests if record.path.startswith("/_cdn") and record.method == "GET"]
    assert [record.range for record in gets] == ["", f"bytes={10 * 1024**2}-"]
    assert [record.bytes_sent for record in gets] == [11 * 1024**2, 2 * 1024**2]
