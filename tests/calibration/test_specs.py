"""How a source is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubprune.calibration.specs import by_language, parse
from hubprune.errors import HubpruneError, LanguageUnknown, RecipeError, TextUnavailable


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("allenai/c4", ("allenai/c4", None, None, None, None)),
        ("gpt2-output", ("gpt2-output", None, None, None, None)),
        ("a/b@main:sw", ("a/b", "main", "sw", None, None)),
        ("a/b@refs/convert/parquet::train", ("a/b", "refs/convert/parquet", None, "train", None)),
        ("a/b:sw:train:body", ("a/b", None, "sw", "train", "body")),
        ("a/b:::body", ("a/b", None, None, None, "body")),
    ],
)
def test_data_sets(text: str, parts: tuple[str | None, ...]) -> None:
    spec = parse(text)
    assert (spec.name, spec.revision, spec.config, spec.split, spec.column) == parts
    assert spec.path is None
    assert spec.written() == text
    assert parse(spec.written(revision="abc")) == parse(f"hf://datasets/{spec.written(revision='abc')}")


def test_a_share_is_part_of_a_source() -> None:
    assert parse("a/b@c:sw#measure").share == "evaluation"
    assert parse("a/b@c:sw#calibrate").written() == "a/b@c:sw#calibrate"


def test_what_lies_in_the_current_folder_is_a_file_or_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a").mkdir()
    Path("a/b").mkdir()
    Path("x.jsonl").write_text("{}")
    assert parse("a/b").path == Path("a/b")
    assert parse("a/b::test").split == "test"
    assert parse("x.jsonl:::body").column == "body"
    assert parse("x.jsonl:::body").written() == "x.jsonl:::body"
    assert parse("demo").path is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "missing.jsonl",
            "There is no file or folder 'missing.jsonl'. Check the path; it counts from the current folder.",
        ),
        ("./missing", "There is no file or folder './missing'."),
        ("a b", "'a b' is no text source. Write a file, a folder, or a data set as owner/name[@revision][:config"),
        ("a/b:1:2:3:4", "'a/b:1:2:3:4' is no text source."),
        ("a/b/c", "'a/b/c' is no text source."),
        ("", "'' is no text source."),
        (f"{Path(__file__)}:sw", "names a config, but"),
    ],
)
def test_what_is_no_source(text: str, message: str) -> None:
    with pytest.raises(TextUnavailable) as caught:
        parse(text)
    assert message in str(caught.value)


def test_one_source_or_one_for_each_language() -> None:
    assert by_language("auto", "calib") == ({}, "auto")
    assert by_language("", "calib") == ({}, "auto")
    assert by_language({"Swahili": "a.txt", "en": "auto"}, "calib") == ({"sw": "a.txt", "en": "auto"}, None)
    assert by_language("swh=a.txt,en=self", "calib") == ({"sw": "a.txt", "en": "self"}, None)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ({"sw": ""}, RecipeError, "calib gives 'sw' the source ''."),
        ({"sw": "a", "swh": "b"}, RecipeError, "calib gives 'swh' two sources."),
        ("swaheli=a.txt", LanguageUnknown, "calib: No language is called 'swaheli'. Did you mean Swahili (sw)?"),
    ],
)
def test_broken_mappings(value: str | dict[str, str], error: type[HubpruneError], message: str) -> None:
    with pytest.raises(error) as caught:
        by_language(value, "calib")
    assert str(caught.value).startswith(message)
