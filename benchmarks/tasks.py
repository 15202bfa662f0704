"""Tasks, dense against pruned, on items in files: the embedded model, two patterns, the language's text and English."""

import argparse
import tempfile
from pathlib import Path

import torch

from hubprune import run
from hubprune.events import run_to_end
from hubprune.recipe import Recipe
from hubprune.report import CONTROL, DENSE, PRUNED, Paired, Report

MODEL = Path(__file__).parent.parent / "hubprune" / "demo" / "model"
# Folder of items -> how context and choice are joined. Items: {"context", "choices", "label"}.
KINDS = {"wordorder": "", "continuation": "", "xcopa": " ", "sib200": "\n"}


def yaml_of(kind: str, language: str, file: Path) -> str:
    """lm-eval's description of one task over a file of items."""
    return f"""task: {kind}_{language}
dataset_path: json
dataset_kwargs: {{data_files: {{test: {file}}}}}
output_type: multiple_choice
test_split: test
doc_to_text: "{{{{context}}}}"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: label
target_delimiter: {KINDS[kind]!r}
metric_list:
  - {{metric: acc, aggregation: mean, higher_is_better: true}}
metadata: {{version: 1.0, language: {language}}}
""".replace("'\\n'", '"\\n"')


def write_tasks(data: Path, kinds: list[str], languages: list[str], folder: Path) -> None:
    """The YAML files of those tasks that have items."""
    for kind in kinds:
        for language in languages:
            file = data / kind / f"{language}.test.jsonl"
            if file.is_file():
                (folder / f"{kind}_{language}.yaml").write_text(yaml_of(kind, language, file.resolve()))


def difference(pair: Paired | None) -> str:
    """ "-3.2 ± 1.1 p=0.012" in points."""
    if pair is None:
        return ""
    p = "" if pair.p is None else f" p={pair.p:.3g}"
    return f"{100 * pair.difference:+.1f} ± {100 * (pair.se or 0):.1f}{p}"


def show(report: Report, pattern: str) -> None:
    """One line a task."""
    print(f"{report.recipe['method']} {pattern}, calibrated in {', '.join(report.recipe['lang'])}; control en")
    head = ("task", "n", "chance", "dense", "control", "pruned", "pruned - dense", "pruned - control")
    print("{:18}{:>5}{:>8}{:>14}{:>9}{:>9}  {:24}{:24}".format(*head))
    for row in report.tasks:
        dense, control, pruned = (row.scores[lane] for lane in (DENSE, CONTROL, PRUNED))
        print(
            f"{row.task:18}{row.items:5}{100 * (row.chance or 0):8.1f}"
            f"{100 * dense.value:7.1f} ± {100 * (dense.se or 0):4.1f}"
            f"{100 * control.value:9.1f}{100 * pruned.value:9.1f}"
            f"  {difference(pruned.against_dense):24}{difference(row.against_control):24}"
        )
    for language in report.languages:
        score = language.scores[PRUNED]
        print(f"perplexity {language.language}: x{score.ratio:.3f}, to control x{language.against_control:.3f}")


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks/run.py tasks")
    parser.add_argument("data", type=Path, help="folder with <task>/<lang>.test.jsonl")
    parser.add_argument("text", help="folder with <lang>/train.jsonl and <lang>/test.jsonl")
    parser.add_argument("--tasks", default=",".join(KINDS))
    parser.add_argument("--langs", default="sw,de", help="each is calibrated for in a run of its own")
    parser.add_argument("--patterns", default="50%,2:4")
    parser.add_argument("--method", default="sparsegpt")
    parser.add_argument("--limit", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.set_num_threads(2)
    for language in options.langs.split(","):
        for pattern in options.patterns.split(","):
            with tempfile.TemporaryDirectory() as folder:
                tasks = Path(folder) / "tasks"
                tasks.mkdir()
                write_tasks(options.data, options.tasks.split(","), [language, "en"], tasks)
                recipe = Recipe(
                    str(MODEL),
                    lang={language: 1.0},
                    calib=options.text,
                    eval_text=options.text,
                    samples=128,
                    seq_len=256,
                    eval_samples=40,
                    method=options.method,
                    pattern=pattern,
                    tasks=(str(tasks),),
                    limit=options.limit or None,
                    generate=False,
                    device="cpu",
                )
                show(run_to_end(run.prune(recipe, Path(folder) / "out")), pattern)
