"""What counts as an answer of the Hub: what it really sends passes, also where huggingface_hub asks for less."""

from __future__ import annotations

import json

import pytest

from hubprune.hub.answers import complaint

INFO = {"id": "a/b", "sha": "c", "siblings": [{"rfilename": "x"}], "lastModified": "2026-01-02T03:04:05.000Z"}
FILE = {"type": "file", "path": "x", "oid": "1", "size": 3}
LARGE = {"path": "x", "uploadMode": "lfs", "shouldIgnore": False}
GOOD = {
    "account": ("GET", "/api/whoami-v2", {"name": "a", "orgs": [{"name": "b"}], "auth": {"type": "oauth"}}),
    "model": ("GET", "/api/models/a/b", INFO),
    "commit of a data set": ("GET", "/api/datasets/a/b/revision/refs%2Fpr%2F1?blobs=True", INFO),
    "some fields": ("GET", "/api/models/a/b?expand=safetensors", {"_id": "1", "id": "a/b"}),
    "a model without owner": ("GET", "/api/models/gpt2", INFO | {"cardData": None}),
    "branches": ("GET", "/api/models/gpt2/refs", {"branches": []}),
    "files": ("GET", "/api/models/a/b/tree/main?recursive=True&expand=False", [FILE]),
    "a last page": ("GET", "/api/models/a/b/tree/main?recursive=True&cursor=abc", []),
    "an empty folder": ("GET", "/api/models/a/b/tree/main/folder", []),
    "a file": ("GET", "/a/b/resolve/main/config.json", [1]),
    "something else": ("GET", "/api/daily_papers", [1]),
}
BAD = {
    "no name": ("GET", "/api/whoami-v2", {"fullname": "a"}),
    "no commit": ("GET", "/api/models/a/b", {"id": "a/b"}),
    "an empty repository": ("GET", "/api/models/a/b/tree/main", []),
    "a day that is none": ("GET", "/api/models/a/b", INFO | {"lastModified": "today"}),
    "a size of text": ("GET", "/api/models/a/b", INFO | {"siblings": [{"rfilename": "x", "size": "3"}]}),
}


def said(method, target, answer, *, asked=b"", kind="application/json"):
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return complaint(method, target, kind, lambda: asked, lambda: body)


@pytest.mark.parametrize("case", GOOD)
def test_what_the_hub_sends(case):
    assert said(*GOOD[case]) is None


@pytest.mark.parametrize("case", BAD)
def test_what_it_never_sends(case):
    assert said(*BAD[case]) == "it is JSON of another shape"


def test_pages_and_plain_words():
    page = b"\n<!doctype html>"
    assert said("PUT", "/_lfs/1", page, kind="text/html; charset=utf-8") == "it is a web page"
    assert said("PUT", "/_lfs/1", b"OK", kind="text/html; charset=utf-8") is None
    assert said("GET", "/a/b/resolve/main/page.html", page, kind="text/html") is None
    assert said("GET", "/api/models/a/b", page, kind="text/html") == "it is a web page"
    assert said("GET", "/api/models/a/b", b"\xff\xfe") == "it is no JSON"


def test_an_answer_about_other_files_than_those_asked_about():
    target = "/api/models/a/b/preupload/main"
    for names, wrong in ((["x"], None), (["y"], "it is JSON of another shape"), ([], "it is JSON of another shape")):
        asked = json.dumps({"files": [{"path": name} for name in names]}).encode()
        assert said("POST", target, {"files": [LARGE]}, asked=asked) == wrong
