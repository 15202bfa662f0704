"""A small decoder whose oddities are switched on one by one: what the walk must follow, and what it must refuse."""

from __future__ import annotations

import torch
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutput


class ToyConfig(PreTrainedConfig):
    model_type = "hubprune-toy"

    def __init__(self, oddity: str = "none", **options: object) -> None:
        self.oddity = oddity
        self.vocab_size, self.hidden_size, self.num_hidden_layers, self.num_attention_heads = 97, 16, 3, 1
        super().__init__(**options)


class ToyBlock(nn.Module):
    def __init__(self, config: ToyConfig) -> None:
        super().__init__()
        self.oddity = config.oddity
        self.mix, self.out = nn.Linear(config.hidden_size, config.hidden_size), nn.Linear(16, 16)
        self.register_buffer("decay", torch.linspace(0.1, 0.9, 16), persistent=False)

    def forward(self, hidden_states: torch.Tensor, extra: torch.Tensor | None = None, factor: float = 1.0):
        past = hidden_states.cumsum(1) / torch.arange(1, hidden_states.shape[1] + 1)[:, None]
        x = self.mix(hidden_states + self.decay * past) * factor
        x = hidden_states + self.out(torch.tanh(x if extra is None else x + extra))
        return (x, "weights") if self.oddity == "tuple" else x


class ToyDecoder(nn.Module):
    def __init__(self, config: ToyConfig) -> None:
        super().__init__()
        self.oddity = config.oddity
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.per_layer = nn.Embedding(config.vocab_size, config.hidden_size * config.num_hidden_layers)
        self.layers = nn.ModuleList(ToyBlock(config) for _ in range(config.num_hidden_layers))
        self.scale = nn.Parameter(torch.ones(()))
        self.norm = nn.LayerNorm(config.hidden_size)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x, first = self.embed_tokens(ids), None
        own = self.per_layer(ids).split(x.shape[-1], dim=-1)
        for _ in range(2 if self.oddity == "all blocks twice" else 1):
            for index, block in enumerate(self.layers):
                match self.oddity:
                    case "per-layer inputs":
                        x = block(x, extra=own[index])
                    case "positional":
                        x = block(x, None, 0.5 + index)
                    case "keyword":
                        x = block(hidden_states=x, factor=0.5 + index)
                    case "tuple":
                        x = block(x)[0]
                    case "each block twice":
                        x = block(block(x))
                    case "earlier output":
                        x = block(x, extra=first)
                        first = x if first is None else first
                    case "between":
                        x = block(x) * self.scale  # one, until it is trained
                    case "text decides":
                        x = block(x, factor=float(ids.sum()))
                    case "text decides a flat tensor":
                        x = block(x, extra=x.mean((0, 1)))
                    case "block skipped":
                        x = block(x) if index > 0 else x
                    case "last block skipped":
                        x = block(x) if index < len(self.layers) - 1 else x
                    case _:
                        x = block(x)
        return self.norm(x)


class ToyForCausalLM(PreTrainedModel):
    config_class = ToyConfig
    base_model_prefix = "model"

    def __init__(self, config: ToyConfig) -> None:
        super().__init__(config)
        self.model = ToyDecoder(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()

    def get_decoder(self) -> nn.Module:
        return self.model

    def get_input_embeddings(self) -> nn.Module:
        return self.model.embed_tokens

    def forward(self, input_ids: torch.Tensor, use_cache: bool = False) -> CausalLMOutput:
        return CausalLMOutput(logits=self.lm_head(self.model(input_ids)))


AutoConfig.register("hubprune-toy", ToyConfig, exist_ok=True)
AutoModelForCausalLM.register(ToyConfig, ToyForCausalLM, exist_ok=True)
