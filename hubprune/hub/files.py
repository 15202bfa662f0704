"""Which files of a model's repository are needed, and which are never taken."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from hubprune.errors import CheckpointDamaged, NoSafetensors, RemoteCodeNeeded, UnsupportedArchitecture

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
CONFIG = "config.json"

# Small files that say what the model is; enough for a plan.
DESCRIBING = (CONFIG, "generation_config.json", "tokenizer_config.json", "chat_template*", INDEX)

# Everything beside the weights that a copy of the model needs, in lower case.
BESIDE = (
    CONFIG,
    "generation_config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "*.model",
    "*.tiktoken",
    "tekken.json",
    "chat_template*",
    "additional_chat_templates/*.jinja",
    "license*",
    "licence*",
    "notice*",
    "use_policy*",
    "readme.md",
)
NEVER = (
    "*.bin",
    "*.pt",
    "*.pth",
    "*.ckpt",
    "*.pkl",
    "*.gguf",
    "*.onnx",
    "*.h5",
    "*.msgpack",
    "original/*",
    "onnx/*",
    "*.py",
)
AGAIN = "Download or copy the model again, or use another revision."
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


def describing_files(names: Iterable[str]) -> list[str]:
    """Those of `names` that say what the model is, without weights and vocabulary."""
    return [name for name in names if _matches(name, DESCRIBING) and not _matches(name, NEVER)]


def files_beside(names: Iterable[str], *, code: bool = False) -> list[str]:
    """Those of `names` that a copy of the model needs beside its weights; with `code` also its Python files."""
    return [
        name
        for name in names
        if (_matches(name, BESIDE) and not _matches(name, NEVER)) or (code and name.endswith(".py"))
    ]


def weight_files(model: str, names: Iterable[str], index: Mapping[str, object] | None) -> list[str]:
    """The safetensors files of the model: those that the index names, or model.safetensors.

    Raises NoSafetensors, CheckpointDamaged for an index that names files outside or missing ones, or others than the
    model.safetensors that is there too, and UnsupportedArchitecture for an adapter.
    """
    names = list(names)
    if index is not None:
        files = _indexed(model, names, index)
        if WEIGHTS in names and files != [WEIGHTS]:
            raise CheckpointDamaged(
                f"{model} has {WEIGHTS} and other weight files that {INDEX} names: which of them are loaded depends on "
                "the program.",
                "Use another revision, or a copy of the model without one of the two.",
            )
        return files
    if WEIGHTS in names:
        return [WEIGHTS]
    if "adapter_config.json" in names:
        raise UnsupportedArchitecture(
            f"{model} is an adapter, not a model.", "Merge it into its base model, and prune the result."
        )
    pickles = [name for name in names if _matches(name, PICKLES)]
    if pickles:
        raise NoSafetensors(
            f"{model} has pickle weights only ({pickles[0]}). They can run foreign code when loaded, and are refused.",
            "Use a repository or a revision with safetensors, or save the model again with save_pretrained.",
        )
    found = next((name for name in names if name.endswith((".safetensors", ".gguf"))), None)
    raise NoSafetensors(
        f"{model} has neither {WEIGHTS} nor {INDEX}" + (f", only {found}." if found else "."),
        "Use the repository with the original safetensors weights.",
    )


def refuse_foreign_code(model: str, config: Mapping[str, object], *, trust_remote_code: bool) -> None:
    """Raise RemoteCodeNeeded where only code of the repository can load the model and nobody allowed to run it.

    Many repositories still carry the code of an architecture that transformers has taken in since; that code is not
    needed, and not run.
    """
    if config.get("auto_map") and not trust_remote_code and not is_built_in(config):
        raise RemoteCodeNeeded(
            f"{model} wants to run Python code from its own repository.",
            "Read that code; if you trust it, add --trust-remote-code.",
        )


def refuse_other_weights(model: str, config: Mapping[str, object], weights: list[str]) -> None:
    """Raise CheckpointDamaged where the configuration tells transformers to load other files than these."""
    named = config.get("transformers_weights")
    if named is not None and named != INDEX and [named] != weights:
        raise CheckpointDamaged(
            f"{CONFIG} of {model} names weights of its own, {str(named)[:60]!r}, beside {weights[0]}.",
            "Use another revision, or a copy of the model without that key.",
        )


def is_built_in(config: Mapping[str, object]) -> bool:
    """Whether transformers itself has a causal language model of the configuration's type."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    return str(config.get("model_type")) in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES


def read_json(path: Path, model: str) -> dict[str, object]:
    """The object in a JSON file of the model. Raises CheckpointDamaged."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointDamaged(f"{path.name} of {model} is no readable JSON.", AGAIN) from error
    if not isinstance(data, dict):
        raise CheckpointDamaged(f"{path.name} of {model} holds no JSON object.", AGAIN)
    return data


def _indexed(model: str, names: list[str], index: Mapping[str, object]) -> list[str]:
    weight_map = index.get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map or not all(isinstance(v, str) for v in weight_map.values()):
        raise CheckpointDamaged(f"{INDEX} of {model} does not say which file holds which weight.", AGAIN)
    files = sorted(set(weight_map.values()))
    for file in files:
        path = PurePosixPath(file)
        if path.is_absolute() or ".." in path.parts or "\\" in file or not file.endswith(".safetensors"):
            raise CheckpointDamaged(
                f"{INDEX} of {model} names {file!r}, which is no weight file of this model.",
                "Do not use this copy of the model: its index was made or damaged by hand.",
            )
        if file not in names:
            raise CheckpointDamaged(f"{INDEX} of {model} names {file}, which does not exist.", AGAIN)
    return files


def _matches(name: str, patterns: Iterable[str]) -> bool:
    # A pattern without a folder means the top of the repository; what is refused is refused at any depth.
    name = name.lower()
    deep = patterns in (NEVER, PICKLES)
    return any(fnmatch(name, p) and (deep or name.count("/") == p.count("/")) for p in patterns)
