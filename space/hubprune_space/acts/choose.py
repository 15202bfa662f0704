"""The first screen: models by name, the plan of what is filled in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from .. import plans, search, text_words, words
from ..forms import Form, filled_in, mark
from ..parts import Parts, empty_card
from .screens import Changes

HALF = ("not-found", "not-an-id")  # what is said of a name that is not finished
RETRY = ("gated-terms", "gated-scope", "not-found", "problem")


class Choose:
    """The handlers of the first screen."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._newest: dict[str, tuple[float, Form]] = {}  # session of a page -> when its newest plan was asked for

    def search(self, text: str, token: gr.OAuthToken | None) -> str:
        """Suggestions while the visitor types."""
        return search.hits(search.models(text, token.token if token else None))

    def pick(self, event: gr.EventData) -> tuple[str, str]:
        """A suggestion was clicked: its name, and a shorter list."""
        return str(event.model)[:200], search.hits([], "Model chosen")

    def plan(
        self, request: gr.Request, profile: gr.OAuthProfile | None, token: gr.OAuthToken | None,
        when: float, own: bytes | None, *fields: Any,
    ) -> Changes:  # fmt: skip
        """The plan card of what is filled in; nothing, where a later one was asked for meanwhile.

        `when`: by the page's own clock; what is asked for at once may arrive here in another order.
        """
        return self._plan(request, profile, token, when, own, fields)

    def plan_if_changed(
        self, request: gr.Request, profile: gr.OAuthProfile | None, token: gr.OAuthToken | None,
        when: float, draft: list[Any] | None, own: bytes | None, *fields: Any,
    ) -> Changes:  # fmt: skip
        """A field was left: plan where it holds something else than was planned last, or is being planned."""
        form, newest = filled_in(fields, own), self._newest.get(str(request.session_hash))
        if form == (newest[1] if newest else draft and Form(*draft)):
            return {self.parts.retry: gr.skip()}
        return self._plan(request, profile, token, when, own, fields, left=True)

    def _plan(
        self, request: gr.Request, profile: gr.OAuthProfile | None, token: gr.OAuthToken | None, when: float,
        own: bytes | None, fields: Sequence[Any], *, left: bool = False, lost: words.Notice | None = None,
    ) -> Changes:  # fmt: skip
        session, nothing = str(request.session_hash), {self.parts.retry: gr.skip()}
        this = (float(when or 0), filled_in(fields, own))
        if this[0] < self._newest.setdefault(session, this)[0]:
            return nothing
        self._newest[session] = this
        changes = self._card(profile, token, own, fields, left=left, lost=lost)
        return changes if changes and self._newest.get(session, this) is this else nothing

    def _card(
        self, profile: gr.OAuthProfile | None, token: gr.OAuthToken | None, own: bytes | None, fields: Sequence[Any],
        *, left: bool, lost: words.Notice | None,
    ) -> Changes:  # fmt: skip
        """The plan; nothing for half a name that was left for a suggestion."""
        parts, user = self.parts, profile.username if profile else None
        hidden = {parts.prune: gr.update(visible=False), parts.sign_in: gr.update(visible=False)}
        if not str(fields[0] or "").strip():
            return {parts.card: empty_card(), parts.retry: gr.update(visible=False), **hidden}
        planned = plans.of_form(Form(*fields), token.token if token else None, own)
        if left and planned.notice and planned.notice.name in HALF and self._is_half(fields[0], token):
            return {}
        seconds = words.roughly(planned.plan.seconds) if planned.plan else ""
        retry = planned.notice is not None and planned.plan is None and planned.notice.name in RETRY
        return {
            parts.draft: [*fields, mark(own)],
            parts.card: plans.card(planned, user, lost),
            parts.retry: gr.update(visible=retry),
            parts.prune: gr.update(
                value=f"Prune (about {seconds})",
                visible=planned.runs_here and user is not None,
                interactive=planned.runs_here,
            ),
            parts.sign_in: gr.update(visible=planned.runs_here and user is None),
        }

    def _is_half(self, name: str, token: gr.OAuthToken | None) -> bool:
        found = search.models(name, token.token if token else None)
        return any(name.strip().lower() in one.lower() for one, _ in found)

    def restore(self, draft: list[Any] | None) -> list[Any]:
        """What was filled in before the visitor went to sign in."""
        return draft[:-1] if self._fits(draft) and draft else [gr.skip()] * len(self.parts.form)

    def plan_restored(
        self, request: gr.Request, profile: gr.OAuthProfile | None, token: gr.OAuthToken | None,
        when: float, draft: list[Any] | None,
    ) -> Changes:  # fmt: skip
        """The plan of that, whatever is typed meanwhile; a visitor's own text did not stay."""
        if not self._fits(draft) or not draft:
            return {self.parts.retry: gr.skip()}
        lost = text_words.lost() if draft[-1] else None
        return self._plan(request, profile, token, when, None, draft[:-1], lost=lost)

    def _fits(self, draft: list[Any] | None) -> bool:
        return draft is not None and len(draft) == len(self.parts.form) + 1

    def forget(self, session: str) -> None:
        """The page was closed."""
        self._newest.pop(session, None)
