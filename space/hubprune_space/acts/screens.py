"""Which of the three screens stands there, and with what on it."""

from __future__ import annotations

from typing import Any

import gradio as gr

from .. import html, results, words, working, writing
from ..parts import Parts, steps
from ..runs import Run

Changes = dict[Any, Any]


def _screen(parts: Parts, now: int) -> Changes:
    shown = (parts.choose, parts.work, parts.look)
    return {parts.steps: steps(now), **{screen: gr.update(visible=n == now) for n, screen in enumerate(shown)}}


def choosing(parts: Parts, notice: words.Notice | None, more: str = "") -> Changes:
    """The first screen, with a notice above it; `more`: what belongs to an unexpected end."""
    return {
        **_screen(parts, 0),
        parts.notice: html.notice(notice) + (more if notice and notice.name == "unexpected" else ""),
        parts.cancel: gr.update(value="Cancel", interactive=True),
    }


def pruning(parts: Parts, run: Run, place: tuple[int, float]) -> Changes:
    """The second screen; `place`: in line, and seconds until its turn."""
    return {
        parts.ticket: run.key,
        **_screen(parts, 1),
        parts.progress: working.page(run, place),
    }


def looking(parts: Parts, run: Run, signed_in: bool) -> Changes:
    """The third screen, of a run that is done."""
    owners = run.owners if signed_in else []
    owner = owners[0] if owners else run.owner
    kept = None if owners else words.sign_in_ended(run.keeps() / 60)
    assert run.report is not None
    shown = results.samples(run.report.generations)
    return {
        parts.ticket: run.key,
        **_screen(parts, 2),
        parts.cancel: gr.update(value="Cancel", interactive=True),
        parts.head: results.head(run),
        parts.figures: results.figures(run),
        parts.samples_shown: gr.update(value=shown, visible=bool(shown)),
        parts.write_language: gr.update(
            choices=[(words.language_choice(code), code) for code in writing.prompts(run)],
            value=writing.prompts(run)[0],
        ),
        parts.prompt: writing.prompt_of(writing.prompts(run)[0]),
        parts.written: "",
        parts.preview: html.fold("The card as it will be", results.card_preview(run, f"{owner}/{run.repo_name}")),
        parts.downloads: results.downloads(run),
        parts.publish_notice: html.notice(kept),
        parts.owner: gr.update(choices=owners or [run.owner], value=owner),
        parts.name: run.repo_name,
        parts.publish: gr.update(interactive=bool(owners), visible=True),
        parts.publish_pr: gr.update(visible=False),
        parts.publish_box: gr.update(visible=run.published is None),
        parts.done: results.published(run),
    }
