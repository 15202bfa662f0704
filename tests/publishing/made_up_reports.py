"""Reports as runs would write them, with made-up numbers."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from hubprune.recipe import Recipe
from hubprune.report import (
    CONTROL,
    DENSE,
    PRUNED,
    BlockRow,
    LanguageRow,
    ModelFacts,
    ModuleRow,
    Report,
    Run,
    Score,
    Sparsity,
    TextRecord,
)

BASE = "c1899de289a04d12100db370d81485cdf75e47ca"
CORPUS = "1588ec454efa1a09f29cd18ddd04fe05fc8653a2"
DENSE_PERPLEXITY = {"sw": 21.37, "en": 13.82, "ar": 24.9, "de": 15.4, "es": 13.1, "ru": 9.82, "zh": 17.6}
# language -> ratio of the target-calibrated and of the control-calibrated model to the dense one
RATIOS = {
    "sw": (1.184, 1.302),
    "en": (1.227, 1.158),
    "ar": (1.271, 1.316),
    "de": (1.243, 1.221),
    "es": (1.228, 1.201),
    "ru": (1.266, 1.249),
    "zh": (1.354, 1.331),
}


def model(**changes: Any) -> ModelFacts:
    facts = ModelFacts(
        id="Qwen/Qwen3-0.6B",
        revision=BASE,
        local=False,
        architecture="Qwen3ForCausalLM",
        model_type="qwen3",
        parameters=596_049_920,
        prunable=440_401_920,
        blocks=28,
        dtype="bfloat16",
        bytes=1_192_135_096,
        vocab_size=151_936,
        context=40_960,
        streamed=True,
        license="apache-2.0",
        chat_template=True,
    )
    return dataclasses.replace(facts, **changes)


def recipe(**changes: Any) -> Recipe:
    values: dict[str, Any] = {
        "model": "Qwen/Qwen3-0.6B",
        "revision": BASE,
        "lang": {"sw": 1.0},
        "calib": {"sw": f"allenai/c4@{CORPUS}"},
        "eval_text": f"allenai/c4@{CORPUS}",
        "eval_lang": ("sw", "en"),
        "seq_len": 2048,
        "device": "cuda",
        "dtype": "bfloat16",
        "batch_size": 8,
    }
    return Recipe(**{**values, **changes})


def score(perplexity: float, ratio: float | None, error: float | None, windows: int = 64) -> Score:
    nll = math.log(perplexity)
    se = 0.0119 if windows > 1 else None
    return Score(perplexity, nll / math.log(2) / 3.9, nll, se, ratio, error)


def language(code: str, *, target: bool, control: bool = True, error: float | None = 0.004) -> LanguageRow:
    dense, (pruned, by_control) = DENSE_PERPLEXITY[code], RATIOS[code]
    scores = {DENSE: score(dense, None, None), PRUNED: score(dense * pruned, pruned, error)}
    if control:
        scores[CONTROL] = score(dense * by_control, by_control, error and error * 1.2)
    return LanguageRow(
        language=code,
        calibrated=target,
        windows=64,
        tokens=64 * 2047,
        bytes=507_904,
        scores=scores,
        against_control=pruned / by_control if control else None,
        against_control_se=error if control else None,
    )


def record(code: str, use: str, **changes: Any) -> TextRecord:
    windows = 64 if use == "evaluation" else 128
    made = TextRecord(
        language=code,
        use=use,
        source="allenai/c4",
        revision=CORPUS,
        config=code,
        split="validation" if use == "evaluation" else "train",
        license="odc-by",
        rule="Documents in the order of their shuffled file, windows cut end to end.",
        documents=412 if use != "evaluation" else 230,
        windows=windows,
        seq_len=2048,
        tokens=windows * 2048,
        bytes=windows * 7936,
        sha256=("3fa9" if code == "sw" else "b07c") * 16,
    )
    return dataclasses.replace(made, **changes)


def sparsity(share: float = 0.5, **changes: Any) -> Sparsity:
    shapes = {
        "self_attn.q_proj": (2048, 1024),
        "self_attn.k_proj": (1024, 1024),
        "self_attn.v_proj": (1024, 1024),
        "self_attn.o_proj": (1024, 2048),
        "mlp.gate_proj": (3072, 1024),
        "mlp.up_proj": (3072, 1024),
        "mlp.down_proj": (1024, 3072),
    }
    rows = []
    for name, (out, inputs) in shapes.items():
        weights = out * inputs * 28
        rows.append(ModuleRow(name, (out, inputs), 28, weights, int(weights * share), int(weights * share) + 119, 37))
    total = sum(row.weights for row in rows)
    made = Sparsity(
        requested=share,
        weights=total,
        masked=sum(row.masked for row in rows),
        stored=sum(row.stored for row in rows),
        dense=sum(row.dense for row in rows),
        parameters=596_049_920,
        modules=rows,
        left_alone={
            "model.embed_tokens": "embeddings are never pruned",
            "lm_head": "shares its weights with the embeddings",
        },
    )
    return dataclasses.replace(made, **changes)


def blocks(codes: list[str], number: int = 28, control: bool = True) -> list[BlockRow]:
    """Errors that grow over the blocks, faster for the lane that did not see the language."""
    rows = []
    for position, code in enumerate(codes):
        for lane in (PRUNED, CONTROL) if control else (PRUNED,):
            factor = RATIOS[code][0 if lane == PRUNED else 1] ** 3
            for index in range(number):
                depth = (index + 1) / number
                wave = 1 + 0.25 * math.sin(1.7 * index + position)
                error = 0.004 * factor * (1 + 30 * depth**1.6) * wave * (3 if index == number - 1 else 1)
                rows.append(BlockRow(index, lane, code, -10 * math.log10(error), error))
    return rows


def run(**changes: Any) -> Run:
    made = Run(
        started="2026-11-21T09:14:03+00:00",
        seconds=341.8,
        stage_seconds={"prune": 290.1},
        peak_memory=3_912_000_000,
        peak_gpu_memory=6_120_000_000,
        device="NVIDIA L4",
        command="hubprune push Qwen/Qwen3-0.6B --lang sw",
        versions={"python": "3.11.7", "torch": "2.9.1", "transformers": "5.23.0"},
    )
    return dataclasses.replace(made, **changes)


def report(made_of: Recipe | None = None, **changes: Any) -> Report:
    """Swahili with English as control, 28 blocks, everything known."""
    made_of = made_of or recipe()
    values: dict[str, Any] = {
        "model": model(),
        "recipe": made_of.to_dict(),
        "texts": [
            record("sw", "calibration"),
            record("en", "control"),
            record("sw", "evaluation"),
            record("en", "evaluation"),
        ],
        "sparsity": sparsity(),
        "languages": [language("en", target=False), language("sw", target=True)],
        "blocks": blocks(["sw", "en"]),
        "warnings": [],
        "run": run(),
        "hubprune_version": "0.1.0",
    }
    return Report(**{**values, **changes})


def seven(number: int = 4) -> Report:
    """Seven languages, Swahili the target."""
    codes = list(DENSE_PERPLEXITY)
    return report(
        languages=[language(code, target=code == "sw", error=0.012) for code in codes], blocks=blocks(codes, number)
    )


def bare() -> tuple[Report, Recipe]:
    """A run of which as little is known as can be."""
    made_of = Recipe(model="folder", method="magnitude", control=None, measure=False)
    facts = model(
        id="folder",
        revision=None,
        local=True,
        pipeline_tag=None,
        license=None,
        context=None,
        chat_template=False,
    )
    empty = run(
        started="",
        seconds=0.0,
        stage_seconds={},
        peak_memory=0,
        peak_gpu_memory=None,
        device="",
        command="",
        versions={},
    )
    made = report(made_of, model=facts, texts=[], sparsity=None, languages=[], blocks=[], run=empty)
    return made, made_of
