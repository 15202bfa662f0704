"""A model whole in memory, as transformers loads it, and its tokenizer."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from hubprune.building import BUILDING
from hubprune.errors import CheckpointDamaged, NotEnoughMemory
from hubprune.generation.peak import is_out_of_memory

ROOM = 1.2  # memory of a model at work, over its weights
LESS = "Use a machine with more memory, or a smaller model."


def load_whole(folder: Path, *, device: str, dtype: str, trust_remote_code: bool) -> tuple[Any, Any]:
    """The model in evaluation mode and the tokenizer of a folder; safetensors only.

    Where there are several GPUs and the model does not fit on the one asked for, accelerate spreads it over all.

    Args:
        device: "cpu" or "cuda:0".
        dtype: of weights and computation, e.g. "float32".

    Raises NotEnoughMemory before anything is loaded where it does not fit, CheckpointDamaged where the libraries cannot
    load the files.
    """
    from transformers import AutoModelForCausalLM

    tokenizer = load_tokenizer(folder, trust_remote_code=trust_remote_code)
    where = placement(folder, device, dtype)
    with BUILDING, _Quiet():
        try:
            pair: Any = AutoModelForCausalLM.from_pretrained(
                folder,
                dtype=dtype,
                use_safetensors=True,
                trust_remote_code=trust_remote_code,
                local_files_only=True,
                output_loading_info=True,
                device_map=where,
            )
        except Exception as error:  # foreign files: the libraries raise whatever they stumble on
            if is_out_of_memory(error):
                raise NotEnoughMemory("The memory does not suffice for the model whole.", LESS) from error
            raise _damaged("model", error) from error
    model, loaded = pair
    if missing := sorted(loaded["missing_keys"]):
        raise CheckpointDamaged(
            f"The checkpoint lacks {len(missing)} of the model's weights, {missing[0]} among them.",
            "Download it again, or choose another model.",
        )
    return model.eval(), tokenizer


def load_tokenizer(folder: Path, *, trust_remote_code: bool) -> Any:
    """The tokenizer of a folder; raises CheckpointDamaged where it cannot be loaded."""
    from transformers import AutoTokenizer
    from transformers.utils import logging

    logging.set_verbosity_error()  # "sequence longer than the model's maximum": long text is cut by us
    try:
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=trust_remote_code)
    except Exception as error:  # as above
        raise _damaged("tokenizer", error) from error


def placement(folder: Path, device: str, dtype: str) -> str | dict[str, str] | None:
    """Where transformers shall put the weights: its `device_map`. Raises NotEnoughMemory."""
    import torch

    from hubprune.estimate import free_gpu_memory

    need = memory_of(parameters(folder), dtype)
    refuse_large(need, device, "The model needs")
    on_one = free_gpu_memory(torch.device(device))
    if on_one is not None and need > on_one:
        return "auto"
    return None if device == "cpu" else {"": device}


def memory_of(count: int, dtype: str) -> int:
    """Bytes that a model of `count` parameters needs at work."""
    import torch

    return int(count * getattr(torch, dtype).itemsize * ROOM)


def refuse_large(need: int, device: str, who_needs: str) -> None:
    """Raise NotEnoughMemory where fewer than `need` bytes are free: of all GPUs together, or else of the host."""
    import torch

    from hubprune.estimate import free_memory

    if torch.device(device).type == "cuda":
        free = sum(torch.cuda.mem_get_info(index)[0] for index in range(torch.cuda.device_count()))
    else:
        free = free_memory()
    if need > free:
        raise NotEnoughMemory(f"{who_needs} about {_size(need)} of memory whole; {_size(free)} are free.", LESS)


def parameters(folder: Path) -> int:
    """Number of parameters in a folder's safetensors files, from their headers. Raises CheckpointDamaged."""
    from safetensors import safe_open

    total = 0
    for path in folder.glob("*.safetensors"):
        try:
            with safe_open(path, "pt") as file:
                total += sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118
        except Exception as error:  # SafetensorError, which is not documented
            raise _damaged("model", error) from error
    return total


def _size(number: int) -> str:
    return f"{number / 1e9:,.1f} GB" if number >= 1e9 else f"{number / 1e6:,.0f} MB"


def _damaged(what: str, error: Exception) -> CheckpointDamaged:
    first = " ".join(str(error).split())[:200] or type(error).__name__
    step = "Use a model that brings its tokenizer." if what == "tokenizer" else "Check its files, or use another."
    return CheckpointDamaged(f"The {what} cannot be loaded: {first.rstrip('.')}.", step)


class _Quiet:
    """Without transformers' own bars."""

    def __enter__(self) -> None:
        from transformers.utils import logging

        self.shown = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()

    def __exit__(self, *_: object) -> None:
        from transformers.utils import logging

        if self.shown:
            logging.enable_progress_bar()
