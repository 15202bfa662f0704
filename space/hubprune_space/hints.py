"""Words that help to read a plan and a result."""

from __future__ import annotations

from . import html

BASE = "Base (the original)"
PERPLEXITY = "how surprised the model is by real text: lower is better."
READING = (
    "Original: the model before pruning.",
    "Windows: the pieces of text that were read; each is as long as the model reads in one go, or as you asked.",
    "Bits per byte: the same, counted by the length of the text instead of by tokens; lower is better.",
    "Geometric mean: the average of the ratios.",
    "Ratio: 1 means as good as the original, 1.10 means 10 % more surprised.",
)
TASKS = (
    "acc: the share of right answers; chance: what guessing would score.",
    "Items: the questions that were asked.",
)
TEXTS = (
    "Greedy: always the most probable next token (a word or a piece of one), so that chance has no part in it.",
    "4-grams: four words in a row.",
)
# What a visitor may meet on the page, said in passing.
GLOSSARY = {
    "parameters": "the numbers that a model consists of; its weights are most of them",
    "weights": "the numbers that text is multiplied with; pruning makes some of them zero",
    "blocks": "the model's layers, one after the other",
    "embeddings": "the table that turns tokens into numbers and back",
    "float": "float32, float16, bfloat16: how precisely each number is stored",
    "calibration": "the model reads text, and what it does with each weight decides which ones go",
    "control": "the same pruning with English text, only measured: it shows whether the choice of language mattered",
    "window": "a piece of text that is read in one go",
    "token": "a word or a piece of one; text is read and counted in tokens",
    "perplexity": "how surprised a model is by real text; lower is better",
}


def glossary(*terms: str) -> str:
    """What some words mean, to be unfolded."""
    items = "".join(f"<div><dt>{html.esc(term)}</dt><dd>{html.esc(GLOSSARY[term])}</dd></div>" for term in terms)
    return html.fold("What the words mean", f'<dl class="glossary">{items}</dl>')


def plainly(text: str) -> str:
    """A sentence of the package as this page says it: "original" for "dense model"; figures stay with their units."""
    for said in ("the dense model", "The dense model", "dense model", "Dense", "dense"):
        text = text.replace(said, said[: said.lower().index("dense")] + ("Original" if "Dense" in said else "original"))
    return html.together(text)
