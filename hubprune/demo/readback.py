"""Pull the published repository back with plain transformers, and hold what comes against the card."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from hubprune.errors import CheckpointDamaged, HubpruneError
from hubprune.events import run_to_end
from hubprune.languages import resolve
from hubprune.report import PRUNED, Report

SCRIPT = Path(__file__).with_name("plain.py")
TOLERANCE = 1e-4  # relative; the card rounds to four digits after the point


@dataclass(frozen=True)
class ReadBack:
    """The published repository as plain transformers sees it."""

    folder: Path
    prompt: str
    generation: str
    checks: list[str]


def read_back(settings: dict[str, str], repo_id: str, folder: Path, report: Report) -> ReadBack:
    """Load the repository in a new process and compare zeros and perplexities with report and card.

    `settings` are the environment variables that lead huggingface_hub to the demo's Hub.

    Raises CheckpointDamaged where they differ.
    """
    folder.mkdir(parents=True)
    windows_file = folder.parent / "windows.json"
    windows_file.write_text(json.dumps(_windows(report)), encoding="utf-8")
    prompt = resolve(next(iter(report.recipe["lang"]))).prompt
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "HUGGING"))}
    environment = inherited | settings | {"HF_HOME": str(folder.parent / "plain-home")}
    command = [sys.executable, "-I", "-X", "utf8", str(SCRIPT), repo_id, str(folder), str(windows_file), prompt]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        raise HubpruneError(f"Plain transformers could not use {repo_id}: {done.stderr.strip()[-800:]}")
    seen = json.loads(done.stdout.splitlines()[-1])
    return ReadBack(folder, prompt, seen["generation"], _compare(seen, report))


def _windows(report: Report) -> dict[str, list[list[int]]]:
    """The evaluation windows of the report, drawn again from the embedded text."""
    from hubprune.calibration import gather
    from hubprune.demo.loop import MODEL_FOLDER
    from hubprune.hub import connect
    from hubprune.recipe import Recipe
    from hubprune.run.inputs import load_tokenizer

    recipe = Recipe.from_dict(report.recipe)
    tokenizer = load_tokenizer(MODEL_FOLDER, trust_remote_code=False)
    texts = run_to_end(gather(recipe, tokenizer, connect(token=False), seq_len=recipe.seq_len or 0))
    known = {record.language: record.sha256 for record in report.texts if record.use == "evaluation"}
    if {text.record.language: text.record.sha256 for text in texts.evaluation} != known:
        raise CheckpointDamaged("The embedded text gives other windows than it gave a moment ago.")
    return {text.record.language: text.tokens.tolist() for text in texts.evaluation}


def _compare(seen: dict, report: Report) -> list[str]:
    assert report.sparsity is not None
    if seen["zeros"] != report.sparsity.stored or seen["weights"] != report.sparsity.weights:
        raise CheckpointDamaged(
            f"The published weights hold {seen['zeros']:,} zeros, the card says {report.sparsity.stored:,}."
        )
    for row in report.languages:
        measured, ours = seen["perplexity"][row.language], row.scores[PRUNED].perplexity
        printed = seen["card"].get(row.language)
        if printed is None or not abs(measured / ours - 1) <= TOLERANCE or not abs(measured / printed - 1) <= 1e-3:
            raise CheckpointDamaged(
                f"Plain transformers finds perplexity {measured:.4f} in {row.language}; the card says {printed}."
            )
    return [
        f"{seen['zeros']:,} zeros in {seen['weights']:,} weights, exactly as the card says.",
        f"Perplexity in all {len(report.languages)} languages as the card says, measured with plain transformers.",
    ]
