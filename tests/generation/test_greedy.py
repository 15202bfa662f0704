"""Greedy continuations against a loop without cache, batch or padding, for models of many classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from hubprune.errors import UsageError
from hubprune.generation import continue_all, load_whole, prompts, stream
from hubprune.generation.greedy import Words, _pads_tell, encode, end_tokens

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-"
SIZES: dict[str, Any] = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 64,
    "eos_token_id": 1,
    "pad_token_id": None,
}
OLD = {"vocab_size": 64, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "eos_token_id": 1}
# Positions that are rotary, learned, computed or none, windows that slide, experts, caches of two kinds.
CLASSES: dict[str, dict[str, Any]] = {
    "llama": SIZES,
    "gemma2": SIZES | {"sliding_window": 6, "query_pre_attn_scalar": 8},
    "gpt2": {"vocab_size": 64, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, "eos_token_id": 1},
    "opt": SIZES | {"ffn_dim": 48, "word_embed_proj_dim": 32},
    "bloom": {"vocab_size": 64, "hidden_size": 32, "n_layer": 2, "n_head": 4, "eos_token_id": 1},
    "mpt": {"vocab_size": 64, "d_model": 32, "n_layers": 2, "n_heads": 4, "max_seq_len": 64, "eos_token_id": 1},
    "falcon": OLD,
    "gptj": {"vocab_size": 64, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, "rotary_dim": 4},
    "mixtral": SIZES | {"num_local_experts": 4, "num_experts_per_tok": 2},
}
PROMPTS = ["wanda", "a", "Katika2nchi", "sw+en"]


class Letters:
    """A tokenizer of one letter a token, without tokens that begin, end or pad."""

    bos_token_id = eos_token_id = pad_token_id = None

    def __call__(self, text: str, add_special_tokens: bool = True) -> dict[str, list[int]]:
        return {"input_ids": [LETTERS.index(letter) for letter in text]}

    def decode(self, ids: list[int], **_: Any) -> str:
        return "".join(LETTERS[token] for token in ids)


def tiny(name: str) -> Any:
    """A random model whose choices differ from token to token."""
    torch.manual_seed(5)
    config = AutoConfig.for_model(name, **{"bos_token_id": 0, **CLASSES[name], "initializer_range": 0.5})
    return AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()


@torch.no_grad()
def naive(model: Any, tokenizer: Any, prompt: str, new_tokens: int) -> str:
    """The likeliest token, again and again, by a forward over everything."""
    start = encode(tokenizer, prompt)
    ids = list(start)
    for _ in range(new_tokens):
        token = int(model(torch.tensor([ids]), use_cache=False).logits[0, -1].argmax())
        if token in end_tokens(model, tokenizer):
            break
        ids.append(token)
    return tokenizer.decode(ids)[len(tokenizer.decode(start)) :]


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_writes_the_likeliest_tokens_however_prompts_are_batched(name: str) -> None:
    model, tokenizer = tiny(name), Letters()
    expected = [naive(model, tokenizer, prompt, 12) for prompt in PROMPTS]
    assert len(set(expected)) > 1
    # Together, that is: the check lets none of them fall back to one prompt at a time.
    assert not _pads_tell(model, [encode(tokenizer, prompt) for prompt in PROMPTS])
    found = continue_all(model, tokenizer, PROMPTS, 12)
    assert [one.text for one in found] == expected
    assert [one.tokens for one in found] == list(map(len, expected))
    assert ["".join(stream(model, tokenizer, prompt, 12)) for prompt in PROMPTS] == expected


@pytest.fixture(scope="module")
def loaded(model_folder: Path) -> tuple[Any, Any]:
    return load_whole(model_folder, device="cpu", dtype="float32", trust_remote_code=False)


@pytest.mark.parametrize("language", ["sw", "ar", "zh"])
def test_the_demos_model_in_three_scripts(loaded: tuple[Any, Any], language: str) -> None:
    model, tokenizer = loaded
    expected = [naive(model, tokenizer, prompt, 20) for prompt in prompts(language)]
    together = continue_all(model, tokenizer, prompts(language), 20)
    assert [one.text for one in together] == expected
    assert ["".join(stream(model, tokenizer, prompt, 20)) for prompt in prompts(language)] == expected
    assert all(0 < one.tokens <= 20 for one in together)


def test_it_is_what_generate_writes(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    ids = torch.tensor([encode(tokenizer, prompts("en")[0])])
    more = {"attention_mask": torch.ones_like(ids), "do_sample": False, "max_new_tokens": 30}
    whole = model.generate(ids, pad_token_id=0, **more)
    (found,) = continue_all(model, tokenizer, prompts("en")[:1], 30)
    assert encode(tokenizer, prompts("en")[0] + found.text) == whole[0].tolist()


def test_the_models_own_settings_play_no_part(loaded: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    model, tokenizer = loaded
    plain = continue_all(model, tokenizer, prompts("sw"), 10)
    for name, value in {"do_sample": True, "temperature": 9.0, "repetition_penalty": 5.0, "min_length": 99}.items():
        monkeypatch.setattr(model.generation_config, name, value)
    assert continue_all(model, tokenizer, prompts("sw"), 10) == plain


def test_a_class_that_does_not_mask_pads_gets_one_prompt_at_a_time() -> None:
    inner, tokenizer = tiny("llama"), Letters()
    sizes: list[int] = []

    class Careless(torch.nn.Module):
        config, generation_config = inner.config, inner.generation_config

        def __init__(self) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, input_ids: torch.Tensor, attention_mask: Any, past_key_values: Any, use_cache: bool) -> Any:
            sizes.append(len(input_ids))
            return self.inner(input_ids, past_key_values=past_key_values, use_cache=use_cache)

    found = continue_all(Careless(), tokenizer, PROMPTS, 6)
    assert [one.text for one in found] == [naive(inner, tokenizer, prompt, 6) for prompt in PROMPTS]
    assert sizes[:2] == [1, 4]  # the check
    assert set(sizes[2:]) == {1}


def test_a_class_without_a_cache_reads_everything_again() -> None:
    inner, tokenizer = tiny("llama"), Letters()
    lengths: list[int] = []

    class Forgetful(torch.nn.Module):
        config, generation_config = inner.config, inner.generation_config

        def __init__(self) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, input_ids: torch.Tensor, attention_mask: Any, **_: Any) -> Any:
            lengths.append(input_ids.shape[1])
            logits = self.inner(input_ids, attention_mask=attention_mask, use_cache=False).logits
            return type("Output", (), {"logits": logits})

    (found,) = continue_all(Forgetful(), tokenizer, ["abc"], 5)
    assert found.text == naive(inner, tokenizer, "abc", 5)
    assert lengths == [3, 4, 5, 6, 7]


def test_pieces_come_one_by_one_and_stop_when_closed(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    steps: list[int] = []
    handle = model.register_forward_hook(lambda *_: steps.append(1))
    try:
        pieces = stream(model, tokenizer, "Katika nchi yetu", 50)
        first = [next(pieces) for _ in range(3)]
        assert len(steps) == 3
        assert "".join(first)
        # What the caller does between two pieces does not happen in the model's mode.
        assert not torch.is_inference_mode_enabled()
        pieces.close()  # type: ignore[attr-defined]
    finally:
        handle.remove()
    assert len(steps) == 3


def test_an_end_token_ends_a_text_and_only_that_one(monkeypatch: pytest.MonkeyPatch) -> None:
    model, tokenizer = tiny("llama"), Letters()
    plain = [one.text for one in continue_all(model, tokenizer, PROMPTS, 12)]
    letter = plain[0][5]
    monkeypatch.setattr(model.generation_config, "eos_token_id", [1, LETTERS.index(letter)])
    found = continue_all(model, tokenizer, PROMPTS, 12)
    assert [one.text for one in found] == [text.partition(letter)[0] for text in plain]
    assert found[0].tokens == plain[0].index(letter)
    assert "".join(stream(model, tokenizer, PROMPTS[0], 12)) == found[0].text


def test_a_stop_text_saves_the_rest() -> None:
    model, tokenizer = tiny("llama"), Letters()
    plain = [one.text for one in continue_all(model, tokenizer, PROMPTS, 12)]
    stop = plain[0][3:5]
    found = continue_all(model, tokenizer, PROMPTS, 12, ["", stop])
    expected = [text[: text.find(stop) + 2] if stop in text else text for text in plain]
    assert [one.text for one in found] == expected
    assert found[0].tokens < 12


def test_a_long_prompt_loses_its_beginning_and_a_streamed_one_is_refused() -> None:
    model, tokenizer = tiny("llama"), Letters()
    prompt = "abcdefgh" * 10
    (found,) = continue_all(model, tokenizer, [prompt], 14)
    assert found.text == naive(model, tokenizer, prompt[-50:], 14)
    with pytest.raises(UsageError, match=r"A prompt has 80 tokens; with 14 new ones it exceeds the 64 tokens"):
        next(stream(model, tokenizer, prompt, 14))
    with pytest.raises(UsageError, match="64 new tokens exceed the 64 tokens"):
        continue_all(model, tokenizer, ["abc"], 64)


def test_nine_prompts_are_two_batches_and_none_is_none() -> None:
    model, tokenizer = tiny("llama"), Letters()
    many = [letter * n for n, letter in enumerate(LETTERS[:9], 1)]
    assert [one.text for one in continue_all(model, tokenizer, many, 4)] == [
        naive(model, tokenizer, prompt, 4) for prompt in many
    ]
    assert continue_all(model, tokenizer, [], 5) == []


class Bytes:
    """A tokenizer of one byte a token, that drops a blank at the beginning of what it decodes."""

    def decode(self, ids: list[int], **_: Any) -> str:
        return bytes(ids).decode(errors="replace").removeprefix(" ")


@pytest.mark.parametrize("text", [" habari za leo", "猫が好き", "العربية", "a🙂b", " ", ""])
def test_characters_split_over_tokens_come_whole(text: str) -> None:
    words = Words(Bytes(), list(b"mto"))
    pieces = [words.push(token) for token in text.encode()]
    assert "".join(pieces) == words.text == text
    assert "\ufffd" not in words.text
    assert words.rest() == ""
    assert all(len(piece) <= 1 for piece in pieces)


def test_a_text_that_ends_within_a_character_says_so() -> None:
    words = Words(Bytes(), [65])
    assert [words.push(token) for token in "é猫".encode()[:-1]] == ["", "é", "", ""]
    assert words.rest() == "\ufffd"
    # Bytes that never become a character are told with the next one that does.
    assert words.push(66) == "\ufffdB"


class Framed(Letters):
    """A tokenizer that puts tokens around a text."""

    bos_token_id, eos_token_id = 62, 63

    def __call__(self, text: str, add_special_tokens: bool = True) -> dict[str, list[int]]:
        ids = super().__call__(text)["input_ids"]
        return {"input_ids": [62, *ids, 63] if add_special_tokens else ids}


def test_a_prompt_begins_and_does_not_end() -> None:
    assert encode(Framed(), "abc") == [62, 0, 1, 2]
    assert encode(Framed(), "ab-") == [62, 0, 1, 63]  # an end that stands in the prompt itself stays
    assert encode(Framed(), "") == [62]
    assert encode(Letters(), "") == [0]
