"""Models are built one at a time, and a process that forks takes no half-built world along."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from accelerate import init_empty_weights
from transformers import AutoConfig

from hubprune.building import BUILDING
from hubprune.checkpoint.model import open_tensors
from hubprune.checkpoint.skeleton import build
from hubprune.demo.loop import MODEL_FOLDER
from hubprune.generation import load_whole


def test_threads_that_build_at_once_leave_each_other_alone(model_folder: Path) -> None:
    config = AutoConfig.from_pretrained(model_folder)

    def skeleton(_: int) -> bool:
        made = build(config, dtype=torch.float32, device=torch.device("cpu"))
        return all(parameter.is_meta for block in made.blocks for parameter in block.parameters())

    def whole(_: int) -> bool:
        model, _tokenizer = load_whole(model_folder, device="cpu", dtype="float32", trust_remote_code=False)
        return not any(parameter.is_meta for parameter in model.parameters())

    with ThreadPoolExecutor(8) as threads:
        found = [threads.submit(work, n) for n in range(12) for work in (skeleton, whole)]
        assert all(one.result() for one in found)
    assert not torch.nn.Linear(2, 2).weight.is_meta


def test_a_walk_waits_where_it_registers_parameters() -> None:
    """The tied head of the embedded model, made real while another thread has what is registered put on meta."""
    config = AutoConfig.from_pretrained(MODEL_FOLDER)
    walked = build(config, dtype=torch.float32, device=torch.device("cpu"))
    tensors = open_tensors(MODEL_FOLDER, walked)
    held, go = threading.Event(), threading.Event()

    def builder() -> None:
        with BUILDING, init_empty_weights():
            held.set()
            go.wait(30)

    thread = threading.Thread(target=builder)
    thread.start()
    held.wait(30)
    threading.Timer(0.3, go.set).start()
    walked.fill_outer(tensors)
    thread.join(30)
    assert not walked.model.get_output_embeddings().weight.is_meta


@pytest.mark.skipif(not hasattr(os, "fork"), reason="This system has no fork.")
@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_fork_waits_for_the_building_and_can_build_then() -> None:
    held, go = threading.Event(), threading.Event()
    order: list[str] = []

    def builder() -> None:
        with BUILDING:
            held.set()
            go.wait(30)
            order.append("built")

    thread = threading.Thread(target=builder)
    thread.start()
    held.wait(30)
    threading.Timer(0.3, go.set).start()
    child = os.fork()
    if child == 0:
        os._exit(0 if BUILDING.acquire(timeout=10) else 1)
    order.append("forked")
    thread.join(30)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert order == ["built", "forked"]
