"""What a run will need: memory, disk and time, from sizes alone. Estimates, and named so wherever they are shown."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

LIBRARIES = 900_000_000  # bytes of a process that has loaded torch and transformers
GPU_CONTEXT = 600_000_000
WRITING = 8  # times as long for a token that is written as for one that is read: few are written at once
LOSS_BYTES = 400_000_000  # logits and their softmax, a piece at a time


@dataclass(frozen=True)
class Workload:
    """The sizes that decide what a run costs.

    Attributes:
        block_parameters: parameters of the largest block; of them `block_matrix` in matrices.
        blocks: number of blocks.
        outer_parameters: parameters outside the blocks.
        input_widths: inputs of each distinct input of a block's pruned matrices.
        hidden: width of the hidden states.
        calibration_tokens, evaluation_tokens: of one lane.
        question_tokens: of the tasks' windows, of one lane.
        written_tokens: that each lane's model writes, whole in memory.
        variants: pruned lanes.
        second_moment: whether the method collects the full second moment of its inputs.
        passes_for_statistics: whether calibration windows pass through each block once more for statistics.
        stored_bytes, compute_bytes: bytes of a weight as stored, and in the computation.
        batch_tokens: tokens computed at a time.
        weight_bytes: bytes of the weight files.
        streamed: whether blocks are read one at a time.
    """

    block_parameters: int
    block_matrix: int
    blocks: int
    outer_parameters: int
    input_widths: tuple[int, ...]
    hidden: int
    calibration_tokens: int
    evaluation_tokens: int
    question_tokens: int
    written_tokens: int
    variants: int
    second_moment: bool
    passes_for_statistics: bool
    stored_bytes: int
    compute_bytes: int
    batch_tokens: int
    weight_bytes: int
    streamed: bool


@dataclass(frozen=True)
class Needs:
    """Bytes and seconds; `lanes` is the part of `memory` that can move to disk."""

    memory: int
    lanes: int
    gpu_memory: int | None
    flops: float


def needs(load: Workload, *, gpu: bool) -> Needs:
    """Memory at the two peaks of a walk (everything outside the blocks filled; one block being pruned), and work."""
    lane_tokens = (load.evaluation_tokens + load.question_tokens) * (1 + load.variants)
    lane_tokens += load.calibration_tokens * load.variants
    lanes = lane_tokens * load.hidden * load.compute_bytes
    block = load.block_parameters * (load.stored_bytes * 2 + load.compute_bytes)
    moments = sum(width * width for width in load.input_widths) * 4 if load.second_moment else 0
    factor = max(load.input_widths, default=0) ** 2 * 4 * 3 if load.second_moment else 0
    matrices = load.block_matrix * 4  # float32 copies while masks are chosen
    activations = load.batch_tokens * load.hidden * load.compute_bytes * 16
    outer = load.outer_parameters * load.compute_bytes + LOSS_BYTES
    computing = max(outer, block + moments + factor + matrices + activations)
    whole = 0 if load.streamed else load.weight_bytes
    host = LIBRARIES + lanes + whole + (load.block_parameters * load.stored_bytes * 2 if gpu else computing)
    return Needs(host, lanes, GPU_CONTEXT + computing if gpu else None, flops(load))


def flops(load: Workload) -> float:
    """Floating-point operations of the walk: two for each matrix weight and token, and the statistics'."""
    dense = load.evaluation_tokens + load.question_tokens
    pruned = (dense + load.calibration_tokens * (2 if load.passes_for_statistics else 1)) * load.variants
    forward = 2.0 * load.block_matrix * load.blocks * (dense + pruned)
    head = 2.0 * load.outer_parameters * load.evaluation_tokens * (1 + load.variants)
    moments = 2.0 * sum(w * w for w in load.input_widths) * load.calibration_tokens * load.blocks * load.variants
    parameters = load.block_matrix * load.blocks + load.outer_parameters
    written = WRITING * 2.0 * parameters * load.written_tokens * (1 + load.variants)
    return forward + head + written + (moments * 0.6 if load.second_moment else 0.0)


_fastest: dict[tuple[torch.device, torch.dtype, int], float] = {}


def speed(device: torch.device, dtype: torch.dtype) -> float:
    """Floating-point operations a second of a matrix product on this device, measured for a moment.

    The best that this process has measured: what others compute at the same time says nothing of the device.
    """
    size = 4096 if device.type == "cuda" else 768
    a = torch.ones(size, size, device=device, dtype=dtype)
    a @ a
    rounds, start = 0, time.perf_counter()
    while time.perf_counter() - start < 0.15:
        a @ a
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        rounds += 1
    key = (device, dtype, torch.get_num_threads())
    _fastest[key] = max(_fastest.get(key, 0.0), rounds * 2.0 * size**3 / (time.perf_counter() - start))
    return _fastest[key]


def free_memory() -> int:
    """Bytes of host memory that can be had now, the limit of a container included."""
    free = psutil.virtual_memory().available
    limit, used = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
    if limit.is_file() and used.is_file() and (text := limit.read_text().strip()) != "max":
        free = min(free, max(0, int(text) - int(used.read_text())))
    return free


def free_gpu_memory(device: torch.device) -> int | None:
    """Bytes free on a GPU; None for another device."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else None


def free_disk(path: Path) -> int:
    """Bytes free where `path` is or will be."""
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free
