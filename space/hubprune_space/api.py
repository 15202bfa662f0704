"""The one open endpoint: a plan, read-only, for programs; and what gradio's page about it says."""

from __future__ import annotations

import dataclasses
import logging
import secrets
import traceback
from typing import Any

import gradio as gr
from gradio.utils import get_function_description
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from hubprune.hub import scrub

from . import api_words, plans, text_words
from .forms import Form

logger = logging.getLogger(__name__)
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
    problem = api_words.problem(planned.notice) if planned.notice else None
    if planned.plan is None:
        return {"problem": problem}
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
        "problem": problem,
    }


class Answering(gr.Blocks):
    """Blocks that never fail without a word: what gradio or a handler raises is told, on the page in a corner of it."""

    async def preprocess_data(self, block_fn: Any, *more: Any, **named: Any) -> Any:
        """As gradio does it; its own refusal would reach the caller as {"error": null}."""
        try:
            return await super().preprocess_data(block_fn, *more, **named)
        except gr.Error:
            raise
        except Exception as error:
            if isinstance(error.__cause__, FileNotFoundError):  # an upload whose time was over
                lost = text_words.lost()
                raise gr.Error(f"{lost.sentence} {lost.action}", print_exception=False) from None
            if block_fn.api_visibility == "public":
                raise gr.Error(TAKES, print_exception=False) from None
            raise broken(error, block_fn) from None

    async def call_function(self, block_fn: Any, *more: Any, **named: Any) -> Any:
        """As gradio does it; a defect gets a code that stands in the server's log too."""
        try:
            return await super().call_function(block_fn, *more, **named)
        except (gr.Error, StopAsyncIteration, StopIteration):
            raise
        except Exception as error:
            raise broken(error, block_fn) from None


def broken(error: Exception, block_fn: Any) -> gr.Error:
    """What the visitor, or the caller of the endpoint, is told of a defect."""
    code = f"hp-{secrets.token_hex(2)}"
    logger.error("%s\n%s", code, scrub("".join(traceback.format_exception(error))))
    next_step = "Ask again." if block_fn.api_visibility == "public" else "Reload the page, and try again."
    return gr.Error(f"Something broke. Code {code}. {next_step}", print_exception=False)


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
