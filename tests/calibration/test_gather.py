"""From recipe to windows, with text of this machine."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubprune.calibration import Texts
from hubprune.calibration.documents import dealt_to, digest_of
from hubprune.calibration.gather import share_out
from hubprune.errors import HubpruneError, RecipeError, TextTooShort, TextUnavailable
from hubprune.events import Progress, Stage

from .conftest import sentences, write_jsonl

Run = Callable[..., tuple[list[Any], Texts]]
DEMO = Path(__file__).parent.parent.parent / "hubprune" / "demo" / "text"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: `own.jsonl` in Swahili without splits, `both/` with two languages and splits."""
    monkeypatch.chdir(tmp_path)
    write_jsonl(tmp_path / "own.jsonl", sentences("sw", 60))
    for language in ("sw", "en"):
        write_jsonl(tmp_path / "both" / language / "train.jsonl", sentences(language, 40, 1))
        write_jsonl(tmp_path / "both" / language / "test.jsonl", sentences(language, 30, 2))
    return tmp_path


def documents(tokenizer: Any, texts: Texts, use: str) -> set[str]:
    """The whole documents in the windows of one use."""
    found: set[str] = set()
    for text in getattr(texts, use):
        stream = tokenizer.decode(text.tokens[:, 1:].flatten().tolist())
        found |= set(stream.split("</s>")[1:-1])
    return found


def test_the_demo_needs_no_hub(run: Run) -> None:
    events, texts = run(lang="sw", calib="demo")
    assert events[0] == Stage("text", "Text: Swahili, English")
    assert events[-1] == Progress("text", 4 + 4 + 3 + 3, 14, "window")
    assert [event.done for event in events[1:]] == sorted(event.done for event in events[1:])
    assert texts.calib == texts.eval_text == {"sw": "demo", "en": "demo"}
    (calibration,), (control,), (swahili, english) = texts.calibration, texts.control, texts.evaluation
    assert calibration.tokens.shape == control.tokens.shape == (4, 32)
    assert swahili.tokens.shape == english.tokens.shape == (3, 32)
    assert str(calibration.tokens.dtype) == "torch.int64"
    assert (calibration.tokens[:, 0] == 0).all()
    record = calibration.record
    assert (record.language, record.use, record.source, record.split) == ("sw", "calibration", "demo", "train")
    assert (record.revision, record.config, record.license) == (None, "sw", "apache-2.0")
    assert (record.windows, record.seq_len, record.tokens, record.weight) == (4, 32, 128, 1.0)
    assert (control.record.use, control.record.language) == ("control", "en")
    assert (swahili.record.use, swahili.record.split) == ("evaluation", "test")
    assert swahili.record.bytes == sum(swahili.scored_bytes)
    assert calibration.scored_bytes == (0, 0, 0, 0)
    assert record.rule == (
        "Documents shuffled with seed 0, each text once, joined by the token </s> and cut into full windows."
    )
    assert swahili.record.rule.startswith("Documents in the order of the file, each text once")


def test_the_scored_bytes_are_those_of_the_text(run: Run, tokenizer: Any) -> None:
    _, texts = run(lang="zh", calib="demo", control=None, eval_samples=99)
    (text,) = texts.evaluation
    stream = tokenizer.decode(text.tokens[:, 1:].flatten().tolist()).replace("</s>", "")
    assert sum(text.scored_bytes) == pytest.approx(len(stream.encode()), abs=3)  # the last character may be cut off


def test_a_seed_decides_what_calibrates_and_not_what_is_measured(run: Run) -> None:
    first, again, other = (run(lang="sw", calib="demo", seed=seed)[1] for seed in (0, 0, 1))
    hashes = [[text.record.sha256 for text in (*t.calibration, *t.control)] for t in (first, again, other)]
    assert hashes[0] == hashes[1]
    assert not set(hashes[0]) & set(hashes[2])
    assert len({text.evaluation[0].record.sha256 for text in (first, again, other)}) == 1


def test_one_file_is_dealt_to_both_uses(run: Run, here: Path, tokenizer: Any) -> None:
    _, texts = run(lang="sw", calib="own.jsonl", control=None, samples=12, eval_samples=8)
    assert texts.calib == {"sw": "own.jsonl#calibrate"}
    assert texts.eval_text == {"sw": "own.jsonl#measure"}
    assert texts.calibration[0].record.rule.startswith("3 of 5 documents, dealt by hash, shuffled with seed 0, each")
    assert texts.evaluation[0].record.rule.startswith("2 of 5 documents, dealt by hash, in the order of the file, each")
    for use in ("calibration", "evaluation"):
        inside = documents(tokenizer, texts, use)
        assert inside
        assert {dealt_to(digest_of(text)) for text in inside} == {use}


def test_a_resolved_recipe_gathers_the_same_windows(run: Run, here: Path) -> None:
    for calib in ("own.jsonl", "both", "demo"):
        keys: dict[str, Any] = {"lang": "sw", "samples": 6, "control": None}
        _, texts = run(calib=calib, **keys)
        _, again = run(calib=texts.calib, eval_text=texts.eval_text, **keys)
        assert [text.record for text in (*texts.calibration, *texts.evaluation)] == [
            text.record for text in (*again.calibration, *again.evaluation)
        ]
        _, measured = run(eval_lang=("sw",), eval_text=texts.eval_text, control=None)  # as `hubprune eval` does
        assert measured.evaluation[0].record.sha256 == texts.evaluation[0].record.sha256
        assert measured.calibration == measured.control == []


def test_no_evaluation_document_calibrates(run: Run, here: Path, tokenizer: Any) -> None:
    train = sentences("sw", 40, 1)
    write_jsonl(here / "leak" / "sw.test.jsonl", train[:15])
    write_jsonl(here / "leak" / "sw.train.jsonl", train + train)
    _, texts = run(lang="sw", calib="leak", control=None, samples=20, eval_samples=6)
    measured, calibrated = (documents(tokenizer, texts, use) for use in ("evaluation", "calibration"))
    assert len(measured) > 3
    assert len(calibrated) > 10
    assert not measured & calibrated
    assert texts.calibration[0].record.documents <= 40  # each once


def test_without_measuring_all_of_a_file_calibrates(run: Run, here: Path) -> None:
    _, texts = run(lang="sw", calib="own.jsonl", measure=False)
    assert texts.calib == {"sw": "own.jsonl"}
    assert texts.eval_text == {}
    assert texts.control == texts.evaluation == []


def test_several_languages_share_the_samples(run: Run, here: Path) -> None:
    _, texts = run(lang="sw=3,en=1", calib="both", samples=8)
    assert [(text.record.language, text.record.windows, text.record.weight) for text in texts.calibration] == [
        ("sw", 6, 0.75),
        ("en", 2, 0.25),
    ]
    assert [text.record.windows for text in texts.control] == [8]
    assert texts.calibration[0].record.source == "both"


def test_a_source_for_each_language(run: Run, here: Path) -> None:
    keys: dict[str, Any] = {"lang": "sw", "eval_text": "both", "samples": 2}
    _, texts = run(calib={"sw": "own.jsonl", "en": "demo"}, **keys)
    assert texts.calib == {"sw": "own.jsonl", "en": "demo"}
    assert texts.eval_text == {"sw": "both", "en": "both"}
    assert run(calib="sw=own.jsonl,en=demo", **keys)[1].calib == texts.calib


def test_a_control_that_repeats_the_calibration_is_left_out(run: Run, here: Path) -> None:
    assert run(lang="en", calib="both")[1].control == []
    assert run(lang="sw", calib="both", eval_lang="sw")[1].control != []


def test_fewer_evaluation_windows_than_asked_are_fine(run: Run, here: Path) -> None:
    _, texts = run(lang="sw", calib="own.jsonl", control=None, eval_samples=1000)
    assert 1 < texts.evaluation[0].record.windows < 1000


@pytest.mark.parametrize(
    ("keys", "error", "message"),
    [
        (
            {"calib": "own.jsonl", "samples": 2000, "measure": False},
            TextTooShort,
            r"Only \d+ of 2,000 windows of 32 tokens could be built from own.jsonl \(Swahili\)\. "
            r"Lower --samples to \d+ or --seq-len, or give more text with --calib\.",
        ),
        (
            {"calib": "own.jsonl", "seq_len": 9999, "control": None},
            TextTooShort,
            r"Only 0 of 3 windows of 9,999 tokens could be built from own.jsonl \(Swahili\)\. "
            r"Lower --seq-len, or give more text with --eval-text\.",
        ),
        (
            {"calib": "both", "lang": "de"},
            TextUnavailable,
            r"both has no text in German; it has: en, sw\. Give another",
        ),
        (
            {"calib": "demo", "lang": "fr"},
            TextUnavailable,
            r"demo has no text in French; it has: ar, de, en, es, ru, sw",
        ),
        (
            {"calib": "own.jsonl", "lang": "sw,en"},
            TextUnavailable,
            r"own.jsonl does not say which of several languages it is\. "
            r"Give each its own: --calib sw=own.jsonl,en=FILE\.",
        ),
        ({"calib": "both", "eval_text": "self"}, RecipeError, "What a model writes itself cannot measure it."),
        ({"calib": "both", "lang": "sw,en,de", "samples": 2}, RecipeError, "2 windows cannot be shared out over 3"),
        ({"calib": "both", "eval_text": "missing.txt"}, TextUnavailable, "There is no file or folder 'missing.txt'"),
        ({"calib": "self", "measure": False}, TextUnavailable, "The model's own text needs the model"),
    ],
)
def test_failures(run: Run, here: Path, keys: dict[str, Any], error: type[HubpruneError], message: str) -> None:
    with pytest.raises(error) as caught:
        run(**({"lang": "sw"} | keys))
    assert re.match(message, str(caught.value))


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0.01, 1), min_size=1), st.integers(8, 500))
def test_samples_are_shared_out_in_full(weights: dict[str, float], samples: int) -> None:
    total = sum(weights.values())
    shares = {code: weight / total for code, weight in weights.items()}
    counts = share_out(samples, shares)
    assert sum(counts.values()) == samples
    assert min(counts.values()) >= 1
    assert list(counts) == list(weights)
    exact = [count == 1 or abs(count - samples * shares[code]) < len(weights) for code, count in counts.items()]
    assert all(exact)


def test_equal_weights_give_the_first_languages_the_remainder() -> None:
    assert share_out(8, {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}) == {"a": 3, "b": 3, "c": 2}
    assert share_out(3, {"a": 0.98, "b": 0.01, "c": 0.01}) == {"a": 1, "b": 1, "c": 1}
    assert share_out(5, {}) == {}
