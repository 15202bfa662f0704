"""The third screen: let both models write, publish, start over."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr

from hubprune.events import Progress
from hubprune.publishing.text import size

from .. import html, publishing, results, words, writing
from ..gpu import Failed, failure
from ..parts import Parts
from ..runs import RUNS, problem
from .screens import Changes, choosing


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
        texts, lane = ["", ""], 0
        wish = writing.Wish(writing.base_folder(run), run.out, prompt, run.report.model.dtype)
        yield {parts.written: writing.panes(language, prompt, texts, now=0)}
        for piece in writing.write(wish):
            if isinstance(piece, Failed):
                yield {parts.written: html.notice(problem(piece, run))}
                return
            lane = piece[0]
            texts[lane] += piece[1]
            yield {parts.written: writing.panes(language, prompt, texts, now=lane)}
        yield {parts.written: writing.panes(language, prompt, texts)}

    def publish(
        self, ticket: str | None, owner: str, name: str, private: bool,
        profile: gr.OAuthProfile | None, token: gr.OAuthToken | None,
    ) -> Iterator[Changes]:  # fmt: skip
        """Publish into a new repository."""
        yield from self._publish(ticket, owner, name, private, profile, token, create_pr=False)

    def publish_pr(
        self, ticket: str | None, owner: str, name: str, private: bool,
        profile: gr.OAuthProfile | None, token: gr.OAuthToken | None,
    ) -> Iterator[Changes]:  # fmt: skip
        """Open a pull request in a repository that exists."""
        yield from self._publish(ticket, owner, name, private, profile, token, create_pr=True)

    def _publish(
        self, ticket: str | None, owner: str, name: str, private: bool,
        profile: gr.OAuthProfile | None, token: gr.OAuthToken | None, *, create_pr: bool,
    ) -> Iterator[Changes]:  # fmt: skip
        parts = self.parts
        run = RUNS.get(ticket, profile.username if profile else None)
        if run is None or run.report is None:
            yield {parts.publish_notice: html.notice(words.gone())}
            return
        if profile is None or token is None:
            yield {parts.publish_notice: html.notice(words.sign_in_ended(run.keeps() / 60))}
            return
        repo_id = f"{(owner or '').strip()}/{(name or '').strip()}"
        yield {
            parts.publish: gr.update(value="Publishing …", interactive=False),
            parts.publish_pr: gr.update(interactive=False),
        }
        last: words.Notice | None = None
        try:
            for event in publishing.publish(run, token.token, repo_id, private=private, create_pr=create_pr):
                if isinstance(event, words.Notice):
                    last = event
                elif isinstance(event, Progress) and event.total:
                    said = f"{size(event.done)} of {size(event.total)} uploaded"
                    yield {parts.publish_notice: f'<p role="status">{said}</p>'}
        except Exception as error:
            last = problem(failure(error), run)
        again = {
            parts.publish: gr.update(value="Publish", interactive=True),
            parts.publish_pr: gr.update(interactive=True),
        }
        if last or run.published is None:
            offered = gr.update(visible=bool(last and last.name == "repo-exists"), interactive=True)
            yield {**again, parts.publish_notice: html.notice(last), parts.publish_pr: offered}
            return
        yield {
            **again,
            parts.publish_notice: "",
            parts.publish_box: gr.update(visible=False),
            parts.done: results.published(run),
        }

    def start_over(self, ticket: str | None, profile: gr.OAuthProfile | None) -> Changes:
        """Delete the result and go back to the first screen."""
        if run := RUNS.get(ticket, profile.username if profile else None):
            RUNS.forget(run)
        return {self.parts.ticket: None, **choosing(self.parts, None)}
