"""Prune into a folder of its own, then publish it; the same command completes what was interrupted."""

from __future__ import annotations

import hashlib
import json
import shlex
import shutil
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

from hubprune.errors import UsageError
from hubprune.events import Event, Published, Stage, Warned
from hubprune.hub import Earlier, Hub, check_target, connect, default_repo_id, earlier_result, resolve
from hubprune.hub import push as upload
from hubprune.naming import repo_name
from hubprune.publishing.folder import finish
from hubprune.recipe import RECIPE_FILE, Recipe
from hubprune.report import RESULTS_FILE, Report
from hubprune.run.examine import examine, uses_text
from hubprune.run.gate import Gate
from hubprune.run.prune import prune, unfinished_folder
from hubprune.run.state import blocks_done
from hubprune.tasks import AUTO, available

OLD = 30 * 24 * 3600.0  # seconds


def push(
    recipe: Recipe,
    repo_id: str | None = None,
    *,
    hub: Hub | None = None,
    private: bool = True,
    create_pr: bool = False,
    message: str | None = None,
    force: bool = False,
    kept: Path | None = None,
    command: str | None = None,
    gate: Gate | None = None,
    tasks_optional: bool = False,
) -> Generator[Event, None, tuple[Report, Published]]:
    """The whole loop. What an interrupted push of the same recipe left behind is taken up where it stopped.

    Where the repository holds the result of this very recipe already, nothing is done but telling so. A result that
    does not pass the gate is kept, and QualityGate names the command that publishes it all the same.
    """
    gate = gate or Gate()
    gate.refuse(recipe)
    hub = hub or connect()
    named = recipe if uses_text(recipe) else recipe.replace(lang={})  # a name claims no language that played no part
    repo_id = repo_id or default_repo_id(hub, named)
    check_target(hub, repo_id, create_pr=create_pr, force=force)
    earlier = None if force or create_pr else earlier_result(hub, repo_id)
    if earlier and gives(examine(recipe, hub).recipe, Recipe.load(earlier.folder)) and not lacks_tasks(recipe, earlier):
        yield Warned(f"{repo_id} holds the result of this recipe already; --force makes it anew.")
        there = Published(repo_id, f"{hub.endpoint}/{repo_id}", earlier.commit, earlier.private)
        yield there
        return Report.load(earlier.folder), there
    source = resolve(hub, recipe.model, recipe.revision)
    forget_old_runs(hub)
    folder = result_folder(hub, recipe.replace(revision=source.revision))
    if (folder / RESULTS_FILE).is_file():
        yield Stage("check", f"Taking up the finished result of an earlier run in {folder}")
        report = Report.load(folder)
    else:
        options = {"hub": hub, "kept": kept, "repo_id": repo_id, "command": command, "tasks_optional": tasks_optional}
        report = yield from _pruned(recipe, folder, options)
    published = yield from publish(
        folder, repo_id, hub=hub, private=private, create_pr=create_pr, message=message, force=force, gate=gate
    )
    shutil.rmtree(folder)
    return report, published


def gives(asked: Recipe, published: Recipe) -> bool:
    """Whether the recipe of a published result is what is asked for, sources of text as far as `asked` fixes them."""
    ours, theirs = asked.to_dict(), published.to_dict()
    if ours["tasks"] == [AUTO]:  # whatever they were
        ours["tasks"] = theirs["tasks"]
    return all(
        _same_source(value, theirs[key]) if key in ("calib", "eval_text") else value == theirs[key]
        for key, value in ours.items()
    )


def lacks_tasks(asked: Recipe, earlier: Earlier) -> bool:
    """Whether tasks are asked for that the published result has none of, and that could be measured now."""
    return AUTO in asked.tasks and asked.measure and available() and "" in Report.load(earlier.folder).no_tasks


def _same_source(asked: str | dict[str, str], resolved: str | dict[str, str]) -> bool:
    if isinstance(asked, dict) or isinstance(resolved, str):
        return asked == resolved
    return asked == "auto" or all(
        one == asked or one.startswith((f"{asked}@", f"{asked}#")) for one in resolved.values()
    )


def _pruned(recipe: Recipe, folder: Path, options: dict[str, Any]) -> Generator[Event, None, Report]:
    """Prune into the folder, going on where an earlier push broke off, if nothing has changed since."""
    options = {"force": True, **options}
    if not blocks_done(unfinished_folder(folder)):
        return (yield from prune(recipe, folder, **options, resume=False))
    try:
        return (yield from prune(recipe, folder, **options, resume=True))
    except UsageError as changed:
        yield Warned(f"Starting over. {changed.sentence}")
        return (yield from prune(recipe, folder, **options, resume=False))


def publish(
    folder: Path,
    repo_id: str | None = None,
    *,
    hub: Hub | None = None,
    private: bool = True,
    create_pr: bool = False,
    message: str | None = None,
    force: bool = False,
    gate: Gate | None = None,
) -> Generator[Event, None, Published]:
    """Publish a folder that `prune` wrote, with a card that speaks of the repository, if it passes the gate."""
    if not (folder / RECIPE_FILE).is_file() or not (folder / RESULTS_FILE).is_file():
        raise UsageError(f"{folder} was not written by hubprune.", "Give a folder that `hubprune prune` wrote.")
    hub = hub or connect()
    recipe, report = Recipe.load(folder), Report.load(folder)
    repo_id = repo_id or default_repo_id(hub, recipe)
    words = ["hubprune", "push", str(folder), repo_id, *([] if private else ["--public"])]
    words += ["--create-pr"] if create_pr else ["--force"] if force else []
    (gate or Gate()).check(report, f"It is kept; to publish it all the same: {shlex.join(words)}")
    check_target(hub, repo_id, folder, create_pr=create_pr, force=force)  # a push that is refused changes nothing here
    finish(folder, report, recipe, repo_id)
    return (yield from upload(hub, folder, repo_id, private=private, create_pr=create_pr, message=message, force=force))


def forget_old_runs(hub: Hub) -> None:
    """Delete what pushes that were never completed left behind more than OLD seconds ago."""
    for path in (hub.cache_dir.parent / "hubprune").glob("*-*"):
        if path.is_dir() and time.time() - path.stat().st_mtime > OLD:
            shutil.rmtree(path, ignore_errors=True)


def result_folder(hub: Hub, recipe: Recipe) -> Path:
    """Where `push` keeps a result until it is published: beside the cache, named by the recipe."""
    digest = hashlib.sha256(json.dumps(recipe.to_dict(), sort_keys=True).encode()).hexdigest()[:12]
    return hub.cache_dir.parent / "hubprune" / f"{repo_name(recipe)}-{digest}"
