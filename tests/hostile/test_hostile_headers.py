"""Weight files that contradict themselves, their index or the model are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from hostile import (
    INDEX,
    PRUNED,
    UP,
    WEIGHTS,
    Damage,
    Refused,
    attempt,
    parts,
    with_config,
    with_header,
    with_index,
    with_tensor,
    with_weights,
    written,
)
from safetensors.torch import load_file, save_file

from hubprune.errors import CheckpointDamaged
from hubprune.hub import Hub, connect, describe, resolve
from hubprune.loopback import LoopbackHub

DAMAGED = "model.safetensors of tiny is damaged: "
NO_HEADER = "no readable header"


def raw(change: Any) -> Damage:
    return lambda model: (model / WEIGHTS).write_bytes(change((model / WEIGHTS).read_bytes()))


def twice(model: Path) -> None:
    """A name that stands in the header two times."""
    header, body = parts(model / WEIGHTS)
    text = json.dumps(header)[:-1] + ", " + json.dumps({UP: header[UP]})[1:]
    (model / WEIGHTS).write_bytes(written(text, body))


HEADERS: dict[str, tuple[Damage, str]] = {
    "empty": (raw(lambda data: b""), NO_HEADER),
    "length 0": (raw(lambda data: bytes(8) + data[8:]), NO_HEADER),
    "length 1": (raw(lambda data: (1).to_bytes(8, "little") + data[8:]), NO_HEADER),
    "huge length": (raw(lambda data: (2**63).to_bytes(8, "little") + data[8:]), NO_HEADER),
    "length beyond the file": (raw(lambda data: len(data).to_bytes(8, "little") + data[8:]), NO_HEADER),
    "truncated": (raw(lambda data: data[:-100]), "ends before its last weight"),
    "header only": (raw(lambda data: data[: 8 + int.from_bytes(data[:8], "little")]), "ends before its last weight"),
    "no text": (lambda model: (model / WEIGHTS).write_bytes(written(b"\xff" * 50, b"")), NO_HEADER),
    "deep": (lambda model: (model / WEIGHTS).write_bytes(written("[" * 100_000, b"")), NO_HEADER),
    "a list": (lambda model: (model / WEIGHTS).write_bytes(written("[1]", b"")), NO_HEADER),
    "entry is text": (with_header(lambda header: header.update({UP: "x"})), NO_HEADER),
    "no dtype": (with_header(lambda header: header[UP].pop("dtype")), NO_HEADER),
    "dtype is a number": (with_tensor(dtype=3), DAMAGED),
    "shape of text": (with_tensor(shape=["a", 2]), NO_HEADER),
    "negative shape": (with_tensor(shape=[-32, -16]), DAMAGED),
    "shape of fractions": (with_tensor(shape=[32.0, 16]), DAMAGED),
    "huge shape": (with_tensor(shape=[10**12, 10**12]), DAMAGED + f"the range of {UP} does not fit its shape"),
    "wrong dtype": (with_tensor(dtype="F32"), DAMAGED + f"the range of {UP} does not fit its shape"),
    "overlap": (with_tensor(data_offsets=[0, 1024]), "overlaps another"),
    "negative offset": (with_tensor(data_offsets=[-2, 1022]), DAMAGED),
    "backward": (with_tensor(data_offsets=[1024, 0]), f"the range of {UP} ends before it begins"),
    "three offsets": (with_tensor(data_offsets=[0, 1, 2]), DAMAGED),
    "far away": (with_tensor(data_offsets=[10**12, 10**12 + 1024]), "ends before its last weight"),
}
LOCAL: dict[str, tuple[Damage, str]] = {
    "longer than its header says": (raw(lambda data: data + b"xx"), "bytes of tensors where its header says"),
    "hole": (with_header(lambda header: header.pop(UP)), "leaves a hole"),
    "the same name twice": (twice, "a name occurs twice"),
    "integers with the same range": (with_tensor(dtype="I16"), f"{UP} is stored as I16"),
    "unknown dtype": (with_tensor(dtype="F99"), f"{UP} is stored as F99"),
    "turned": (with_tensor(shape=[16, 32]), f"{UP} has the shape (16, 32) in the files, (32, 16) in the model"),
    "stored in 8 bits": (with_weights(lambda t: t.update({UP: t[UP].to(torch.int8)})), f"{UP} is stored as I8"),
    "NaN": (with_weights(lambda t: t[UP].view(-1)[7].fill_(float("nan"))), f"{UP} holds NaN or Inf"),
    "Inf in the embeddings": (
        with_weights(lambda t: t["model.embed_tokens.weight"].view(-1)[7].fill_(float("-inf"))),
        "model.embed_tokens.weight holds NaN or Inf",
    ),
    "a weight is missing": (with_weights(lambda t: t.pop(UP)), f"lack {UP}, which the model needs"),
    "the final norm is missing": (with_weights(lambda t: t.pop("model.norm.weight")), "lack model.norm.weight"),
}
MAPS: dict[str, Any] = {
    "outside": {"weight_map": {UP: "../other/model.safetensors"}},
    "absolute": {"weight_map": {UP: "/somewhere/model.safetensors"}},
    "outside by a detour": {"weight_map": {UP: "a/../../other/model.safetensors"}},
    "Windows": {"weight_map": {UP: "..\\other\\model.safetensors"}},
    "no weight file": {"weight_map": {UP: "tokenizer.json"}},
    "missing": {"weight_map": {UP: "other.safetensors"}},
    "number": {"weight_map": {UP: 3}},
    "list": {"weight_map": []},
    "nothing": {},
    "a weight that is not there": {"weight_map": {UP: WEIGHTS, "ghost": WEIGHTS}},
}


@pytest.mark.parametrize("case", [*HEADERS, *LOCAL])
def test_a_damaged_file(case: str, refused: Refused) -> None:
    damage, said = (HEADERS | LOCAL)[case]
    answer = refused(damage)
    assert answer.startswith("CheckpointDamaged: "), answer
    assert said in answer
    assert not answer.endswith("| "), "no next step"


@pytest.mark.parametrize("case", HEADERS)
def test_a_damaged_file_on_the_hub(case: str, model: Path, loopback: LoopbackHub, tmp_path: Path) -> None:
    """Refused by a plan already, without downloading weights."""
    HEADERS[case][0](model)
    name = f"org/{case.replace(' ', '-')}"
    loopback.add_repo(name, model)
    hub = connect(loopback.endpoint, False, tmp_path / "cache")
    if case != "truncated":  # by a little: the Hub does not tell how long the header is, so that shows afterwards
        with pytest.raises(CheckpointDamaged):
            describe(hub, resolve(hub, name))
        assert not list((tmp_path / "cache").rglob(WEIGHTS))
    assert attempt(name, tmp_path / "out", hub).startswith("CheckpointDamaged: ")


@pytest.mark.parametrize("case", MAPS)
def test_an_index_that_names_what_is_not_the_model(case: str, refused: Refused) -> None:
    answer = refused(with_index(MAPS[case]))
    assert answer.startswith(f"CheckpointDamaged: {INDEX} of tiny "), answer


def test_a_tensor_in_two_files(model: Path, refused: Refused) -> None:
    save_file({UP: torch.zeros(32, 16, dtype=torch.bfloat16)}, model / "second.safetensors", {"format": "pt"})
    names = [name for name in parts(model / WEIGHTS)[0] if name != "__metadata__"]
    (model / WEIGHTS).rename(model / "first.safetensors")
    answer = refused(with_index({"weight_map": dict.fromkeys(names, "first.safetensors") | {UP: "second.safetensors"}}))
    assert f"Two weight files of tiny hold {UP}" in answer


def test_nan_in_a_model_that_is_loaded_whole(model: Path, refused: Refused) -> None:
    """Where names do not line up transformers reads the files; their contents are looked at all the same."""

    def damage(tensors: dict[str, torch.Tensor]) -> None:
        tensors["model.layers.1.mlp.up_proj.weight"][0, 0] = float("nan")
        tensors["block_sparse.unused"] = tensors.pop("model.norm.weight")

    assert "lack model.norm.weight" in refused(with_weights(damage))


def test_two_sets_of_weights(model: Path, refused: Refused) -> None:
    """transformers takes model.safetensors, others the files of the index."""
    tensors = load_file(model / WEIGHTS)
    save_file({name: tensor * 2 for name, tensor in tensors.items()}, model / "other.safetensors", {"format": "pt"})
    answer = refused(with_index({"weight_map": dict.fromkeys(tensors, "other.safetensors")}))
    assert answer.startswith(f"CheckpointDamaged: tiny has {WEIGHTS} and other weight files that {INDEX} names"), answer


def test_an_index_of_the_one_file(model: Path, tmp_path: Path, hub: Hub) -> None:
    names = [name for name in parts(model / WEIGHTS)[0] if name != "__metadata__"]
    with_index({"metadata": {}, "weight_map": dict.fromkeys(names, WEIGHTS)})(model)
    assert attempt(model, tmp_path / "out", hub) == PRUNED


def test_a_configuration_that_names_other_weights(refused: Refused) -> None:
    answer = refused(with_config(transformers_weights="other.safetensors"))
    assert answer.startswith("CheckpointDamaged: config.json of tiny names weights of its own"), answer
