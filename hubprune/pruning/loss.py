"""Losses of tokens from the hidden states that leave the last block."""

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


@torch.no_grad()
def readout_losses(calls: BlockCalls, batch: Batch) -> dict[int, tuple[float, bool]]:
    """Answers to the group's readouts that fall into this batch, by their place among the group's readouts.

    Each is the summed negative log-likelihood of its targets, nats, and whether each of them was the likeliest token.
    Norm and head work on every position by itself (pruning/check.py proves it of each model), so the positions that are
    asked for are put together into windows of their own, and the head sees no others.
    """
    asked = [
        (place, readout)
        for place, readout in enumerate(batch.group.readouts)
        if batch.rows.start <= readout.window < batch.rows.stop
    ]
    if not asked:
        return {}
    width = batch.hidden.shape[1]
    pairs = [
        (readout.window - batch.rows.start, readout.start - 1 + step, target)
        for _, readout in asked
        for step, target in enumerate(readout.targets)
    ]
    device = calls.skeleton.device
    vocabulary = calls.skeleton.model.get_input_embeddings().weight.shape[0]
    many = max(LOGITS_AT_A_TIME // vocabulary // width, 1) * width  # positions at a time, in full rows
    losses, likeliest = [], []
    for at in range(0, len(pairs), many):
        part = pairs[at : at + many]
        full = part + part[:1] * (-len(part) % width)  # the last row is filled up
        rows, positions, targets = torch.tensor(full).T
        shape = (len(full) // width, width)
        ids = batch.ids[rows, positions].view(shape).to(device)
        logits = calls.logits(batch.hidden[rows, positions].view(*shape, -1).to(device), ids)
        logits, right = logits.flatten(0, 1)[: len(part)].float(), targets[: len(part)].to(device)
        losses.append(torch.nn.functional.cross_entropy(logits, right, reduction="none").cpu())
        likeliest.append((logits.argmax(-1) == right).cpu())
    lengths = [len(readout.targets) for _, readout in asked]
    parts = zip(torch.cat(losses).split(lengths), torch.cat(likeliest).split(lengths), strict=True)
    return {
        place: (float(loss.sum(dtype=torch.float64)), bool(hit.all()))
        for (place, _), (loss, hit) in zip(asked, parts, strict=True)
    }
