"""What happens on a click. Handlers return {component: value}; a visitor's token comes with each request anew."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import gradio as gr

from hubprune.events import Progress
from hubprune.publishing.text import size

from . import forms, html, plans, publishing, results, search, words, working, writing
from .forms import Form, Refused
from .gpu import Failed, failure
from .hubs import hub_for
from .parts import Parts, empty_card, steps
from .runs import Run, Runs, problem
from .settings import SETTINGS

Changes = dict[Any, Any]
RUNS = Runs()
RETRY = ("gated-terms", "gated-scope", "not-found", "problem")


class Acts:
    """The handlers of one page."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.shown: dict[str, str | None] = {}  # session of a page -> key of the run that it shows
        self.asked: Counter[str] = Counter()  # session of a page -> plans that it has asked for

    # Choose

    def search(self, text: str, token: gr.OAuthToken | None) -> str:
        """Suggestions while the visitor types."""
        return search.hits(search.models(text, token.token if token else None))

    def pick(self, event: gr.EventData) -> tuple[str, str]:
        """A suggestion was clicked: its name, and a shorter list."""
        return str(event.model)[:200], search.hits([], "Model chosen")

    def plan(
        self, request: gr.Request, profile: gr.OAuthProfile | None, token: gr.OAuthToken | None, *fields: Any
    ) -> Changes:
        """The plan card of what is filled in; nothing, where a later one was asked for meanwhile."""
        session = str(request.session_hash)
        self.asked[session] += 1
        number = self.asked[session]
        changes = self._plan(profile, token, fields)
        return changes if self.asked[session] in (number, 0) else {self.parts.retry: gr.skip()}

    def plan_if_changed(
        self, request: gr.Request, profile: gr.OAuthProfile | None, token: gr.OAuthToken | None,
        draft: list[Any] | None, *fields: Any,
    ) -> Changes:  # fmt: skip
        """A field was left: plan where it holds something else than was planned last. A model of None: do nothing."""
        if fields[0] is None or list(fields) == draft:
            return {self.parts.retry: gr.skip()}
        return self.plan(request, profile, token, *fields)

    def _plan(self, profile: gr.OAuthProfile | None, token: gr.OAuthToken | None, fields: Sequence[Any]) -> Changes:
        parts, user = self.parts, profile.username if profile else None
        hidden = {parts.prune: gr.update(visible=False), parts.sign_in: gr.update(visible=False)}
        if not str(fields[0] or "").strip():
            return {parts.card: empty_card(), parts.retry: gr.update(visible=False), **hidden}
        planned = plans.of_form(Form(*fields), token.token if token else None)
        seconds = words.roughly(planned.plan.seconds) if planned.plan else ""
        retry = planned.notice is not None and planned.plan is None and planned.notice.name in RETRY
        return {
            parts.draft: list(fields),
            parts.card: plans.card(planned, user),
            parts.retry: gr.update(visible=retry),
            parts.prune: gr.update(
                value=f"Prune (about {seconds})",
                visible=planned.runs_here and user is not None,
                interactive=planned.runs_here,
            ),
            parts.sign_in: gr.update(visible=planned.runs_here and user is None),
        }

    def restore(self, draft: list[Any] | None) -> list[Any]:
        """What was filled in before the visitor went to sign in."""
        return draft if draft and len(draft) == len(self.parts.form) else [gr.skip()] * len(self.parts.form)

    def prune(
        self, request: gr.Request, profile: gr.OAuthProfile | None, token: gr.OAuthToken | None,
        own: bytes | None, *fields: Any,
    ) -> Changes:  # fmt: skip
        """Begin a run."""
        parts = self.parts
        if profile is None or token is None:
            return {parts.notice: html.notice(words.signed_out())}
        try:
            text = forms.own_text(own)
            planned = plans.of_form(Form(*fields), token.token if token else None)
            if planned.notice or planned.plan is None or planned.recipe is None:
                return {parts.notice: html.notice(planned.notice)}
            model = planned.recipe.model
            owners = publishing.owners(token.token)
            run = RUNS.start(
                planned.recipe,
                profile.username,
                endpoint=hub_for(model, None, SETTINGS.folder).endpoint,
                token=None if model == forms.BASE else token.token,
                estimate=planned.plan.seconds,
                blocks=planned.plan.model.blocks,
                name=planned.plan.repo_id.partition("/")[2],
                owners=owners,
                text=text,
            )
            self.shown[str(request.session_hash)] = run.key
        except Refused as refused:
            return {parts.notice: html.notice(refused.notice)}
        return {parts.notice: "", **self._working(run)}

    # Prune

    async def watch(
        self, ticket: str | None, request: gr.Request, profile: gr.OAuthProfile | None
    ) -> AsyncIterator[Changes]:
        """For as long as the page is open: show the visitor's run, then what came out.

        Closing the page stops only the showing. One stream serves the whole visit.
        """
        session, user = str(request.session_hash), profile.username if profile else None
        run = RUNS.get(ticket, user)
        if run is None:  # signed in with another browser
            run = RUNS.of(user)
            run = run if run and run.state != "failed" else None
        if run is not None and run.state == "stopped":  # its owner did that, and was told
            run = None
        self.shown[session] = run.key if run else None
        try:
            if run is None:
                yield self._nothing(None if user else words.signed_out())
            while True:
                run = RUNS.get(self.shown[session], user)
                if run is not None:
                    async for changes in self._follow(run, session, user):
                        yield changes
                await asyncio.sleep(0.1)
        finally:
            self.shown.pop(session, None)
            self.asked.pop(session, None)

    async def _follow(self, run: Run, session: str, user: str | None) -> AsyncIterator[Changes]:
        """Show a run until it is over, then what came out, then nothing until it is no longer the one to show."""
        seen = -1
        while not run.over or run.ended is None:
            if run.version != seen or run.state == "waiting":
                seen = run.version
                yield self._working(run)
            for _ in range(10):
                await asyncio.sleep(0.1)
                if run.version != seen or run.over:
                    break
            else:
                seen = -1  # the clock goes on
        if run.state == "done":
            yield await asyncio.to_thread(self._results, run, user is not None)
        else:
            log = html.fold("Log", html.log(run.log))
            yield self._nothing(run.notice, log)
        while self.shown.get(session) == run.key and RUNS.get(run.key, user) is run:
            await asyncio.sleep(0.1)
        if self.shown.get(session) == run.key and run.state == "done":  # its time is over, or it was started over
            self.shown[session] = None
            yield self._nothing(words.gone() if run.keeps() <= 0 else None)

    def cancel(self, ticket: str | None, profile: gr.OAuthProfile | None) -> Changes:
        """Stop at the next block."""
        run = RUNS.get(ticket, profile.username if profile else None)
        if run:
            RUNS.cancel(run)
        return {self.parts.cancel: gr.update(value="Stopping at the next block", interactive=False)}

    def _working(self, run: Run) -> Changes:
        parts = self.parts
        return {
            parts.ticket: run.key,
            parts.steps: steps(1),
            parts.choose: gr.update(visible=False),
            parts.look: gr.update(visible=False),
            parts.work: gr.update(visible=True),
            parts.progress: working.page(run, RUNS.place(run)),
        }

    def _nothing(self, notice: words.Notice | None, more: str = "") -> Changes:
        parts = self.parts
        return {
            parts.steps: steps(0),
            parts.notice: html.notice(notice) + (more if notice and notice.name == "unexpected" else ""),
            parts.choose: gr.update(visible=True),
            parts.work: gr.update(visible=False),
            parts.look: gr.update(visible=False),
            parts.cancel: gr.update(value="Cancel", interactive=True),
        }

    # Look and publish

    def _results(self, run: Run, signed_in: bool) -> Changes:
        parts = self.parts
        owners = run.owners if signed_in else []
        owner = owners[0] if owners else run.owner
        kept = None if owners else words.sign_in_ended(run.keeps() / 60)
        assert run.report is not None
        shown = results.samples(run.report.generations)
        return {
            parts.ticket: run.key,
            parts.steps: steps(2),
            parts.choose: gr.update(visible=False),
            parts.work: gr.update(visible=False),
            parts.look: gr.update(visible=True),
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
        return {self.parts.ticket: None, **self._nothing(None)}
