"""Before a walk is trusted: the same class, shrunken and with random weights, must walk to its own plain forward."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

import torch
from torch import nn

from hubprune.building import BUILDING
from hubprune.checkpoint.matrices import refused
from hubprune.checkpoint.skeleton import Skeleton, find_blocks
from hubprune.errors import UnsupportedArchitecture
from hubprune.pruning.calls import BlockCalls
from hubprune.pruning.lanes import Batch, Group, in_memory, start_lane

TOKENS = 16
VOCABULARY = 64
HEAD = 16  # width of a head
LARGEST = 500_000_000  # parameters of a model that is made for this check


@torch.no_grad()
def check_walk(config: Any, blocks: nn.ModuleList | None = None, *, trust_remote_code: bool = False) -> bool:
    """Walk a shrunken random model of the configuration's class and compare with its plain forward.

    Args:
        config: of the model as it is.
        blocks: its blocks (on the meta device); the shrunken model then has every kind of them.

    Returns:
        Whether the blocks return a tuple.

    Raises UnsupportedArchitecture where the walk gives other logits than the forward, or cannot be done.
    """
    with BUILDING:
        model = _random_model(config, _kinds(blocks), trust_remote_code)
    name, vocabulary = type(model).__name__, model.get_input_embeddings().weight.shape[0]
    prefix, blocks = find_blocks(model)
    refuse_shared(model, blocks)
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(3, vocabulary, (5, TOKENS), generator=generator)
    outputs: list[Any] = []
    handle = blocks[0].register_forward_hook(lambda module, args, output: outputs.append(output))
    expected = torch.cat([model(part, use_cache=False).logits for part in ids.split(2)])
    handle.remove()
    returns_tuple = bool(outputs) and not torch.is_tensor(outputs[0])
    calls = BlockCalls(Skeleton(model, blocks, prefix, torch.float32, torch.device("cpu")), returns_tuple)
    lane = start_lane([Group("check", ids)], calls, 2, in_memory(False))
    for index in range(len(blocks)):
        for batch in lane.batches:
            batch.hidden.copy_(calls.run(index, batch.hidden, batch.kept))
    walked = torch.cat([calls.logits(batch.hidden, batch.ids) for batch in lane.batches])
    difference = float((walked - expected).abs().max() / expected.abs().max())
    if not difference <= 1e-5:
        reason = f"walked block by block, a small random {name} differs from its own forward by {difference:.1e}"
        raise refused(model, reason)
    refuse_mixing_head(calls, lane.batches[0])
    refuse_foresight(model, ids[:2], expected[:2])
    return calls.returns_tuple


def refuse_mixing_head(calls: BlockCalls, batch: Batch) -> None:
    """Raise UnsupportedArchitecture where what follows the blocks looks at more than one position at a time."""
    straight = calls.logits(batch.hidden, batch.ids)
    turned = calls.logits(batch.hidden.flip(1), batch.ids.flip(1)).flip(1)
    if not torch.allclose(turned, straight, rtol=1e-4, atol=1e-5 * float(straight.abs().max())):
        raise refused(calls.skeleton.model, "what follows its blocks looks at several positions at once")


def refuse_foresight(model: Any, ids: torch.Tensor, logits: torch.Tensor) -> None:
    """Raise UnsupportedArchitecture where logits change with the tokens after them: an encoder, not a decoder."""
    other = ids.clone()
    other[:, -1] = (ids[:, -1] + 1) % len(model.get_input_embeddings().weight)
    changed = model(other, use_cache=False).logits[:, :-1]
    if not torch.allclose(changed, logits[:, :-1], rtol=1e-3, atol=1e-5 * float(logits.abs().max())):
        raise UnsupportedArchitecture(
            f"{type(model).__name__} is an encoder here: what it says of a token depends on later ones.",
            "Use a model that generates text; encoders such as BERT cannot be pruned.",
        )


def refuse_shared(model: Any, blocks: nn.ModuleList) -> None:
    """Raise UnsupportedArchitecture where a block shares a parameter with anything outside it."""
    place: dict[int, str] = {}
    inside = {id(module): str(index) for index, block in enumerate(blocks) for module in block.modules()}
    for module in model.modules():
        for leaf, parameter in module.named_parameters(recurse=False):
            here = inside.get(id(module), "outside")
            if place.setdefault(id(parameter), here) != here:
                raise refused(model, f"its blocks share weights ({leaf} of {type(module).__name__})")


def _kinds(blocks: nn.ModuleList | None) -> list[Any]:
    """What each block is made of: blocks of one kind are equal."""
    return [tuple((n, type(m).__name__) for n, m in block.named_modules()) for block in blocks or ()]


def _random_model(config: Any, kinds: list[Any], trust_remote_code: bool) -> Any:
    """A random model of the class: small in every respect where the class allows, else only in depth and vocabulary.

    No parameter is left at one or zero, as many are made: a factor between two blocks would go unnoticed.
    """
    from transformers import AutoModelForCausalLM

    state, reason = torch.get_rng_state(), None
    try:
        for shrink in (_small, partial(_small, head=None), _shallow):
            torch.manual_seed(0)
            try:
                shrunk = shrink(config, kinds)
                _refuse_large(shrunk, trust_remote_code)
                model = AutoModelForCausalLM.from_config(
                    shrunk, dtype=torch.float32, trust_remote_code=trust_remote_code
                ).eval()
                for parameter in model.parameters():
                    parameter.mul_(1 + 0.1 * torch.randn_like(parameter)).add_(0.01 * torch.randn_like(parameter))
                model(torch.full((1, TOKENS), 3), use_cache=False)
                return model
            except Exception as error:
                reason = reason if isinstance(error, MemoryError) and reason else error
    finally:
        torch.set_rng_state(state)
    raise UnsupportedArchitecture(
        f"hubprune cannot prune this model yet: a small random copy of its class does not run "
        f"({type(reason).__name__}: {str(reason)[:200]}).",
        "Please open an issue that names the model.",
    )


def _refuse_large(config: Any, trust_remote_code: bool) -> None:
    """Raise MemoryError where even the shrunken model is too large to be tried."""
    from accelerate import init_empty_weights
    from transformers import AutoModelForCausalLM

    with init_empty_weights():
        model = AutoModelForCausalLM.from_config(config, trust_remote_code=trust_remote_code)
    if (count := sum(parameter.numel() for parameter in model.parameters())) > LARGEST:
        raise MemoryError(f"its smallest copy has {count:,} parameters")


def _shallow(config: Any, kinds: list[Any]) -> Any:
    """Few blocks (every kind of block once, at least two) and a small vocabulary."""
    small = copy.deepcopy(config)
    text = small.get_text_config(decoder=True)
    depth = text.num_hidden_layers
    layers = getattr(text, "layer_types", None) or [None] * depth
    both = list(zip(layers, kinds if len(kinds) == depth else [None] * depth, strict=True))
    keep = min(depth, max(2, max(both.index(kind) for kind in set(both)) + 1))
    for name, value in list(vars(text).items()):
        if isinstance(value, (list, tuple)) and len(value) == depth:
            setattr(text, name, type(value)(value[:keep]))
    text.num_hidden_layers = keep
    text.vocab_size = VOCABULARY
    for name in ("bos_token_id", "eos_token_id", "pad_token_id"):
        setattr(text, name, None)
    small.dtype = text.dtype = torch.float32
    return small


def _small(config: Any, kinds: list[Any], head: int | None = HEAD) -> Any:
    """Few blocks, narrow ones too: at most two key-value heads, the sharing of heads kept.

    head: width of a head, where the configuration names one; None leaves it.
    """
    small = _shallow(config, kinds)
    text = small.get_text_config(decoder=True)
    heads = text.num_attention_heads
    shared = getattr(text, "num_key_value_heads", None) or heads
    fewer = min(shared, 2)
    if getattr(text, "num_key_value_heads", None):
        text.num_key_value_heads = fewer
    text.num_attention_heads = heads // shared * fewer
    for name in ("head_dim", "rotary_dim"):
        if head and vars(text).get(name):
            setattr(text, name, head)
    text.hidden_size = text.num_attention_heads * HEAD
    for name, value in list(vars(text).items()):  # intermediate_size, moe_intermediate_size, ...
        if name.endswith("intermediate_size") and isinstance(value, int) and value:
            setattr(text, name, min(value, 48))
    if getattr(text, "sliding_window", None):
        text.sliding_window = TOKENS // 2
    return small
