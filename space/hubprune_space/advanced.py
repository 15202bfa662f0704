"""What is folded on the first screen: choices that few visitors need, each with its hint."""

from __future__ import annotations

from typing import Any

import gradio as gr

from hubprune.recipe import METHODS

from . import html, phrases, text_words
from .forms import DEMO_SAMPLES, SAMPLES
from .settings import SETTINGS
from .widgets import languages, page_html

HOW = {"sparsegpt": "SparseGPT (default)", "wanda": "Wanda", "magnitude": "Magnitude (no text)"}
LONGEST_WINDOW = 2048  # tokens, where the field is empty; as in hubprune/run/examine.py
OWN = "Your own calibration text"


def fields(made: dict[str, Any]) -> None:
    """Make the components; they are put into `made` under the names of Parts."""
    made["method"] = gr.Radio(
        [
            (HOW.get(name, name), name)
            for name in sorted(METHODS, key=lambda name: list(HOW).index(name) if name in HOW else 9)
        ],
        value="sparsegpt",
        label="Method",
        info="How weights are chosen. SparseGPT and Wanda look at text while they choose, and SparseGPT also corrects "
        "the weights that stay. Magnitude only looks at the size of the weights.",
        elem_id="method",
    )
    with gr.Row():
        made["also"] = languages(
            "Mix in a second language", "Calibration text from two languages.", none=True, value=""
        )
        made["share"] = gr.Slider(
            5, 90, 25, step=5, label="Its share, %", info="The rest is in your language.", elem_id="share", buttons=[]
        )
    made["measured"] = languages(
        "Measure also in", "Beside your language and English.", value=[], multiselect=True, elem_id="measured"
    )
    with gr.Row():
        made["samples"] = gr.Textbox(
            label="Windows of text",
            info="A window is a piece of calibration text, read in one go. More take longer and are steadier. "
            f"Empty: {SAMPLES}; {DEMO_SAMPLES} for the model that comes with hubprune.",
            max_lines=1,
        )
        made["seq_len"] = gr.Textbox(
            label="Tokens in a window",
            info="A token is a word or a piece of one. "
            f"Empty: as many as the model reads in one go, at most {LONGEST_WINDOW:,}.",
            max_lines=1,
        )
    with gr.Row():
        made["seed"] = gr.Textbox(
            label="Seed",
            info="A number that decides which windows are drawn: the same seed, the same windows. Empty: 0.",
            max_lines=1,
        )
        made["revision"] = gr.Textbox(
            label="Revision",
            info="A version of the model: branch, tag or commit. Empty: main, its newest.",
            max_lines=1,
        )
    with gr.Column(elem_id="own-box"):
        page_html(
            f'<div class="label" id="own-label">{OWN}</div><div class="hint">What the model reads while weights are '
            f"chosen, instead of the text that hubprune brings or fetches: UTF-8, .txt, at most {most()}.</div>"
        )
        made["own"] = gr.File(label=OWN, show_label=False, type="binary", file_types=[".txt"], height=92, elem_id="own")
        page_html(
            f'<div id="own-told" data-most="{SETTINGS.text_bytes}"></div>'
            f'<template data-own="large">{html.notice(text_words.too_large(SETTINGS.text_bytes))}</template>'
            f'<template data-own="kind">{html.notice(text_words.of_other_kind())}</template>'
        )


def most() -> str:
    """The largest text that is taken."""
    return phrases.megabytes(SETTINGS.text_bytes)
