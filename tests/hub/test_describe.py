"""A description is read from headers: what is in it, and what no model can be described from."""

import json

import huggingface_hub.constants
import pytest

from hubprune.errors import CheckpointDamaged, Gated, NoSafetensors, Offline, UnsupportedArchitecture
from hubprune.hub import describe, resolve

from .conftest import asked, write_model

UP = "model.layers.{}.mlp.up_proj.weight"


def described(hub, name):
    return describe(hub, resolve(hub, name))


@pytest.mark.parametrize("shards", [0, 3])
@pytest.mark.parametrize("local", [True, False])
def test_tensors_and_files(server, hub, tmp_path, shards, local):
    folder = write_model(tmp_path / "m", shards=shards)
    server.add_repo("acme/base", folder)
    found = described(hub, str(folder) if local else "acme/base")
    assert found.tensors == {UP.format(i): ("F16", (64, 64)) for i in range(shards or 2)}
    weights = sorted(folder.glob("*.safetensors"))
    assert list(found.weights) == [path.name for path in weights]
    assert found.weight_bytes == sum(path.stat().st_size for path in weights)
    assert {path.name: path.stat().st_size for path in folder.iterdir()}.items() <= found.files.items()
    assert found.config["model_type"] == "llama"
    assert json.loads((found.config_folder / "config.json").read_text()) == found.config


@pytest.mark.parametrize("local", [True, False])
def test_licence_and_page(server, hub, model, local):
    server.add_repo("acme/base", model)
    found = described(hub, str(model) if local else "acme/base")
    assert (found.license, found.license_name, found.license_link) == ("other", "tiny", "LICENSE")
    assert found.pipeline_tag == "text-generation"
    assert found.gated is None
    assert found.chat_template


def test_no_card_and_no_chat_template(hub, model):
    (model / "README.md").unlink()
    (model / "tokenizer_config.json").write_text("{}")
    found = described(hub, str(model))
    assert (found.license, found.license_name, found.license_link, found.pipeline_tag) == (None, None, None, None)
    assert not found.chat_template
    (model / "chat_template.jinja").write_text("{{ messages }}")
    assert described(hub, str(model)).chat_template


def test_no_weights_are_downloaded(server, hub, tmp_path):
    folder = write_model(tmp_path / "m", rows=20_000)
    server.add_repo("acme/base", folder)
    found = described(hub, "acme/base")
    assert sum(request.bytes_sent for request in server.requests) < found.weight_bytes / 10
    assert not (found.config_folder / "model.safetensors").exists()
    assert not (found.config_folder / "tokenizer.json").exists()


def test_everything_goes_to_the_given_endpoint_under_our_name(server, hub, model):
    server.add_repo("acme/base", model)
    described(hub, "acme/base")
    assert {
        request.user_agent.split("/")[0] for request in server.requests if request.path.startswith("/api/models")
    } == {"hubprune"}


def test_gated_models_say_so(server, hub, model):
    server.add_repo("acme/base", model, gated="auto")
    assert described(hub, "acme/base").gated == "auto"


@pytest.mark.parametrize(
    ("token", "said", "step"),
    [
        ("hf_bob_write", "you have not accepted its terms", "Accept them at http"),
        (False, "you are not signed in", "hf auth login"),
    ],
)
def test_gated_and_terms_not_accepted(server, join, model, token, said, step):
    server.add_repo("acme/base", model, gated=True)
    with pytest.raises(Gated, match=f"acme/base is gated, and {said}") as caught:
        described(join(token), "acme/base")
    assert step in caught.value.next_step
    assert f"{server.endpoint}/acme/base" in caught.value.next_step


def test_gated_and_the_token_lacks_the_scope(server, join, model):
    server.add_repo("acme/base", model)
    text = (
        "Please enable access to public gated repositories in your fine-grained token settings to view this repository."
    )
    server.fault("* /acme/base/resolve/", status=403, message=text, times=9)
    with pytest.raises(Gated, match="Your token lacks the scope") as caught:
        described(join("hf_bob_write"), "acme/base")
    assert "token's settings" in caught.value.next_step


def test_gated_and_waiting_for_review(server, join, model):
    server.add_repo("acme/base", model)
    text = "Access to gated model acme/base is awaiting a review from the repo authors."
    server.fault("* /acme/base/resolve/", status=403, message=text, times=9)
    with pytest.raises(Gated, match="awaits its authors' review"):
        described(join("hf_bob_write"), "acme/base")


@pytest.mark.parametrize("local", [True, False])
def test_pickle_only(server, hub, model, local):
    (model / "model.safetensors").rename(model / "pytorch_model.bin")
    server.add_repo("acme/base", model)
    with pytest.raises(NoSafetensors, match=r"has pickle weights only \(pytorch_model.bin\)"):
        described(hub, str(model) if local else "acme/base")
    assert not [request for request in asked(server) if "pytorch_model.bin" in request]


def test_gguf_only(hub, model):
    (model / "model.safetensors").rename(model / "model-q4.gguf")
    with pytest.raises(NoSafetensors, match=r"only model-q4\.gguf"):
        described(hub, str(model))


@pytest.mark.parametrize("with_config", [True, False])
def test_an_adapter(server, hub, model, with_config):
    (model / "model.safetensors").rename(model / "adapter_model.safetensors")
    (model / "adapter_config.json").write_text("{}")
    if not with_config:
        (model / "config.json").unlink()
    server.add_repo("acme/lora", model)
    for name in ("acme/lora", str(model)):
        with pytest.raises(UnsupportedArchitecture, match="is an adapter"):
            described(hub, name)


@pytest.mark.parametrize("stray", ["../base/config.json", "/etc/passwd", "missing.safetensors", "config.json", 7])
def test_an_index_that_names_what_it_should_not(server, hub, tmp_path, stray):
    folder = write_model(tmp_path / "m", shards=2)
    path = folder / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    index["weight_map"][UP.format(0)] = stray
    path.write_text(json.dumps(index))
    server.add_repo("acme/base", folder)
    for name in ("acme/base", str(folder)):
        with pytest.raises(CheckpointDamaged, match=r"model\.safetensors\.index\.json"):
            described(hub, name)


def test_an_index_with_a_weight_that_no_file_holds(hub, tmp_path):
    folder = write_model(tmp_path / "m", shards=2)
    path = folder / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    index["weight_map"]["model.norm.weight"] = "model-00001-of-00002.safetensors"
    path.write_text(json.dumps(index))
    with pytest.raises(CheckpointDamaged, match=r"names model.norm.weight, which no weight file holds"):
        described(hub, str(folder))


def test_a_truncated_weight_file(server, hub, model):
    path = model / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CheckpointDamaged, match="ends before its last weight"):
        described(hub, str(model))
    path.write_bytes(path.read_bytes()[:-1000])
    server.add_repo("acme/base", model)
    with pytest.raises(CheckpointDamaged, match="ends before its last weight"):
        described(hub, "acme/base")


def test_a_header_that_is_none(server, hub, model):
    (model / "model.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0not json at all!")
    for name in (server.add_repo("acme/base", model) and "acme/base", str(model)):
        with pytest.raises(CheckpointDamaged, match="no readable header"):
            described(hub, name)


@pytest.mark.parametrize("text", ["{", "[]", "\xff"])
def test_a_damaged_configuration(hub, model, text):
    (model / "config.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(CheckpointDamaged, match=r"config\.json of base"):
        described(hub, str(model))


def test_no_configuration(server, hub, model):
    (model / "config.json").unlink()
    server.add_repo("acme/base", model)
    for name in ("acme/base", str(model)):
        with pytest.raises(CheckpointDamaged, match=r"has no config\.json"):
            described(hub, name)


@pytest.mark.parametrize("shards", [0, 2])
def test_offline_with_the_headers_alone_in_the_cache(server, hub, tmp_path, monkeypatch, shards):
    server.add_repo("acme/base", write_model(tmp_path / "m", shards=shards))
    described(hub, "acme/base")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(Offline, match=r"safetensors of acme/base is not in the cache") as caught:
        described(hub, "acme/base")
    assert "HF_HUB_OFFLINE" in caught.value.next_step


@pytest.mark.parametrize("fault", [{"kind": "corrupt", "after": 8}, {"kind": "replace"}, {"kind": "page"}])
def test_a_header_that_was_damaged_on_its_way_is_read_again(server, hub, model, fault):
    server.add_repo("acme/base", model)
    source = resolve(hub, "acme/base")
    server.fault("GET /_cdn/", **fault)
    assert describe(hub, source).weight_bytes > 0
    server.fault("GET /_cdn/", times=99, **fault)
    with pytest.raises(CheckpointDamaged, match="of acme/base has no readable header"):
        describe(hub, source)
