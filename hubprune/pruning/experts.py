"""What each expert of a fused mixture reads, through transformers' public experts interface.

While statistics are collected, the experts of a block run one after the other in plain products, and tell a listener
the tokens that were routed to each. Everywhere else the model's own implementation runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import nn
from torch.nn import functional

IMPLEMENTATION = "hubprune_listening"


class Listener(Protocol):
    """Is told what an experts module does."""

    def routed(self, parameter: str, expert: int, x: torch.Tensor, /) -> None:
        """x: (tokens, inputs), what the expert's matrix in that parameter reads."""
        ...

    def done(self) -> None:
        """All experts of the module have run."""
        ...


_listeners: dict[nn.Module, Listener] = {}


@contextmanager
def listening(model: Any, listeners: dict[nn.Module, Listener]) -> Iterator[None]:
    """Let the given experts modules of a model tell their listeners what they read.

    Args:
        model: a transformers PreTrainedModel.
        listeners: experts module -> listener; with none nothing changes.
    """
    if not listeners:
        yield
        return
    from transformers.integrations.moe import ALL_EXPERTS_FUNCTIONS

    ALL_EXPERTS_FUNCTIONS.register(IMPLEMENTATION, run_experts)
    before = model.get_experts_implementation()
    model.set_experts_implementation(IMPLEMENTATION)
    _listeners.update(listeners)
    try:
        yield
    finally:
        for module in listeners:
            _listeners.pop(module, None)
        model.set_experts_implementation(before)


def run_experts(
    module: Any, hidden_states: torch.Tensor, top_k_index: torch.Tensor, top_k_weights: torch.Tensor
) -> torch.Tensor:
    """The output of an experts module, expert by expert.

    Args:
        module: holds `down_proj` and, with gates, `gate_up_proj`, else `up_proj`, each stacked over experts.
        hidden_states: (tokens, width).
        top_k_index, top_k_weights: (tokens, k), the experts of each token and their shares.

    Returns:
        (tokens, width).
    """
    listener = _listeners.get(module)
    first = "gate_up_proj" if module.has_gate else "up_proj"
    output = torch.zeros_like(hidden_states)
    for expert in top_k_index.unique().tolist():
        tokens, rank = torch.where(top_k_index == expert)
        x = hidden_states[tokens]
        if listener is not None:
            listener.routed(first, expert, x)
        y = _linear(module, first, expert, x)
        y = module._apply_gate(y) if module.has_gate else module.act_fn(y)
        if listener is not None:
            listener.routed("down_proj", expert, y)
        z = _linear(module, "down_proj", expert, y) * top_k_weights[tokens, rank, None]
        output.index_add_(0, tokens, z.to(output.dtype))
    if listener is not None:
        listener.done()
    return output


def _linear(module: Any, name: str, expert: int, x: torch.Tensor) -> torch.Tensor:
    weight = getattr(module, name)[expert]
    bias = getattr(module, f"{name}_bias")[expert] if module.has_bias else None
    return functional.linear(x, weight.t() if module.is_transposed else weight, bias)
