"""The documents of one local file, and what is said of a broken one."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from hubprune.calibration.files import read
from hubprune.errors import TextUnavailable


def documents(path: Path, content: str | bytes, column: str | None = None) -> list[str]:
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return list(read(path, path.name, column))


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_text_files(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.txt{suffix}"
    assert documents(path, "one\ntwo\n\n\nthree\r\n \nfour") == ["one\ntwo", "three", "four"]
    assert documents(path, "one\ntwo\n\n") == ["one", "two"]
    assert documents(path, b"\xef\xbb\xbfone\n\ntwo") == ["one", "two"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.jsonl.gz", "a.JSON"])
def test_json_files(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert documents(path, '{"text": "a"}\n\n{"text": null}\n"b"\n{"text": "c", "id": 1}\n') == ["a", "", "b", "c"]
    assert documents(path, '[{"content": "a"},\n "b"]') == ["a", "b"]
    assert documents(path, '{"body": "a", "text": "b"}', "body") == ["a"]


def test_parquet_files(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(
        pyarrow.table({"text": ["a", None, "b"], "body": ["c", "d", "e"], "id": [1, 2, 3]}), path
    )
    assert list(read(path, "a.parquet")) == ["a", "", "b"]
    assert list(read(path, "a.parquet", "body")) == ["c", "d", "e"]
    with pytest.raises(TextUnavailable, match=r"a.parquet, row 1: 'id' is no text"):
        list(read(path, "a.parquet", "id"))
    with pytest.raises(TextUnavailable, match=r"a.parquet has no field 'x'; it has: text, body, id"):
        list(read(path, "a.parquet", "x"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", "", "a.txt holds no text. Give a file with some."),
        ("a.jsonl", '{"text": " "}', "a.jsonl holds no text."),
        ("a.txt", b"one\ntwo \xe9\n", "a.txt, line 2: byte 0xe9 is not UTF-8. Save the file as UTF-8"),
        ("a.jsonl", '{"text": "a"}\n{"text": "b"\n', "a.jsonl, line 2: broken JSON (Expecting ',' delimiter)."),
        ("a.json", '[{"text": "a"},\n{"text": }]', "a.json, line 2: broken JSON"),
        (
            "a.jsonl",
            '{"text": "a"}\n{"id": 7, "body": "b"}',
            "a.jsonl, line 2 has no field 'text'; it has: id, body. Name the",
        ),
        ("a.jsonl", '{"text": 7}', "a.jsonl, line 1: 'text' is no text. Name the field that is: a.jsonl:::FIELD."),
        ("a.jsonl", "7", "a.jsonl, line 1: not an object with a text."),
        ("a.json", "[[1]]", "a.json, element 1: not an object with a text."),
        ("a.pdf", "x", "a.pdf is not a text source. Give a file that ends in .txt, .jsonl, .json, .parquet (or .gz)."),
        ("a.parquet", "x", "a.parquet is not a readable parquet file."),
    ],
)
def test_broken_files(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    with pytest.raises(TextUnavailable) as caught:
        documents(tmp_path / name, content)
    assert str(caught.value).startswith(message)
    assert caught.value.next_step


def test_a_gzip_file_that_is_none_or_only_half(tmp_path: Path) -> None:
    path = tmp_path / "a.txt.gz"
    for data in (b"plain", gzip.compress(b"one\n\ntwo" * 100)[:-12]):
        path.write_bytes(data)
        with pytest.raises(TextUnavailable, match=r"^a.txt.gz is not a whole gzip file\."):
            list(read(path, "a.txt.gz"))
