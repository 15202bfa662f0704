"""The front matter of the card: what the Hub indexes. Nothing of the base's metadata but what is listed here."""

from __future__ import annotations

import math
import re

from hubprune.publishing import tables, task_tables, text
from hubprune.recipe import Recipe
from hubprune.report import PRUNED, LanguageRow, ModelFacts, Report, TaskRow, TextRecord

# "pruned" is no relation the Hub knows; where an artefact is not named here, the key is left out.
BASE_MODEL_RELATION = {"mask": "adapter"}
LIBRARY = {"dense": "transformers"}  # loads with plain from_pretrained; every other artefact needs hubprune

# lm-eval's metric -> the Hub's name of it, where they differ; in the model-index it keeps lm-eval's.
METRICS = dict.fromkeys(("acc", "acc_norm", "acc_bytes", "acc_mutual_info"), "accuracy")

# The base model of `hubprune demo`, which the page prunes too: it comes with hubprune and is on no Hub.
DEMO_MODEL = "demo/tiny-multilingual-llama"
DEMO_COMMAND = "hubprune demo"
# Its folder, in the words of a shell whose Python has hubprune.
DEMO_FOLDER = """"$(python -c 'from hubprune.demo.loop import MODEL_FOLDER; print(MODEL_FOLDER)')\""""


def front_matter(report: Report, recipe: Recipe, name: str) -> str:
    """The YAML between the two lines of dashes, without them. `name` is the model's name in the model-index."""
    from huggingface_hub import ModelCardData

    model = report.model
    base = base_model(model)
    licensed = _line(model.license) or _line(model.license_name)
    results = eval_results(report) + task_results(report)
    relation = BASE_MODEL_RELATION.get(report.artefact)
    data = ModelCardData(
        language=measured_languages(report) or None,
        license=_line(model.license),
        license_name=_line(model.license_name),
        license_link=model.license_link if licensed and _plain_link(model.license_link) else None,
        library_name=LIBRARY.get(report.artefact, "hubprune"),
        pipeline_tag=_line(model.pipeline_tag),
        base_model=base,
        datasets=calibration_datasets(report) or None,
        tags=tags(report, recipe),
        metrics=list(dict.fromkeys(METRICS.get(one.metric_type, one.metric_type) for one in results)) or None,
        model_name=name,
        eval_results=results or None,
    )
    if base and relation:
        data["base_model_relation"] = relation
    if not results:
        data.pop("model_name")
    return data.to_yaml()


def base_model(model: ModelFacts) -> str | None:
    """The base's id on the public Hub; None for a local folder, and for the demo's model, which is not there."""
    return model.id if not model.local and text.hub_id(model.id) and not is_demonstration(model) else None


def is_demonstration(model: ModelFacts) -> bool:
    """Whether the base is the model that comes with hubprune, whoever pruned it."""
    return model.id == DEMO_MODEL and not model.local


def is_the_demo(report: Report) -> bool:
    """Whether the run was `hubprune demo` itself: its result lies on a Hub that runs for as long as the demo does."""
    return is_demonstration(report.model) and report.run.command == DEMO_COMMAND


def measured_languages(report: Report) -> list[str]:
    """ISO 639 codes of the languages in the tables, calibration languages first."""
    languages = [row.language for row in tables.language_rows(report)]
    languages += [row.language for row in task_tables.ordered(report)]
    codes = [language.split("-")[0] for language in languages if language]
    return list(dict.fromkeys(code for code in codes if re.fullmatch("[a-z]{2,3}", code)))


def on_the_hub(record: TextRecord) -> bool:
    """Whether the text came from a data set of the Hub."""
    return bool(record.revision) and text.hub_id(record.source)


def calibration_datasets(report: Report) -> list[str]:
    """Hub ids of the data sets whose text chose the weights; not those that only measured."""
    used = [record.source for record in report.texts if record.use == "calibration" and on_the_hub(record)]
    return list(dict.fromkeys(used))


def pattern_tag(pattern: str) -> str:
    """ "2of4" for an N:M pattern, else "unstructured-sparsity"."""
    groups = re.fullmatch(r"\s*(\d+)\s*:\s*(\d+)\s*", pattern)
    return f"{groups[1]}of{groups[2]}" if groups else "unstructured-sparsity"


def tags(report: Report, recipe: Recipe) -> list[str]:
    """Tags by which such a checkpoint can be found on the Hub."""
    languages = tables.calibration_languages(report)
    return [
        *("hubprune", "pruned", "sparse", recipe.method, pattern_tag(recipe.pattern)),
        *(f"calibration-{code}" for code in languages),
    ]


def eval_results(report: Report) -> list:
    """The sparse model's own perplexities as EvalResult, one a language; those that are not finite are left out."""
    from huggingface_hub import EvalResult

    records = {record.language: record for record in report.texts if record.use == "evaluation"}
    results = []
    for row in sorted(report.languages, key=lambda row: not row.calibrated):
        score, record = row.scores.get(PRUNED), records.get(row.language)
        if score is None or record is None or not math.isfinite(score.perplexity):
            continue
        hub = on_the_hub(record)
        error = _standard_error(row)
        results.append(
            EvalResult(
                task_type=_line(report.model.pipeline_tag) or "text-generation",
                dataset_type=record.source if hub else "custom",
                dataset_name=f"{text.one_line(record.source)}, {text.name_of(row.language)}",
                dataset_config=_line(record.config) or row.language,
                dataset_split=_line(record.split),
                dataset_revision=record.revision if hub else None,
                metric_type="perplexity",
                metric_name="Perplexity",
                metric_value=round(score.perplexity, 4),
                metric_args={
                    "context_length": record.seq_len,
                    "tokens": row.tokens,
                    **({"stderr": round(error, 4)} if error is not None else {}),
                },
            )
        )
    return results


def task_on_the_hub(row: TaskRow) -> bool:
    """Whether the task's items came from a data set of the Hub."""
    return row.source != "local" and text.hub_id(row.source)


def task_results(report: Report) -> list:
    """The sparse model's own task scores as EvalResult; those that are not finite are left out."""
    from huggingface_hub import EvalResult

    results = []
    for row in task_tables.ordered(report):
        score = row.scores.get(PRUNED)
        if score is None or not math.isfinite(score.value):
            continue
        hub = task_on_the_hub(row)
        known = {"stderr": score.se or None, "chance": row.chance}  # no spread among few items is no certainty
        args = {key: round(value, 4) for key, value in known.items() if value is not None and math.isfinite(value)}
        results.append(
            EvalResult(
                task_type=_line(report.model.pipeline_tag) or "text-generation",
                dataset_type=row.source if hub else (_line(row.task) or "custom"),
                dataset_name=_line(row.task) or "custom",
                dataset_config=_line(row.config) if hub else None,
                dataset_split=_line(row.split),
                dataset_revision=_line(row.revision) if hub else None,
                metric_type=_line(row.metric) or "score",
                metric_value=round(score.value, 4),
                metric_args={"num_fewshot": row.shots, "n": row.items, **args},
            )
        )
    return results


def _standard_error(row: LanguageRow) -> float | None:
    """Of the perplexity, from that of the mean loss."""
    score = row.scores[PRUNED]
    error = None if score.nll_se is None else score.perplexity * score.nll_se
    return error if error is not None and math.isfinite(error) else None


def _line(value: str | None) -> str | None:
    """Foreign text as one short line; None where nothing is left."""
    return (text.one_line(value)[:200] or None) if isinstance(value, str) else None


def _plain_link(value: str | None) -> bool:
    """An address, or the name of a file in the repository."""
    return text.web_address(value) or bool(re.fullmatch(r"[\w][\w.-]*", value or ""))
