"""2:4 on tensor cores: which linear maps hold the pattern, and torch's semi-structured tensors for them.

Source: https://docs.pytorch.org/docs/stable/sparse.html#sparse-semi-structured-tensors
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from hubprune.errors import UnsupportedArchitecture

if TYPE_CHECKING:
    import torch
    from torch import nn

KEPT, GROUP = 2, 4
DTYPES = ("float16", "bfloat16")
LEAST_CAPABILITY = (8, 0)  # Ampere, the first with sparse tensor cores
ROWS, COLUMNS = 32, 64  # a weight's sides must be multiples: the stricter demands of torch's two back ends
PIECE = 1 << 24  # weights looked at together


def holds(weight: torch.Tensor) -> bool:
    """Whether at most 2 of each run of 4 consecutive inputs of every row are not zero; weight (out, in)."""
    import torch

    if weight.dim() != 2 or weight.shape[1] % GROUP or not weight.numel():
        return False
    step = max(1, PIECE // weight.shape[1])
    for start in range(0, weight.shape[0], step):
        runs = weight[start : start + step].reshape(-1, GROUP)
        if bool((torch.count_nonzero(runs, 1) > KEPT).any()):
            return False
    return True


def holding(model: nn.Module) -> dict[str, nn.Linear]:
    """Name -> linear map whose weight is exactly 2:4; only torch's own class, another may use its weight otherwise."""
    from torch import nn

    linears = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    return {name: m for name, m in linears.items() if type(m).forward is nn.Linear.forward and holds(m.weight)}


def fits(weight: torch.Tensor) -> bool:
    """Whether the tensor cores' kernels take a weight of this shape."""
    rows, columns = weight.shape
    return rows > 0 and columns > 0 and rows % ROWS == 0 and columns % COLUMNS == 0


def obstacle(device: str, dtype: str) -> str | None:
    """Why 2:4 tensor cores cannot be used with this device and dtype, as the end of a sentence; None where they can."""
    import torch

    if torch.device(device).type != "cuda":
        return f"they are part of a CUDA GPU, and this was measured on the device {device!r}"
    if torch.version.hip or (found := torch.cuda.get_device_capability(device)) < LEAST_CAPABILITY:
        name = torch.cuda.get_device_name(device)
        of = "" if torch.version.hip else f" of compute capability {found[0]}.{found[1]}"
        return f"they need compute capability 8.0 or newer, and the GPU is {name}{of}"
    if dtype not in DTYPES:
        return f"they compute in float16 or bfloat16, and this was measured in {dtype}"
    return None


def convert(model: nn.Module) -> int:
    """Put torch's semi-structured tensors in the place of all 2:4 weights that fit; returns how many.

    The dense weights are given up one by one. Raises UnsupportedArchitecture with the reason where no weight fits or
    torch cannot convert one.
    """
    import torch
    from torch import nn
    from torch.sparse import to_sparse_semi_structured

    chosen = {name: module for name, module in holding(model).items() if fits(module.weight)}
    if not chosen:
        raise refused(f"no 2:4 weight has sides that are multiples of {ROWS} and {COLUMNS}")
    with torch.no_grad(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The PyTorch API of SparseSemiStructuredTensor", category=UserWarning)
        for name, module in chosen.items():
            try:
                sparse: Any = to_sparse_semi_structured(module.weight.detach().contiguous())
            except RuntimeError as error:  # no cuSPARSELt in this torch, or none for this GPU
                raise refused(f"torch cannot convert {name}: {str(error).strip().splitlines()[0][:200]}") from error
            module.weight = nn.Parameter(sparse, requires_grad=False)
    return len(chosen)


def refused(reason: str) -> UnsupportedArchitecture:
    """The failure that says why tensor cores were not used."""
    return UnsupportedArchitecture(f"2:4 tensor cores were not measured: {reason.rstrip('.')}.", "Leave --speed out.")
