"""What a Space can be told from outside, by environment variables; nothing of it decides a result."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path


def _number(name: str, default: float) -> float:
    return float(os.environ.get(f"HUBPRUNE_SPACE_{name}", default))


def _folder() -> Path:
    above = os.environ.get("HUBPRUNE_SPACE_FOLDER")
    if above:
        Path(above).mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix="hubprune-space-", dir=above)).resolve()
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


@dataclass(frozen=True)
class Settings:
    """Limits of this Space.

    Attributes:
        keep_seconds: how long a result waits for its owner.
        longest_line: runs that may wait.
        most_pages: pages that may be open at once; each holds one of gradio's places.
        longest_seconds: runs whose estimate is longer are sent elsewhere; 0: none is.
        text_bytes: size of a visitor's own calibration text.
        folder: where runs live; deleted when the Space ends.
        space_id: owner/name of this Space on the Hub; empty elsewhere.
        zero_gpu: whether GPUs come and go (ZeroGPU).
    """

    keep_seconds: float = field(default_factory=lambda: _number("KEEP_SECONDS", 1800))
    longest_line: int = field(default_factory=lambda: int(_number("LONGEST_LINE", 20)))
    most_pages: int = field(default_factory=lambda: int(_number("MOST_PAGES", 500)))
    longest_seconds: float = field(default_factory=lambda: _number("LONGEST_SECONDS", 3600))
    text_bytes: int = field(default_factory=lambda: int(_number("TEXT_BYTES", 2_000_000)))
    folder: Path = field(default_factory=_folder)
    space_id: str = field(default_factory=lambda: os.environ.get("SPACE_ID", ""))
    zero_gpu: bool = field(default_factory=lambda: os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true"))

    @property
    def here(self) -> str:
        """Where runs are: a Space of the Hub, or somebody's own machine."""
        return "this Space" if self.space_id else "this machine"

    @property
    def slice_seconds(self) -> float | None:
        """How long one call holds a GPU that must be given back; None: no limit."""
        asked = _number("SLICE_SECONDS", 60 if self.zero_gpu else 0)
        return asked or None


SETTINGS = Settings()
