"""The first screen: models by name, the plan of what is filled in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import gradio as gr

from .. import plans, search, words
from ..forms import Form
from ..parts import Parts, empty_card
from .screens import Changes

RETRY = ("gated-terms", "gated-scope", "not-found", "problem")


class Choose:
    """The handlers of the first screen."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._asked: Counter[str] = Counter()  # session of a page -> plans that it has asked for

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
        self._asked[session] += 1
        number = self._asked[session]
        changes = self._plan(profile, token, fields)
        return changes if self._asked[session] in (number, 0) else {self.parts.retry: gr.skip()}

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

    def forget(self, session: str) -> None:
        """The page was closed."""
        self._asked.pop(session, None)
