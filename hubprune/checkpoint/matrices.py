"""The matrices of a block, wherever a class keeps them: in a linear map, transposed, or stacked with other experts'.

A matrix is found by the structure of the module that holds it, and is read and written as an (out, in) view of one
stored parameter. Nothing above this file knows how a class lays its weights out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from hubprune.checkpoint.skeleton import Skeleton
from hubprune.errors import UnsupportedArchitecture

STACKED = ("gate_up_proj", "up_proj", "down_proj")  # what transformers' experts interface names (experts, ., .)


@dataclass(frozen=True)
class Matrix:
    """One linear map y = W x of a block.

    Attributes:
        name: local name, e.g. "self_attn.q_proj" or "mlp.experts.3.down_proj".
        kind: the name with "*" for the expert; matrices of one kind are counted together.
        parameter: local name of the parameter that holds it, e.g. "self_attn.q_proj.weight".
        shape: (out, in).
        transposed: the parameter holds (in, out).
        expert: its place in a parameter that stacks experts.
    """

    name: str
    kind: str
    parameter: str
    shape: tuple[int, int]
    transposed: bool = False
    expert: int | None = None

    @property
    def owner(self) -> str:
        """Local name of the module that holds the parameter."""
        return self.parameter.rpartition(".")[0]

    def of(self, parameter: torch.Tensor) -> torch.Tensor:
        """The matrix as an (out, in) view of its parameter: what is written into it is written into the parameter."""
        own = parameter if self.expert is None else parameter[self.expert]
        return own.t() if self.transposed else own


def prunable(skeleton: Skeleton) -> list[dict[str, Matrix]]:
    """Local name -> matrix, for every block.

    Raises UnsupportedArchitecture where a block has none, or holds weights that are neither matrices nor norms, vectors
    and routers (it would be half-pruned), or where blocks share weights.
    """
    tied: dict[str, str] = getattr(skeleton.model, "all_tied_weights_keys", None) or {}
    if shared := next((n for pair in tied.items() for n in pair if n.startswith(skeleton.prefix + ".")), None):
        raise refused(skeleton.model, f"{shared} shares its weights with another part of the model")
    if len(set(skeleton.blocks)) != len(skeleton.blocks):
        raise refused(skeleton.model, "one block stands in several places")
    found = []
    for index, block in enumerate(skeleton.blocks):
        try:
            found.append(matrices_of(block))
        except UnsupportedArchitecture as error:
            raise refused(skeleton.model, error.sentence) from error
        if not found[index]:
            raise refused(skeleton.model, f"block {index + 1} has no linear maps")
    return found


def matrices_of(block: nn.Module) -> dict[str, Matrix]:
    """Local name -> matrix of one block, in the order of definition.

    Raises UnsupportedArchitecture, its sentence the bare reason, for a weight of two or more dimensions that is none
    of: a linear map's, an expert's, a router's, a norm's.
    """
    routers = {name for name, _ in _routers(block)}
    found: dict[str, Matrix] = {}
    for owner, module in block.named_modules():
        at = f"{owner}." if owner else ""
        if owner in routers:
            continue
        for leaf, parameter in module.named_parameters(recurse=False):
            if is_experts(module):
                found |= {m.name: m for m in _stacked(at, leaf, parameter, module)}
            elif leaf == "weight" and (transposed := _orientation(module)) is not None:
                rows, columns = parameter.shape
                shape = (columns, rows) if transposed else (rows, columns)
                found[owner] = Matrix(owner, owner, f"{at}{leaf}", shape, transposed)
            elif parameter.dim() >= 2 and "norm" not in type(module).__name__.lower():
                raise UnsupportedArchitecture(f"{at}{leaf} ({type(module).__name__}) is no linear map")
    return found


def is_experts(module: nn.Module) -> bool:
    """Whether a module stacks experts in the layout of transformers' public experts interface."""
    return hasattr(module, "_apply_gate") and hasattr(module, "is_transposed") and hasattr(module, "down_proj")


def routers(skeleton: Skeleton) -> set[str]:
    """Local names of the routers of all blocks: never pruned."""
    return {name for block in skeleton.blocks for name, _ in _routers(block)}


def refused(model: Any, reason: str) -> UnsupportedArchitecture:
    """The error for a model that cannot be pruned, with the reason."""
    return UnsupportedArchitecture(
        f"hubprune cannot prune {type(model).__name__} yet: {reason}.", "Please open an issue that names the model."
    )


def _orientation(module: nn.Module) -> bool | None:
    """Whether a linear map holds its weight as (in, out); None for another module."""
    from transformers.pytorch_utils import Conv1D

    if isinstance(module, nn.Linear):
        return False
    return True if isinstance(module, Conv1D) else None


def _stacked(at: str, leaf: str, parameter: torch.Tensor, module: Any) -> Iterator[Matrix]:
    """The matrices of one parameter of an experts module."""
    if getattr(module, "has_post_expert_norm", False):
        raise UnsupportedArchitecture(f"{at}{leaf} belongs to experts with a norm of their own")
    if leaf in STACKED and parameter.dim() == 3:
        count, rows, columns = parameter.shape
        shape = (columns, rows) if module.is_transposed else (rows, columns)
        for expert in range(count):
            yield Matrix(
                f"{at}{expert}.{leaf}", f"{at}*.{leaf}", f"{at}{leaf}", shape, bool(module.is_transposed), expert
            )
    elif parameter.dim() >= 2 and leaf.removesuffix("_bias") not in STACKED:
        raise UnsupportedArchitecture(f"{at}{leaf} ({type(module).__name__}) is no linear map")


def _routers(block: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """What stands beside experts and gives one number for each of them, or one for the layer: (local name, module)."""
    for owner, layer in block.named_modules():
        experts = [module for module in layer.children() if is_experts(module)]
        for name, module in layer.named_children():
            matrices = [p for p in module.parameters() if p.dim() >= 2]
            if experts and module not in experts and len(matrices) == 1:
                counts = {1, *(len(e.down_proj) for e in experts)}  # type: ignore[arg-type]
                if matrices[0].dim() == 2 and len(matrices[0]) in counts:
                    inner = next(n for n, m in module.named_modules() if any(p.dim() >= 2 for p in m.parameters(False)))
                    yield ".".join(part for part in (owner, name, inner) if part), module
