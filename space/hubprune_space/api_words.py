"""What the open endpoint says of a problem: its caller has four values, no account, and no page to press buttons on."""

from __future__ import annotations

from hubprune import errors

from . import forms, problems, words

ELSEWHERE = "Choose a smaller model, or run what stands under `recipe` with hubprune on a larger machine."
SIGNED_IN = "This endpoint has no account: plan it on the page, signed in with one that has accepted its terms."
PUBLIC = "Check the spelling; this endpoint has no account and sees only what is public."
TEXT = "Choose another language."

# state of the page -> what the caller can do about it
STATES = {
    "not-found": PUBLIC,
    "not-an-id": "Give it as owner/name.",
    "gated-terms": SIGNED_IN,
    "gated-signed-out": SIGNED_IN,
    "gated-scope": SIGNED_IN,
    "pickle-only": "Choose a model that has safetensors files.",
    "remote-code": "If you have read that code and trust it, run hubprune on your machine with --trust-remote-code.",
    "too-big": ELSEWHERE,
    "too-long": ELSEWHERE,
    "text-too-short": TEXT,
}
# class of a failure, where the page's next step speaks of the page -> what the caller can do about it
FAILURES: dict[type[errors.HubpruneError], str] = {
    errors.RecipeError: "Give a pattern such as 50% or 2:4, and as the method sparsegpt, wanda or magnitude.",
    errors.LanguageUnknown: "Give an ISO 639 code such as sw, or an English name.",
    errors.NotFound: PUBLIC,
    errors.Gated: SIGNED_IN,
    errors.NotSignedIn: PUBLIC,
    errors.NoSafetensors: STATES["pickle-only"],
    errors.CheckpointDamaged: "Choose another model.",
    errors.NotEnoughMemory: "Choose a smaller model.",
    errors.TextTooShort: TEXT,
    errors.TextUnavailable: TEXT,
}
ACTIONS = {problems.row(kind)[1]: said for kind, said in FAILURES.items()} | {forms.UNREADABLE: "Give it as a text."}
# The page's words -> the endpoint's.
SENTENCES = {problems.row(errors.RecipeError)[0]: "One of the four values does not exist."}
VALUES = {problems.FIELDS[name]: "language" if name == "lang" else name for name in ("pattern", "method", "lang")}


def problem(notice: words.Notice) -> str:
    """A state of the page as the caller is told of it: what is the case, and one thing to do."""
    sentence = SENTENCES.get(notice.sentence, notice.sentence).replace("this page", "this Space")
    for field, name in VALUES.items():
        sentence = sentence.replace(f"{field} is ", f"{name} is ")
    return f"{sentence} {STATES.get(notice.name) or ACTIONS.get(notice.action, notice.action)}".strip()
