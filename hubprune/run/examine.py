"""A model looked at before anything is downloaded: can it be pruned as asked, and what will that take?

`plan` stops here; every run begins here.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import torch

from hubprune.building import BUILDING
from hubprune.checkpoint.matrices import Matrix, prunable
from hubprune.checkpoint.model import read_config, stored_names
from hubprune.checkpoint.skeleton import Skeleton, build
from hubprune.checkpoint.tensorfile import DTYPES
from hubprune.errors import CheckpointDamaged, RecipeError, UnsupportedArchitecture, UsageError
from hubprune.estimate import Workload
from hubprune.hub import Description, Hub, Source, describe, resolve
from hubprune.hub.files import refuse_foreign_code
from hubprune.pruning.check import check_walk
from hubprune.pruning.methods import METHODS
from hubprune.pruning.patterns import Pattern, parse
from hubprune.recipe import Recipe
from hubprune.report import ModelFacts
from hubprune.tasks import expected_tokens

DEFAULT_SEQ_LEN = 2048
PROMPTS, NEW_TOKENS = 5, 48  # that each model continues in each language, and by how much
FLOATS = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
BATCH_TOKENS = {"cpu": 4096, "cuda": 16384}


@dataclass
class Examined:
    """A model that can be walked, and the recipe as far as headers resolve it."""

    recipe: Recipe
    source: Source
    description: Description
    config: Any
    skeleton: Skeleton
    returns_tuple: bool
    facts: ModelFacts
    pattern: Pattern | None
    matrices: list[dict[str, Matrix]]  # local name -> matrix, of each block

    @property
    def device(self) -> torch.device:
        return self.skeleton.device

    def prunes(self, block: int, name: str) -> bool:
        """Whether the matrix of that local name in that block is pruned."""
        return not skipped_by(self.recipe.skip, f"{self.skeleton.prefix}.{block}.{name}", name)


def examine(recipe: Recipe, hub: Hub, *, pruning: bool = True, looking: bool = False) -> Examined:
    """Resolve the model, read its headers, and refuse what cannot be done right.

    `looking`: nothing will be walked, so no GPU is touched.

    Raises the errors of `hub.resolve` and `hub.describe`, UnsupportedArchitecture, RecipeError, UsageError.
    """
    pattern = parse(recipe.pattern) if pruning else None
    source = resolve(hub, recipe.model, recipe.revision)
    description = describe(hub, source)
    refuse_foreign_code(recipe.model, description.config, trust_remote_code=recipe.trust_remote_code)
    parameters = sum(math.prod(shape) for _, shape in description.tensors.values())
    with BUILDING:
        config = read_config(description.config_folder, stored=parameters, trust_remote_code=recipe.trust_remote_code)
        device = device_of(recipe.device)
        stored = stored_dtype(description)
        dtype = dtype_of(recipe.dtype, device, stored)
        skeleton = build(
            config, dtype=dtype, device=device, trust_remote_code=recipe.trust_remote_code, looking=looking
        )
        names = stored_names(skeleton, {name: shape for name, (_, shape) in description.tensors.items()})
        refuse_dtypes(description, skeleton, names)
        returns_tuple = check_walk(config, skeleton.blocks, trust_remote_code=recipe.trust_remote_code)
    matrices = prunable(skeleton) if pruning else [{} for _ in skeleton.blocks]
    if pattern:
        refuse_pattern(pattern, matrices, recipe.skip, skeleton)
    text = config.get_text_config(decoder=True)
    context = getattr(text, "max_position_embeddings", None) or None
    resolved = resolve_recipe(recipe, source, device, dtype, context, pruning=pruning)
    facts = ModelFacts(
        id=source.id,
        revision=source.revision,
        local=source.local,
        architecture=type(skeleton.model).__name__,
        model_type=config.model_type,
        parameters=parameters,
        prunable=sum(m.shape[0] * m.shape[1] for m in _pruned(matrices, resolved.skip, skeleton)),
        blocks=len(skeleton.blocks),
        dtype=str(stored).removeprefix("torch."),
        bytes=description.weight_bytes,
        vocab_size=skeleton.model.get_input_embeddings().weight.shape[0],
        context=context,
        streamed=names is not None,
        pipeline_tag=description.pipeline_tag,
        license=description.license,
        license_name=description.license_name,
        license_link=description.license_link,
        chat_template=description.chat_template,
    )
    return Examined(resolved, source, description, config, skeleton, returns_tuple, facts, pattern, matrices)


def resolve_recipe(
    recipe: Recipe, source: Source, device: torch.device, dtype: torch.dtype, context: int | None, *, pruning: bool
) -> Recipe:
    """The recipe with every "auto" that headers can answer replaced by its answer.

    A method that uses no calibration text has no calibration languages: `lang` then only says what is measured.
    """
    calibrates = pruning and uses_text(recipe)
    if calibrates and not recipe.lang:
        raise UsageError("No calibration language is named.", "Add --lang, for example --lang sw.")
    seq_len = recipe.seq_len or min(DEFAULT_SEQ_LEN, context or DEFAULT_SEQ_LEN)
    if context and seq_len > context:
        raise RecipeError(
            f"seq_len is {seq_len:,}, but {source.id} was made for {context:,} tokens.", f"Try --seq-len {context}."
        )
    control = recipe.control if calibrates and recipe.measure and list(recipe.lang) != [recipe.control] else None
    languages = recipe.eval_lang or tuple(dict.fromkeys([*recipe.lang, *([control] if control else [])]))
    if recipe.measure and not languages:
        asked = "--eval-lang, for example --eval-lang sw,en, or --no-eval." if pruning else "--lang, for example sw,en."
        raise UsageError("No language to measure is named.", f"Add {asked}")
    return recipe.replace(
        model=source.id if not source.local else recipe.model,
        revision=source.revision,
        lang=recipe.lang if calibrates else {},
        control=control,
        eval_lang=languages if recipe.measure else (),
        seq_len=seq_len,
        device=str(device),
        dtype=str(dtype).removeprefix("torch."),
        batch_size=recipe.batch_size or max(1, BATCH_TOKENS.get(device.type, 4096) // seq_len),
    )


def uses_text(recipe: Recipe) -> bool:
    """Whether the recipe's method looks at calibration text."""
    return METHODS[recipe.method].statistic is not None


def workload(examined: Examined) -> Workload:
    """The sizes that decide what the run costs."""
    recipe, skeleton, seq_len = examined.recipe, examined.skeleton, examined.recipe.seq_len or 0
    blocks = [sum(p.numel() for p in block.parameters()) for block in skeleton.blocks]
    total = sum(p.numel() for p in skeleton.model.parameters())
    method = METHODS[recipe.method]
    widths = [_distinct_inputs(block, index, examined.prunes) for index, block in enumerate(examined.matrices)]
    calibrates = bool(examined.pattern) and method.statistic is not None
    variants = 1 + (recipe.control is not None) if examined.pattern else 0
    tied = getattr(examined.config.get_text_config(decoder=True), "tie_word_embeddings", False)
    embedding = skeleton.model.get_input_embeddings().weight.numel()
    return Workload(
        block_parameters=max(blocks),
        block_matrix=max(sum(math.prod(m.shape) for m in block.values()) for block in examined.matrices),
        blocks=len(blocks),
        outer_parameters=total - sum(blocks) - (embedding if tied else 0),
        input_widths=max(widths, key=lambda inputs: sum(n * n for n in inputs)),
        hidden=examined.config.get_text_config(decoder=True).hidden_size,
        calibration_tokens=recipe.samples * seq_len if calibrates else 0,
        evaluation_tokens=len(recipe.eval_lang) * recipe.eval_samples * seq_len,
        question_tokens=expected_tokens(recipe.tasks, recipe.eval_lang, recipe.limit) if recipe.measure else 0,
        written_tokens=len(recipe.eval_lang) * PROMPTS * NEW_TOKENS if recipe.generate else 0,
        variants=variants,
        second_moment=calibrates and method.updates,
        passes_for_statistics=calibrates,
        stored_bytes=stored_dtype(examined.description).itemsize,
        compute_bytes=skeleton.dtype.itemsize,
        batch_tokens=(recipe.batch_size or 1) * seq_len,
        weight_bytes=examined.description.weight_bytes,
        streamed=examined.facts.streamed,
    )


def device_of(name: str) -> torch.device:
    """The torch device of a recipe's word; "auto" is a GPU where there is one."""
    if name == "auto":
        return torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UsageError(f"There is no device {name!r} here.", "Leave --device out, or give cpu.") from error
    return torch.device("cuda:0") if name == "cuda" else device


def dtype_of(name: str, device: torch.device, stored: torch.dtype) -> torch.dtype:
    """Precision of the computation: float32 on a CPU, the weights' own on a GPU, unless asked otherwise."""
    if name != "auto":
        chosen: torch.dtype = getattr(torch, name)
        return chosen
    return stored if device.type == "cuda" else torch.float32


def stored_dtype(description: Description) -> torch.dtype:
    """The dtype that most of the weights have. Raises UnsupportedArchitecture for quantized weights."""
    sizes: Counter[str] = Counter()
    for stored, shape in description.tensors.values():
        sizes[stored] += math.prod(shape)
    dtype = DTYPES.get(sizes.most_common(1)[0][0]) if sizes else None
    if dtype not in FLOATS or "quantization_config" in description.config:
        raise UnsupportedArchitecture(
            "The model's weights are quantized.", "Prune the model it was made from, and quantize the result."
        )
    return dtype


def refuse_dtypes(description: Description, skeleton: Skeleton, names: dict[str, str] | None) -> None:
    """Raise CheckpointDamaged where a weight that the model computes with is stored as integers or in 8 bits."""
    wanted = {name for name, tensor in skeleton.model.state_dict().items() if tensor.is_floating_point()}
    for name, stored in (names or {name: name for name in description.tensors}).items():
        dtype = description.tensors[stored][0]
        if name in wanted and DTYPES.get(dtype) not in FLOATS:
            raise CheckpointDamaged(
                f"The weight {stored} is stored as {dtype}, where the model needs floating-point numbers.",
                "Use another revision of the model.",
            )


def refuse_pattern(
    pattern: Pattern, matrices: list[dict[str, Matrix]], skip: tuple[str, ...], skeleton: Skeleton
) -> None:
    """Raise where a matrix cannot have the pattern, or where nothing is left to prune."""
    known = [(f"{skeleton.prefix}.{i}.{name}", name) for i, block in enumerate(matrices) for name in block]
    for glob in skip:
        if not any(skipped_by((glob,), *names) for names in known):
            kinds = ", ".join(dict.fromkeys(m.kind for block in matrices for m in block.values()))
            raise RecipeError(f"--skip {glob!r} matches no matrix.", f"The matrices of a block: {kinds}.")
    left = {matrix.kind: matrix for matrix in _pruned(matrices, skip, skeleton)}
    if not left:
        raise RecipeError("--skip leaves nothing to prune.", "Name fewer matrices.")
    for kind, matrix in left.items():
        if reason := pattern.refusal(matrix.shape[1]):
            raise UnsupportedArchitecture(
                f"{kind} cannot be pruned to {pattern}: its {reason}.", f"Leave it alone with --skip '*{kind}'."
            )


def skipped_by(patterns: tuple[str, ...], *names: str) -> str | None:
    """The first pattern that matches one of a matrix's names."""
    return next((pattern for pattern in patterns for name in names if fnmatchcase(name, pattern)), None)


def _pruned(matrices: list[dict[str, Matrix]], skip: tuple[str, ...], skeleton: Skeleton) -> Iterator[Matrix]:
    """The matrices of all blocks that --skip leaves."""
    for index, block in enumerate(matrices):
        for name, matrix in block.items():
            if not skipped_by(skip, f"{skeleton.prefix}.{index}.{name}", name):
                yield matrix


def _distinct_inputs(block: dict[str, Matrix], index: int, prunes: Callable[[int, str], bool]) -> tuple[int, ...]:
    """Inputs of each tensor that a block's matrices read, guessed from names: siblings of one width share it."""
    shared = {(m.name.rpartition(".")[0], m.shape[1]) for m in block.values() if prunes(index, m.name)}
    return tuple(sorted(inputs for _, inputs in shared))
