"""Text that the model writes itself, and its replay."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hubprune.calibration import KEPT_FILE, Texts, own, save_kept
from hubprune.errors import CheckpointDamaged, TextUnavailable
from hubprune.languages import Language, resolve

from .conftest import drain

Run = Callable[..., tuple[list[Any], Texts]]
KEYS: dict[str, Any] = {"lang": "sw", "calib": "self", "eval_text": "demo", "samples": 10}


@pytest.fixture(scope="module")
def model(model_folder: Path) -> Any:
    return own.load_model(model_folder, trust_remote_code=False, device="cpu")


def test_windows_are_full_and_begin_with_the_prompt(model: Any, tokenizer: Any) -> None:
    steps, result = drain(own.sample(model, tokenizer, resolve("sw"), seed=0, seq_len=64, count=10))
    assert steps == [8, 10]
    assert result.tokens.shape == (10, 64)
    prompt = [0, *tokenizer("Katika nchi yetu", add_special_tokens=False)["input_ids"]]
    assert all(row[: len(prompt)].tolist() == prompt for row in result.tokens)
    assert len({tuple(row) for row in result.tokens.tolist()}) == 10
    texts = [tokenizer.decode(row, skip_special_tokens=True) for row in result.tokens]
    assert result.bytes.sum(axis=1).tolist() == [len(text.encode()) for text in texts]
    # Where a text ends within a window, the prompt follows it.
    ends = [(row, i) for row, ids in enumerate(result.tokens) for i in (ids == 1).nonzero()[0]]
    assert ends
    for row, i in ends:
        following = result.tokens[row, i + 1 : i + len(prompt)].tolist()
        assert following == prompt[1 : 1 + len(following)]


def test_the_seed_and_the_language_decide_alone(model: Any, tokenizer: Any) -> None:
    import torch

    def hash_of(language: str, seed: int) -> str:
        torch.manual_seed(torch.seed() % 1000)  # whatever state the process is in
        return drain(own.sample(model, tokenizer, resolve(language), seed=seed, seq_len=16, count=2))[1].sha256

    state = torch.get_rng_state()
    assert hash_of("sw", 0) == hash_of("sw", 0)
    assert len({hash_of("sw", 0), hash_of("sw", 1), hash_of("en", 0)}) == 3
    torch.set_rng_state(state)
    drain(own.sample(model, tokenizer, resolve("sw"), seed=0, seq_len=16, count=1))
    assert torch.equal(torch.get_rng_state(), state)


def test_samples_are_kept_and_replayed_without_the_model(run: Run, model_folder: Path, tmp_path: Path) -> None:
    _, texts = run(**KEYS, model_folder=model_folder)
    assert texts.calib == {"sw": "self", "en": "self"}
    record = texts.calibration[0].record
    assert (record.source, record.revision, record.documents, record.windows) == ("self", None, 10, 10)
    assert record.rule == (
        "Sampled from the dense model at temperature 1 with seed 0, each text begun with 'Katika nchi yetu'."
    )
    assert save_kept(tmp_path, texts) == tmp_path / KEPT_FILE
    for kept in (tmp_path, tmp_path / KEPT_FILE):
        events, again = run(**KEYS, kept=kept)
        assert events[-1].done == events[-1].total == 26
        for first, second in zip(texts.calibration + texts.control, again.calibration + again.control, strict=True):
            assert first.record == second.record
            assert first.tokens.equal(second.tokens)


def test_nothing_is_kept_of_other_text(run: Run, tmp_path: Path) -> None:
    assert save_kept(tmp_path, run(lang="sw", calib="demo")[1]) is None
    assert not list(tmp_path.iterdir())


def test_kept_samples_that_do_not_fit(run: Run, model_folder: Path, tmp_path: Path) -> None:
    keys = KEYS | {"samples": 2, "control": None}
    path = save_kept(tmp_path, run(**keys, model_folder=model_folder)[1])
    assert path is not None
    message = r"has 2 windows of 32 tokens in Swahili, the recipe asks for 3 of 32\. Replay the recipe as it was saved"
    with pytest.raises(TextUnavailable, match=message):
        run(**(keys | {"samples": 3}), kept=path)
    with pytest.raises(TextUnavailable, match="has no calibration text in German"):
        run(**(keys | {"lang": "de"}), kept=path)
    with pytest.raises(TextUnavailable, match=f"^There is no {KEPT_FILE} beside the recipe"):
        run(**keys, kept=tmp_path / "elsewhere" / KEPT_FILE)
    data = json.loads(path.read_text())
    data["texts"][0]["windows"][0][5] += 1
    path.write_text(json.dumps(data))
    with pytest.raises(CheckpointDamaged, match=f"^{KEPT_FILE} is damaged: tokens and hash disagree"):
        run(**keys, kept=path)


def test_a_checkpoint_without_all_weights_writes_nothing(model_folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(model_folder, tmp_path / "model")
    weights = load_file(folder / "model.safetensors")
    del weights["model.layers.0.mlp.up_proj.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    message = r"^The checkpoint lacks 1 of the model's weights, model.layers.0.mlp.up_proj.weight among them\."
    with pytest.raises(CheckpointDamaged, match=message):
        own.load_model(folder, trust_remote_code=False, device="cpu")


def test_a_model_that_computes_no_numbers_writes_nothing(model_folder: Path, tokenizer: Any) -> None:
    import torch

    broken = own.load_model(model_folder, trust_remote_code=False, device="cpu")
    with torch.no_grad():
        broken.model.norm.weight.fill_(float("nan"))
    with pytest.raises(CheckpointDamaged, match="The model's probabilities are not numbers"):
        drain(own.sample(broken, tokenizer, resolve("sw"), seed=0, seq_len=16, count=1))


def test_a_language_without_a_prompt(tokenizer: Any) -> None:
    with pytest.raises(TextUnavailable, match="hubprune knows no beginning of a text in dv"):
        drain(own.sample(None, tokenizer, Language("dv", "dv", "", "", True), seed=0, seq_len=16, count=1))
