"""Ways to damage a model's folder, and one way to try to prune it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForCausalLM

from hubprune.errors import HubpruneError
from hubprune.events import run_to_end
from hubprune.hub import Hub
from hubprune.recipe import Recipe
from hubprune.run import prune

Damage = Callable[[Path], object]
Refused = Callable[[Damage], str]
WEIGHTS, INDEX, CONFIG = "model.safetensors", "model.safetensors.index.json", "config.json"
UP = "model.layers.0.mlp.up_proj.weight"
PRUNED = "pruned"  # what `attempt` returns where nothing was refused


def make_base(demo: Path, folder: Path) -> Path:
    """A tiny model with the tokenizer of the demo's."""
    folder.mkdir(parents=True)
    config = json.loads((demo / CONFIG).read_text())
    config |= {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "head_dim": 8}
    config |= {"num_attention_heads": 2, "num_key_value_heads": 2}
    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(**config)).to(torch.bfloat16)
    state = {name: tensor for name, tensor in model.state_dict().items() if name != "lm_head.weight"}
    save_file(state, folder / WEIGHTS, {"format": "pt"})
    (folder / CONFIG).write_text(json.dumps(config))
    for name in ("tokenizer.json", "tokenizer_config.json", "generation_config.json"):
        shutil.copy(demo / name, folder / name)
    (folder / "README.md").write_text("---\nlicense: mit\npipeline_tag: text-generation\n---\n# Base\n")
    return folder


def recipe_of(model: str | Path, **changes: Any) -> Recipe:
    """A recipe that takes a second."""
    given: dict[str, Any] = {"lang": {"sw": 1.0}, "calib": "demo", "eval_text": "demo", "control": None}
    given |= {"samples": 1, "eval_samples": 1, "seq_len": 16, "method": "wanda", "device": "cpu"}
    given |= {"tasks": (), "generate": False}
    return Recipe(model=str(model), **(given | changes))


def attempt(model: str | Path, out: Path, hub: Hub, *, whole: bool = False, **changes: Any) -> str:
    """Prune: the known failure as "Class: sentence | next step", where nothing was written; or PRUNED."""
    try:
        run_to_end(prune(recipe_of(model, **changes), out, hub=hub, whole=whole))
        return PRUNED
    except HubpruneError as error:
        sentence, answer = error.sentence, f"{type(error).__name__}: {error.sentence} | {error.next_step}"
    assert not list(out.parent.glob(out.name + "*")), "something was written"
    assert re.fullmatch(r"[^\n]+\.", sentence), sentence
    return answer


def with_config(**changes: Any) -> Damage:
    """Change keys of config.json."""

    def damage(model: Path) -> None:
        config = json.loads((model / CONFIG).read_text())
        (model / CONFIG).write_text(json.dumps(config | changes))

    return damage


def with_file(name: str, content: str | bytes) -> Damage:
    """Replace a file."""
    data = content if isinstance(content, bytes) else content.encode()
    return lambda model: (model / name).write_bytes(data)


def parts(path: Path) -> tuple[dict[str, Any], bytes]:
    """Header and tensors of a weight file."""
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    return json.loads(raw[8 : 8 + length]), raw[8 + length :]


def written(header: str | bytes | dict[str, Any], body: bytes) -> bytes:
    """A weight file."""
    text = json.dumps(header) if isinstance(header, dict) else header
    data = text.encode() if isinstance(text, str) else text
    return len(data).to_bytes(8, "little") + data + body


def with_header(change: Callable[[dict[str, Any]], object]) -> Damage:
    """Change the header of the weight file, in place; what `change` returns is ignored."""

    def damage(model: Path) -> None:
        header, body = parts(model / WEIGHTS)
        change(header)
        (model / WEIGHTS).write_bytes(written(header, body))

    return damage


def with_tensor(**changes: Any) -> Damage:
    """Change what the header says about one tensor."""
    return with_header(lambda header: header[UP].update(changes))


def with_weights(change: Callable[[dict[str, torch.Tensor]], object]) -> Damage:
    """Change the tensors, and write a good file of them."""

    def damage(model: Path) -> None:
        tensors = load_file(model / WEIGHTS)
        change(tensors)
        save_file(tensors, model / WEIGHTS, {"format": "pt"})

    return damage


def with_index(content: Any) -> Damage:
    """An index beside the weight file."""
    return with_file(INDEX, json.dumps(content))


def with_link(name: str, target: str | Path) -> Damage:
    """A link in the place of a file."""

    def damage(model: Path) -> None:
        (model / name).unlink(missing_ok=True)
        (model / name).symlink_to(target)

    return damage
