"""A configuration that cannot be right is refused before it costs memory, and one that asks for foreign code always."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hostile import PRUNED, Refused, with_config, with_file

from hubprune.checkpoint import configuration

IMPOSSIBLE = "CheckpointDamaged: config.json of tiny is impossible: "
UNUSABLE = "CheckpointDamaged: The configuration of tiny cannot be used: "
DESCRIBES = "CheckpointDamaged: config.json of tiny describes "
LACKS = "CheckpointDamaged: The weight "


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("num_hidden_layers", 10**9, IMPOSSIBLE + "num_hidden_layers is 1000000000."),
        ("num_hidden_layers", 10**300, IMPOSSIBLE + "num_hidden_layers is 1000"),
        ("num_hidden_layers", -1, IMPOSSIBLE + "num_hidden_layers is -1."),
        ("num_hidden_layers", "7", IMPOSSIBLE + 'num_hidden_layers is "7".'),
        ("num_hidden_layers", True, IMPOSSIBLE + "num_hidden_layers is true."),
        ("num_hidden_layers", 2.5, IMPOSSIBLE + "num_hidden_layers is 2.5."),
        ("num_hidden_layers", None, UNUSABLE),
        ("num_hidden_layers", [2], UNUSABLE),
        ("num_hidden_layers", 3, "CheckpointDamaged: The weight files lack model.layers.2."),
        ("num_attention_heads", 10**6, IMPOSSIBLE + "num_attention_heads is 1000000."),
        ("num_attention_heads", 0, UNUSABLE),
        ("num_key_value_heads", [10**6], IMPOSSIBLE + "num_key_value_heads is 1000000."),
        ("num_labels", 10**9, IMPOSSIBLE + "num_labels is 1000000000."),
        ("hidden_size", -16, IMPOSSIBLE + "hidden_size is -16."),
        ("hidden_size", 0, IMPOSSIBLE + "model.embed_tokens.weight would have no elements."),
        ("hidden_size", "16", UNUSABLE),
        ("hidden_size", 10**6, DESCRIBES),
        ("hidden_size", 10**18, UNUSABLE),
        ("intermediate_size", 10**9, DESCRIBES),
        ("intermediate_size", 64, LACKS + "model.layers.0.mlp.down_proj.weight has the shape (16, 32) in the files"),
        ("head_dim", 10**6, DESCRIBES),
        ("vocab_size", 10**9, DESCRIBES),
        ("vocab_size", 4000, LACKS + "model.embed_tokens.weight has the shape (5120, 16) in the files"),
        ("max_position_embeddings", -1, IMPOSSIBLE + "max_position_embeddings is -1."),
        ("pad_token_id", 10**9, UNUSABLE),
        ("hidden_act", "os.system", UNUSABLE),
        ("dtype", "float3", UNUSABLE),
        ("rope_parameters", {"rope_type": "none"}, UNUSABLE),
        ("quantization_config", "x", UNUSABLE),
        ("model_type", ["llama"], UNUSABLE),
        ("model_type", "nobody-knows", "UnsupportedArchitecture: The configuration of tiny cannot be used: "),
        ("attn_implementation", "evil/kernel", "RemoteCodeNeeded: config.json of tiny wants to run code of another"),
        ("_attn_implementation", {"": "evil/kernel"}, "RemoteCodeNeeded: "),
        ("experts_implementation", "evil/kernel@v1:run", "RemoteCodeNeeded: "),
        ("text_config", {"_attn_implementation_internal": "evil/kernel"}, "RemoteCodeNeeded: "),
        ("attn_implementation", "no such thing", UNUSABLE),
    ],
)
def test_values_that_cannot_be_right(key: str, value: Any, said: str, refused: Refused) -> None:
    begun = time.monotonic()
    answer = refused(with_config(**{key: value}))
    assert answer.startswith(said), answer
    assert time.monotonic() - begun < 20  # 10**9 layers would take days


@pytest.mark.parametrize(
    "content", ["[" * 100_000, "[1]", "", "{", b"\xff\xfe{}", '{"vocab_size": 1' + "0" * 5000 + "}"]
)
def test_no_configuration_at_all(content: str | bytes, refused: Refused) -> None:
    answer = refused(with_file("config.json", content))
    assert answer.startswith("CheckpointDamaged: config.json of tiny "), answer
    assert answer.endswith("| Download or copy the model again, or use another revision.")


def test_tables_that_would_fill_the_memory(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "MAX_BUFFER_BYTES", 8)  # the rotary frequencies are more
    answer = refused(with_config())
    assert answer.startswith(IMPOSSIBLE + "the model would make tables of "), answer


def test_another_class_than_the_weights_are_of(refused: Refused) -> None:
    """Which of the reasons comes first is not fixed: BERT's blocks, its names and its size are all not these files'."""
    assert refused(with_config(model_type="bert")).startswith(("UnsupportedArchitecture: ", "CheckpointDamaged: "))


def test_a_context_that_is_not_stated(refused: Refused) -> None:
    assert refused(with_config(max_position_embeddings=0)) == PRUNED
