"""What a run reads before it works: the tokenizer, the windows as the engine takes them, what a reader should know."""

from __future__ import annotations

from hubprune.calibration import TextWindows
from hubprune.generation import load_tokenizer
from hubprune.pruning.lanes import Group
from hubprune.recipe import Recipe
from hubprune.run.examine import Examined, uses_text

__all__ = ["groups", "load_tokenizer", "warnings_of"]


def groups(texts: list[TextWindows]) -> list[Group]:
    """Windows for the engine, labelled with their language."""
    return [Group(text.record.language, text.tokens, text.record.weight) for text in texts]


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
