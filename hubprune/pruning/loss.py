"""Losses of tokens from the hidden states that leave the last block."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

import torch

from hubprune.errors import UnsupportedArchitecture
from hubprune.pruning.calls import BlockCalls
from hubprune.pruning.lanes import Batch, Readout

LOGITS_AT_A_TIME = 1 << 25  # elements of float32: 128 MiB


def token_losses(calls: BlockCalls, batch: Batch) -> torch.Tensor:
    """Negative log-likelihood of every token but the first: (windows, tokens - 1) float32, nats, in host memory."""
    rows = []
    for row, ids in enumerate(batch.ids):
        losses, _ = _losses_at(calls, batch, row, range(len(ids) - 1), ids[1:])
        rows.append(losses)
    return torch.stack(rows)


def readout_losses(calls: BlockCalls, batch: Batch) -> dict[int, tuple[float, bool]]:
    """Answers to the group's readouts that fall into this batch, by their place among the group's readouts.

    Each is the summed negative log-likelihood of its targets, nats, and whether each of them was the likeliest token.
    """
    asked: dict[int, list[int]] = {}
    for place, readout in enumerate(batch.group.readouts):
        if batch.rows.start <= readout.window < batch.rows.stop:
            asked.setdefault(readout.window - batch.rows.start, []).append(place)
    answers = {}
    for row, places in asked.items():
        readouts = [batch.group.readouts[place] for place in places]
        positions = [at for readout in readouts for at in _positions(readout)]
        targets = torch.tensor([token for readout in readouts for token in readout.targets])
        losses, likeliest = _losses_at(calls, batch, row, positions, targets)
        lengths = [len(readout.targets) for readout in readouts]
        for place, loss, hit in zip(places, losses.split(lengths), likeliest.split(lengths), strict=True):
            answers[place] = float(loss.sum(dtype=torch.float64)), bool(hit.all())
    return answers


def _positions(readout: Readout) -> range:
    """Positions whose logits predict the targets."""
    return range(readout.start - 1, readout.start - 1 + len(readout.targets))


@torch.no_grad()
def _losses_at(
    calls: BlockCalls, batch: Batch, row: int, positions: Sequence[int], targets: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """(losses float32, whether the target is the likeliest token) of the tokens predicted at positions of one window.

    Logits are made for a few positions at a time where the model's forward allows it; both results in host memory.
    """
    model, device = calls.skeleton.model, calls.skeleton.device
    takes_positions = "logits_to_keep" in inspect.signature(model.forward).parameters
    vocabulary = model.get_input_embeddings().weight.shape[0]
    hidden, ids = batch.hidden[row : row + 1].to(device), batch.ids[row : row + 1].to(device)
    wanted, targets = torch.tensor(list(positions), device=device), targets.to(device)
    step = max(LOGITS_AT_A_TIME // vocabulary, 1) if takes_positions else max(len(wanted), 1)
    losses, likeliest = [], []
    for at in range(0, len(wanted), step):
        part = wanted[at : at + step]
        logits = calls.logits(hidden, ids, **({"logits_to_keep": part} if takes_positions else {}))[0]
        if takes_positions and len(logits) != len(part):
            raise UnsupportedArchitecture(
                f"hubprune cannot measure {type(model).__name__} yet: it gives other logits than it is asked for.",
                "Please open an issue that names the model.",
            )
        logits = logits if takes_positions else logits[part]
        right = targets[at : at + step]
        losses.append(torch.nn.functional.cross_entropy(logits.float(), right, reduction="none").cpu())
        likeliest.append((logits.argmax(-1) == right).cpu())
    return torch.cat(losses), torch.cat(likeliest)
