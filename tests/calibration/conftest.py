"""The demo's tokenizer, a way to run `gather` to its end, and made-up documents."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from hubprune.calibration import Texts, gather
from hubprune.events import Event
from hubprune.recipe import Recipe

WORDS = {"sw": "habari maji nyumba watoto shule mwalimu", "en": "water house children school teacher road"}


def sentences(language: str, count: int, seed: int = 0) -> list[str]:
    """Documents of about twenty words, all different."""
    chance = random.Random(f"{language} {seed}")
    words = WORDS[language].split()
    return [f"{seed} {number} " + " ".join(chance.choices(words, k=20)) for number in range(count)]


def write_jsonl(path: Path, texts: list[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def tokenizer(model_folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(model_folder)


def drain(events: Generator[Any, None, Any]) -> tuple[list[Any], Any]:
    """All that a generator yields, and what it returns."""
    seen: list[Any] = []
    while True:
        try:
            seen.append(next(events))
        except StopIteration as finished:
            return seen, finished.value


@pytest.fixture
def run(tokenizer: Any) -> Callable[..., tuple[list[Event], Texts]]:
    """`run(lang=..., hub=None, model_folder=None, kept=None, **recipe)` with windows of 32 tokens: events and texts."""

    def call(*, hub: Any = None, seq_len: int = 32, **keys: Any) -> tuple[list[Event], Texts]:
        more = {name: keys.pop(name) for name in ("model_folder", "kept") if name in keys}
        recipe = Recipe("some/model", **({"samples": 4, "eval_samples": 3} | keys))
        return drain(gather(recipe, tokenizer, hub, seq_len=seq_len, **more))

    return call
