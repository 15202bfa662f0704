"""Made-up results for the command line to show."""

from __future__ import annotations

import io
import re
from typing import Any

from hubprune.recipe import Recipe
from hubprune.report import (
    CONTROL,
    DENSE,
    PRUNED,
    LanguageRow,
    ModelFacts,
    ModuleRow,
    Report,
    Run,
    Score,
    Sparsity,
    TextRecord,
)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def plain(text: str) -> str:
    """The text without the terminal's escape sequences."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def made_up_report(*, codes: tuple[str, ...] = ("sw", "en"), measured: bool = True, **changes: Any) -> Report:
    """A report as a run with a control would give it."""
    recipe = Recipe("org/base", lang="sw", eval_lang=codes)
    facts = {
        "model": made_up_model(),
        "recipe": recipe.to_dict(),
        "texts": [made_up_text("sw", "calibration"), made_up_text("en", "control")],
        "sparsity": Sparsity(
            0.5, 1000, 500, 500, 0, 2000, [ModuleRow("self_attn.q_proj", (10, 10), 10, 1000, 500, 500, 0)], {}
        ),
        "languages": [made_up_row(code) for code in codes] if measured else [],
        "blocks": [],
        "warnings": [],
        "run": Run("2026-01-01T00:00:00Z", 1.0, {}, 1, None, "cpu", "hubprune prune", {}),
        "hubprune_version": "0.1.0",
    }
    return Report(**(facts | changes))


def made_up_model(**changes: Any) -> ModelFacts:
    """Facts of a model of 600 M parameters."""
    facts = {
        "id": "org/base",
        "revision": "0123456789abcdef0123456789abcdef01234567",
        "local": False,
        "architecture": "LlamaForCausalLM",
        "model_type": "llama",
        "parameters": 600_000_000,
        "prunable": 440_000_000,
        "blocks": 28,
        "dtype": "bfloat16",
        "bytes": 1_200_000_000,
        "vocab_size": 150_000,
        "context": 4096,
        "streamed": True,
        "license": "apache-2.0",
    }
    return ModelFacts(**(facts | changes))


def made_up_text(code: str, use: str) -> TextRecord:
    """A record of text."""
    return TextRecord(
        code, use, "allenai/c4", "f" * 40, code, "train", "odc-by", "as drawn", 9, 8, 256, 2048, 9000, "0" * 64
    )


def made_up_row(code: str) -> LanguageRow:
    """A language: kept by its own calibration, lost by the other's."""
    own, other = (1.1, 1.5) if code == "sw" else (1.4, 1.1)
    dense = 1234.5
    scores = {
        DENSE: Score(dense, 2.0, 2.5, 0.01),
        PRUNED: Score(dense * own, 2.1, 2.6, 0.01, own, 0.01),
        CONTROL: Score(dense * other, 2.2, 2.7, 0.01, other, 0.01),
    }
    return LanguageRow(code, code == "sw", 8, 2040, 9000, scores, own / other, 0.01)
