"""The second screen: stages with ticks, the blocks, the time, the log."""

from __future__ import annotations

import time

from hubprune.publishing.text import figure, listed, name_of, ratio, size
from hubprune.report import DENSE, PRUNED

from . import hints, html, words
from .run import STAGES, Run


def page(run: Run, place: tuple[int, float]) -> str:
    """The state of a run as HTML."""
    waiting = run.state == "waiting"
    head = html.notice(words.queued(*place)) if waiting and place[0] > 1 else ""
    elapsed = time.monotonic() - run.begun if run.begun else 0.0
    so_far = f"<strong>{words.roughly(elapsed)}</strong> elapsed" if elapsed >= 5 else "Just begun"
    left = f"<strong>about {words.roughly(run.left())}</strong> left" if run.left() > 3 else "soon done"
    clock = "" if waiting else f'<p class="clock"><span>{so_far}</span><span>{left}</span></p>'
    now = next(
        (f"{title}{detail and f': {detail}'}" for title, detail, names in entries(run) if run.stage in names), ""
    )
    return (
        f'<section class="work" aria-label="Progress" data-said="{html.esc(now)}">'
        f'<h2 tabindex="-1">{html.esc(run.repo_name)}</h2>'
        f"{head}{blocks(run)}{clock}"
        f'<ol class="stages">{"".join(stage(run, *entry) for entry in entries(run))}</ol>{measured(run)}'
        + html.fold("Log", html.log(run.log[-400:]))
        + "</section>"
    )


def entries(run: Run) -> list[tuple[str, str, tuple[str, ...]]]:
    """Title, detail and stage names of each line."""
    names = listed([name_of(code) for code in dict.fromkeys([*run.recipe.lang, *filter(None, [run.recipe.control])])])
    fetched = run.progress.get("download")
    gathered = ", ".join(filter(None, [names, counted(run, "text", "tasks")]))
    found = [
        ("Download the model", size(fetched.total) if fetched else "", ("check", "download")),
        ("Gather text and questions" if run.recipe.tasks else "Gather text", gathered, ("text", "tasks")),
        ("Calibrate and prune", f"block {min(run.done_blocks + 1, run.blocks)} of {run.blocks}", ("prune",)),
        ("Measure languages", listed([name_of(row.language) for row in run.rows]), ("measure", "verify")),
    ]
    if run.recipe.generate or "generate" in (run.stage, *run.progress):  # some tasks are answered in writing
        found.append(("Let the models write", counted(run, "generate"), ("generate",)))
    return [*found, ("Write the card", "", ("card",))]


def counted(run: Run, *stages: str) -> str:
    """The one of these stages that is under way, by its units: "text 12 of 30"; empty where that is not known."""
    found = run.progress.get(run.stage) if run.stage in stages else None
    return f"{found.unit} {min(found.done + 1, found.total):,} of {found.total:,}" if found and found.total else ""


def stage(run: Run, title: str, detail: str, names: tuple[str, ...]) -> str:
    """One line: done, under way, or still to come; said in words too."""
    now, last = STAGES.index(run.stage), max(STAGES.index(name) for name in names)
    if run.state == "done" or now > last:
        kind, said = "done", "done"
    elif run.state == "running" and run.stage in names:
        kind, said = "now", "under way"
    else:
        kind, said = "next", "to come"
    shown = f" <small>{html.esc(detail)}</small>" if detail and kind != "next" else ""
    return f'<li class="{kind}"><span>{html.esc(title)}{shown}</span><span class="visually-hidden">, {said}</span></li>'


def blocks(run: Run) -> str:
    """One cell for each block of the model; the bar says the same to a screen reader."""
    kinds = ["done"] * run.done_blocks + ["now"] * (run.stage == "prune") + [""] * run.blocks
    cells = "".join(f'<i class="{kind}"></i>' for kind in kinds[: max(1, run.blocks)])
    return (
        f'<div class="blocks" role="progressbar" aria-label="Blocks pruned" aria-valuemin="0" '
        f'aria-valuemax="{run.blocks}" aria-valuenow="{run.done_blocks}" style="--n:{max(1, run.blocks)}">{cells}</div>'
    )


def measured(run: Run) -> str:
    """Languages as soon as they are measured."""
    lines = []
    for row in run.rows:
        dense, pruned = row.scores.get(DENSE), row.scores.get(PRUNED)
        if dense and pruned:
            lines.append(
                f"<li><span>{html.esc(name_of(row.language))}</span><span>{figure(dense.perplexity)} → "
                f"{figure(pruned.perplexity)} <small>× {ratio(pruned.ratio or 0)}</small></span></li>"
            )
    told = f'<p class="quiet first">Perplexity so far, original → pruned: {hints.PERPLEXITY}</p>'
    return f'{told}<ul class="first-figures" aria-label="Perplexity so far">{"".join(lines)}</ul>' if lines else ""
