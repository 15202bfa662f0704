"""What is collected about the inputs of a linear map: per-input norms, or the full second moment.

Both are weighted means over tokens, accumulated in float32 whatever the activations' dtype: a batch of tokens of one
language enters with the factor `weight of the language / tokens of the language`, so that languages combine as
H = sum_l w_l H_l / n_l.
"""

from __future__ import annotations

import torch

TILE = 512  # columns of the second moment computed at a time


class InputNorms:
    """a_j = sqrt(mean of x_j^2): one number for each input (Wanda, arXiv 2306.11695)."""

    def __init__(self, inputs: int, device: torch.device) -> None:
        self.squares = torch.zeros(inputs, dtype=torch.float32, device=device)

    def add(self, x: torch.Tensor, factor: float) -> None:
        """x: (tokens, inputs)."""
        norms = torch.linalg.vector_norm(x, dim=0, dtype=torch.float32)
        self.squares += factor * norms.square()

    def merge(self, other: InputNorms) -> None:
        """Take in the tokens of another one."""
        self.squares += other.squares

    @property
    def norms(self) -> torch.Tensor:
        """(inputs,) float32."""
        return self.squares.sqrt()

    def is_finite(self) -> bool:
        return bool(torch.isfinite(self.squares).all())


class SecondMoment:
    """H = mean of x x^T, (inputs, inputs) (SparseGPT, arXiv 2301.00774).

    H is symmetric, so only the tiles on and above the diagonal are computed: little more than half of the products.
    """

    def __init__(self, inputs: int, device: torch.device) -> None:
        self.upper = torch.zeros(inputs, inputs, dtype=torch.float32, device=device)

    def add(self, x: torch.Tensor, factor: float) -> None:
        """x: (tokens, inputs). Half-precision products are exact in float32, so a GPU multiplies them as they are."""
        inputs = self.upper.shape[0]
        half_on_gpu = x.is_cuda and x.dtype in (torch.bfloat16, torch.float16)
        x = x if half_on_gpu else x.to(torch.float32)
        for at in range(0, inputs, TILE):
            rows, columns = x[:, at : at + TILE].t(), x[:, at:]
            tile = self.upper[at : at + TILE, at:]
            if half_on_gpu:
                tile.add_(torch.mm(rows, columns, out_dtype=torch.float32), alpha=factor)
            else:
                tile.addmm_(rows, columns, alpha=factor)

    def merge(self, other: SecondMoment) -> None:
        """Take in the tokens of another one."""
        self.upper += other.upper

    @property
    def matrix(self) -> torch.Tensor:
        """(inputs, inputs) float32, symmetric."""
        return self.upper.triu() + self.upper.triu(1).t()

    def is_finite(self) -> bool:
        return bool(torch.isfinite(self.upper).all())


Statistic = InputNorms | SecondMoment
