"""How a model calls its blocks, found by running it with recorders in the blocks' places.

The skeleton's forward is run with every block replaced by a recorder that notes the block's arguments and passes the
hidden states on. Replaying a block later needs those arguments: masks, rotary tables, positions. Most are the same
for all windows of one length; what differs between two batches of different text is kept for each batch, and what can
neither be shared nor kept is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.utils import _pytree as pytree

from hubprune.checkpoint.matrices import refused
from hubprune.checkpoint.skeleton import Skeleton

Leaf = tuple[int, int]  # (block, place among the flattened arguments)


@dataclass
class Call:
    """The arguments of one block besides its hidden states, flattened."""

    leaves: list[Any]
    tree: Any  # pytree spec of (args, kwargs)


@dataclass
class BlockCalls:
    """The arguments of every block, for every shape of batch that occurs.

    Attributes:
        returns_tuple: the blocks return a tuple whose first entry is the hidden states.
        shared: (windows, tokens) -> one Call for each block, the same for all batches of that shape.
        varying: arguments that are kept for each batch instead.
    """

    skeleton: Skeleton
    returns_tuple: bool
    shared: dict[tuple[int, int], list[Call]] = field(default_factory=dict)
    varying: list[Leaf] = field(default_factory=list)

    def embed(self, ids: torch.Tensor) -> tuple[torch.Tensor, dict[Leaf, torch.Tensor]]:
        """Run the model up to its first block.

        Args:
            ids: (windows, tokens) token ids.

        Returns:
            The hidden states that enter block 0, (windows, tokens, width), and the arguments kept for this batch.
        """
        shape = (ids.shape[0], ids.shape[1])
        if shape not in self.shared:
            self._compare(ids)
        hidden, calls = self._record(ids)
        return hidden, {leaf: calls[leaf[0]].leaves[leaf[1]] for leaf in self.varying}

    def run(self, index: int, hidden: torch.Tensor, kept: dict[Leaf, torch.Tensor]) -> torch.Tensor:
        """The output of block `index` for the hidden states of one batch; the block must be filled."""
        call = self.shared[(hidden.shape[0], hidden.shape[1])][index]
        leaves = list(call.leaves)
        for (block, place), value in kept.items():
            if block == index:
                leaves[place] = value.to(hidden.device)
        args, kwargs = pytree.tree_unflatten(leaves, call.tree)
        output = self.skeleton.blocks[index](hidden, *args, **kwargs)
        return output if torch.is_tensor(output) else output[0]

    def logits(self, hidden: torch.Tensor, ids: torch.Tensor, **options: Any) -> torch.Tensor:
        """Final norm and head for the hidden states that leave the last block."""
        last = len(self.skeleton.blocks) - 1

        def stand_in(index: int, given: torch.Tensor, args: tuple, kwargs: dict) -> torch.Tensor:
            return hidden if index == last else given

        with self._stand_ins(stand_in):
            return self.skeleton.model(ids, use_cache=False, **options).logits

    def _record(self, ids: torch.Tensor) -> tuple[torch.Tensor, list[Call]]:
        calls: list[Call] = []
        first: list[torch.Tensor] = []
        last = len(self.skeleton.blocks) - 1

        def note(index: int, hidden: torch.Tensor, args: tuple, kwargs: dict) -> torch.Tensor:
            if index != len(calls):
                raise refused(self.skeleton.model, "its blocks are not called once each, in order")
            if hidden.shape[:-1] != ids.shape:
                raise refused(self.skeleton.model, f"block {index + 1} reads more than one tensor of hidden states")
            first.append(hidden) if index == 0 else None
            calls.append(Call(*pytree.tree_flatten((args, kwargs))))
            if index == last:
                raise _Stop
            return hidden

        with self._stand_ins(note):
            try:
                self.skeleton.model(ids, use_cache=False)
            except _Stop:
                return first[0], calls
        raise refused(self.skeleton.model, "its last block is never called")

    def _compare(self, ids: torch.Tensor) -> None:
        """Learn the arguments for a new shape of batch from two batches of different text."""
        _, one = self._record(ids)
        vocabulary = self.skeleton.model.get_input_embeddings().weight.shape[0]
        _, two = self._record((ids + 1 + torch.arange(ids.shape[1], device=ids.device)) % vocabulary)
        varying = []
        for index, (a, b) in enumerate(zip(one, two, strict=True)):
            if a.tree != b.tree:
                raise refused(self.skeleton.model, f"block {index + 1} is called in two different ways")
            for place, (x, y) in enumerate(zip(a.leaves, b.leaves, strict=True)):
                if not _same(x, y):
                    if not (torch.is_tensor(x) and x.dim() and x.shape[0] == ids.shape[0]):
                        what = f"block {index + 1} takes an argument ({type(x).__name__}) that differs between texts"
                        raise refused(self.skeleton.model, what)
                    varying.append((index, place))
        if self.shared and set(varying) != set(self.varying):
            raise refused(self.skeleton.model, "its blocks' arguments depend on the size of a batch")
        self.varying = varying
        self.shared[(ids.shape[0], ids.shape[1])] = one

    @contextmanager
    def _stand_ins(self, stand_in) -> Iterator[None]:
        """Let `stand_in(index, hidden, args, kwargs)` answer for the blocks; their attributes stay in sight."""

        def forward_of(index: int):
            def forward(*args: Any, **kwargs: Any) -> Any:
                if args:
                    hidden, args = args[0], args[1:]
                else:
                    hidden = kwargs.pop("hidden_states")
                answer = stand_in(index, hidden, args, kwargs)
                return (answer,) if self.returns_tuple else answer

            return forward

        try:
            for index, block in enumerate(self.skeleton.blocks):
                block.forward = forward_of(index)
            yield
        finally:
            for block in self.skeleton.blocks:
                del block.forward


class _Stop(Exception):
    """All blocks have been called; the rest of the forward is not needed."""


def _same(x: Any, y: Any) -> bool:
    if torch.is_tensor(x) and torch.is_tensor(y):
        return x.shape == y.shape and x.dtype == y.dtype and torch.equal(x, y)
    if torch.is_tensor(x) or torch.is_tensor(y):
        return False
    return x is y or (type(x) is type(y) and isinstance(x, (bool, int, float, str, type(None))) and x == y)
