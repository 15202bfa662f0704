"""Documents of one local file: txt, jsonl, json or parquet; text files may be packed with gzip.

.txt             a paragraph is a document; a file without blank lines has a document a line
.jsonl, .json    an object or a string a line, or one array of them; the field is "text", else "content"
.parquet         a row is a document, the column as above
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from hubprune.errors import TextUnavailable

KINDS = (".txt", ".jsonl", ".json", ".parquet")
COLUMNS = ("text", "content")


def kind(path: Path) -> str | None:
    """ ".jsonl" for notes.jsonl and notes.jsonl.gz; None for a file that is no text source."""
    name = path.name.lower().removesuffix(".gz")
    found = next((suffix for suffix in KINDS if name.endswith(suffix)), None)
    return None if found == ".parquet" and path.name.lower().endswith(".gz") else found


def read(path: Path, shown: str, column: str | None = None) -> Iterator[str]:
    """The documents of a file in its order; `shown` is its name in messages.

    Raises TextUnavailable, naming the line, for what is not UTF-8, broken JSON, a missing field, or no text at all.
    """
    found = kind(path)
    if found is None:
        raise TextUnavailable(
            f"{shown} is not a text source.", f"Give a file that ends in {', '.join(KINDS)} (or .gz)."
        )
    readers = {".txt": paragraphs, ".parquet": parquet}
    documents = readers.get(found, records)(path, shown, column)
    empty = True
    for text in documents:
        empty = empty and not text.strip()
        yield text
    if empty:
        raise TextUnavailable(f"{shown} holds no text.", "Give a file with some.")


def lines(path: Path, shown: str) -> Iterator[tuple[int, str]]:
    """(number from 1, line without its end) of a UTF-8 file, unpacked if it is a .gz, without a byte order mark."""
    number = 0
    try:
        with unpacked(path) as file:
            for number, raw in enumerate(file, 1):
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
                yield number, line.rstrip("\r\n")
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise TextUnavailable(
            f"{shown}, line {number}: byte 0x{byte:02x} is not UTF-8.",
            "Save the file as UTF-8, for example with iconv.",
        ) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise TextUnavailable(f"{shown} is not a whole gzip file.", "Pack it again, or give it unpacked.") from error
    except OSError as error:
        raise TextUnavailable(
            f"{shown} cannot be read: {error.strerror or error}.", "Check its permissions."
        ) from error


def unpacked(path: Path) -> BinaryIO:
    """The file, through gzip where its name says so."""
    return gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb")  # type: ignore[return-value]


def paragraphs(path: Path, shown: str, column: str | None = None) -> Iterator[str]:
    """The paragraphs of a text file, or its lines where no blank line parts them."""
    blocks: list[list[str]] = [[]]
    for _, line in lines(path, shown):
        if line.strip():
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    blocks = [block for block in blocks if block]
    if len(blocks) == 1:
        return iter(blocks[0])
    return ("\n".join(block) for block in blocks)


def records(path: Path, shown: str, column: str | None = None) -> Iterator[str]:
    """The documents of a JSON file: one a line, or the elements of one array."""
    numbered = lines(path, shown)
    for number, line in numbered:
        if not line.strip():
            continue
        if line.lstrip().startswith("["):
            body = "\n".join([line, *(rest for _, rest in numbered)])
            for index, value in enumerate(parsed(body, shown, number), 1):
                yield field(value, f"{shown}, element {index}", shown, column)
            return
        yield field(parsed(line, shown, number), f"{shown}, line {number}", shown, column)


def parsed(text: str, shown: str, number: int) -> Any:
    """The JSON value that begins on line `number`."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise TextUnavailable(
            f"{shown}, line {number + error.lineno - 1}: broken JSON ({error.msg}).",
            'Each line must be an object such as {"text": "..."}.',
        ) from error


def field(value: Any, where: str, shown: str, column: str | None) -> str:
    """The text of one record; a null is an empty text."""
    if isinstance(value, str) and column is None:
        return value
    if not isinstance(value, Mapping):
        raise TextUnavailable(f"{where}: not an object with a text.", 'Each must be an object such as {"text": "..."}.')
    name = column_of(value, where, shown, column)
    if value[name] is None:
        return ""
    if not isinstance(value[name], str):
        raise TextUnavailable(f"{where}: {name!r} is no text.", f"Name the field that is: {shown}:::FIELD.")
    return value[name]


def column_of(names: Iterable[str], where: str, shown: str, column: str | None) -> str:
    """The column asked for, else the usual one. Raises TextUnavailable and names the columns there are."""
    names = list(names)
    wanted = (column,) if column else COLUMNS
    for name in wanted:
        if name in names:
            return name
    listed = ", ".join(names[:12]) or "none"
    raise TextUnavailable(
        f"{where} has no field {wanted[0]!r}; it has: {listed}.", f"Name the field with the text: {shown}:::FIELD."
    )


def parquet(path: Path, shown: str, column: str | None = None) -> Iterator[str]:
    """The texts of a parquet file's column."""
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            name = column_of(file.schema_arrow.names, shown, shown, column)
            for batch in file.iter_batches(batch_size=1024, columns=[name]):
                for index, value in enumerate(batch.column(0).to_pylist(), 1):
                    yield field({name: value}, f"{shown}, row {index}", shown, name)
    except (pyarrow.ArrowException, OSError) as error:
        raise TextUnavailable(f"{shown} is not a readable parquet file.", "Write it again.") from error
