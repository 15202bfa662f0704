"""Two checkpoints on the same windows: what both can read, and tokens that are the same for both."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from running import finish, small

from hubprune.calibration.tokens import frame
from hubprune.errors import RecipeError, UsageError
from hubprune.events import Stage
from hubprune.generation import load_tokenizer
from hubprune.recipe import Recipe
from hubprune.report import DENSE, PRUNED
from hubprune.run import evaluate
from hubprune.run.same_tokens import SameTokens

LOCAL = Path(__file__).parent.parent / "tasks" / "local"
SHORT = 12  # tokens, fewer than an item of the task


def asking(model: Path, **changes: Any) -> Recipe:
    return small(model, **({"lang": {}, "eval_lang": ("sw",)} | changes))


def changed(folder: Path, to: Path, file: str, change: Callable[[dict[str, Any]], None]) -> Path:
    """A copy of a model with one of its JSON files changed."""
    shutil.copytree(folder, to)
    data = json.loads((to / file).read_text(encoding="utf-8"))
    change(data)
    (to / file).write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return to


@pytest.fixture
def short(model_folder: Path, tmp_path: Path) -> Path:
    """The model with a shorter context."""
    return changed(
        model_folder, tmp_path / "short", "config.json", lambda config: config.update(max_position_embeddings=SHORT)
    )


@pytest.mark.parametrize("base_is_short", [False, True])
def test_windows_and_items_fit_both_models(model_folder: Path, short: Path, base_is_short: bool) -> None:
    model, base = (model_folder, short) if base_is_short else (short, model_folder)
    recipe = asking(model, seq_len=None, tasks=(str(LOCAL / "wordorder_sw.yaml"),))
    report, _ = finish(evaluate(recipe, str(base)))
    assert report.recipe["seq_len"] == SHORT
    assert [text.seq_len for text in report.texts] == [SHORT]
    alone, _ = finish(evaluate(recipe.replace(model=str(short))))
    assert report.tasks[0].truncated == alone.tasks[0].truncated > 0
    assert report.tasks[0].sha256 == alone.tasks[0].sha256
    # The weights are the same ones and the context only says how much is read, so both lanes give the same figures.
    assert report.tasks[0].scores[PRUNED].value == report.tasks[0].scores[DENSE].value
    scores = report.languages[0].scores
    assert scores[PRUNED].perplexity == pytest.approx(scores[DENSE].perplexity, rel=1e-6)


def test_windows_too_long_for_one_are_refused_before_anything_is_read(model_folder: Path, short: Path) -> None:
    for model, base in ((model_folder, short), (short, model_folder)):
        with pytest.raises(RecipeError, match=f"seq_len is 64, but short was made for {SHORT} tokens"):
            finish(evaluate(asking(model, seq_len=64), str(base)))


def test_a_long_prompt_is_cut_alike_for_both(model_folder: Path, tmp_path: Path, monkeypatch) -> None:
    """Both models read as much of a prompt as the one with the shorter context can."""
    from hubprune.generation import greedy

    context = 56  # 8 tokens are left beside 48 new ones
    other = changed(
        model_folder, tmp_path / "other", "config.json", lambda config: config.update(max_position_embeddings=context)
    )
    read: list[int] = []
    usual = greedy._continue_batch

    def watching(model: Any, tokenizer: Any, rows: list[list[int]], *others: Any) -> Any:
        read.extend(len(row) for row in rows)
        return usual(model, tokenizer, rows, *others)

    monkeypatch.setattr(greedy, "_continue_batch", watching)
    finish(evaluate(asking(other, seq_len=None, generate=True), str(model_folder)))
    dense, pruned = read[: len(read) // 2], read[len(read) // 2 :]
    assert dense == pruned
    assert max(read) == context - 48


def vocabulary(folder: Path) -> dict[str, int]:
    return load_tokenizer(folder, trust_remote_code=False).get_vocab()


def lowercase(tokenizer: dict[str, Any]) -> None:
    tokenizer["normalizer"] = {"type": "Lowercase"}


def first_merges_last(tokenizer: dict[str, Any]) -> None:
    merges = tokenizer["model"]["merges"]
    tokenizer["model"]["merges"] = merges[100:] + merges[:100]


def other_splits(tokenizer: dict[str, Any]) -> None:
    digits = {"type": "Split", "pattern": {"String": "a"}, "behavior": "Isolated", "invert": False}
    tokenizer["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [digits, tokenizer["pre_tokenizer"]]}


def a_word_of_its_own(tokenizer: dict[str, Any]) -> None:
    tokenizer["added_tokens"].append(plain_token("ya", len(tokenizer["model"]["vocab"]) + 5))


def plain_token(content: str, number: int) -> dict[str, Any]:
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized", "special"), False)
    return {"id": number, "content": content, **flags}


@pytest.mark.parametrize("change", [lowercase, first_merges_last, other_splits, a_word_of_its_own])
def test_models_that_cut_the_text_differently_are_not_compared(change, model_folder: Path, tmp_path: Path) -> None:
    other = changed(model_folder, tmp_path / "other", "tokenizer.json", change)
    with pytest.raises(UsageError, match=r"other and .* cut text into different tokens") as caught:
        finish(evaluate(asking(other), str(model_folder)))
    assert caught.value.next_step == "Evaluate each of them alone and compare bits per byte."


def test_a_token_more_that_the_text_does_not_hold_changes_nothing(model_folder: Path, tmp_path: Path) -> None:
    """As between a base model and the chat model made from it, where the vocabularies are not equal."""

    def more(tokenizer: dict[str, Any]) -> None:
        number = 1 + max(token["id"] for token in tokenizer["added_tokens"])
        tokenizer["added_tokens"].append(plain_token("<|turn|>", max(number, len(tokenizer["model"]["vocab"]))))

    other = changed(model_folder, tmp_path / "other", "tokenizer.json", more)
    assert vocabulary(other) != vocabulary(model_folder)
    report, events = finish(evaluate(asking(other), str(model_folder)))
    assert report.languages[0].scores[PRUNED].ratio == 1.0
    assert [event.name for event in events if isinstance(event, Stage)][:2] == ["check", "check"]


class Plain:
    """A tokenizer of letters, with a beginning token or without."""

    eos_token = "</s>"

    def __init__(self, beginning: int | None = None, end: int = 2) -> None:
        self.beginning, self.end = beginning, end

    def __call__(self, text: str, add_special_tokens: bool = True, **_: Any) -> dict[str, list[int]]:
        first = [self.beginning] if add_special_tokens and self.beginning is not None else []
        return {"input_ids": first + [10 + ord(letter) for letter in text]}

    def convert_tokens_to_ids(self, token: str) -> int:
        return self.end


@pytest.mark.parametrize(("ours", "theirs"), [((None,), (1,)), ((1,), (0,)), ((1, 2), (1, 3))])
def test_the_tokens_around_a_text_are_compared_too(ours: tuple, theirs: tuple) -> None:
    assert frame(SameTokens(Plain(*ours), Plain(*ours), ("a", "b"))).beginning == ours[0]
    with pytest.raises(UsageError, match="a and b cut"):
        frame(SameTokens(Plain(*ours), Plain(*theirs), ("a", "b")))
