"""What a run reads before it works: the tokenizer, the windows as the engine takes them, what a reader should know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hubprune.calibration import TextWindows
from hubprune.errors import CheckpointDamaged
from hubprune.pruning.lanes import Group
from hubprune.recipe import Recipe
from hubprune.run.examine import Examined, uses_text


def groups(texts: list[TextWindows]) -> list[Group]:
    """Windows for the engine, labelled with their language."""
    return [Group(text.record.language, text.tokens, text.record.weight) for text in texts]


def load_tokenizer(folder: Path, *, trust_remote_code: bool) -> Any:
    """The tokenizer of a folder; raises CheckpointDamaged where it cannot be loaded."""
    from transformers import AutoTokenizer
    from transformers.utils import logging

    logging.set_verbosity_error()  # "sequence longer than the model's maximum": documents are cut into windows here
    try:
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=trust_remote_code)
    except Exception as error:  # foreign files: the libraries raise whatever they stumble on
        first = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise CheckpointDamaged(
            f"The tokenizer cannot be loaded: {first.rstrip('.')}.", "Use a model that brings its tokenizer."
        ) from error


def warnings_of(examined: Examined, asked: Recipe) -> list[str]:
    """What a reader of the result should know, from the headers and the recipe as it was asked for."""
    recipe, found = examined.recipe, []
    if not examined.facts.streamed:
        found.append("The names of the weights do not line up with the model's class, so the model is loaded whole.")
    if asked.lang and not uses_text(recipe):
        found.append(f"{recipe.method} uses no calibration text: --lang decides only what is measured.")
    if recipe.trust_remote_code:
        found.append("The model's own Python code was run (--trust-remote-code).")
    return found
