"""A decoder with everything real but the parameters of its blocks.

The blocks' parameters stay on the meta device; the walk fills one block at a time. What lies outside the block list
(embeddings, final norm, head) is filled when it is needed and emptied when it is not.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from hubprune.building import BUILDING
from hubprune.checkpoint.tensors import Tensors
from hubprune.errors import UnsupportedArchitecture

LARGE = 1 << 24  # elements


@dataclass
class Skeleton:
    """A model whose block parameters are on the meta device.

    Attributes:
        model: the causal language model, in eval mode, buffers real.
        blocks: its decoder blocks in order.
        prefix: the blocks' place in the module tree, e.g. "model.layers".
        dtype: floating-point dtype of the computation.
        device: where computation takes place.
    """

    model: Any  # a transformers PreTrainedModel
    blocks: nn.ModuleList
    prefix: str
    dtype: torch.dtype
    device: torch.device

    def block_names(self, index: int) -> dict[str, str]:
        """Local name -> name in the module tree, of the parameters and persistent buffers of one block."""
        return {name: f"{self.prefix}.{index}.{name}" for name in self.blocks[index].state_dict()}

    def outer_names(self) -> list[str]:
        """Names of the parameters and persistent buffers outside the block list."""
        return [name for name in self.model.state_dict() if not name.startswith(self.prefix + ".")]

    def fill_outer(self, tensors: Tensors) -> None:
        """Make embeddings, final norm and head real; a tied head that the files hold in its own right stays so."""
        known = tensors.names()
        for name in self.outer_names():
            if name in known:
                self._put(self.model, name, tensors.read(name), name)
        with BUILDING:  # tying registers parameters, which a model that is being built meanwhile would have on meta
            self.model.tie_weights(missing_keys=set(self.outer_names()) - known, recompute_mapping=False)
        if left := [
            name for name, p in self.model.named_parameters() if p.is_meta and not name.startswith(self.prefix + ".")
        ]:
            raise UnsupportedArchitecture(
                f"The weight files lack {left[0]}.", "Only complete checkpoints can be pruned."
            )

    def empty_outer(self) -> None:
        """Give the memory of everything outside the block list back."""
        for name, parameter in list(self.model.named_parameters(remove_duplicate=False)):
            if not name.startswith(self.prefix + ".") and not parameter.is_meta:
                owner, _, leaf = name.rpartition(".")
                self.model.get_submodule(owner)._parameters[leaf] = nn.Parameter(
                    parameter.to("meta"), requires_grad=False
                )

    def fill_block(self, index: int, stored: dict[str, torch.Tensor]) -> nn.Module:
        """Put stored tensors (local name -> tensor) into a block, converted to the computation's dtype and device."""
        block = self.blocks[index]
        for name, tensor in stored.items():
            self._put(block, name, tensor, f"{self.prefix}.{index}.{name}")
        return block

    def empty_block(self, index: int) -> None:
        """Give the memory of a block's parameters back. Buffers stay: not all of them are in the files."""
        for module in self.blocks[index].modules():
            for leaf, parameter in module._parameters.items():
                if parameter is not None:
                    module._parameters[leaf] = nn.Parameter(parameter.to("meta"), requires_grad=False)

    def _put(self, root: nn.Module, name: str, tensor: torch.Tensor, full_name: str) -> None:
        owner_name, _, leaf = name.rpartition(".")
        owner = root.get_submodule(owner_name)
        dtype = self.dtype_of(full_name) if tensor.is_floating_point() else tensor.dtype
        value = tensor.to(self.device, dtype)
        if leaf in owner._parameters:
            owner._parameters[leaf] = nn.Parameter(value, requires_grad=False)
        else:
            owner._buffers[leaf] = value

    def dtype_of(self, name: str) -> torch.dtype:
        """The computation's dtype of a parameter; some classes keep some of theirs in float32."""
        kept = list(getattr(self.model, "_keep_in_fp32_modules_strict", None) or [])
        if self.dtype == torch.float16:
            kept += list(getattr(self.model, "_keep_in_fp32_modules", None) or [])
        kept_here = any(re.search(rf"(^|\.){pattern.replace('*', '.*')}(\.|$)", name) for pattern in kept)
        return torch.float32 if kept_here else self.dtype


def build(
    config, *, dtype: torch.dtype, device: torch.device, trust_remote_code: bool = False, looking: bool = False
) -> Skeleton:
    """The skeleton of a configuration (a transformers config object); no weights are read.

    `looking`: it will not be walked, so its buffers stay on the CPU and the device is not touched. On ZeroGPU a process
    without a GPU knows one by name only.

    Raises UnsupportedArchitecture where the class is no causal language model or its blocks cannot be found.
    """
    from accelerate import init_empty_weights
    from transformers import AutoModelForCausalLM

    try:
        with BUILDING, init_empty_weights(include_buffers=False), _LargeOnMeta():
            model = AutoModelForCausalLM.from_config(config, dtype=dtype, trust_remote_code=trust_remote_code)
    except (ValueError, KeyError) as error:
        raise UnsupportedArchitecture(
            f"{type(config).__name__} has no causal language model in transformers.", "Use a text generation model."
        ) from error
    model.eval().requires_grad_(False)
    prefix, blocks = find_blocks(model)
    skeleton = Skeleton(model, blocks, prefix, dtype, device)
    return skeleton if looking else _place_buffers(skeleton)


class _LargeOnMeta(TorchFunctionMode):
    """Makes large empty tensors on the meta device at once: stacked experts would be reserved in memory first."""

    def __torch_function__(self, func: Any, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None) -> Any:
        kwargs = kwargs or {}
        if func is torch.empty and kwargs.get("device") is None:
            sizes = args or (kwargs.get("size", ()),)
            shape = sizes[0] if len(sizes) == 1 and not isinstance(sizes[0], int) else sizes
            if math.prod(shape) > LARGE:
                kwargs = {**kwargs, "device": "meta"}
        return func(*args, **kwargs)


def find_blocks(model: Any) -> tuple[str, nn.ModuleList]:
    """The one list of the decoder that has as many entries as the model has layers: (its name, the list)."""
    count = model.config.get_text_config(decoder=True).num_hidden_layers
    decoder = model.get_decoder()
    hits = [module for module in decoder.modules() if isinstance(module, nn.ModuleList) and len(module) == count]
    if len(hits) != 1:
        raise UnsupportedArchitecture(
            f"hubprune cannot prune {type(model).__name__}: it has {len(hits)} lists of {count} blocks instead of one.",
            "Please open an issue that names the model.",
        )
    name = next(name for name, module in model.named_modules() if module is hits[0])
    return name, hits[0]


def _place_buffers(skeleton: Skeleton) -> Skeleton:
    for module in skeleton.model.modules():
        for name, buffer in module._buffers.items():
            if buffer is not None:
                module._buffers[name] = buffer.to(skeleton.device)
    return skeleton
