"""Theme: our own colours and sizes, fonts of the visitor's system only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gradio as gr

from hubprune.languages import codes, known

CSS = [Path(__file__).with_name(name) for name in ("look.css", "results.css")]
SCRIPTS = [
    Path(__file__).with_name("script") / f"{name}.js"
    for name in (
        *("finding", "lists", "typing", "best", "choosing", "publish", "places", "leaving", "markup", "said", "page"),
    )
]
SANS = [
    *("ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Noto Sans Arabic"),
    *("Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "sans-serif"),
]
MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "DejaVu Sans Mono", "monospace"]
# gradio's own sizes, in the unit that grows with the visitor's letters.
TEXT = gr.themes.sizes.Size("0.5625rem", "0.625rem", "0.75rem", "0.875rem", "1rem", "1.375rem", "1.625rem")


def script() -> str:
    """What runs in the browser: each script in a function of its own, the one that watches the page last. All know the
    codes by which a language may be called."""
    called = json.dumps({language.code: codes(language.code) for language in known()})
    return (
        f"() => {{\nwindow.hubpruneCodes = {called};\n"
        + "".join(f"({one.read_text(encoding='utf-8').strip()})();\n" for one in SCRIPTS)
        + "}"
    )


def theme() -> gr.themes.Base:
    """gradio's variables, set to the page's own."""
    both: dict[str, Any] = {
        "body_background_fill": "var(--page)",
        "body_text_color": "var(--ink)",
        "body_text_color_subdued": "var(--quiet)",
        "background_fill_primary": "var(--surface)",
        "background_fill_secondary": "var(--page)",
        "border_color_primary": "var(--line)",
        "block_background_fill": "transparent",
        "block_border_color": "var(--line)",
        "block_title_text_color": "var(--ink)",
        "block_label_text_color": "var(--ink)",
        "block_label_background_fill": "transparent",
        "block_info_text_color": "var(--quiet)",
        "input_background_fill": "var(--surface)",
        "input_background_fill_focus": "var(--surface)",
        "input_border_color": "var(--edge)",
        "input_border_color_focus": "var(--target)",
        "input_placeholder_color": "var(--quiet)",
        "input_shadow": "none",
        "link_text_color": "var(--target)",
        "link_text_color_hover": "var(--target)",
        "link_text_color_visited": "var(--target)",
        "link_text_color_active": "var(--target)",
        "color_accent_soft": "var(--soft)",
        "border_color_accent": "var(--target)",
        "panel_background_fill": "transparent",
        "code_background_fill": "var(--soft)",
        "button_primary_background_fill": "var(--target)",
        "button_primary_background_fill_hover": "var(--target-strong)",
        "button_primary_text_color": "var(--on-target)",
        "button_primary_text_color_hover": "var(--on-target)",
        "button_primary_border_color": "var(--target)",
        "button_primary_border_color_hover": "var(--target-strong)",
        "button_primary_shadow": "none",
        "button_primary_shadow_hover": "none",
        "button_secondary_background_fill": "var(--surface)",
        "button_secondary_background_fill_hover": "var(--soft)",
        "button_secondary_text_color": "var(--ink)",
        "button_secondary_text_color_hover": "var(--ink)",
        "button_secondary_border_color": "var(--edge)",
        "button_secondary_border_color_hover": "var(--edge)",
        "checkbox_background_color": "var(--surface)",
        "checkbox_background_color_selected": "var(--target)",
        "checkbox_border_color": "var(--edge)",
        "checkbox_border_color_hover": "var(--edge)",
        "checkbox_border_color_focus": "var(--target)",
        "checkbox_border_color_selected": "var(--target)",
        "checkbox_label_background_fill": "var(--surface)",
        "checkbox_label_background_fill_hover": "var(--soft)",
        "checkbox_label_background_fill_selected": "var(--soft)",
        "checkbox_label_border_color": "var(--edge)",
        "checkbox_label_border_color_selected": "var(--target)",
        "checkbox_label_text_color": "var(--ink)",
        "checkbox_label_text_color_selected": "var(--ink)",
        "slider_color": "var(--target)",
        "loader_color": "var(--target)",
        "table_border_color": "var(--line)",
        "error_background_fill": "var(--surface)",
        "error_text_color": "var(--ink)",
        "error_border_color": "var(--edge)",
    }
    made = gr.themes.Base(
        primary_hue=gr.themes.colors.teal,
        neutral_hue=gr.themes.colors.gray,
        text_size=TEXT,
        radius_size=gr.themes.sizes.radius_md,
        font=SANS,
        font_mono=MONO,
    )
    known = {name for name in vars(made) if name.endswith("_dark")}
    dark = {f"{name}_dark": value for name, value in both.items() if f"{name}_dark" in known}
    return made.set(
        **both,
        **dark,
        block_border_width="0px",
        block_padding="0px",
        block_shadow="none",
        block_title_text_weight="600",
        block_title_text_size="1rem",
        block_info_text_size="0.9rem",
        input_padding="0.65rem 0.8rem",
        input_text_size="1rem",
        button_large_text_size="1.05rem",
        button_large_padding="0.85rem 1.4rem",
        layout_gap="1.5rem",
        form_gap_width="1.5rem",
        embed_radius="0px",
    )
