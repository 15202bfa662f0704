"""The end of the card: how to make the model again, what is not known of it, licence, citation."""

from __future__ import annotations

import re

import yaml

from hubprune.publishing import metadata, speed_tables, tables, text
from hubprune.publishing.sections import measured
from hubprune.publishing.text import HUB, Md, fenced, link, listed, md
from hubprune.recipe import RECIPE_FILE, Recipe
from hubprune.report import RESULTS_FILE, ModelFacts, Report

CITATIONS = {
    "": """@article{kurz-etal-2026-limitations,
  title = "On the Limitations of Language-targeted Pruning:
           Investigating the Calibration Language Impact in Multilingual {LLM} Pruning",
  author = "Kurz, Simon and Chen, Jian-Jia and Flek, Lucie and Zhao, Zhixue",
  journal = "Transactions of the Association for Computational Linguistics",
  volume = "14",
  pages = "167--192",
  year = "2026",
  url = "https://aclanthology.org/2026.tacl-1.9/",
}""",
    "sparsegpt": """@inproceedings{frantar-alistarh-2023-sparsegpt,
  title = "{SparseGPT}: Massive Language Models Can Be Accurately Pruned in One-Shot",
  author = "Frantar, Elias and Alistarh, Dan",
  booktitle = "International Conference on Machine Learning",
  year = "2023",
  url = "https://arxiv.org/abs/2301.00774",
}""",
    "wanda": """@inproceedings{sun-etal-2024-wanda,
  title = "A Simple and Effective Pruning Approach for Large Language Models",
  author = "Sun, Mingjie and Liu, Zhuang and Bair, Anna and Kolter, J. Zico",
  booktitle = "International Conference on Learning Representations",
  year = "2024",
  url = "https://arxiv.org/abs/2306.11695",
}""",
}


def reproduce(report: Report, recipe: Recipe, repo_id: str | None) -> Md:
    """The command that made the model, and the one that makes it again from what stands beside the weights."""
    parts = []
    demonstration = metadata.is_demonstration(report.model)
    if report.run.command.strip() and not demonstration:
        parts += ["Made with:", "", fenced(text.one_line(report.run.command), "bash"), ""]
    replay = f"hubprune push --recipe {repo_id}" if repo_id else f"hubprune prune --recipe {RECIPE_FILE}"
    source = f"from the recipe in this {'repository' if repo_id else 'folder'}"
    if metadata.is_the_demo(report):
        replay, source = metadata.DEMO_COMMAND, "with the model and the text that come with hubprune"
    elif demonstration:  # the recipe names a model that no Hub has: its folder takes that place
        replay = f"hubprune prune {metadata.DEMO_FOLDER} again --recipe {repo_id or RECIPE_FILE}"
        source += " and the model that comes with hubprune"
    parts += [f"The same again, {source}:", "", fenced(replay, "bash")]
    local = [f"the base model {report.model.id}"] if report.model.local else []
    own = {record.source for record in report.texts if not record.revision and record.source not in ("self", "demo")}
    local += [f"the text {name}" for name in sorted(own)]
    own_tasks = any(row.source == "local" for row in report.tasks)
    if own_tasks:
        local.append("tasks of the author's own")
    if local:
        parts += [
            "",
            md(
                "It needs {}, which {} not public.", listed(local), "is" if len(local) == 1 and not own_tasks else "are"
            ),
        ]
    raw = link(RESULTS_FILE, f"{HUB}/{repo_id}/blob/main/{RESULTS_FILE}" if repo_id else RESULTS_FILE)
    parts += ["", md("All figures, raw: {}.", raw)]
    return Md("\n".join(parts))


def recipe_block(recipe: Recipe) -> Md:
    """The recipe, without the keys that are empty."""
    plain = {key: value for key, value in recipe.to_dict().items() if value not in (None, [], {})}
    return fenced(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True), "yaml")


def made(report: Report) -> Md:
    """Hardware, time, memory and versions."""
    run = report.run
    rows = [
        ("hubprune", report.hubprune_version),
        *((name, value) for name, value in run.versions.items() if name != "hubprune"),
    ]
    rows = [row for row in rows if row[1]]
    facts = [
        ("Hardware", run.device),
        ("Date", run.started[:10] if re.match(r"\d{4}-\d\d-\d\d", run.started) else ""),
        ("Wall time", text.duration(run.seconds) if run.seconds > 0 else ""),
        ("Peak memory", text.size(run.peak_memory) if run.peak_memory else ""),
        ("Peak GPU memory", text.size(run.peak_gpu_memory) if run.peak_gpu_memory else ""),
        (
            "Base model",
            f"{report.model.architecture}, {text.quantity(report.model.parameters)} parameters, {report.model.dtype}",
        ),
        ("Versions", ", ".join(f"{name} {version}" for name, version in rows)),
    ]
    return text.table(["", ""], [(label, value) for label, value in facts if value], numbers=False)


def limitations(report: Report, recipe: Recipe) -> Md:
    """What was not measured, and what the figures do not say."""
    names, languages = measured(report), tables.calibration_languages(report)
    lines: list[Md] = []
    if names:
        lines += unmeasured(report)
        lines.append(md("Languages other than {} are untested.", listed(names)))
    else:
        lines.append(Md("**Nothing was measured**: use it only after measuring it yourself."))
    if languages:
        lines.append(
            Md(
                "Calibrating in a language generally keeps perplexity in it and does not reliably keep knowledge and "
                "reasoning (paper below)."
            )
        )
    if metadata.pattern_tag(recipe.pattern) != "unstructured-sparsity":
        lines.append(
            md(
                "N:M patterns such as {} usually cost more than the same share of zeros anywhere; without retraining, "
                "2:4 left models of 8 billion parameters close to chance on tests of knowledge.",
                recipe.pattern,
            )
        )
    if report.artefact == "dense":
        lines.append(claims(report))
    lines.append(Md("Safety behaviour was not evaluated; pruning can weaken what the base model learned to refuse."))
    lines.append(Md("The biases of the base model remain."))
    if recipe.trust_remote_code:
        lines.append(Md("The base model's own Python code was run, and is needed to load this model."))
    lines += [text.prose(warning) for warning in report.warnings if warning.strip()]
    return Md("\n".join(f"- {line}" for line in lines))


def unmeasured(report: Report) -> list[Md]:
    """Which of tasks and generated text are missing, and what those that are there leave open."""
    if not report.tasks and not report.generations:
        return [Md("**Perplexity is all that was measured.** No task was run and no generated text was judged.")]
    if not report.tasks:
        return [Md("**No task was run**: what the model knows and how it reasons was not measured.")]
    lines = [Md("The tasks are samples of knowledge and reasoning; others may have lost more.")]
    if any(row.chance is not None for row in report.tasks):
        choice = link("arXiv 2606.17609", "https://arxiv.org/abs/2606.17609")
        lines = [md("Multiple choice overstates pruned models ({}), and other tasks may have lost more.", choice)]
    if not report.generations:
        lines.append(Md("**No generated text was judged.**"))
    return lines


def claims(report: Report) -> Md:
    """What is claimed of speed, memory and size: what was measured, and nothing else."""
    words = speed_tables.ratios_in_words(report)
    if report.speed is None or not words:
        return Md("No gain in speed, memory or file size is claimed: standard runtimes treat a zero like any number.")
    where = f" on {report.speed.device}" if report.speed.device else ""
    measured_there = f"Speed was measured{where} alone (to the dense model: {words})"
    return md("{}; no gain is claimed anywhere else, nor in memory or file size.", measured_there)


def licence_name(model: ModelFacts) -> Md:
    """The base model's licence, linked where it has an address."""
    label = model.license_name or model.license or ""
    address = model.license_link if text.web_address(model.license_link) else None
    if not address and metadata.base_model(model) and re.fullmatch(r"\w[\w.-]*", model.license_link or ""):
        address = f"{HUB}/{model.id}/blob/{model.revision or 'main'}/{model.license_link}"
    return link(text.one_line(label), address) if address else md("{}", label)


def licence(report: Report) -> Md:
    """Whose work this is, and under which terms."""
    model = report.model
    base = link(model.id, f"{HUB}/{model.id}") if metadata.base_model(model) else md("{}", model.id)
    change = md("This is a modified copy of {}: weights were set to zero.", base)
    if recipe_updates(report):
        change = md("This is a modified copy of {}: weights were set to zero and the remaining ones adjusted.", base)
    if model.license or model.license_name:
        terms = md("The base model's licence applies: {}.", licence_name(model))
        files = "Its licence and notice files, where it has any, lie unchanged beside the weights."
    else:
        terms = Md("The base model states no licence: ask its authors before you use or share this.")
        files = "Licence and notice files, where it has any, lie unchanged beside the weights."
    sentences = [change, terms, Md(files)]
    records = [record for record in report.texts if record.use == "calibration" and record.license]
    if records:
        lines = dict.fromkeys(f"{record.source} ({record.license})" for record in records)
        sentences.append(md("Calibration text: {}.", listed(list(lines))))
    return Md(" ".join(sentences))


def recipe_updates(report: Report) -> bool:
    """Whether the method changes the weights that stay."""
    return report.recipe.get("method") == "sparsegpt"


def citation(recipe: Recipe) -> Md:
    """The paper on calibration languages, and the method's."""
    found = [CITATIONS[key] for key in ("", recipe.method) if key in CITATIONS]
    return fenced("\n\n".join(found), "bibtex")
