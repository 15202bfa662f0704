"""The third screen: the figures, the charts, the texts of both models, the card as it will be."""

from __future__ import annotations

import base64
import re

from hubprune.publishing import card, tables
from hubprune.publishing.text import hub_id, listed, percent
from hubprune.publishing.verdict import caution, verdict
from hubprune.recipe import RECIPE_FILE, Recipe
from hubprune.report import RESULTS_FILE, GenerationRow, Report

from . import charts, elsewhere, hints, html, knowledge, result_tables, text_words, words
from .forms import TEXT_FILE
from .run import Run

ALARM = 2.0  # times the original's perplexity in a calibration language
JUMPS = (("#figures", "Figures"), ("#write-box", "Let both write"), ("#preview", "Card"), ("#publish-place", "Publish"))


def head(run: Run) -> str:
    """What came out, in one sentence and a few figures; the one that was asked for first."""
    report = run.report
    assert report is not None
    alarm = quality(report)
    rows = [row for row in tables.language_rows(report) if row.language]
    worst = tables.worst(report)
    chosen = [row for row in rows if row.target] or [row for row in rows if row is worst or len(rows) == 1]
    english = [row for row in rows if row.language == "en" and row not in chosen]
    tiles = [_tile(row) for row in chosen[:2] if row.ratio is not None] + [knowledge.tile(report)]
    tiles += [_tile(row) for row in english if row.ratio is not None]
    if worst and worst.ratio and worst not in [*chosen, *english]:
        tiles.append((f"Worst hit: {worst.name}", f"× {worst.ratio:.2f}", cost_in_words(worst.ratio)))
    if report.sparsity:
        share = percent(report.sparsity.stored / max(1, report.sparsity.weights))
        tiles.append(("Zeros", share, "of the pruned weights"))
    cells = "".join(
        f"<div><dt>{html.esc(name)}</dt><dd><strong{_size(value)}>{html.esc(value)}</strong><small>{html.esc(hint)}</small></dd></div>"
        for name, value, hint in ((name, value, html.together(hint)) for name, value, hint in tiles)
    )
    said = verdict(report)
    if tables.control_language(report):  # without one it speaks of the original itself
        said = f"{against_original(report)} {said}".strip()
    jumps = "".join(f'<li><a href="{place}">{name}</a></li>' for place, name in JUMPS)
    return (
        f'<header class="result-head"><h2 tabindex="-1">{html.esc(run.repo_name)}</h2>'
        f'<p class="quiet kept">Kept here {html.until(run.keeps())}, then deleted.</p>{html.notice(alarm)}'
        f'<p class="verdict">{html.esc(hints.plainly(said, report))}</p>'
        f"{other_text(report)}"
        f'<p class="quiet"><b>Perplexity</b> says {hints.PERPLEXITY}</p><dl class="tiles">{cells}</dl>'
        f'<p class="quiet">{html.esc(caution())}</p>'
        f'<nav class="jumps" aria-label="On this page"><ul>{jumps}</ul></nav></header>'
    )


def other_text(report: Report) -> str:
    """A warning where a visitor's own text is compared with a control of another source."""
    sources = report.recipe.get("calib")
    own = isinstance(sources, dict) and any(str(one).endswith(TEXT_FILE) for one in sources.values())
    return f'<p class="quiet">{text_words.OTHER_TEXT}</p>' if own and tables.control_language(report) else ""


def _size(value: str) -> str:
    """Words are set smaller than figures."""
    return "" if any(map(str.isdigit, value)) else ' class="in-words"'


def _tile(row: tables.Figures) -> tuple[str, str, str]:
    assert row.ratio is not None
    return f"Perplexity in {row.name}", f"× {row.ratio:.2f}", cost_in_words(row.ratio)


def cost_in_words(ratio: float) -> str:
    """A ratio of perplexities, plainly."""
    change = 100 * (ratio - 1)
    if abs(change) < 0.5:
        return "as the original's"
    return f"{abs(change):.0f} % {'higher' if change > 0 else 'lower'} than the original's"


def against_original(report: Report) -> str:
    """What pruning did to perplexity in the calibration languages, in English and where it did most; one sentence."""
    rows = [row for row in tables.language_rows(report) if row.language and row.ratio is not None]
    worst = max(rows, key=lambda row: row.ratio or 0, default=None)
    told = [row for row in rows if row.target or row.language == "en" or row is worst]
    said = [f"{cost_in_words(row.ratio or 0)} in {row.name}".replace(" than the original's", "") for row in told]
    return f"Against the original, perplexity is {listed(said)}." if said else ""


def quality(report: Report) -> words.Notice | None:
    """The alarm, where a calibration language lost too much."""
    rows = [row for row in tables.language_rows(report) if row.language and row.ratio]
    rows = [row for row in rows if row.target] or rows
    worst = max(rows, key=lambda row: row.ratio or 0, default=None)
    if worst is None or not worst.ratio or worst.ratio < ALARM:
        return None
    return words.quality_alarm(worst.name, worst.ratio, lower_pattern(str(report.recipe.get("pattern", ""))))


def lower_pattern(pattern: str) -> str | None:
    """A gentler pattern to try; None where there is none to name."""
    if ":" in pattern:
        return "50 % unstructured"
    found = re.match(r"([\d.]+)", pattern)
    share = float(found[1]) * (100 if found and float(found[1]) < 1 else 1) if found else 0
    return f"{share - 10:.0f} %" if share > 20 else None


def figures(run: Run) -> str:
    """Table and charts."""
    report = run.report
    assert report is not None
    cost, errors = charts.cost(report), charts.errors(report)
    return (
        f'<section class="figures" aria-label="What it cost">{result_tables.languages(report)}'
        + (f"<h3>Cost in each language</h3>{charts.cost_caption(report)}{cost}" if cost else "")
        + result_tables.evidence(report)
        + (
            f"<h3>How the error grows through the model</h3>{charts.errors_caption(report)}{errors}"
            + html.fold("The figures of this chart", result_tables.errors(report))
            if errors
            else ""
        )
        + "</section>"
    )


def samples(rows: list[GenerationRow]) -> str:
    """What the models wrote in the run, side by side."""
    found = []
    for row in sorted(rows, key=lambda row: not row.calibrated):
        for sample in row.samples[:1]:
            lanes = "".join(
                f"<div{html.direction(row.language)}><h4>{hints.NAMES.get(lane, lane)}</h4>"
                f"{html.in_language(text.strip(), row.language, 'p', 'text')}</div>"
                for lane, text in sample.texts.items()
            )
            prompt = html.in_language(sample.prompt, row.language, "p", "prompt")
            found.append(f'<div class="sample">{prompt}<div class="pair">{lanes}</div></div>')
    title = "<h3>What they wrote, side by side</h3>"
    return f'<section class="samples">{title}{"".join(found)}</section>' if found else ""


def card_text(run: Run, repo_id: str) -> str:
    """README.md as it will be in a repository; that of a folder, where no repository can be called so."""
    assert run.report is not None
    return card.render(run.report, Recipe.load(run.out), repo_id=repo_id if hub_id(repo_id, owner=True) else None)


def card_preview(run: Run, repo_id: str) -> str:
    """That, rendered; its plots are the page's own charts."""
    from markdown_it import MarkdownIt

    report = run.report
    assert report is not None
    text = card_text(run, repo_id)
    body = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    drawn = {"perplexity": charts.cost(report), "blocks": charts.errors(report)}
    made = MarkdownIt("commonmark", {"html": True}).enable("table").render(body)
    for name, chart in drawn.items():
        own = chart.replace("cost-", "card-cost-").replace("errors-", "card-errors-").replace("\\", "\\\\")
        picture = rf"<picture>(?:(?!</picture>).)*?{name}.*?</picture>"
        made = re.sub(picture, own, made, flags=re.DOTALL)
    made = re.sub(r"<picture>.*?</picture>|<img[^>]*>", "", made, flags=re.DOTALL)
    made = re.sub(r"<(/?)h([1-5])", lambda found: f"<{found[1]}h{min(6, int(found[2]) + 2)}", made)
    made = re.sub(r">[^<]+<", lambda found: html.together(found[0]), made)
    made = made.replace("<pre>", '<pre tabindex="0">')
    scrolls = '<div class="scrolls" tabindex="0" role="region" aria-label="Table of the card">'
    made = made.replace("<table>", f'{scrolls}<table class="plain">').replace("</table>", "</table></div>")
    targets = [re.escape(html.esc(row.name)) for row in tables.language_rows(report) if row.target]
    if targets:
        first = rf"<tr>(\s*<td[^>]*>)(?=<strong>(?:{'|'.join(targets)})</strong>)"
        made = re.sub(first, lambda found: f'<tr class="target">{found[1]}{result_tables.MARK}', made)
    article = f'<article class="card-preview" aria-label="Model card">{made}</article>'
    return f'<p class="quiet">{html.esc(hints.of_the_card(report))}</p>{article}'


def downloads(run: Run, repo_id: str) -> str:
    """Card, recipe and results as files, inside the page itself: nothing of a run lies under an address."""
    links = download(card.CARD_FILE, card_text(run, repo_id).encode(), "Card") + "".join(
        download(name, (run.out / name).read_bytes(), label)
        for name, label in ((RECIPE_FILE, "Recipe"), (RESULTS_FILE, "All figures"))
    )
    return f'<p class="downloads" data-repo="{html.esc(repo_id)}"><span>Download</span>{links}</p>'


def download(name: str, content: bytes, label: str) -> str:
    """A link that holds a file."""
    data = base64.b64encode(content).decode()
    return f'<a download="{html.esc(name)}" href="data:application/octet-stream;base64,{data}">{label}</a>'


def published(run: Run) -> str:
    """Where the result is now, and how to make it again; empty before it is published."""
    if run.published is None:
        return ""
    found = run.published
    what = "Pull request opened" if found.pull_request else "Published" + (", private" if found.private else "")
    return (
        f'<section class="done-box" data-state="published"><h2>{what}</h2>'
        f'<p><a href="{html.esc(found.pull_request or found.url)}" target="_blank" rel="noopener">'
        f"{html.esc(found.repo_id)}</a></p>"
        + html.command(elsewhere.own_command(run.recipe), "The command that makes it again")
        + "</section>"
    )
