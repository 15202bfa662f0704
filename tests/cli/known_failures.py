"""What can go wrong, each made to go wrong: models that are damaged or refused, and a machine or a Hub without room."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from hubprune.loopback import LoopbackHub

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"


def change_config(folder: Path, **changes: Any) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))


def pickle_only(folder: Path) -> None:
    (folder / WEIGHTS).rename(folder / "pytorch_model.bin")


def foreign_code(folder: Path) -> None:
    change_config(folder, model_type="novel", auto_map={"AutoConfig": "code.Config", "AutoModelForCausalLM": "code.M"})


def encoder(folder: Path) -> None:
    from transformers import BertConfig, BertForMaskedLM

    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    BertForMaskedLM(BertConfig(vocab_size=64, **sizes)).save_pretrained(folder)


def unknown_class(folder: Path) -> None:
    change_config(folder, model_type="novel")


def no_lm_eval(patch: pytest.MonkeyPatch, hub: LoopbackHub) -> None:
    patch.setattr("hubprune.tasks.names.find_spec", lambda name: None)


def nan(folder: Path) -> None:
    tensors = load_file(folder / WEIGHTS)
    tensors["model.layers.1.mlp.up_proj.weight"][3, 5] = torch.nan
    save_file(tensors, folder / WEIGHTS, {"format": "pt"})


def truncated(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-1000])


def bad_header(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes(b"x" * 2000)


def index_outside(folder: Path) -> None:
    names = load_file(folder / WEIGHTS)
    (folder / INDEX).write_text(json.dumps({"weight_map": dict.fromkeys(names, "../../else.safetensors")}))


DAMAGES = (pickle_only, foreign_code, encoder, unknown_class, nan, truncated, bad_header, index_outside)


def make_models(sound: Path, place: Path) -> None:
    """The sound model, and beside it a copy of it for each damage."""
    shutil.copytree(sound, place / "sound")
    for damage in DAMAGES:
        damage(Path(shutil.copytree(sound, place / damage.__name__)))
    for name, count in (("short", 9), ("long", 60)):
        texts = (f"{n} habari maji nyumba watoto shule mwalimu " * 9 for n in range(count))
        (place / f"{name}.txt").write_text("\n\n".join(texts))


# What happens around a command line


def no_hub(patch: pytest.MonkeyPatch, hub: LoopbackHub) -> None:
    patch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")


def offline(patch: pytest.MonkeyPatch, hub: LoopbackHub) -> None:
    patch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


def little_memory(patch: pytest.MonkeyPatch, hub: LoopbackHub) -> None:
    from hubprune.estimate import Needs

    needs = Needs(memory=4_300_000_000, lanes=1000, gpu_memory=None, flops=1.0)
    patch.setattr("hubprune.run.room.free_memory", lambda: 90_000_000)
    patch.setattr("hubprune.run.room.needs", lambda load, gpu: needs)


def little_disk(patch: pytest.MonkeyPatch, hub: LoopbackHub) -> None:
    patch.setattr("hubprune.run.room.free_disk", lambda path: 1_500_000)


def no_scope(patch: pytest.MonkeyPatch, hub: LoopbackHub) -> None:
    text = "Please enable access to public gated repositories in your fine-grained token settings."
    hub.fault("* /acme/sound/resolve/", status=403, message=text, times=9)


def broken_commit(patch: pytest.MonkeyPatch, hub: LoopbackHub) -> None:
    hub.fault("POST /api/models/alice/new/commit", status=503, times=50)


def as_usual(patch: pytest.MonkeyPatch, hub: LoopbackHub) -> None:
    """Nothing."""


Around = Callable[[pytest.MonkeyPatch, LoopbackHub], None]
