"""Bytes: what is counted, and that a pruned model is as large as the dense one."""

from __future__ import annotations

import json
from pathlib import Path

from hubprune.generation.sizes import sizes
from hubprune.report import Size


def test_the_demo_model(model_folder: Path) -> None:
    small = ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json")
    weights = (model_folder / "model.safetensors").stat().st_size
    assert sizes(model_folder) == Size(weights, weights + sum((model_folder / name).stat().st_size for name in small))


def test_weights_are_those_of_the_index_and_what_nobody_loads_is_not_counted(tmp_path: Path) -> None:
    def put(name: str, size: int) -> None:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * size)

    put("model-00001-of-00002.safetensors", 100)
    put("model-00002-of-00002.safetensors", 200)
    put("model.safetensors", 999)  # a copy in one file, which is not read
    put("consolidated.safetensors", 999)
    put("pytorch_model.bin", 999)
    put("README.md", 999)
    put("LICENSE", 999)
    put("modeling.py", 999)
    put("hubprune_results.json", 999)
    put("config.json", 10)
    put("TOKENIZER.model", 20)
    put("additional_chat_templates/tool.jinja", 40)
    index = tmp_path / "model.safetensors.index.json"
    shards = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    index.write_text(json.dumps({"weight_map": shards | {"c": shards["a"]}}))
    assert sizes(tmp_path) == Size(300, 300 + 10 + 20 + 40 + index.stat().st_size)


def test_files_behind_links_count_in_full(tmp_path: Path, model_folder: Path) -> None:
    """The Hub's cache holds links."""
    for file in model_folder.iterdir():
        (tmp_path / file.name).symlink_to(file)
    assert sizes(tmp_path) == sizes(model_folder)
