"""What a visitor of the page can do about a failure of the package.

The package's own next steps speak of flags and commands, which a page has none of. Here each class of hubprune.errors
has one of the page, and a sentence for where the package's own speaks of flags too.
"""

from __future__ import annotations

import re

from hubprune import errors
from hubprune.hub import scrub
from hubprune.recipe import Recipe

from . import text_words, words
from .elsewhere import own_command
from .settings import SETTINGS

# Flags, commands and environment variables: what has no place on the page.
COMMANDS = "card|compare|demo|eval|inspect|languages|plan|prune|push|space|tasks"
COMMAND_LINE = re.compile(
    rf"(?<![\w/-])--?[a-z][\w-]*|\bhf [a-z]+|\bpip |\bhubprune (?:{COMMANDS})\b|\bH(?:F|UBPRUNE)_"
    r"|\b(?:the|same) command\b(?! line| shown)"
)
OWN_FOLDER = re.compile(re.escape(str(SETTINGS.folder)) + r"\S*?(?=[.,:;]?(?:\s|$))")
PROMISE = re.compile(r"^hubprune cannot (?:prune|measure) [\w ]+?(?: yet)?: ")

# Keys of a recipe -> the page's own words for them.
FIELDS = {
    "samples": "Windows of text",
    "seq_len": "Tokens in a window",
    "seed": "Seed",
    "pattern": "How much to prune",
    "method": "Method",
    "lang": "Language",
    "eval_lang": "Measure also in",
    "tasks": "Tasks",
}
FLAGS = {
    "--lang": "the language",
    "--eval-lang": "the list of languages to measure",
    "--samples": "the number of windows",
    "--seq-len": "the length of the windows",
    "--calib": "the calibration text",
    "--tasks": "the choice of tasks",
    "--method": "the method",
    "--pattern": "the share of zeros",
}

# class -> (what is wrong, where the package's own sentence speaks of flags; what the visitor can do)
TABLE: dict[type[errors.HubpruneError], tuple[str, str]] = {
    errors.HubpruneError: ("This cannot be done as asked.", "Try another method, or another model."),
    errors.UsageError: ("This cannot be done as asked.", "Change what you asked for, and try again."),
    errors.RecipeError: ("The form asks for something that does not exist.", "Correct it in the form."),
    errors.LanguageUnknown: ("No language is called that.", "Choose one from the list."),
    errors.NotFound: (
        "There is no such model, or it is not visible to you.",
        "Check the spelling, or sign in with an account that can see it.",
    ),
    errors.RevisionNotFound: ("There is no such revision.", "Name one of its branches, tags or commits."),
    errors.Gated: ("The model is gated.", "Accept its terms on its page, then press Retry."),
    errors.Offline: ("The Hub cannot be reached from here.", "Try again in a few minutes."),
    errors.HubTrouble: ("The Hub does not answer as it should.", "Try again in a few minutes."),
    errors.NoSafetensors: ("The model has no safetensors weights.", "Choose a revision or a model that has them."),
    errors.RemoteCodeNeeded: ("The model runs its own code, which this page never does.", "Choose another model."),
    errors.UnsupportedArchitecture: ("hubprune cannot prune this model yet.", "Choose another model that writes text."),
    errors.CheckpointDamaged: ("The model's files cannot be used.", "Choose another revision or another model."),
    errors.NotEnoughMemory: (
        "The memory here does not suffice.",
        "Choose a smaller model, or fewer or shorter windows under Advanced.",
    ),
    errors.NotEnoughDisk: ("The disk here does not suffice.", "Choose a smaller model, or try again later."),
    errors.TextTooShort: (
        "The text is too short.",
        "Ask for fewer or shorter windows under Advanced, or give more text.",
    ),
    errors.TextUnavailable: (
        "There is no calibration text for this language.",
        "Choose another language, or give your own text under Advanced.",
    ),
    errors.TaskUnavailable: ("A task cannot be measured.", "Leave it out, and prune again."),
    errors.ExtraMissing: ("A part of hubprune is not installed here.", "Go on without what needs it."),
    errors.QualityGate: ("The result is worse than allowed.", "Choose fewer zeros, or another method."),
    errors.OutputExists: ("An earlier result is in the way.", "Start over."),
    errors.Unfinished: ("An earlier run is in the way.", "Start over."),
    errors.RepoExists: ("The repository exists already.", "Choose another name."),
    errors.NotSignedIn: ("The Hub does not accept your sign-in any more.", "Sign out, and sign in again."),
    errors.NoWritePermission: ("Your sign-in may not write there.", "Choose another owner or another name."),
    errors.UploadInterrupted: ("The upload broke off.", "Press Publish again: it completes the upload."),
}


def notice(error: errors.HubpruneError, recipe: Recipe, architecture: str = "") -> words.Notice:
    """The state of the page that an error of a plan or a run stands for."""
    match error:
        case errors.RevisionNotFound():
            pass
        case errors.NotFound() | errors.Gated() if recipe.model not in error.sentence:  # a data set's, not the model's
            pass
        case errors.NotFound():
            return words.not_found(recipe.model)
        case errors.Gated() if "scope" in error.sentence:
            return words.gated_scope()
        case errors.Gated() if "review" in error.sentence:
            return words.gated_review(recipe.model)
        case errors.Gated():
            return words.gated_terms(recipe.model)
        case errors.UnsupportedArchitecture() if " cannot be pruned to " in error.sentence:
            return words.known_problem(sentence(error), "Choose a share of zeros instead.")
        case errors.UnsupportedArchitecture():
            reason = PROMISE.sub("", sentence(error))
            within = re.sub(r"^(The|A|An|No)\b", lambda found: found[0].lower(), reason)
            return words.unsupported(architecture or "this model", within)
        case errors.NoSafetensors():
            return words.pickle_only()
        case errors.RemoteCodeNeeded():
            return words.remote_code(f"{own_command(recipe)} --trust-remote-code")
        case errors.TextTooShort():
            return text_words.too_short(sentence(error))
    return told(error)


def told(error: errors.HubpruneError) -> words.Notice:
    """The error's sentence with the page's next step."""
    return words.known_problem(sentence(error), row(type(error))[1])


def of_kind(kind: str, said: str) -> errors.HubpruneError:
    """The error of a class's name, as it comes back from another process."""
    found = getattr(errors, kind, errors.HubpruneError)
    made: errors.HubpruneError = found(said)
    return made


def sentence(error: errors.HubpruneError) -> str:
    """What is wrong, in the page's words."""
    if isinstance(error, errors.NotSignedIn):  # the package speaks of tokens
        return row(type(error))[0]
    said = re.sub(r"^(\w+)(?= is )", lambda found: FIELDS.get(found[1], found[1]), error.sentence)
    return plain(said) or row(type(error))[0]


def plain(text: str) -> str:
    """A sentence of the package without its flags and without folders of this machine; empty where that cannot be."""
    said = OWN_FOLDER.sub("a folder here", scrub(text))
    for flag, meant in FLAGS.items():
        said = re.sub(rf"{flag}(?![\w-])", meant, said)
    return "" if speaks_of_commands(said) else said


def speaks_of_commands(text: str) -> bool:
    """Whether a text advises what can only be done on a command line."""
    return bool(COMMAND_LINE.search(text))


def row(kind: type[errors.HubpruneError]) -> tuple[str, str]:
    """The row of a class, or of the nearest class above it."""
    return next(TABLE[one] for one in kind.__mro__ if one in TABLE)
