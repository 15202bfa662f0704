"""A model whole in memory, as plain transformers loads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hubprune.errors import CheckpointDamaged, NotEnoughMemory
from hubprune.estimate import free_gpu_memory, free_memory

ROOM = 1.2  # memory of a model at work, over its weights


def load_whole(folder: Path, *, device: str, dtype: str, trust_remote_code: bool) -> tuple[Any, Any]:
    """(model, tokenizer) of a checkpoint, ready to write greedily.

    The model is on `device`, or over all GPUs where it does not fit on that one (by accelerate). Of its generation
    settings only the tokens that end a text stay: nothing samples, and nothing punishes repetition.

    Raises NotEnoughMemory before anything is loaded, CheckpointDamaged where the libraries cannot load the files.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig
    from transformers.utils import logging

    logging.disable_progress_bar()
    where = torch.device(device)
    need = int(parameters(folder) * getattr(torch, dtype).itemsize * ROOM)
    spread = where.type == "cuda" and need > (free_gpu_memory(where) or 0) and torch.cuda.device_count() > 1
    free = free_memory() if where.type != "cuda" else _gpu_memory() if spread else free_gpu_memory(where) or 0
    if need > free:
        raise NotEnoughMemory(
            f"The model needs about {need / 1e9:.1f} GB of memory whole; {free / 1e9:.1f} GB are free.",
            "Use a machine with more memory, or a smaller model.",
        )
    options = {"trust_remote_code": trust_remote_code, "local_files_only": True}
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, **options)
        model = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=getattr(torch, dtype),
            device_map="auto" if spread else None,
            use_safetensors=True,
            **options,
        )
    except (OSError, ValueError, KeyError, ImportError) as error:
        first = " ".join(str(error).split())[:200].rstrip(".")
        raise CheckpointDamaged(f"transformers cannot load the model: {first}.", "Check its files.") from error
    model = model.eval() if spread else model.to(where).eval()
    ends = model.generation_config.eos_token_id if model.generation_config else None
    ends = tokenizer.eos_token_id if ends is None else ends
    model.generation_config = GenerationConfig(do_sample=False, eos_token_id=ends, pad_token_id=padding(tokenizer))
    return model, tokenizer


def padding(tokenizer: Any) -> int:
    """A token to fill up with: the tokenizer's own, else its end of text, else the first of the vocabulary.

    It is masked wherever it stands, so any will do.
    """
    found = (tokenizer.pad_token_id, tokenizer.eos_token_id, 0)
    return next(int(token) for token in found if token is not None)


def parameters(folder: Path) -> int:
    """Number of parameters in a folder's safetensors files, from their headers."""
    from safetensors import safe_open

    total = 0
    for path in folder.glob("*.safetensors"):
        with safe_open(path, "pt") as file:
            for name in file.keys():  # noqa: SIM118 - safe_open is no mapping
                count = 1
                for size in file.get_slice(name).get_shape():
                    count *= size
                total += count
    return total


def _gpu_memory() -> int:
    """Bytes free on all GPUs together."""
    import torch

    return sum(torch.cuda.mem_get_info(index)[0] for index in range(torch.cuda.device_count()))
