"""What is said of calibration text, mostly of a visitor's own: what is the case, and one thing to do."""

from __future__ import annotations

from .phrases import megabytes
from .words import Notice

OWN_FILE = "calibration.txt stands for your own text: save it under that name where you run the command."
IN_A_JOB = "A Job reads no file of yours: put your text into a data set on the Hub, and name that for calibration.txt."
OTHER_TEXT = (
    "Your own text and the control's English text differ in more than their language: what the comparison with the "
    "control shows may be due to either."
)


def too_short(sentence: str) -> Notice:
    return Notice(
        "text-too-short", sentence, "Ask for fewer or shorter windows under Advanced, or give more text.", "problem"
    )


def not_utf8(position: int) -> Notice:
    return Notice(
        "text-not-utf8",
        f"Your text is not UTF-8: the byte at position {position:,} belongs to no character.",
        "Save it as UTF-8 and choose it again.",
        "problem",
    )


def too_large(most: int) -> Notice:
    return Notice("text-too-large", f"Your text is larger than {megabytes(most)}.", "Choose a smaller file.", "problem")


def of_other_kind() -> Notice:
    return Notice("text-kind", "This is no .txt file.", "Save your text as plain text and choose it again.", "problem")


def empty() -> Notice:
    return Notice("text-empty", "Your text is empty.", "Choose another file.", "problem")


def lost() -> Notice:
    return Notice(
        "text-lost",
        "Your own calibration text is gone: it is not kept for long, nor where the page is loaded anew.",
        "Give it again under Advanced, or leave that field empty for hubprune's own text.",
        "warning",
    )


def no_demo_text(missing: str, there: str) -> Notice:
    return Notice(
        "no-demo-text",
        f"The model that comes with hubprune brings no text in {missing} along, only in {there}.",
        "Choose one of these, or another model.",
        "problem",
    )
