"""The third screen: let both models write, publish, start over."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr

from .. import html, publishing, words, writing
from ..forms import Refused
from ..parts import Parts
from ..runs import RUNS
from . import screens
from .screens import Changes


class Look:
    """The handlers of the third screen."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    def write(
        self, ticket: str | None, language: str, prompt: str, profile: gr.OAuthProfile | None
    ) -> Iterator[Changes]:
        """Both models continue the prompt, as the words come."""
        parts = self.parts
        run = RUNS.get(ticket, profile.username if profile else None)
        if run is None or run.report is None:
            yield {parts.written: html.notice(words.gone())}
            return
        prompt = (prompt or "").strip()[: writing.LONGEST_PROMPT] or writing.prompt_of(language)
        texts = ["", ""]
        yield {parts.written: writing.panes(language, prompt, texts, now=0)}
        for piece in writing.both(run, prompt):
            if isinstance(piece, words.Notice):
                yield {
                    parts.written: html.notice(piece) + (writing.panes(language, prompt, texts) if any(texts) else "")
                }
                return
            lane, text = piece
            texts[lane] += text
            yield {parts.written: writing.panes(language, prompt, texts, now=lane)}
        yield {parts.written: writing.panes(language, prompt, texts)}

    def publish(
        self, ticket: str | None, owner: str, name: str, private: bool,
        profile: gr.OAuthProfile | None, token: gr.OAuthToken | None,
    ) -> Changes:  # fmt: skip
        """Publish into a new repository; the stream of the page shows how far that is."""
        return self._publish(ticket, repository(owner, name), private, profile, token, create_pr=False)

    def publish_pr(
        self, ticket: str | None, owner: str, name: str, private: bool,
        profile: gr.OAuthProfile | None, token: gr.OAuthToken | None,
    ) -> Changes:  # fmt: skip
        """Open a pull request in a repository that exists."""
        return self._publish(ticket, repository(owner, name), private, profile, token, create_pr=True)

    def _publish(
        self, ticket: str | None, repo_id: str, private: bool,
        profile: gr.OAuthProfile | None, token: gr.OAuthToken | None, *, create_pr: bool,
    ) -> Changes:  # fmt: skip
        run = RUNS.get(ticket, profile.username if profile else None)
        if run is None or run.report is None:
            return {self.parts.publish_notice: html.notice(words.gone())}
        if profile is None or token is None:
            return {self.parts.publish_notice: html.notice(words.sign_in_ended(run.keeps() / 60))}
        publishing.begin(run, token.token, repo_id, private=private, create_pr=create_pr)
        return {self.parts.retry: gr.skip()}  # the stream alone tells how far it is, so that nothing older comes after

    def rename(self, ticket: str | None, owner: str, name: str, profile: gr.OAuthProfile | None) -> Changes:
        """Another repository was named: its card, and nothing of what was said of the former one."""
        parts, run = self.parts, RUNS.get(ticket, profile.username if profile else None)
        if run is None or run.report is None or run.publishing:
            return {parts.retry: gr.skip()}
        # Decided before the card is drawn: Publish may be pressed meanwhile.
        changes = screens.publishing(parts, run) if RUNS.renames(run, repository(owner, name)) else {}
        card = screens.previewing(parts, run, repository(owner, name))
        return {**card, **{part: changes[part] for part in (parts.publish_pr, parts.publish_notice) if part in changes}}

    def start_over(self, ticket: str | None, request: gr.Request, profile: gr.OAuthProfile | None) -> Changes:
        """Delete the result and go back to the first screen."""
        if run := RUNS.get(ticket, profile.username if profile else None):
            run.left_in = str(request.session_hash)
            try:
                RUNS.forget(run)
            except Refused as refused:
                return {self.parts.publish_notice: html.notice(refused.notice)}
        return {self.parts.ticket: None, **screens.choosing(self.parts, None)}


def repository(owner: str, name: str) -> str:
    """The id of the repository that two fields name."""
    return f"{(owner or '').strip()}/{(name or '').strip()}"
