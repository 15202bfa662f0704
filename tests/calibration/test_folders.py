"""Languages and splits of a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubprune.calibration.documents import CALIBRATION, EVALUATION, Corpus
from hubprune.calibration.folders import choose_split, find
from hubprune.calibration.specs import parse
from hubprune.errors import TextUnavailable


def folder(root: Path, *names: str) -> str:
    """A folder `texts` of files, each of which holds its own name."""
    for name in names:
        path = root / "texts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return str(root / "texts")


def found(source: str, language: str, use: str, only: str | None = None) -> list[str] | None:
    corpus = find(parse(source), language, use, only)
    return sorted(corpus.read(None)) if corpus else None


@pytest.mark.parametrize(
    ("names", "train", "test"),
    [
        (["sw/train.txt", "sw/test.txt", "en/train.txt"], ["sw/train.txt"], ["sw/test.txt"]),
        (["swh_Latn/train-0-of-2.txt", "swh_Latn/train-1-of-2.txt", "swh_Latn/dev.txt"], None, ["swh_Latn/dev.txt"]),
        (["sw/train/a.txt", "sw/validation/b.txt"], ["sw/train/a.txt"], ["sw/validation/b.txt"]),
        (["sw.train.txt", "sw.test.txt", "en.txt"], ["sw.train.txt"], ["sw.test.txt"]),
        (["swahili.txt", "english.txt", "README.md"], ["swahili.txt"], ["swahili.txt"]),
        (["sw/a.txt", "sw/b.txt"], ["sw/a.txt", "sw/b.txt"], ["sw/a.txt", "sw/b.txt"]),
        (["train.txt", "test.txt"], ["train.txt"], ["test.txt"]),
        (["a.txt", "notes.txt", ".hidden.txt", "_x.txt"], ["a.txt", "notes.txt"], ["a.txt", "notes.txt"]),
    ],
)
def test_layouts(tmp_path: Path, names: list[str], train: list[str] | None, test: list[str]) -> None:
    source = folder(tmp_path, *names)
    assert found(source, "sw", CALIBRATION, "sw") == (names[:2] if train is None else train)
    assert found(source, "sw", EVALUATION, "sw") == test
    assert found(source, "de", CALIBRATION, "sw") is None


def test_a_file_is_in_the_one_language_that_it_can_be_in(tmp_path: Path) -> None:
    source = folder(tmp_path, "a.txt") + "/a.txt"
    assert found(source, "sw", CALIBRATION, "sw") == ["a.txt"]
    assert found(source, "en", CALIBRATION, "sw") is None
    assert found(source, "sw", CALIBRATION, None) is None


def test_a_corpus_names_no_folder_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = folder(tmp_path, "sw/train.txt")
    corpus = find(parse(source), "sw", CALIBRATION, None)
    assert isinstance(corpus, Corpus)
    assert (corpus.source, corpus.spec, corpus.config, corpus.split) == ("texts", "texts", "sw", "train")
    monkeypatch.chdir(tmp_path.parent)
    corpus = find(parse(source), "sw", CALIBRATION, None)
    assert isinstance(corpus, Corpus)
    assert (corpus.source, corpus.spec) == ("texts", f"{tmp_path.name}/texts")


def test_a_split_can_be_asked_for(tmp_path: Path) -> None:
    source = folder(tmp_path, "sw/train.txt", "sw/test.txt")
    assert found(f"{source}::test", "sw", CALIBRATION) == ["sw/test.txt"]
    with pytest.raises(TextUnavailable, match=r"^texts has no split 'dev'; it has: test, train\."):
        found(f"{source}::dev", "sw", CALIBRATION)


def test_a_folder_without_text(tmp_path: Path) -> None:
    source = folder(tmp_path, "a.pdf")
    with pytest.raises(TextUnavailable, match=r"^texts holds no text files\. Text files end in \.txt"):
        found(source, "sw", CALIBRATION, "sw")
    with pytest.raises(TextUnavailable, match=r"^a.pdf is not a text source\."):
        found(f"{source}/a.pdf", "sw", CALIBRATION, "sw")


@pytest.mark.parametrize(
    ("splits", "calibrates", "measures"),
    [
        ("train validation test", "train", "test"),
        ("train validation", "train", "validation"),
        ("validation test", "validation", "test"),
        ("dev devtest", "dev", "devtest"),
        ("train", "train", "train"),
        ("test", "test", "test"),
        ("a b", "a", "a"),
        ("a test", "a", "test"),
        ("", None, None),
    ],
)
def test_which_split_serves_which_use(splits: str, calibrates: str | None, measures: str | None) -> None:
    assert choose_split(splits.split(), CALIBRATION) == calibrates
    assert choose_split(splits.split(), EVALUATION) == measures


def test_the_order_is_drawn_by_seed(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n\n".join(map(str, range(50))))
    corpus = find(parse(str(tmp_path / "a.txt")), "sw", CALIBRATION, "sw")
    assert isinstance(corpus, Corpus)
    assert list(corpus.read(None)) == [str(i) for i in range(50)]
    assert list(corpus.read(0)) == list(corpus.read(0)) != list(corpus.read(1))
    assert sorted(corpus.read(1)) == sorted(corpus.read(None))
