"""The second screen: begin a run, show it for as long as the page is open, cancel it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import gradio as gr

from .. import forms, html, plans, words
from ..forms import Form, Refused
from ..gpu import failure
from ..hubs import hub_for
from ..parts import Parts
from ..publishing import owners as owners_of
from ..run import Run, problem
from ..runs import RUNS
from ..settings import SETTINGS
from .choose import Choose
from .screens import Changes, choosing, looking, pruning, publishing

SIGN_OF_LIFE = 5.0  # seconds
REFUSED = "sign-in-refused"  # in the page's address


class Prune:
    """The handlers of the second screen; those of the first know the plan."""

    def __init__(self, parts: Parts, choose: Choose) -> None:
        self.parts = parts
        self._plan = choose.plan
        self._left = choose.forget
        self._shown: dict[str, str | None] = {}  # session of a page -> key of the run that it shows
        self._warned: dict[str, str] = {}  # session of a page -> key of the result that it was warned of

    def prune(
        self, request: gr.Request, profile: gr.OAuthProfile | None, token: gr.OAuthToken | None,
        when: float, own: bytes | None, draft: list[Any] | None, *fields: Any,
    ) -> Changes:  # fmt: skip
        """Begin a run; where the visitor saw the plan of something else, show the plan first."""
        parts = self.parts
        if profile is None or token is None:
            return {parts.notice: html.notice(words.signed_out())}
        try:
            if not draft or Form(*draft) != forms.filled_in(fields, own):
                card = self._plan(request, profile, token, when, own, *fields)
                return {**card, parts.notice: html.notice(words.plan_changed())}
            planned = plans.of_form(Form(*fields), token.token, own)
            if planned.notice or planned.plan is None or planned.recipe is None:
                return {parts.notice: html.notice(planned.notice)}
            model = planned.recipe.model
            owners = owners_of(token.token)
            session, waiting = str(request.session_hash), RUNS.of(profile.username)
            run = RUNS.start(
                planned.recipe,
                profile.username,
                endpoint=hub_for(model, None, SETTINGS.folder).endpoint,
                token=None if model == forms.BASE else token.token,
                estimate=planned.plan.seconds,
                blocks=planned.plan.model.blocks,
                name=planned.plan.repo_id.partition("/")[2],
                owners=owners,
                text=forms.own_text(own),
                instead_of=self._warned.pop(session, None),
            )
            self._shown[session] = run.key
        except Refused as refused:
            if refused.notice.name == "unpublished" and waiting:
                self._warned[session] = waiting.key
            return {parts.notice: html.notice(refused.notice)}
        return {parts.notice: "", **pruning(self.parts, run, RUNS.place(run))}

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
        self._shown[session] = run.key if run else None
        try:
            if run is None:
                yield choosing(self.parts, None if user else first_words(request))
            while True:
                run = RUNS.get(self._shown[session], user)
                if run is not None:
                    async for changes in self._follow(run, session, user):
                        yield changes
                else:
                    async for changes in self._rest(lambda: RUNS.get(self._shown[session], user) is None):
                        yield changes
        finally:
            self._shown.pop(session, None)
            self._warned.pop(session, None)
            self._left(session)

    async def _follow(self, run: Run, session: str, user: str | None) -> AsyncIterator[Changes]:
        """Show a run until it is over, then what came out, then nothing until it is no longer the one to show."""
        seen = -1
        while not run.over or run.ended is None:
            if run.version != seen or run.state == "waiting":
                seen = run.version
                yield pruning(self.parts, run, RUNS.place(run))
            for _ in range(10):
                await asyncio.sleep(0.1)
                if run.version != seen or run.over:
                    break
            else:
                seen = -1  # the clock goes on
        seen = run.version  # before the screen is drawn: an upload may end meanwhile
        if run.state == "done":
            try:
                yield await asyncio.to_thread(looking, self.parts, run, user is not None)
            except Exception as error:  # a defect; what was computed can still be had
                yield choosing(self.parts, problem(failure(error), run))
        else:
            log = html.fold("Log", html.log(run.log))
            yield choosing(self.parts, run.notice, log)
        async for changes in self._rest(
            lambda: self._shown.get(session) == run.key and RUNS.get(run.key, user) is run, run, seen
        ):
            yield changes
        if self._shown.get(session) == run.key and run.state == "done":  # its time is over, or it was started over
            self._shown[session] = None
            elsewhere = None if run.left_in == session else words.replaced()
            yield choosing(self.parts, words.gone() if run.keeps() <= 0 else elsewhere)

    async def _rest(self, lasts: Callable[[], bool], run: Run | None = None, seen: int = 0) -> AsyncIterator[Changes]:
        """How far a result is on its way into a repository, for as long as that lasts; `seen`: its version on the page.

        Where there is nothing new, that is said now and then: only so does gradio notice that a page is closed.
        """
        since = time.monotonic()
        while lasts():
            await asyncio.sleep(0.1)
            if run and run.version != seen:
                seen = run.version
                yield publishing(self.parts, run)
            elif time.monotonic() - since > SIGN_OF_LIFE:
                since = time.monotonic()
                yield {self.parts.retry: gr.skip()}

    def cancel(self, ticket: str | None, profile: gr.OAuthProfile | None) -> Changes:
        """Stop at the next block or text."""
        run = RUNS.get(ticket, profile.username if profile else None)
        if run:
            RUNS.cancel(run)
        return {self.parts.cancel: gr.update(value="Stopping at the next step", interactive=False)}


def first_words(request: gr.Request) -> words.Notice:
    """What somebody is told who is not signed in."""
    return words.sign_in_refused() if REFUSED in request.query_params else words.signed_out()
