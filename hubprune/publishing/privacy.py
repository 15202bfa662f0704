"""What must never be published: paths of this computer, its name, tokens. Found, and taken out."""

from __future__ import annotations

import dataclasses
import re
import shlex
import socket
from collections.abc import Collection
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from hubprune.errors import HubpruneError
from hubprune.publishing.text import one_line
from hubprune.recipe import Recipe
from hubprune.report import Report

PART = r"[^\s/'\"`,;<>|()\[\]]+"
PATH = re.compile(rf"(?<![\w.:/*<%)\]}}-])(?<!\]\()~?(?:/{PART}){{2,}}/?|(?<![\w/])~/{PART}")
WINDOWS_PATH = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]:\\+[^\s'\"`,;<>|()]+|(?<![\\\w])\\\\+[\w.-]+\\+[^\s'\"`,;<>|()]+")
TOKEN = re.compile(
    r"\b(?:hf_|api_org_|ghp_)[A-Za-z0-9]{20,}|\b(?:hf_oauth_|github_pat_)[\w.-]{16,}|\bBearer\s+[\w.~+/-]{16,}"
)
LOCAL_ADDRESS = re.compile(
    r"file://[^\s'\"]*|https?://(?:localhost|127\.|0\.0\.0\.0|\[::1\]|10\.|192\.168\.)[^\s'\"]*"
    r"|https?://[^\s/'\"]+:[^\s/'\"]+@[^\s'\"]*"
)
PATH_START = re.compile(r"[/~]|\.\.?/|[A-Za-z]:\\|\\\\")
PRIVATE_FLAGS = ("--token", "--cache-dir", "--endpoint")
# What only the run at hand needed: answers, what lay in the way, how it printed. None of it decides a result.
ONE_RUN_FLAGS = ("--yes", "--resume", "--fresh", "--force", "--json", "--quiet", "--verbose")
ONE_RUN_LETTERS = re.compile("-[yqv]+")


def leaks(text: str) -> list[str]:
    """What in the text belongs to one person or computer, one phrase each; an empty list: nothing was found.

    Absolute and home-relative paths, addresses of local services, access tokens (masked here), this computer's name
    where it is not an ordinary word.
    """
    bare = TOKEN.sub("", LOCAL_ADDRESS.sub("", text))
    found = [f"an access token ({token[:5]}…)" for token in TOKEN.findall(text)]
    found += [f"a local address ({address[:60]})" for address in LOCAL_ADDRESS.findall(text)]
    found += [f"a path of this computer ({path})" for path in [*PATH.findall(bare), *WINDOWS_PATH.findall(bare)]]
    found += [f"this computer's name ({name})" for name in own_name().findall(bare)]
    return list(dict.fromkeys(found))


def check(content: str, name: str) -> None:
    """Raises HubpruneError if the content of a file to be published holds something private."""
    found = leaks(content)
    if found:
        raise HubpruneError(
            f"{name} would publish {found[0]}.", "Take it out of the recipe or of your own text in the card."
        )


def own_name() -> re.Pattern[str]:
    """Finds this computer's name; nothing, where the name has neither digit nor hyphen and may be an ordinary word."""
    host = socket.gethostname().split(".")[0]
    telling = len(host) > 3 and re.search(r"[\d-]", host)
    return re.compile(rf"(?<![\w-]){re.escape(host)}(?![\w-])" if telling else r"(?!)")


def without_private(text: str) -> str:
    """The text with each path of this computer shortened to its last part; tokens, local addresses, its name hidden."""
    text = LOCAL_ADDRESS.sub("[address]", TOKEN.sub("[token]", text))
    text = WINDOWS_PATH.sub(lambda path: PureWindowsPath(path[0]).name, text)
    return own_name().sub("[computer]", PATH.sub(lambda path: last_part(path[0]), text))


def last_part(path: str) -> str:
    """The name of a file or folder, whatever system wrote its path."""
    windows = re.match(r"[A-Za-z]:\\|\\\\", path)
    return (PureWindowsPath(path) if windows else PurePosixPath(path)).name or Path(path).expanduser().resolve().name


def public(report: Report, recipe: Recipe) -> tuple[Report, Recipe]:
    """Report and recipe as they may be published: files and folders by their names alone, no tokens."""
    local = {record.source for record in report.texts if not record.revision}

    def source(value: str) -> str:
        looks_local = re.match(r"[/~.\\]|[A-Za-z]:\\", value) or last_part(value) in local
        return last_part(value) if value and looks_local else value

    def sources(value: str | dict[str, str]) -> str | dict[str, str]:
        return {code: source(one) for code, one in value.items()} if isinstance(value, dict) else source(value)

    model = f"./{report.model.id}" if report.model.local else recipe.model  # never taken for a name on the Hub
    recipe = recipe.replace(
        model=model,
        calib=sources(recipe.calib),
        eval_text=sources(recipe.eval_text),
        tasks=tuple(last_part(task) if re.search(r"[/\\]|^[~.]", task) else task for task in recipe.tasks),
    )
    recipe = Recipe.from_dict(_cleaned(recipe.to_dict()))
    cleaned = Report.from_dict(_cleaned(report.to_dict()))
    renamed = {str(report.recipe.get("model")): model} if report.model.local else {}
    command = public_command(report.run.command, renamed, local)
    run = dataclasses.replace(cleaned.run, command=command)
    return dataclasses.replace(cleaned, run=run, recipe={**cleaned.recipe, **recipe.to_dict()}), recipe


def public_command(command: str, renamed: dict[str, str], files: Collection[str] = ()) -> str:
    """The command as a reader needs it: without private flags and those that only the run at hand needed, every path as
    its last part, also one that looks like a name on the Hub and leads to one of the `files`; `renamed` words are
    replaced as a whole.
    """
    try:
        words = shlex.split(command)
    except ValueError:
        return without_private(command)
    kept, skip = [], False
    for word in words:
        flag = word.split("=", 1)[0].replace("_", "-")
        if skip or flag in (*PRIVATE_FLAGS, "--format"):
            skip = not skip and "=" not in word
            continue
        if word in ONE_RUN_FLAGS or ONE_RUN_LETTERS.fullmatch(word):
            continue
        kept.append(renamed.get(word) or without_private(_public_word(word, files)))
    return shlex.join(kept)


def _public_word(word: str, files: Collection[str]) -> str:
    parts = re.split(r"([=,])", word)
    return "".join(last_part(p) if PATH_START.match(p) or last_part(p or ".") in files else p for p in parts)


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _cleaned(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_cleaned(one) for one in value]
    if not isinstance(value, str):
        return value
    return without_private(value) if one_line(value) else ""  # blank is absent
