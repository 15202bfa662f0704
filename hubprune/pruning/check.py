"""Before a walk is trusted: the same class, shrunken and with random weights, must walk to its own plain forward."""

from __future__ import annotations

import copy
from typing import Any

import torch

from hubprune.checkpoint.skeleton import Skeleton, find_blocks
from hubprune.errors import UnsupportedArchitecture
from hubprune.pruning.calls import BlockCalls
from hubprune.pruning.lanes import Group, in_memory, start_lane

TOKENS = 16
VOCABULARY = 64


@torch.no_grad()
def check_walk(config: Any, *, trust_remote_code: bool = False) -> bool:
    """Walk a shrunken random model of the configuration's class and compare with its plain forward.

    Returns:
        Whether the blocks return a tuple.

    Raises UnsupportedArchitecture where the walk gives other logits than the forward, or cannot be done.
    """
    model = _random_model(config, trust_remote_code)
    name, vocabulary = type(model).__name__, model.get_input_embeddings().weight.shape[0]
    prefix, blocks = find_blocks(model)
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
        raise UnsupportedArchitecture(
            f"hubprune cannot prune {name} yet: walked block by block, a small random {name} differs from its own "
            f"forward by {difference:.1e}.",
            "Please open an issue that names the model.",
        )
    return calls.returns_tuple


def _random_model(config: Any, trust_remote_code: bool) -> Any:
    """A random model of the class: small in every respect where the class allows, else only in depth and vocabulary.

    No parameter is left at one or zero, as many are made: a factor between two blocks would go unnoticed.
    """
    from transformers import AutoModelForCausalLM

    state = torch.get_rng_state()
    try:
        for shrink in (_small, _shallow):
            torch.manual_seed(0)
            try:
                model = AutoModelForCausalLM.from_config(
                    shrink(config), dtype=torch.float32, trust_remote_code=trust_remote_code
                ).eval()
                for parameter in model.parameters():
                    parameter.mul_(1 + 0.1 * torch.randn_like(parameter)).add_(0.01 * torch.randn_like(parameter))
                model(torch.full((1, TOKENS), 3), use_cache=False)
                return model
            except Exception as error:
                reason = error
    finally:
        torch.set_rng_state(state)
    raise UnsupportedArchitecture(
        f"hubprune cannot prune this model yet: a small random copy of its class does not run "
        f"({type(reason).__name__}: {str(reason)[:200]}).",
        "Please open an issue that names the model.",
    )


def _shallow(config: Any) -> Any:
    """Few blocks (every kind of block once, at least two) and a small vocabulary."""
    small = copy.deepcopy(config)
    text = small.get_text_config(decoder=True)
    depth = text.num_hidden_layers
    kinds = getattr(text, "layer_types", None) or [None] * depth
    keep = min(depth, max(2, max(kinds.index(kind) for kind in set(kinds)) + 1))
    for name, value in list(vars(text).items()):
        if isinstance(value, (list, tuple)) and len(value) == depth:
            setattr(text, name, type(value)(value[:keep]))
    text.num_hidden_layers = keep
    text.vocab_size = VOCABULARY
    for name in ("bos_token_id", "eos_token_id", "pad_token_id"):
        setattr(text, name, None)
    small.dtype = text.dtype = torch.float32
    return small


def _small(config: Any) -> Any:
    """Few blocks, narrow ones too: at most two key-value heads of 16, the sharing of heads kept."""
    small = _shallow(config)
    text = small.get_text_config(decoder=True)
    heads = text.num_attention_heads
    shared = getattr(text, "num_key_value_heads", None) or heads
    fewer = min(shared, 2)
    if getattr(text, "num_key_value_heads", None):
        text.num_key_value_heads = fewer
    text.num_attention_heads = heads // shared * fewer
    if getattr(text, "head_dim", None):
        text.head_dim = 16
    text.hidden_size = text.num_attention_heads * 16
    if getattr(text, "intermediate_size", None):
        text.intermediate_size = 48
    if getattr(text, "sliding_window", None):
        text.sliding_window = TOKENS // 2
    return small
