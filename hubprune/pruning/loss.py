"""Losses of windows from the hidden states that leave the last block."""

from __future__ import annotations

import inspect

import torch

from hubprune.errors import UnsupportedArchitecture
from hubprune.pruning.calls import BlockCalls
from hubprune.pruning.lanes import Batch

LOGITS_AT_A_TIME = 1 << 25  # elements of float32: 128 MiB


@torch.no_grad()
def token_losses(calls: BlockCalls, batch: Batch) -> torch.Tensor:
    """Negative log-likelihood of every token but the first: (windows, tokens - 1) float32, nats, in host memory.

    Logits are made for a few positions at a time where the model's forward allows it.
    """
    model = calls.skeleton.model
    device = calls.skeleton.device
    takes_positions = "logits_to_keep" in inspect.signature(model.forward).parameters
    vocabulary = model.get_input_embeddings().weight.shape[0]
    rows = []
    for hidden, ids in zip(batch.hidden.split(1), batch.ids.split(1), strict=True):
        hidden, ids = hidden.to(device), ids.to(device)
        tokens = ids.shape[1]
        step = max(LOGITS_AT_A_TIME // vocabulary, 1) if takes_positions else tokens
        parts = []
        for at in range(0, tokens - 1, step):
            end = min(at + step, tokens - 1)
            options = {"logits_to_keep": torch.arange(at, end, device=device)} if takes_positions else {}
            logits = calls.logits(hidden, ids, **options)[0]
            if takes_positions and len(logits) != end - at:
                raise UnsupportedArchitecture(
                    f"hubprune cannot measure {type(model).__name__} yet: it gives other logits than it is asked for.",
                    "Please open an issue that names the model.",
                )
            logits = logits[: end - at]
            parts.append(torch.nn.functional.cross_entropy(logits.float(), ids[0, at + 1 : end + 1], reduction="none"))
        rows.append(torch.cat(parts).cpu())
    return torch.stack(rows)
