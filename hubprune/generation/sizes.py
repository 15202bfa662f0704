"""Bytes of a checkpoint folder: the weights, and everything that a loader fetches."""

from __future__ import annotations

import fnmatch
import json
from pathlib import Path

from hubprune.report import Size

SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"

# What transformers reads beside the weights to load model and tokenizer. Licences, cards, plots and code are not read,
# or not without being asked for, and are not counted.
READ = (
    *("config.json", "generation_config.json"),
    *("tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab*", "merges.txt"),
    *("*.model", "*.tiktoken", "tekken.json", "chat_template*", "additional_chat_templates/*.jinja"),
)
WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".gguf", ".msgpack", ".h5", ".onnx")


def sizes(folder: Path) -> Size:
    """The size of the model in a folder, in bytes on disk.

    The weights are the files that the index names, or `model.safetensors`, headers included. The download is these,
    the index, the configuration and the tokenizer's files. An artefact with its zeros stored densely is as large as the
    dense model, and this says so.
    """
    index = folder / INDEX
    names = {SINGLE}
    if index.is_file():
        names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    weights = sum((folder / name).stat().st_size for name in names)
    found = [*folder.glob("*"), *folder.glob("additional_chat_templates/*")]
    beside = [path for path in found if _is_read(path, folder)]
    return Size(weights, weights + sum(path.stat().st_size for path in beside))


def _is_read(path: Path, folder: Path) -> bool:
    """Whether a loader reads the file, the weights aside."""
    name = path.relative_to(folder).as_posix().lower()
    wanted = name == INDEX or any(fnmatch.fnmatchcase(name, pattern) for pattern in READ)
    return wanted and path.is_file() and path.suffix.lower() not in WEIGHTS
