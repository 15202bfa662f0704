"""Estimates grow with what they are made of, and name the parts that matter."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hubprune import estimate
from hubprune.estimate import Workload, flops, free_disk, free_gpu_memory, free_memory, needs, speed

# Llama-3-8B, 128 windows of 2,048 tokens, two languages measured with 32 windows each.
LLAMA = Workload(
    block_parameters=218_112_000,
    block_matrix=218_103_808,
    blocks=32,
    outer_parameters=1_050_677_248,
    input_widths=(4096, 4096, 4096, 14336),
    hidden=4096,
    calibration_tokens=128 * 2048,
    evaluation_tokens=64 * 2048,
    question_tokens=0,
    written_tokens=0,
    variants=1,
    second_moment=True,
    passes_for_statistics=True,
    stored_bytes=2,
    compute_bytes=2,
    batch_tokens=16384,
    weight_bytes=16_060_556_376,
    streamed=True,
)
GROWING = {
    "samples": {"calibration_tokens": 256 * 2048},
    "evaluation": {"evaluation_tokens": 128 * 2048},
    "tasks": {"question_tokens": 64 * 2048},
    "variants": {"variants": 2},
    "block": {"block_parameters": 10**9, "block_matrix": 10**9},
    "width": {"hidden": 8192, "input_widths": (8192, 8192, 8192, 28672)},
    "batch": {"batch_tokens": 65536},
    "float32": {"compute_bytes": 4, "stored_bytes": 4},
}


@pytest.mark.parametrize("gpu", [False, True])
@pytest.mark.parametrize("change", GROWING)
def test_more_work_never_needs_less(change: str, gpu: bool) -> None:
    less, more = needs(LLAMA, gpu=gpu), needs(dataclasses.replace(LLAMA, **GROWING[change]), gpu=gpu)
    total = [found.memory + (found.gpu_memory or 0) for found in (less, more)]
    assert total[1] > total[0]
    assert more.memory >= less.memory
    assert more.lanes >= less.lanes
    assert more.flops >= less.flops


@settings(deadline=None)
@given(
    st.sampled_from(["calibration_tokens", "evaluation_tokens", "blocks", "block_parameters", "block_matrix", "hidden"])
    | st.sampled_from(["outer_parameters", "batch_tokens", "variants", "stored_bytes", "compute_bytes"]),
    st.integers(1, 50),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_needs_are_monotone_in_every_size(size: str, factor: int, gpu: bool, moment: bool, streamed: bool) -> None:
    load = dataclasses.replace(LLAMA, second_moment=moment, streamed=streamed)
    more = dataclasses.replace(load, **{size: getattr(load, size) * factor})
    one, two = needs(load, gpu=gpu), needs(more, gpu=gpu)
    assert two.memory >= one.memory
    assert two.lanes >= one.lanes
    assert (two.gpu_memory or 0) >= (one.gpu_memory or 0)
    assert two.flops >= one.flops


def test_a_streamed_model_needs_no_room_for_all_its_weights() -> None:
    """The point of streaming: less memory than the weights, and depth costs none."""
    need = needs(LLAMA, gpu=True)
    assert need.memory - need.lanes < LLAMA.weight_bytes / 4
    assert needs(dataclasses.replace(LLAMA, blocks=80), gpu=True).memory == need.memory
    whole = needs(dataclasses.replace(LLAMA, streamed=False), gpu=True)
    assert whole.memory == need.memory + LLAMA.weight_bytes


def test_lanes_are_the_hidden_states_of_every_lane() -> None:
    """One dense and one pruned evaluation lane and one calibration lane, two bytes an element."""
    assert needs(LLAMA, gpu=False).lanes == (2 * 64 + 128) * 2048 * 4096 * 2


def test_where_the_memory_is_taken() -> None:
    cpu, gpu = needs(LLAMA, gpu=False), needs(LLAMA, gpu=True)
    assert cpu.gpu_memory is None
    assert gpu.gpu_memory is not None
    assert gpu.memory < cpu.memory
    assert needs(dataclasses.replace(LLAMA, second_moment=False), gpu=True).gpu_memory < gpu.gpu_memory


def test_work_is_two_operations_for_each_weight_and_token() -> None:
    """By hand: the dense and the pruned evaluation lane, and calibration twice (statistics, then the pruned block)."""
    load = dataclasses.replace(LLAMA, second_moment=False)
    tokens = 2 * load.evaluation_tokens + 2 * load.calibration_tokens
    expected = 2 * load.block_matrix * 32 * tokens + 2 * load.outer_parameters * 2 * load.evaluation_tokens
    assert flops(load) == pytest.approx(expected)
    assert flops(LLAMA) > flops(load)


def test_what_the_machine_has(tmp_path: Path) -> None:
    assert free_memory() > 0
    assert free_disk(tmp_path / "not" / "yet" / "there") == pytest.approx(free_disk(tmp_path), rel=0.1)
    assert free_gpu_memory(torch.device("cpu")) is None
    assert speed(torch.device("cpu"), torch.float32) > 1e8


def test_the_speed_is_the_best_that_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    monkeypatch.setitem(estimate._fastest, (cpu, torch.float32, torch.get_num_threads()), 1e30)
    assert speed(cpu, torch.float32) == 1e30
    assert speed(cpu, torch.float64) < 1e30


def test_written_text_takes_time() -> None:
    assert flops(dataclasses.replace(LLAMA, written_tokens=5 * 48)) > flops(LLAMA)
