"""The one open endpoint: a plan, read-only, for programs."""

from __future__ import annotations

import dataclasses
from typing import Any

from . import plans, words
from .forms import Form


def plan(model: str, language: str = "sw", pattern: str = "50%", method: str = "sparsegpt") -> dict[str, Any]:
    """Say what pruning a language model would take, from the headers of its files alone; nothing is downloaded or kept.

    Args:
        model: Id of a public model on the Hugging Face Hub, owner/name.
        language: Language of the calibration text: an ISO 639 code such as sw, or an English name.
        pattern: Zeros: a share such as 50%, or N:M such as 2:4 (N kept of each M).
        method: How weights are chosen: sparsegpt, wanda or magnitude.

    Returns:
        Model, recipe, sizes in bytes, estimated seconds and whether it fits this Space; or `problem`, one sentence.
    """
    planned = plans.of_form(Form(model=model, language=language, pattern=pattern, method=method), None)
    notice = f"{planned.notice.sentence} {planned.notice.action}".strip() if planned.notice else None
    if planned.plan is None:
        return {"problem": notice or words.gone().sentence}
    found = planned.plan
    return {
        "model": dataclasses.asdict(found.model),
        "recipe": found.recipe.to_dict(),
        "name": found.repo_id.partition("/")[2],
        "downloads": found.downloads,
        "output": found.output,
        "memory": found.memory_needed,
        "gpu_memory": found.gpu_memory_needed,
        "seconds": round(found.seconds, 1),
        "runs_here": planned.runs_here,
        "problem": notice,
    }
