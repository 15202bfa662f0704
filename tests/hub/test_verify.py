"""What arrives is what the Hub has: a damaged download never becomes part of a model."""

import json

import pytest

from hubprune.errors import HubpruneError, HubTrouble
from hubprune.hub import describe, earlier_result, pull, push, resolve, verify

from .conftest import drained, outcome, write_model

WEIGHTS = "model.safetensors"


@pytest.fixture
def origin(server, tmp_path):
    folder = write_model(tmp_path / "m", rows=2_000)
    server.add_repo("acme/base", folder)
    return folder


@pytest.fixture
def hashed(monkeypatch):
    """The names of the files that were read to be hashed."""
    names = []
    content_hash = verify.content_hash
    monkeypatch.setattr(verify, "content_hash", lambda path, like: names.append(path) or content_hash(path, like))
    return names


def same(folder, origin):
    return all(path.read_bytes() == (origin / path.name).read_bytes() for path in folder.iterdir())


def content(hub):
    """Every content in the cache."""
    return [path.read_bytes() for path in hub.cache_dir.rglob("*") if path.is_file()]


@pytest.mark.parametrize("request_", ["GET /_cdn/", "GET /acme/base/resolve/"])
@pytest.mark.parametrize("kind", ["corrupt", "truncate"])
@pytest.mark.parametrize("times", [1, 2])
def test_what_was_damaged_on_the_way_is_fetched_again(server, hub, origin, request_, kind, times):
    server.fault(request_, kind=kind, after=90_000 if "_cdn" in request_ else 1, times=times)
    folder = outcome(pull(hub, resolve(hub, "acme/base")))
    assert same(folder, origin)
    assert (folder / WEIGHTS).is_file()


def test_what_stays_damaged_is_refused_and_not_kept(server, hub, origin):
    server.fault("GET /_cdn/", kind="corrupt", after=90_000, times=99)
    source = resolve(hub, "acme/base")
    with pytest.raises(HubTrouble, match=r"model\.safetensors of acme/base arrived damaged 3 times") as caught:
        outcome(pull(hub, source))
    assert "Run the same command again" in caught.value.next_step
    size = (origin / WEIGHTS).stat().st_size
    assert not [found for found in content(hub) if len(found) == size]
    server.clear_faults()
    assert same(outcome(pull(hub, source)), origin)


def test_a_configuration_that_stays_damaged(server, hub, origin):
    server.fault("GET /acme/base/resolve/*config.json", kind="corrupt", after=1, times=99)
    with pytest.raises(HubTrouble, match=r"config\.json of acme/base arrived damaged"):
        outcome(pull(hub, resolve(hub, "acme/base")))
    server.clear_faults()
    assert same(outcome(pull(hub, resolve(hub, "acme/base"))), origin)


def test_each_file_is_hashed_once(server, hub, origin, hashed):
    source = resolve(hub, "acme/base")
    folder = outcome(pull(hub, source))
    assert sorted(hashed) == sorted({path.resolve() for path in folder.iterdir()})
    hashed.clear()
    assert drained(pull(hub, source)) == ([], folder)
    assert hashed == []


def test_a_file_that_was_damaged_in_the_cache(server, hub, origin, hashed):
    source = resolve(hub, "acme/base")
    folder = outcome(pull(hub, source))
    hashed.clear()
    with (folder / WEIGHTS).open("r+b") as stream:
        stream.seek(9_000)
        stream.write(b"damaged")
    events, again = drained(pull(hub, source))
    assert again == folder
    assert events  # of a download
    assert same(folder, origin)
    assert {path.name for path in hashed} == {(folder / WEIGHTS).resolve().name}


@pytest.mark.parametrize("memory", ["", "[]", "{", '{"x": 1}', "[" * 100_000])
def test_a_lost_memory_costs_time_only(server, hub, origin, hashed, memory):
    source = resolve(hub, "acme/base")
    folder = outcome(pull(hub, source))
    hashed.clear()
    (hub.cache_dir.parent / verify.MEMORY).write_text(memory)
    assert drained(pull(hub, source)) == ([], folder)
    assert len(hashed) == len(list(folder.iterdir()))
    assert set(json.loads((hub.cache_dir.parent / verify.MEMORY).read_text())) == {str(path) for path in hashed}


def test_a_memory_that_cannot_be_written(server, hub, origin):
    (hub.cache_dir.parent / verify.MEMORY).mkdir()
    assert same(outcome(pull(hub, resolve(hub, "acme/base"))), origin)
    assert not list(hub.cache_dir.parent.glob(f".{verify.MEMORY}*"))


def test_an_earlier_result_is_verified_too(server, hub, result):
    (result / "hubprune_results.json").write_text("{}")
    outcome(push(hub, result, "alice/sparse"))
    server.fault("GET /alice/sparse/resolve/*hubprune.yaml", kind="corrupt", after=3)
    earlier = earlier_result(hub, "alice/sparse")
    assert (earlier.folder / "hubprune.yaml").read_bytes() == (result / "hubprune.yaml").read_bytes()


def test_what_arrived_damaged_before_a_failure_is_not_left(server, hub, model):
    """The cache is shared with other programs, which do not look at hashes."""
    server.add_repo("acme/base", model)
    server.fault("GET /acme/base/resolve/*/config.json", kind="corrupt", after=5)
    server.fault("HEAD /acme/base/resolve/*/tokenizer_config.json", status=401, times=999)
    source = resolve(hub, "acme/base")
    with pytest.raises(HubpruneError):
        describe(hub, source)
    for path in hub.cache_dir.glob("models--*/snapshots/*/*"):
        assert path.read_bytes() == (model / path.name).read_bytes()
