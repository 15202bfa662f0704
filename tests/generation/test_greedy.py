"""Greedy continuations against a loop without cache, batch or filling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from hubprune.errors import CheckpointDamaged, NotEnoughMemory
from hubprune.generation import continue_all, load_whole, prompts, stream
from hubprune.generation import loading as loading_module
from hubprune.generation.greedy import prompt_ids
from hubprune.generation.loading import padding, parameters
from hubprune.languages import known


@pytest.fixture(scope="module")
def loaded(model_folder: Path) -> tuple[Any, Any]:
    return load_whole(model_folder, device="cpu", dtype="float32", trust_remote_code=False)


@torch.no_grad()
def naive(model: Any, tokenizer: Any, prompt: str, new_tokens: int) -> str:
    """The likeliest token, again and again, by a forward over everything."""
    start = prompt_ids(tokenizer, prompt)
    ids = list(start)
    for _ in range(new_tokens):
        token = int(model(torch.tensor([ids]), use_cache=False).logits[0, -1].argmax())
        if token == model.generation_config.eos_token_id:
            break
        ids.append(token)
    return tokenizer.decode(ids)[len(tokenizer.decode(start)) :]


@pytest.mark.parametrize("language", ["sw", "ar", "zh", "en"])
def test_continuations_are_the_likeliest_tokens(loaded: tuple[Any, Any], language: str) -> None:
    model, tokenizer = loaded
    expected = [naive(model, tokenizer, prompt, 20) for prompt in prompts(language)]
    together = continue_all(model, tokenizer, prompts(language), 20)
    assert [one.text for one in together] == expected
    assert ["".join(stream(model, tokenizer, prompt, 20)) for prompt in prompts(language)] == expected
    assert all(0 < one.tokens <= 20 for one in together)


def test_pieces_come_one_by_one_and_stop_when_closed(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    steps = []
    handle = model.register_forward_hook(lambda *_: steps.append(1))
    try:
        pieces = stream(model, tokenizer, "Katika nchi yetu", 50)
        assert next(pieces)
        pieces.close()
    finally:
        handle.remove()
    assert len(steps) < 5


def test_a_split_character_comes_whole(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    assert all("\ufffd" not in piece for piece in stream(model, tokenizer, prompts("zh")[0], 30))


def test_no_prompts_no_texts(loaded: tuple[Any, Any]) -> None:
    assert continue_all(*loaded, [], 5) == []


def test_a_tokenizer_without_a_token_to_fill_up_with() -> None:
    class Bare:
        pad_token_id = eos_token_id = None

    class Ending(Bare):
        eos_token_id = 7

    assert padding(Bare()) == 0
    assert padding(Ending()) == 7


def test_nothing_of_the_models_own_sampling_is_left(loaded: tuple[Any, Any]) -> None:
    config = loaded[0].generation_config
    assert not config.do_sample
    assert config.temperature is None or config.temperature == 1.0
    assert config.repetition_penalty is None or config.repetition_penalty == 1.0


def test_memory_is_asked_for_before_anything_is_loaded(model_folder: Path, monkeypatch) -> None:
    monkeypatch.setattr(loading_module, "free_memory", lambda: 1_000_000)
    with pytest.raises(NotEnoughMemory, match=r"needs about 0\.0 GB of memory whole"):
        load_whole(model_folder, device="cpu", dtype="float32", trust_remote_code=False)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(CheckpointDamaged, match="transformers cannot load the model"):
        load_whole(tmp_path, device="cpu", dtype="float32", trust_remote_code=False)


def test_parameters_are_counted_from_headers(model_folder: Path, loaded: tuple[Any, Any]) -> None:
    assert parameters(model_folder) == sum(p.numel() for p in loaded[0].parameters())


def test_every_known_language_has_a_prompt_or_is_known_to_have_none() -> None:
    assert all(prompts(language.code) or not language.prompt for language in known())
    for language in ("ar", "de", "en", "es", "ru", "sw", "zh"):
        assert len(prompts(language)) == len(set(prompts(language))) == 5
