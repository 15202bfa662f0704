"""Masks and column sweeps against the plain versions that the papers' code uses, in one process."""

import argparse
import time
from collections.abc import Callable

import torch

from hubprune.pruning.methods.sparsegpt import inverse_factor, sweep
from hubprune.pruning.patterns import NofM, Unstructured, lowest_of_groups, lowest_per_row
from hubprune.pruning.statistics import SecondMoment


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks/run.py kernels")
    parser.add_argument("--rows", type=int, default=3072)
    parser.add_argument("--columns", type=int, default=1024)
    parser.add_argument("--tokens", type=int, default=8192)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args(arguments)
    torch.manual_seed(0)
    weight = torch.randn(options.rows, options.columns)
    inputs = torch.randn(options.tokens, options.columns)
    scores = weight.abs()
    moment = SecondMoment(options.columns, torch.device("cpu"))
    moment.add(inputs, 1 / options.tokens)
    factor = inverse_factor(moment.matrix)
    print(f"matrix {options.rows} x {options.columns}, {options.tokens} tokens, {torch.get_num_threads()} threads")
    half = options.columns // 2
    pairs: list[tuple[str, Callable[[], object], Callable[[], object]]] = [
        ("50 % of each row", lambda: lowest_per_row(scores, half), lambda: sorted_rows(scores, half)),
        ("2:4", lambda: lowest_of_groups(scores, 2, 4), lambda: looped_groups(scores, 2, 4)),
        ("4:8", lambda: lowest_of_groups(scores, 4, 8), lambda: looped_groups(scores, 4, 8)),
        ("second moment", lambda: accumulate(inputs), lambda: inputs.t() @ inputs),
        ("sweep 50 %", lambda: sweep(weight.clone(), factor, Unstructured(0.5)), lambda: plain_sweep(weight, factor)),
        ("sweep 2:4", lambda: sweep(weight.clone(), factor, NofM(2, 4)), lambda: plain_sweep(weight, factor, 2, 4)),
    ]
    print(f"{'':20}{'ours, ms':>10}{'plain, ms':>11}{'plain / ours':>14}   (medians of {options.rounds} paired runs)")
    for name, ours, plain in pairs:
        a, b = paired(ours, plain, options.rounds)
        print(f"{name:20}{a * 1e3:10.1f}{b * 1e3:11.1f}{b / a:14.2f}")


def paired(ours: Callable[[], object], plain: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median seconds of both, run in turn after a warm-up of each."""
    ours(), plain()
    times = [(timed(ours), timed(plain)) for _ in range(rounds)]
    return tuple(sorted(column)[rounds // 2] for column in zip(*times, strict=True))  # type: ignore[return-value]


def timed(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def accumulate(inputs: torch.Tensor) -> torch.Tensor:
    moment = SecondMoment(inputs.shape[1], inputs.device)
    moment.add(inputs, 1.0)
    return moment.matrix


def sorted_rows(scores: torch.Tensor, count: int) -> torch.Tensor:
    """A full stable sort of each row, as Wanda's code does it."""
    lowest = torch.sort(scores, dim=1, stable=True).indices[:, :count]
    return torch.zeros_like(scores, dtype=torch.bool).scatter_(1, lowest, True)


def looped_groups(scores: torch.Tensor, kept: int, group: int) -> torch.Tensor:
    """A loop over groups of columns, as Wanda's code does it."""
    mask = torch.zeros_like(scores, dtype=torch.bool)
    for at in range(0, scores.shape[1], group):
        lowest = torch.topk(scores[:, at : at + group], group - kept, dim=1, largest=False).indices
        mask.scatter_(1, at + lowest, True)
    return mask


def plain_sweep(weight: torch.Tensor, factor: torch.Tensor, kept: int = 0, group: int = 0) -> torch.Tensor:
    """SparseGPT's procedure as published: rows by 128 columns, every column updates the rest of its block."""
    weight = weight.clone()
    columns = weight.shape[1]
    for start in range(0, columns, 128):
        end = min(start + 128, columns)
        part, u = weight[:, start:end].clone(), factor[start:end, start:end]
        done, errors = torch.zeros_like(part), torch.zeros_like(part)
        mask = torch.zeros_like(part, dtype=torch.bool)
        if not group:
            scores = part**2 / u.diagonal().reshape(1, -1) ** 2
            mask = scores <= torch.sort(scores.flatten()).values[int(scores.numel() * 0.5)]
        for i in range(end - start):
            if group and i % group == 0:
                scores = part[:, i : i + group] ** 2 / u.diagonal()[i : i + group].reshape(1, -1) ** 2
                mask.scatter_(1, i + torch.topk(scores, group - kept, dim=1, largest=False).indices, True)
            column = part[:, i].clone()
            column[mask[:, i]] = 0
            done[:, i] = column
            error = (part[:, i] - column) / u[i, i]
            part[:, i:] -= error.unsqueeze(1) @ u[i, i:].unsqueeze(0)
            errors[:, i] = error
        weight[:, start:end] = done
        weight[:, end:] -= errors @ factor[start:end, end:]
    return weight
