"""Components as this page has them."""

from __future__ import annotations

from typing import Any

import gradio as gr

from hubprune.languages import known

from . import phrases


def page_html(value: str | None = None, **more: Any) -> Any:
    """HTML without gradio's styles for prose: the page has its own."""
    return gr.HTML(value, apply_default_css=False, **more)


def languages(label: str, info: str, *, none: bool = False, **more: Any) -> Any:
    """A list of all languages, by their English and their own names; script/lists.js helps whoever types in it."""
    choices = [("none", "")] if none else []
    return gr.Dropdown(
        choices + [(phrases.language_choice(one.code), one.code) for one in known()],
        label=label,
        info=info,
        filterable=True,
        num_choices_shown=1000,  # all of them: script/lists.js must find the last ones too; None is not kept
        **more,
    )
