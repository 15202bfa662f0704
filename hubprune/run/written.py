"""Texts that the models of a run have written so far, on disk: a run that breaks off does not write them again."""

from __future__ import annotations

import json
import os
from pathlib import Path

from hubprune.generation import Continuation

FILE = "written.jsonl"


class WrittenTexts:
    """One line for each piece of writing: [lane, name, [[text, tokens], ...]].

    A piece counts when its line is whole: the one that a killed run was at is cut off and written again. Writing is
    greedy, so a piece is the same in every try.
    """

    def __init__(self, folder: Path | None) -> None:
        """`folder` of the run's state; None: nothing is kept on disk."""
        self.path = folder / FILE if folder else None
        self._found: dict[tuple[str, str], list[Continuation]] = {}
        if self.path and self.path.exists():
            self._read(self.path)

    def _read(self, path: Path) -> None:
        whole = 0
        for line in path.read_bytes().splitlines(keepends=True):
            if not line.endswith(b"\n"):
                break
            lane, name, texts = json.loads(line)
            self._found[lane, name] = [Continuation(text, tokens) for text, tokens in texts]
            whole += len(line)
        os.truncate(path, whole)

    def get(self, lane: str, name: str) -> list[Continuation] | None:
        """What a lane's model wrote under a name; None where it has not yet."""
        return self._found.get((lane, name))

    def of(self, lane: str, name: str) -> list[Continuation]:
        """What a lane's model wrote under a name, which it has."""
        return self._found[lane, name]

    def keep(self, lane: str, name: str, texts: list[Continuation]) -> None:
        """Note a piece; it is safe on disk when this returns."""
        self._found[lane, name] = texts
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.write(json.dumps([lane, name, [[text.text, text.tokens] for text in texts]]).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
