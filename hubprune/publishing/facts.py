"""What a card says: every section as finished Markdown. A section without facts is None and drops out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hubprune.languages import resolve
from hubprune.naming import repo_name
from hubprune.publishing import closing, evidence, metadata, points, sections, speed_tables, tables, task_tables, text
from hubprune.publishing.generation_verdict import generation_verdict
from hubprune.publishing.sources import other_sources
from hubprune.publishing.task_verdict import task_verdict
from hubprune.publishing.text import HUB, Md, code, fenced, link, listed, md, percent, string_literal
from hubprune.publishing.verdict import verdict
from hubprune.recipe import Recipe
from hubprune.report import DENSE, PRUNED, ModelFacts, Report

METHODS = {"magnitude": "magnitude pruning", "wanda": "Wanda", "sparsegpt": "SparseGPT"}

MOST_TASKS = 4  # in the glance

# What the files of an artefact are, against the base's: the first thing to know about it.
STORAGE = {
    "dense": "The zeros are stored in place: the files are as large as the base model's, "
    "and standard runtimes run this model no faster."
}
DEMONSTRATION = (
    "This is a demonstration: its base model is tiny, comes with hubprune and is on no Hub. "
    "What it writes is of no use."
)


@dataclass(frozen=True)
class Card:
    """The parts of the card, in the order of `card.md.jinja`."""

    front_matter: Md
    title: str
    lead: Md
    glance: Md
    verdict: Md
    caution: Md
    snippet: Md
    chat: Md | None
    scores: Md | None
    score_notes: Md | None
    cost_plot: Md | None
    evaluation_texts: Md | None
    tasks: Md | None
    task_sources: Md | None
    generations: Md | None
    samples: Md | None
    speed: Md | None
    pruned: Md | None
    block_plot: Md | None
    modules: Md | None
    reproduce: Md
    recipe: Md
    made: Md
    calibration: Md | None
    limitations: Md
    licence: Md
    citation: Md


def card(report: Report, recipe: Recipe, repo_id: str | None) -> Card:
    """The parts of the card of a run. `repo_id` None: not published, the card speaks of the folder it lies in.

    The demo's repository is not on the public Hub, so its card has that name and speaks of the folder too.
    """
    title = repo_id or default_title(recipe)
    if metadata.is_the_demo(report):
        repo_id = None
    table = tables.language_table(report)
    measured = bool(report.languages or report.tasks or report.generations)  # else one limitation says it all
    return Card(
        front_matter=Md(metadata.front_matter(report, recipe, title.rsplit("/", 1)[-1])),
        title=title,
        lead=lead(report, recipe),
        glance=glance(report, recipe),
        verdict=verdicts(report),
        caution=cautions(report),
        snippet=snippet(report, recipe, repo_id),
        chat=chat(report) if report.model.chat_template else None,
        scores=sections.scores(table),
        score_notes=md("{}", " ".join(table.notes)) if table.notes else None,
        cost_plot=sections.cost_plot(report, repo_id),
        evaluation_texts=sections.texts(report, "evaluation"),
        tasks=evidence.tasks(report) if measured else None,
        task_sources=evidence.task_sources(report),
        generations=evidence.generations(report) if measured else None,
        samples=evidence.samples(report),
        speed=evidence.speed(report),
        pruned=sections.pruned(report),
        block_plot=sections.block_plot(report, repo_id),
        modules=sections.modules(report),
        reproduce=closing.reproduce(report, recipe, repo_id),
        recipe=closing.recipe_block(recipe),
        made=closing.made(report),
        calibration=sections.calibration(report, recipe),
        limitations=closing.limitations(report, recipe),
        licence=closing.licence(report),
        citation=closing.citation(recipe),
    )


def default_title(recipe: Recipe) -> str:
    """The name that the checkpoint would be published under, without its owner."""
    return repo_name(recipe)


def base_link(model: ModelFacts) -> Md:
    """The base model, linked at its commit where it is on the Hub."""
    if metadata.is_demonstration(model):
        return md("{} (the model that comes with hubprune)", model.id)
    if not metadata.base_model(model):
        return md("{} (a local model)", model.id)
    if model.revision and re.fullmatch("[0-9a-f]{7,40}", model.revision):
        return md("{} (commit {})", link(model.id, f"{HUB}/{model.id}/tree/{model.revision}"), code(model.revision[:7]))
    return link(model.id, f"{HUB}/{model.id}")


def lead(report: Report, recipe: Recipe) -> Md:
    """Base, method, measured zeros and where, calibration text, and the truth about storage."""
    parts = [md("{}, pruned with {}", base_link(report.model), METHODS.get(recipe.method, recipe.method))]
    zeros = report.sparsity
    if zeros and zeros.weights:
        where = sections.where(report)
        parts.append(md(": {} of the weights in {} are zero", percent(zeros.stored / zeros.weights), where))
    languages = [text.name_of(name) for name in tables.calibration_languages(report)]
    windows = [record for record in report.texts if record.use == "calibration"]
    if languages:
        length = max(record.seq_len for record in windows)
        total = sum(record.windows for record in windows)
        chosen = "chosen" if zeros else "calibrated"
        parts.append(
            md(
                ", {} with {} of {} tokens of {} text",
                chosen,
                text.count(total, "window"),
                f"{length:,}",
                listed(languages),
            )
        )
    sentences = ["".join(parts) + "."]
    if report.artefact in STORAGE:
        sentences.append(f"**{STORAGE[report.artefact]}**")
    if metadata.is_demonstration(report.model):
        sentences.append(DEMONSTRATION)
    return Md(" ".join(sentences))


def verdicts(report: Report) -> Md:
    """One sentence each on perplexity, on what the control leaves open, on tasks and on generated text, as far as they
    were measured.
    """
    sentences = (verdict(report), other_sources(report), task_verdict(report), generation_verdict(report))
    return Md("\n\n".join(md("{}", sentence) for sentence in sentences if sentence))


def cautions(report: Report) -> Md:
    """What the figures cannot say."""
    found = [sections.caution(), *([sections.task_caution()] if report.tasks else [])]
    return Md(" ".join(found))


def glance(report: Report, recipe: Recipe) -> Md:
    """The figures a reader looks for first."""
    rows: list[tuple[str, object]] = []
    zeros = report.sparsity
    if zeros and zeros.weights:
        shown = f"{percent(zeros.stored / zeros.weights)} of the pruned weights ({zeros.requested * 100:g} % requested)"
        whole = f", {percent(zeros.stored / zeros.parameters)} of all parameters" if zeros.parameters else ""
        pattern = (
            "" if metadata.pattern_tag(recipe.pattern) == "unstructured-sparsity" else f", pattern {recipe.pattern}"
        )
        rows.append(("Zeros", shown + whole + pattern))
    figures = [row for row in tables.language_rows(report) if row.language and row.dense is not None]
    shown_rows = [row for row in figures if row.target] or figures[:1]
    shown_rows += [row for row in figures if row.language == "en" and row not in shown_rows]
    worst = tables.worst(report)
    for row in shown_rows:
        if row.pruned is not None and row.dense is not None:
            change = f"{text.figure(row.dense)} → {text.figure(row.pruned)}"
            factor = "" if row.ratio is None else f" (× {text.ratio(row.ratio, row.ratio_se)})"
            told = ["calibration language"] if row.target else []
            told += [f"worst hit of {len(figures)}"] if row == worst else []
            rows.append((f"{row.name} perplexity{f' ({listed(told)})' if told else ''}", change + factor))
    if worst and worst.ratio is not None and worst not in shown_rows:
        rows.append(
            (f"Worst hit of the {len(figures)} languages measured", f"{worst.name}, × {text.ratio(worst.ratio)}")
        )
    rows += task_facts(report)
    if sizes := speed_tables.size_words(report):
        rows.append(("Size", sizes))
    if report.model.license or report.model.license_name:
        rows.append(("Licence", closing.licence_name(report.model)))
    rows.append(("Made with", f"hubprune {report.hubprune_version}"))
    return text.table(["", ""], [(md("**{}**", label), text.escape(value)) for label, value in rows], numbers=False)


def task_facts(report: Report) -> list[tuple[str, object]]:
    """The scores of the tasks in the calibration languages that say something, dense and pruned."""
    rows: list[tuple[str, object]] = []
    for row in task_tables.ordered(report):
        change = points.against_dense(row)
        if row.calibrated and change and points.standing(row) == "above":
            before, after = (task_tables.score(row.scores.get(lane)) for lane in (DENSE, PRUNED))
            label = f"{task_tables.language_name(row)}, {task_tables.titled(row)}"
            rows.append((label, f"{before} → {after} % ({change.shown} points, {change.in_words})"))
    return rows[:MOST_TASKS]


def prompt(report: Report) -> str:
    """The beginning of a sentence in the first calibration language that has one, else in English."""
    measured = [row.language for row in report.languages]
    candidates = [resolve(language).prompt for language in [*tables.calibration_languages(report), *measured, "en"]]
    return next(filter(None, candidates), "")


def snippet(report: Report, recipe: Recipe, repo_id: str | None) -> Md:
    """Python that loads the model and continues the prompt, as it stands."""
    remote = ", trust_remote_code=True" if recipe.trust_remote_code else ""
    source = f"model_id = {string_literal(repo_id)}" if repo_id else 'model_id = "."  # this folder'
    return fenced(
        f"""from transformers import AutoModelForCausalLM, AutoTokenizer

{source}
tokenizer = AutoTokenizer.from_pretrained(model_id{remote})
model = AutoModelForCausalLM.from_pretrained(model_id{remote})

inputs = tokenizer({string_literal(prompt(report))}, return_tensors="pt")
output = model.generate(**inputs, max_new_tokens=40)
print(tokenizer.decode(output[0], skip_special_tokens=True))""",
        "python",
    )


def chat(report: Report) -> Md:
    """The same with the tokenizer's chat template; continues the snippet."""
    return fenced(
        f"""messages = [{{"role": "user", "content": {string_literal(prompt(report))}}}]
inputs = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True, return_tensors="pt")
output = model.generate(**inputs, max_new_tokens=200)
print(tokenizer.decode(output[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True))""",
        "python",
    )
