"""The small files of an output folder: what the base model brought along, and what the run has to say."""

from __future__ import annotations

import fnmatch
import json
import shutil
from pathlib import Path

import yaml

from hubprune.publishing import card
from hubprune.publishing.privacy import check, public
from hubprune.recipe import RECIPE_FILE, Recipe
from hubprune.report import RESULTS_FILE, Report

# Copied byte for byte: transformers 5 would write a config that transformers 4 misreads in silence.
SOURCE_FILES = (
    *("config.json", "generation_config.json", "processor_config.json", "preprocessor_config.json"),
    *("tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab*", "merges.txt", "*.model", "*.tiktoken"),
    *("chat_template*", "additional_chat_templates/*.jinja"),
    *("LICENSE*", "LICENCE*", "NOTICE*", "USE_POLICY*", "COPYING*"),
)
CODE_FILES = ("*.py",)
WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".gguf", ".msgpack", ".h5", ".onnx")


def copy_source_files(source_folder: Path, out: Path, *, code: bool = False) -> list[str]:
    """Copy configuration, tokenizer and licence files of a model, unchanged; returns their names, sorted.

    Weights are never among them. `code`: also the model's own Python files, for a run that trusted them.
    """
    patterns = [pattern.lower() for pattern in SOURCE_FILES + (CODE_FILES if code else ())]
    copied = []
    for path in sorted([*source_folder.glob("*"), *source_folder.glob("additional_chat_templates/*")]):
        name = path.relative_to(source_folder).as_posix()
        wanted = any(fnmatch.fnmatchcase(name.lower(), pattern) for pattern in patterns)
        if not wanted or not path.is_file() or path.suffix.lower() in WEIGHTS:
            continue
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        copied.append(name)
    return copied


def finish(out: Path, report: Report, recipe: Recipe, repo_id: str | None = None) -> None:
    """Write recipe, results, plots and card; the author's own text in an older card stays.

    The files name folders and text files by their last part alone. Raises HubpruneError, before anything is written,
    where one of them would still tell a path, a token or the name of this computer.
    """
    report, recipe = public(report, recipe)
    path = out / card.CARD_FILE
    previous = path.read_text(encoding="utf-8") if path.exists() else None
    check(card.render(report, recipe, repo_id=repo_id, previous=previous), card.CARD_FILE)
    check(yaml.safe_dump(recipe.to_dict(), allow_unicode=True), RECIPE_FILE)
    check(json.dumps(report.to_dict(), ensure_ascii=False), RESULTS_FILE)
    recipe.save(out)
    report.save(out)
    card.write(out, repo_id=repo_id)
