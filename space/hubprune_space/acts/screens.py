"""Which of the three screens stands there, and with what on it."""

from __future__ import annotations

from typing import Any

import gradio as gr

from hubprune.publishing.text import size

from .. import html, phrases, results, words, working, writing
from ..parts import Parts, steps
from ..run import Run

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
    choices = owners or [run.owner]
    owner, _, name = (run.asked or "").partition("/")
    owner, name = owner if owner in choices else choices[0], name or run.repo_name
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
            choices=[(phrases.language_choice(code), code) for code in writing.prompts(run)],
            value=writing.prompts(run)[0],
        ),
        parts.prompt: writing.prompt_of(writing.prompts(run)[0]),
        parts.written: "",
        **previewing(parts, run, f"{owner}/{name}"),
        **publishing(parts, run),
        parts.owner: gr.update(choices=choices, value=owner, interactive=not run.publishing),
        parts.name: gr.update(value=name, interactive=not run.publishing),
        **({parts.publish_notice: html.notice(kept), parts.publish: gr.update(interactive=False)} if kept else {}),
    }


def previewing(parts: Parts, run: Run, repo_id: str) -> Changes:
    """The card as it would stand in a repository, to be read and to be downloaded."""
    return {
        parts.preview: html.fold("The card as it will be", results.card_preview(run, repo_id)),
        parts.downloads: results.downloads(run, repo_id),
    }


def publishing(parts: Parts, run: Run) -> Changes:
    """How far the result is on its way into a repository: not asked for, under way, refused, there.

    Another tab may name another repository: what is said names its own (script/publish.js).
    """
    upload, notice = run.upload, ""
    if upload and run.publishing:
        said = f"{size(upload.done)} of {size(upload.total)} uploaded" if upload.total else "publishing begins"
        notice = f'<p class="progress">{html.esc(upload.repo_id)}: {said}. You may leave this page.</p>'
    elif upload:
        notice = f'<div data-repo="{html.esc(upload.repo_id)}">{html.notice(upload.notice)}</div>'
    exists = bool(upload and upload.notice and upload.notice.name == "repo-exists")
    return {
        **(previewing(parts, run, run.published.repo_id) if run.published else {}),
        parts.owner: gr.update(interactive=not run.publishing),
        parts.name: gr.update(interactive=not run.publishing),
        parts.publish: gr.update(value="Publishing …" if run.publishing else "Publish", interactive=not run.publishing),
        parts.publish_pr: gr.update(
            value=f"Open a pull request in {upload.repo_id if upload else ''}", visible=exists and not run.publishing
        ),
        parts.publish_notice: notice,
        parts.publish_box: gr.update(visible=run.published is None),
        parts.over: gr.update(interactive=not run.publishing),
        parts.done: results.published(run),
    }
