"""Every sentence that tells a visitor how things stand: what is the case, and one thing to do."""

from __future__ import annotations

from dataclasses import dataclass

from .phrases import ordinal, roughly
from .settings import SETTINGS

WELCOME = (
    "Set part of a language model's weights to zero, and see what that costs in your language before you share it."
)
WHY = "Pruning is for hardware that uses zeros, and for research; where size or speed is the aim, quantize instead."
TRUTH = "The file stays as large as the original and runs no faster in standard programs: zeros are stored as zeros."

NAME_RULE = (
    "Use letters, digits, “-”, “_” and “.” for the name, at most 96: none of the last three twice in a row, first or "
    "last, and no “.git” at its end."
)


@dataclass(frozen=True)
class Notice:
    """One sentence and one action. `tone` is "info", "warning" or "problem"; `code`: a command to copy; `link`: words
    and the address that they lead to.
    """

    name: str
    sentence: str
    action: str = ""
    tone: str = "info"
    code: str = ""
    link: tuple[str, str] | None = None


def signed_out() -> Notice:
    return Notice("signed-out", "You can plan without an account.", "Sign in to prune and publish.")


def not_found(model: str) -> Notice:
    return Notice(
        "not-found",
        f"No model called {model} is visible to you.",
        "Check the spelling, or sign in with an account that can see it.",
        "problem",
    )


def not_an_id(model: str) -> Notice:
    return Notice(
        "not-an-id",
        f"{model} cannot be the name of a model on the Hub.",
        "Names read owner/name; search for one above.",
        "problem",
    )


def gated_terms(model: str) -> Notice:
    return Notice(
        "gated-terms",
        f"{model} is gated: its authors give it only to those who accept their terms.",
        "Accept its terms on its page, then press Retry.",
        "problem",
    )


def gated_signed_out(model: str) -> Notice:
    return Notice(
        "gated-signed-out",
        f"{model} is gated: its authors give it only to those who accept their terms.",
        "Sign in, accept its terms on its page, then press Retry.",
        "problem",
    )


def gated_review(model: str) -> Notice:
    return Notice(
        "gated-terms",
        f"Your request for access to {model} awaits its authors' review.",
        "Press Retry later.",
        "problem",
    )


def gated_scope() -> Notice:
    return Notice(
        "gated-scope", "Your sign-in does not include gated models.", "Sign in again and allow it.", "problem"
    )


def unsupported(architecture: str, reason: str) -> Notice:
    return Notice(
        "unsupported",
        f"hubprune cannot prune {architecture} yet: {_ending(reason)}",
        "Choose a model that writes text (a decoder).",
        "problem",
    )


def pickle_only() -> Notice:
    return Notice(
        "pickle-only",
        "The weights of this model are stored as pickles, files that can hold programs; hubprune loads only "
        "safetensors files, which cannot.",
        "Choose a model that has safetensors files, or another revision (version) of this one.",
        "problem",
    )


def remote_code(command: str) -> Notice:
    return Notice(
        "remote-code",
        "This model needs Python code of its authors' to run, and this page never runs such code.",
        "If you have read that code and trust it, run this command on your machine: its last word allows the code.",
        "problem",
        command,
    )


def too_big(needs: str, has: str, job: str | None, less: str = "") -> Notice:
    """`job`: what a Job costs, None where none is offered; `less`: what of the form, beside the model, would make it
    fit; both may be empty.
    """
    run = f"run it on {'your machine' if SETTINGS.space_id else 'a larger machine'}"
    account = f", or as a Job on your account{f' ({job})' if job else ''}: the commands are below."
    run += ": the command is below." if job is None else account
    return Notice(
        "too-big",
        f"Needs about {needs}; {SETTINGS.here} has {has}.",
        f"{less[0].upper()}{less[1:]}, or {run}" if less else f"{run[0].upper()}{run[1:]}",
        "warning",
    )


def too_long(needs: str, most: str, less: str = "") -> Notice:
    """`less`: what of the form, beside the model, would make it short enough; may be empty."""
    return Notice(
        "too-long",
        f"This would take about {needs}; {SETTINGS.here} stops at {most}.",
        f"Choose a smaller model{f', {less}' if less else ''}, or run a command below.",
        "warning",
    )


def already_running(name: str) -> Notice:
    return Notice(
        "already-running",
        f"You have a run under way already: {name}.",
        "Reload this page to see or cancel it.",
        "warning",
    )


def unpublished_result(name: str) -> Notice:
    return Notice(
        "unpublished",
        f"You have a result that is not published: {name}.",
        "Reload this page to see it, or press Prune again to delete it and begin anew.",
        "warning",
    )


def being_published(name: str) -> Notice:
    return Notice(
        "being-published", f"{name} is being published.", "Reload this page to see it, and wait for its end.", "warning"
    )


def replaced() -> Notice:
    return Notice(
        "replaced",
        "The result that stood here was deleted in another tab or browser of yours.",
        "Choose anew here, or go on there.",
    )


def sign_in_refused() -> Notice:
    return Notice(
        "sign-in-refused",
        "You are not signed in: the Hub was not given leave.",
        "Sign in again and allow it.",
        "warning",
    )


def plan_changed() -> Notice:
    return Notice("plan-changed", "The form has changed: this is its plan now.", "Look at it, and press Prune again.")


def tasks_need_the_hub() -> Notice:
    return Notice(
        "tasks-need-the-hub",
        "The questions lie on the Hub, and the model that comes with hubprune is pruned without it.",
        "Take the tick off “Knowledge and reasoning”, or choose another model.",
        "problem",
    )


def queued(place: int, seconds: float) -> Notice:
    return Notice("queued", f"You are {ordinal(place)} in line, about {roughly(seconds)}.", "You may leave this page.")


def full_line(waiting: int) -> Notice:
    return Notice(
        "full", f"{waiting} runs are waiting already.", "Come back in a few minutes; your plan stays here.", "warning"
    )


def cancelled(done: int, total: int) -> Notice:
    where = f"at block {done} of {total}" if total and done else "before the first block"
    return Notice("cancelled", f"Stopped {where}. Nothing was published.", "Change what you like, and prune again.")


def quality_alarm(language: str, ratio: float, lower: str | None) -> Notice:
    advice = f"We suggest not publishing; try {lower}." if lower else "We suggest not publishing."
    said = f"Perplexity in {language} is {ratio:,.1f} times the original's."
    return Notice("quality-alarm", said, advice, "warning")


def repository_exists(repo_id: str) -> Notice:
    return Notice(
        "repo-exists", f"{repo_id} already exists.", "Open a pull request there, or choose another name.", "warning"
    )


def no_pull_request(repo_id: str) -> Notice:
    return Notice(
        "no-pull-request",
        f"Your sign-in does not allow a pull request to {repo_id}.",
        "Choose another name; a new repository is always allowed.",
        "warning",
    )


def may_not_write(repo_id: str) -> Notice:
    return Notice(
        "no-write", f"Your sign-in may not write to {repo_id}.", "Choose another owner or another name.", "problem"
    )


def sign_in_ended(minutes: float) -> Notice:
    return Notice(
        "signed-out-late",
        f"You are not signed in now. Your result is kept for {max(1, round(minutes))} min.",
        "Sign in again to publish.",
        "warning",
    )


def unexpected(step: str, code: str) -> Notice:
    return Notice(
        "unexpected", f"Something broke in step {step.upper()}. Code {code}; the log is below.", "Try again.", "problem"
    )


def gone() -> Notice:
    return Notice("gone", "This result is no longer here: it was kept for its time and deleted.", "Prune again.")


def known_problem(sentence: str, action: str) -> Notice:
    """A failure that the package has words for."""
    return Notice("problem", sentence, action, "problem")


def _ending(sentence: str) -> str:
    return sentence if sentence.endswith(".") else f"{sentence}."
