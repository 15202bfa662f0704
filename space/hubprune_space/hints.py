"""Words that help to read a plan and a result; one name each for the three models of a run."""

from __future__ import annotations

import re

from hubprune.publishing import tables
from hubprune.publishing.text import listed, name_of
from hubprune.report import CONTROL, DENSE, PRUNED, Report

from . import html

NAMES = {DENSE: "Original", PRUNED: "Pruned", CONTROL: "Control"}
PERPLEXITY = "how surprised the model is by real text: lower is better."
TASKS = (
    "Original, pruned, control: how many in a hundred questions each model answers right.",
    "Change: in points, which are hundredths of all questions.",
    "acc: the share of right answers (acc_norm: with answers of different length made comparable); chance: what "
    "guessing would score.",
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


def plainly(text: str, report: Report | None = None) -> str:
    """A sentence or heading of the package as this page says it: "original" for "dense model", "control" for
    "English-calibrated" (`report` tells which that is), "questions" for "items"; figures stay with their units.
    """
    if report is not None:
        for lane, said in tables.lane_names(report).items():
            if text == said:
                return NAMES[lane]
            if lane != DENSE and said != NAMES[lane]:
                text = text.replace(said, NAMES[lane].lower())
    text = re.sub(r"(^|(?<=[.:] ))[Tt]he dense model\b", "The original", text)
    text = text.replace("the dense model", "the original").replace("dense model", "original")
    text = re.sub(r"\bthis model\b", "the pruned model", text)
    text = re.sub(r"^Ratio to (\w+)$", lambda found: f"Times the {found[1]}", text)
    text = re.sub(r"^Change to (\w+)$", lambda found: f"Change to the {found[1]}", text)
    text = text.replace(tables.MEAN, "Average")
    text = re.sub(r"\b([Ii])tem(s?)\b", lambda found: ("Q" if found[1] == "I" else "q") + f"uestion{found[2]}", text)
    text = re.sub(r"(?<=: )Dense\b|\bdense\b", "original", text)
    text = re.sub(r"\bDense\b", "Original", text)
    return html.together(text)


def of_the_card(report: Report) -> str:
    """What the card calls the three models: its readers have not seen this page."""
    here = {DENSE: "the original", CONTROL: "the control", PRUNED: "the pruned model"}
    measured = {DENSE, *(lane for row in report.languages for lane in row.scores)}
    named = [(name, here[lane]) for lane, name in tables.lane_names(report).items() if lane in measured]
    said = [f"“{name}”{'' if place else ' is'} {mine}" for place, (name, mine) in enumerate(named)]
    return f"In the card, {listed(said)}."


def of_languages(report: Report, shown: set[str]) -> list[str]:
    """How to read the table of perplexities: plain things first, statistics last. `shown`: the package's headings."""
    targets, control = tables.calibration_languages(report), tables.control_language(report)
    text = f" with {listed([name_of(code) for code in targets])} text" if targets else ""
    models = [f"Original: the model before pruning. Pruned: the same model after pruning{text}."]
    if control:
        models.append(
            f"Control: pruned in the same way with {name_of(control)} text, and only measured. It shows whether the "
            "choice of language mattered."
        )
    found = [
        *models,
        f"Perplexity: {PERPLEXITY}",
        "Times the original: 1 means as good as the original, 1.10 means 10 % more surprised.",
    ]
    if len(report.languages) > 1:
        found += [
            "Average: what the ratios come to over all these languages (their geometric mean).",
            tables.COMPARABLE,
        ]
    if "Bits per byte" in shown:
        found.append(
            "Bits per byte, original → pruned: surprise again, counted by the length of the text instead of by tokens; "
            "lower is better."
        )
    if "Windows" in shown:
        found.append("Windows: the pieces of text that were read, each in one go.")
    if any(row.ratio_se is not None for row in tables.language_rows(report)):
        found.append(f"± is {tables.error_note(report)}")
    return found + ([tables.NOISE] if control else [])
