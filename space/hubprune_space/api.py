"""The one open endpoint: a plan, read-only, for programs; and what gradio's page about it says."""

from __future__ import annotations

import dataclasses
from typing import Any

import gradio as gr
from gradio.utils import get_function_description
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from . import plans, words
from .forms import Form

EXAMPLE = "Qwen/Qwen3-0.6B"
TAKES = "plan takes four texts, in this order: model, language, pattern, method."


def plan(model: str, language: str = "sw", pattern: str = "50%", method: str = "sparsegpt") -> dict[str, Any]:
    """Say what pruning a language model would take; only the beginnings of its files are read, and nothing is kept.

    Answers with model, recipe, sizes in bytes, estimated seconds and whether it fits here; `problem` says in one
    sentence what is in the way, alone where there is no plan at all.

    Args:
        model: Id of a public model on the Hugging Face Hub, owner/name.
        language: Language of the calibration text: an ISO 639 code such as sw, or a name such as Swahili.
        pattern: How much becomes zero: a share such as 50%, or N:M such as 2:4 (N kept of each M).
        method: How weights are chosen: sparsegpt, wanda or magnitude.

    Returns:
        The plan as an object.
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


class Answering(gr.Blocks):
    """Blocks whose open endpoint says what is wrong with values that gradio itself refuses: too few, or a file."""

    async def preprocess_data(self, block_fn: Any, *more: Any, **named: Any) -> Any:
        """As gradio does it; its own refusal would reach the caller as {"error": null}."""
        try:
            return await super().preprocess_data(block_fn, *more, **named)
        except Exception as error:
            if block_fn.api_visibility != "public" or isinstance(error, gr.Error):
                raise
            raise gr.Error(TAKES, print_exception=False) from None


def describe(endpoint: Any) -> None:
    """Name and explain the endpoint's values on gradio's page "Use via API", which knows only places and types."""
    _, said, _ = get_function_description(plan)
    for part, name in zip(endpoint.inputs, said, strict=True):
        part.label = name
        part._api_info = {**part._api_info, "additional_description": said[name]}
    endpoint.inputs[0].example_payload = lambda: EXAMPLE
    (answer,) = endpoint.outputs
    answer.label = "plan"


async def _no_traffic(request: Request) -> JSONResponse:
    return JSONResponse({"functions": {}})


# That page asks for the traffic of each function. gradio keeps it by names, which ours have none of, and fails on that;
# nor is it anybody's business.
ROUTES = [Route("/monitoring/summary", _no_traffic)]
