"""What `gather` returns: token windows with the record of the text they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hubprune.report import TextRecord

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class TextWindows:
    """Windows of one language in one use."""

    record: TextRecord
    tokens: Tensor  # (windows, seq_len) int64
    scored_bytes: tuple[int, ...]  # UTF-8 bytes of each window's scored text; zeros unless the use is "evaluation"


@dataclass(frozen=True)
class Texts:
    """All text of a run. `calib` and `eval_text` are the sources that were used, resolved, by language code."""

    calibration: list[TextWindows]
    control: list[TextWindows]
    evaluation: list[TextWindows]
    calib: dict[str, str]
    eval_text: dict[str, str]
