"""`hubprune_calibration.json`: the tokens that a model wrote itself, kept beside its weights for a replay."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np

from hubprune.calibration.specs import SELF
from hubprune.calibration.texts import Texts, TextWindows
from hubprune.errors import CheckpointDamaged, TextUnavailable
from hubprune.languages import resolve
from hubprune.report import TextRecord

KEPT_FILE = "hubprune_calibration.json"
SCHEMA_VERSION = 1
Kept = dict[tuple[str, str], TextWindows]  # (language code, use) -> windows


def save_kept(folder: Path, texts: Texts) -> Path | None:
    """Write the model's own samples into a folder; None, and no file, where a run used none."""
    own = [text for text in (*texts.calibration, *texts.control) if text.record.source == SELF]
    if not own:
        return None
    entries = [{"record": dataclasses.asdict(text.record), "windows": text.tokens.tolist()} for text in own]
    path = folder / KEPT_FILE
    data = {"schema_version": SCHEMA_VERSION, "texts": entries}
    path.write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    return path


def load_kept(path: Path) -> Kept:
    """Read kept samples from their file or its folder. Raises CheckpointDamaged where tokens and hash disagree."""
    import torch

    path = path / KEPT_FILE if path.is_dir() else path
    found: Kept = {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        for entry in data["texts"]:
            record = TextRecord(**entry["record"])
            tokens = np.array(entry["windows"], dtype=np.int64)
            if hashlib.sha256(tokens.astype("<i4").tobytes()).hexdigest() != record.sha256:
                raise ValueError("tokens and hash disagree")
            found[record.language, record.use] = TextWindows(record, torch.from_numpy(tokens), (0,) * len(tokens))
    except FileNotFoundError as error:
        raise TextUnavailable(f"There is no {path.name} beside the recipe.", "Let the model write anew.") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointDamaged(f"{path.name} is damaged: {error}.", "Download it again.") from error
    return found


def replay(kept: Kept, language: str, use: str, *, seq_len: int, count: int, vocabulary: int) -> TextWindows:
    """The kept windows of a language and use. Raises TextUnavailable where they are not what the recipe asks for."""
    text = kept.get((language, use))
    name = resolve(language).name
    if text is None:
        raise TextUnavailable(f"{KEPT_FILE} has no {use} text in {name}.", "Let the model write anew: --calib self.")
    windows, length = text.tokens.shape
    if (windows, length) != (count, seq_len):
        raise TextUnavailable(
            f"{KEPT_FILE} has {windows:,} windows of {length:,} tokens in {name}, the recipe asks for {count:,} of "
            f"{seq_len:,}.",
            "Replay the recipe as it was saved, or let the model write anew.",
        )
    if int(text.tokens.max()) >= vocabulary:
        raise TextUnavailable(f"{KEPT_FILE} was made with another tokenizer.", "Let the model write anew.")
    return text
