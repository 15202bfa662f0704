"""File bytes in both directions: ranges, checks of the SHA-256, signatures, and memory that stays small."""

from __future__ import annotations

import hashlib
import os
import socket
import tracemalloc
from urllib.parse import urlsplit

import pytest

from hubprune.loopback import HubError
from hubprune.loopback.blobs import CHUNK_BYTES
from hubprune.loopback.transfer import parse_range

ALICE = "hf_alice_write"
MIB = 1024 * 1024


def upload_target(ask, hub, oid: str, size: int, transfers: tuple[str, ...] = ("basic",)) -> dict:
    batch = {"operation": "upload", "transfers": transfers, "objects": [{"oid": oid, "size": size}]}
    answer = ask(hub.endpoint + "/acme/tiny.git/info/lfs/objects/batch", "POST", token=ALICE, json_body=batch)
    return answer.json()["objects"][0].get("actions", {})


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", None),
        ("bytes=0-3", (0, 4)),
        ("bytes=4-", (4, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-30", (0, 10)),
        ("bytes=8-99", (8, 10)),
        ("bytes=5-2", None),
        ("bytes=-", None),
        ("bytes=0-1,3-4", None),
        ("items=0-1", None),
    ],
)
def test_parse_range(header, expected):
    assert parse_range(header, 10) == expected


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=10-", 10), ("bytes=99-100", 10), ("bytes=-0", 10), ("bytes=0-", 0)]
)
def test_a_range_outside_the_file(header, size):
    with pytest.raises(HubError) as caught:
        parse_range(header, size)
    assert (caught.value.status, caught.value.headers["Content-Range"]) == (416, f"bytes */{size}")


@pytest.mark.parametrize("name", ["config.json", "model-00001-of-00002.safetensors"])
def test_ranges_over_http(hub, ask, model_folder, name):
    hub.add_repo("acme/tiny", model_folder)
    data = (model_folder / name).read_bytes()
    url = f"{hub.endpoint}/acme/tiny/resolve/main/{name}"
    if name.endswith(".safetensors"):
        redirect = ask(url)
        assert redirect.status == 302
        assert redirect.headers["X-Linked-Size"] == str(len(data))
        assert redirect.headers["X-Linked-ETag"] == f'"{hashlib.sha256(data).hexdigest()}"'
        url = redirect.headers["Location"]
    assert ask(url).body == data
    part = ask(url, headers={"Range": "bytes=5-11"})
    assert (part.status, part.body, part.headers["Content-Range"]) == (206, data[5:12], f"bytes 5-11/{len(data)}")
    assert ask(url, headers={"Range": "bytes=-4"}).body == data[-4:]
    head = ask(url, "HEAD", headers={"Range": "bytes=5-11"})
    assert (head.status, head.headers["Content-Length"], head.body) == (206, "7", b"")
    outside = ask(url, headers={"Range": f"bytes={len(data)}-"})
    assert (outside.status, outside.headers["Content-Range"]) == (416, f"bytes */{len(data)}")
    assert hub.requests[-1].range == f"bytes={len(data)}-"


def test_the_storage_wants_a_signature_and_no_token(hub, ask, model_folder):
    hub.add_repo("acme/tiny", model_folder)
    location = ask(f"{hub.endpoint}/acme/tiny/resolve/main/model-00001-of-00002.safetensors").headers["Location"]
    assert location.startswith(hub.storage)
    assert ask(location).status == 200
    assert ask(location, token=ALICE).status == 400
    assert ask(location.split("?")[0]).status == 403
    assert ask(location.replace("signature=", "signature=0")).status == 403
    assert ask(location.replace(hub.storage, hub.endpoint)).status == 404
    assert ask(hub.storage + "/api/models").status == 403


def test_an_upload_with_another_sha256_is_refused(hub, ask, model_folder):
    hub.add_repo("acme/tiny", model_folder)
    oid = hashlib.sha256(b"what was promised").hexdigest()
    href = upload_target(ask, hub, oid, 17)["upload"]["href"]
    assert ask(href, "PUT", data=b"what was sent....").status == 422
    assert not hub.store.blobs.has(oid)
    assert list(hub.store.blobs.incoming.iterdir()) == []
    assert ask(href, "PUT", data=b"what was promised").status == 200
    assert upload_target(ask, hub, oid, 17) == {}


def test_parts_are_checked(hub, ask, model_folder):
    hub.add_repo("acme/tiny", model_folder)
    data = os.urandom(150_000)
    oid = hashlib.sha256(data).hexdigest()
    upload = upload_target(ask, hub, oid, len(data), ("basic", "multipart"))["upload"]
    size = int(upload["header"].pop("chunk_size"))
    urls = [upload["header"][str(number)] for number in (1, 2, 3)]
    etags = [
        ask(url, "PUT", data=data[start : start + size]).headers["ETag"]
        for url, start in zip(urls, range(0, len(data), size), strict=True)
    ]
    parts = [{"partNumber": number, "etag": etag} for number, etag in enumerate(etags, 1)]
    for wrong, status in [(parts[:2], 422), (parts[1:], 400), ([parts[0], {**parts[1], "etag": "x"}, parts[2]], 400)]:
        assert ask(upload["href"], "POST", token=ALICE, json_body={"oid": oid, "parts": wrong}).status == status
    assert ask(upload["href"], "POST", token=ALICE, json_body={"oid": oid, "parts": parts}).status == 200
    assert hub.store.blobs.path(oid).stat().st_size == len(data)
    assert list(hub.store.blobs.incoming.iterdir()) == []
    assert ask(hub.endpoint + "/_lfs/verify", "POST", json_body={"oid": oid, "size": len(data)}).status == 200
    assert ask(hub.endpoint + "/_lfs/verify", "POST", json_body={"oid": oid, "size": 1}).status == 404


def send_in_pieces(url: str, size: int, piece: bytes) -> int:
    """PUT `size` bytes, holding one piece at a time; return the status."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
        head = f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: {size}\r\n\r\n"
        connection.sendall(head.encode())
        for _ in range(size // len(piece)):
            connection.sendall(piece)
        return int(connection.recv(4096).split()[1])


def read_in_pieces(url: str) -> int:
    """GET a url, holding one piece at a time; return the number of bytes of its body."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
        connection.sendall(f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        head, _, body = connection.recv(65536).partition(b"\r\n\r\n")
        assert b" 200 " in head.splitlines()[0]
        size = len(body)
        while piece := connection.recv(65536):
            size += len(piece)
        return size


def test_memory_does_not_grow_with_the_file(hub, ask, model_folder):
    hub.add_repo("acme/tiny", model_folder)
    size, piece = 64 * MIB, os.urandom(64 * 1024)
    digest = hashlib.sha256()
    for _ in range(size // len(piece)):
        digest.update(piece)
    href = upload_target(ask, hub, digest.hexdigest(), size)["upload"]["href"]
    tracemalloc.start()
    try:
        assert send_in_pieces(href, size, piece) == 200
        assert read_in_pieces(href_of(hub, digest.hexdigest())) == size
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * CHUNK_BYTES
    assert hub.requests[-2].bytes_received == hub.requests[-1].bytes_sent == size


def href_of(hub, oid: str) -> str:
    return hub._app.storage_url(f"/_cdn/{oid}")
