"""Command lines as text: to record beside a result, to run again, to run next."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from hubprune.publishing.privacy import PRIVATE_FLAGS, TOKEN

SECRET_FLAGS = ("--token",)
FORMAT_FLAGS = ("--format",)
OUTPUT_WORDS = ("--json", "-q", "--quiet", "-v", "--verbose", "-y", "--yes")
HIDDEN = "hf_***"


def recorded_command(argv: Sequence[str]) -> str:
    """The command as it may be published: no token, no folder for downloads, and of a local path only its last name.

    `argv` as in sys.argv; the program's own path becomes `hubprune`.
    """
    return command(local_path_to_name(word) for word in masked(without(argv[1:], PRIVATE_FLAGS)))


def again(argv: Sequence[str]) -> str:
    """The command to type once more: as given, without the token; `prune` then goes on where it was.

    `argv` as in sys.argv.
    """
    words = [word for word in masked(without(argv[1:], SECRET_FLAGS)) if word != "--fresh"]
    return command(words + ["--resume"] * (words[:1] == ["prune"] and "--resume" not in words))


def follow_up(words: Sequence[str], name: str, *drop: str) -> str:
    """The command `name` with the arguments of another, without the flags to drop and without output flags."""
    words = masked(without(words[1:], (*SECRET_FLAGS, *FORMAT_FLAGS)))
    return command([name, *(word for word in words if word not in (*OUTPUT_WORDS, *drop))])


def command(words: Iterable[str]) -> str:
    """`hubprune` and the words, quoted for a shell."""
    return shlex.join(["hubprune", *words])


def masked(words: Iterable[str]) -> list[str]:
    """The words with whatever begins like a token masked."""
    return [TOKEN.sub(HIDDEN, word) for word in words]


def without(words: Iterable[str], flags: Sequence[str]) -> list[str]:
    """The words without these flags and their values: `--token VALUE`, `--token=VALUE`, in either spelling."""
    kept: list[str] = []
    value_follows = False
    for word in words:
        name, equals, _ = word.partition("=")
        is_flag = name.replace("_", "-") in flags
        if not value_follows and not is_flag:
            kept.append(word)
        value_follows = is_flag and not equals
    return kept


def secrets_in(words: Iterable[str]) -> list[str]:
    """The values that `--token` was given."""
    values: list[str] = []
    value_follows = False
    for word in words:
        name, equals, value = word.partition("=")
        is_flag = name.replace("_", "-") in SECRET_FLAGS
        if value_follows:
            values.append(word)
        elif is_flag and equals:
            values.append(value)
        value_follows = is_flag and not equals and not value_follows
    return [value for value in values if value]


def local_path_to_name(word: str) -> str:
    """`~/texts/sw.txt` -> `sw.txt`, also behind `--calib=` and `sw=`; every other word is left alone."""
    front, _, path = word.rpartition("=")
    if not (path.startswith(("~", "\\\\")) or Path(path).is_absolute() or re.match(r"[A-Za-z]:[\\/]", path)):
        return word
    name = re.split(r"[\\/]", path.rstrip("\\/"))[-1] or "."
    return f"{front}={name}" if front else name
