"""Every common decoder architecture as a tiny random model, and the few that are refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

BASE: dict[str, Any] = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 64,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 2,
}
# The first classes had words of their own for the same sizes.
OLD: dict[str, Any] = {"vocab_size": 64, "bos_token_id": 0, "eos_token_id": 1}
GPT: dict[str, Any] = {**OLD, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64}
SLIDING: dict[str, Any] = {
    "num_hidden_layers": 3,
    "sliding_window": 6,
    "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
}


@dataclass(frozen=True)
class Family:
    """One architecture.

    Attributes:
        config: keys of its configuration.
        oddity: what sets it apart, for the page in docs/.
        experts: it has fused experts.
        refused: a pattern of the reason why it cannot be pruned.
    """

    config: dict[str, Any] = field(default_factory=dict)
    oddity: str = ""
    experts: bool = False
    refused: str | None = None


def plain(oddity: str = "", **changes: Any) -> Family:
    return Family(BASE | changes, oddity)


def mixture(oddity: str, **changes: Any) -> Family:
    return Family(BASE | {"num_experts_per_tok": 2} | changes, oddity, experts=True)


FAMILIES: dict[str, Family] = {
    "llama": plain(),
    "mistral": plain("sliding window", sliding_window=6),
    "qwen2": plain("biases in query, key and value"),
    "qwen3": plain("tied head, norms in attention", tie_word_embeddings=True),
    "gemma2": plain("soft-capped logits, two kinds of block", sliding_window=6, query_pre_attn_scalar=8),
    "gemma3_text": plain("two rotary tables, two kinds of block", **SLIDING),
    "cohere": plain("attention and MLP read one tensor", tie_word_embeddings=True),
    "cohere2": plain("some blocks without positions", **SLIDING),
    "phi3": plain("query, key and value in one matrix, gate and up in another"),
    "olmo2": plain("norms behind attention and MLP"),
    "smollm3": plain("some blocks without positions", num_hidden_layers=3, no_rope_layers=[1, 0, 1]),
    "gpt2": Family(GPT, "matrices stored as (in, out)"),
    "opt": plain("learned positions, a decoder inside the decoder", ffn_dim=48, word_embed_proj_dim=32),
    "bloom": Family({**OLD, "hidden_size": 32, "n_layer": 2, "n_head": 4}, "alibi, blocks return a tuple"),
    "gpt_neox": plain("the head has another name in the files"),
    "falcon": Family(
        {**OLD, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4},
        "a linear class of its own, blocks return a tuple",
    ),
    "mpt": Family({**OLD, "d_model": 32, "n_layers": 2, "n_heads": 4, "max_seq_len": 64}, "alibi, tuples"),
    "gptj": Family({**GPT, "rotary_dim": 4}, "attention and MLP read one tensor, tuples"),
    "xglm": Family(
        {**OLD, "d_model": 32, "num_layers": 2, "attention_heads": 4, "ffn_dim": 48, "max_position_embeddings": 64},
        "computed positions, arguments by position",
    ),
    "mixtral": mixture("fused experts", num_local_experts=4),
    "qwen3_moe": mixture("fused experts", num_experts=4, moe_intermediate_size=24, norm_topk_prob=True),
    "gpt_oss": mixture(
        "fused experts stored as (in, out), with biases; attention sinks",
        num_local_experts=4,
        sliding_window=6,
        layer_types=["sliding_attention", "full_attention"],
    ),
    "deepseek_v3": mixture(
        "first block dense, then fused and shared experts; latent attention",
        num_hidden_layers=3,
        first_k_dense_replace=1,
        moe_intermediate_size=24,
        n_routed_experts=8,
        n_group=2,
        topk_group=1,
        kv_lora_rank=8,
        q_lora_rank=12,
        qk_rope_head_dim=4,
        qk_nope_head_dim=4,
        v_head_dim=8,
        head_dim=4,
        num_key_value_heads=4,
    ),
}
REFUSED: dict[str, Family] = {
    "gemma3n_text": Family(
        BASE
        | {"num_hidden_layers": 4, "sliding_window": 6, "layer_types": ["sliding_attention", "full_attention"] * 2}
        | {"hidden_size_per_layer_input": 8, "vocab_size_per_layer_input": 64, "laurel_rank": 4}
        | {"num_kv_shared_layers": 0},
        "four streams of hidden states",
        refused="reads more than one tensor of hidden states",
    ),
    "gemma4_text": Family(
        BASE
        | {"num_hidden_layers": 4, "num_kv_shared_layers": 2, "global_head_dim": 8, "sliding_window": 6}
        | {"hidden_size_per_layer_input": 8, "vocab_size_per_layer_input": 64}
        | {"layer_types": ["sliding_attention", "full_attention"] * 2},
        "later blocks read keys and values of earlier ones",
        refused=r"takes an argument \(\w+\) that differs between texts",
    ),
    "zamba2": Family(
        BASE | {"num_hidden_layers": 4, "layer_types": ["mamba", "hybrid"] * 2},
        "blocks share weights",
        refused="shares its weights with another part of the model",
    ),
    "llama4_text": Family(
        BASE | {"num_local_experts": 4, "intermediate_size_mlp": 48},
        "experts outside the public experts interface",
        refused=r"experts\.\w+ \(\w+\) is no linear map",
    ),
    "mamba": Family(
        {**OLD, "hidden_size": 32, "num_hidden_layers": 2, "state_size": 4}, "state space", refused="no linear map"
    ),
    "lfm2": Family(BASE | {"layer_types": ["conv", "full_attention"]}, "convolutions", refused="no linear map"),
}


def save(folder: Path, name: str, family: Family) -> Path:
    """Save a random model, every parameter away from zero and one."""
    from transformers import AutoConfig, AutoModelForCausalLM

    state = torch.get_rng_state()
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(name, **family.config), dtype=torch.float32)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3).add_(torch.randn_like(parameter) * 0.05)
    torch.set_rng_state(state)
    model.save_pretrained(folder)
    return folder
