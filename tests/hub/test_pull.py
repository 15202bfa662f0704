"""A pull fetches what the model needs, looks at the disk first, and tells how far it is."""

import os
import shutil
import threading
from collections import namedtuple

import huggingface_hub.constants
import pytest

from hubprune.errors import (
    Gated,
    HubTrouble,
    NoSafetensors,
    NotEnoughDisk,
    RemoteCodeNeeded,
    RevisionNotFound,
    UnsupportedArchitecture,
)
from hubprune.events import Progress, Stage
from hubprune.hub import Source, connect, pull, push, resolve
from hubprune.loopback import LoopbackHub

from .conftest import asked, drained, outcome, write_model

Usage = namedtuple("Usage", "total used free")
UNWANTED = (
    "original/consolidated.00.pth", "original/params.json", "onnx/model.onnx", "pytorch_model.bin", "training_args.bin",
    "model.gguf", "rust_model.ot", "tf_model.h5", "trainer_state.json", "modeling_base.py", "optimizer.pt", "image.png",
    "model.fp16.safetensors", "consolidated.safetensors",
)  # fmt: skip
WANTED = (
    "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "README.md", "LICENSE",
    "LICENSE.md", "NOTICE.txt", "USE_POLICY.md", "tokenizer.model", "special_tokens_map.json", "merges.txt",
    "vocab.json", "chat_template.jinja", "additional_chat_templates/tool.jinja",
)  # fmt: skip


def fetched(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("shards", [0, 3])
def test_exactly_what_is_needed(server, hub, tmp_path, shards):
    origin = write_model(tmp_path / "m", shards=shards)
    for name in (*UNWANTED, *WANTED):
        path = origin / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(name)
    server.add_repo("acme/base", origin)
    folder = outcome(pull(hub, resolve(hub, "acme/base")))
    weights = {"model.safetensors"} if not shards else {f"model-0000{i}-of-00003.safetensors" for i in (1, 2, 3)}
    index = {"model.safetensors.index.json"} if shards else set()
    assert set(fetched(folder)) - index == {*WANTED, *weights}
    assert all((folder / name).read_bytes() == (origin / name).read_bytes() for name in fetched(folder))
    assert folder.is_relative_to(hub.cache_dir.resolve())


def test_progress_in_bytes(server, hub, tmp_path):
    origin = write_model(tmp_path / "m", rows=100_000)
    server.add_repo("acme/base", origin)
    server.fault("GET /_cdn/", kind="stall", after=15_000_000, seconds=0.5, skip=0, times=1)
    events, folder = drained(pull(hub, resolve(hub, "acme/base")))
    stage, *progress = events
    assert isinstance(stage, Stage)
    assert stage.name == "download"
    assert "acme/base" in stage.text
    total = sum(os.path.getsize(folder / name) for name in fetched(folder) if name not in
                ("config.json", "generation_config.json", "tokenizer_config.json"))  # fmt: skip
    assert progress[0] == Progress("download", 0, total, "byte")
    assert progress[-1] == Progress("download", total, total, "byte")
    done = [step.done for step in progress]
    assert done == sorted(done)
    assert len(set(done)) > 2


def test_nothing_is_drawn(server, hub, model, capfd, monkeypatch):
    server.add_repo("acme/base", model)
    outcome(pull(hub, resolve(hub, "acme/base")))
    assert capfd.readouterr() == ("", "")


def test_the_second_pull_fetches_nothing(server, hub, model):
    server.add_repo("acme/base", model)
    source = resolve(hub, "acme/base")
    folder = outcome(pull(hub, source))
    server.clear_requests()
    assert drained(pull(hub, source)) == ([], folder)
    assert not [request for request in asked(server) if "/_cdn/" in request]


def test_a_pull_that_is_given_up_stops_and_is_completed_later(server, hub, tmp_path):
    origin = write_model(tmp_path / "m", rows=200_000)
    server.add_repo("acme/base", origin)
    source = resolve(hub, "acme/base")
    server.fault("GET /_cdn/", kind="stall", after=15_000_000, seconds=0.3)
    events = pull(hub, source)
    while not (isinstance(event := next(events), Progress) and event.done):
        pass
    events.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "hubprune-download"]
    assert not list(hub.cache_dir.rglob("model.safetensors"))
    assert not list(hub.cache_dir.rglob("*.incomplete"))
    folder = outcome(pull(hub, source))
    assert (folder / "model.safetensors").read_bytes() == (origin / "model.safetensors").read_bytes()


def test_a_broken_connection_is_mended(server, hub, tmp_path):
    origin = write_model(tmp_path / "m", rows=5_000)
    server.add_repo("acme/base", origin)
    server.fault("GET /_cdn/", kind="truncate", after=100_000)
    folder = outcome(pull(hub, resolve(hub, "acme/base")))
    assert (folder / "model.safetensors").read_bytes() == (origin / "model.safetensors").read_bytes()


def test_a_hub_that_stays_in_trouble(server, hub, model):
    server.add_repo("acme/base", model)
    source = resolve(hub, "acme/base")
    server.fault("GET /api/models/acme/base", status=502, times=99)
    with pytest.raises(HubTrouble, match=r"in trouble \(error 502\)"):
        outcome(pull(hub, source))


def test_too_small_a_disk(server, hub, tmp_path, monkeypatch):
    server.add_repo("acme/base", write_model(tmp_path / "m", rows=20_000))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**9, 10**9, 3_100_000))
    with pytest.raises(
        NotEnoughDisk, match=r"Downloading acme/base needs 5\.1 MB of disk, and .* has 3\.1 MB free"
    ) as caught:
        outcome(pull(hub, resolve(hub, "acme/base")))
    assert "--cache-dir" in caught.value.next_step
    assert not list(hub.cache_dir.rglob("model.safetensors"))


def test_code_of_the_repository(server, hub, tmp_path):
    origin = write_model(tmp_path / "m", model_type="nobody-knows", auto_map={"AutoModelForCausalLM": "modeling_x.X"})
    (origin / "modeling_x.py").write_text("raise SystemExit('this code was run')")
    server.add_repo("acme/base", origin)
    for name in ("acme/base", str(origin)):
        source = resolve(hub, name)
        with pytest.raises(RemoteCodeNeeded, match="wants to run Python code from its own repository") as caught:
            outcome(pull(hub, source))
        assert "--trust-remote-code" in caught.value.next_step
    assert not list(hub.cache_dir.rglob("model.safetensors"))
    folder = outcome(pull(hub, resolve(hub, "acme/base"), trust_remote_code=True))
    assert "modeling_x.py" in fetched(folder)


def test_code_that_transformers_does_not_need_is_not_fetched(server, hub, tmp_path):
    origin = write_model(tmp_path / "m", model_type="llama", auto_map={"AutoModelForCausalLM": "modeling_x.X"})
    (origin / "modeling_x.py").write_text("raise SystemExit('this code was run')")
    server.add_repo("acme/native", origin)
    assert "modeling_x.py" not in fetched(outcome(pull(hub, resolve(hub, "acme/native"))))


def test_pickle_only(server, hub, model):
    (model / "model.safetensors").rename(model / "pytorch_model.bin")
    server.add_repo("acme/base", model)
    with pytest.raises(NoSafetensors):
        outcome(pull(hub, resolve(hub, "acme/base")))
    assert not [request for request in asked(server) if "pytorch_model.bin" in request]


def test_an_adapter(server, hub, model):
    (model / "model.safetensors").rename(model / "adapter_model.safetensors")
    (model / "adapter_config.json").write_text("{}")
    server.add_repo("acme/lora", model)
    with pytest.raises(UnsupportedArchitecture, match="adapter"):
        outcome(pull(hub, resolve(hub, "acme/lora")))


def test_a_gate(server, join, model):
    server.add_repo("acme/base", model, gated=True)
    bob = join("hf_bob_write")
    with pytest.raises(Gated):
        outcome(pull(bob, resolve(bob, "acme/base")))
    server.gate("acme/base", granted=["bob"])
    assert (outcome(pull(bob, resolve(bob, "acme/base"))) / "model.safetensors").is_file()


def test_a_commit_that_does_not_exist(server, hub, model):
    server.add_repo("acme/base", model)
    with pytest.raises(RevisionNotFound):
        outcome(pull(hub, Source("acme/base", "0" * 40, None, False)))


def test_a_folder_is_its_own_result(hub, model):
    assert drained(pull(hub, resolve(hub, str(model)))) == ([], model.resolve())


def test_through_xet(tmp_path, result, monkeypatch, capfd):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", False)
    with LoopbackHub(tmp_path / "xet", xet=True) as server:
        hub = connect(server.endpoint, "hf_alice_write", tmp_path / "cache")
        published = outcome(push(hub, result, "alice/sparse"))
        requests = asked(server)
        assert any("xet-write-token" in request for request in requests)
        assert not any(request.startswith("PUT /_lfs") for request in requests)
        source = resolve(hub, "alice/sparse")
        assert source.revision == published.commit
        folder = outcome(pull(hub, source))
        assert (folder / "model.safetensors").read_bytes() == (result / "model.safetensors").read_bytes()
        assert any("xet-read-token" in request for request in asked(server))
    assert capfd.readouterr() == ("", "")
