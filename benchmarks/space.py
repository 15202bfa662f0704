"""How long a visitor of the Space waits: `python benchmarks/space.py [ROUNDS]`.

First usable paint: from asking for the page to a field that can be filled in and a button for the embedded model.
Click to plan: from the click on that model to the plan with its figures. The first of each round is a new visitor's.
Enter to plan: the same for a model of Qwen3-0.6B's shapes (1.2 GB of zeros; a plan reads only the header).
"""

from __future__ import annotations

import json
import math
import shutil
import statistics
import struct
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "docs"), str(ROOT)]
LARGE = "acme/qwen3-shapes"
ENDS = "#card .facts"


def main(rounds: int) -> None:
    """Median and largest of some visits, after one that is not counted."""
    from screenshots import chromium, page

    from hubprune.loopback import LoopbackHub

    found: dict[str, list[float]] = {"first usable paint": [], "click to plan": [], "enter to plan": []}
    with tempfile.TemporaryDirectory() as temporary, LoopbackHub(Path(temporary) / "hub") as hub:
        hub.add_repo(LARGE, make(Path(temporary) / "model"))
        variables = {**hub.environment("hf_alice_read"), "HF_HOME": f"{temporary}/home"}
        with page(**variables) as address, chromium() as browser:
            for visit in range(rounds + 1):
                context = browser.new_context()
                times = wait(context.new_page(), address)
                context.close()
                for name, seconds in zip(found, times, strict=True):
                    found[name] += [seconds] if visit else []
    for name, times in found.items():
        print(f"{name:20} median {statistics.median(times):.2f} s, longest {max(times):.2f} s of {rounds}")


def wait(tab: Any, address: str) -> tuple[float, float, float]:
    """Seconds of one visit: to the paint, to the plan of a suggestion, to that of a model of real shapes."""
    tab.set_default_timeout(120_000)
    start = time.perf_counter()
    tab.goto(address)
    tab.wait_for_selector("#hits button[data-model]")
    tab.wait_for_selector("#model input:enabled, #model textarea:enabled")
    painted = time.perf_counter()
    tab.wait_for_selector("[data-state=signed-out]")
    clicked = time.perf_counter()
    tab.click("#hits button[data-model]")
    tab.wait_for_selector(ENDS)
    planned = time.perf_counter()
    tab.fill("#model input, #model textarea", LARGE)
    entered = time.perf_counter()
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#card h2:has-text('qwen3-shapes')")
    return painted - start, planned - clicked, time.perf_counter() - entered


def make(folder: Path) -> Path:
    """A checkpoint of Qwen3-0.6B's shapes whose weights are a hole in a file, with the embedded model's tokenizer."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    config = Qwen3Config(
        vocab_size=151_936,
        hidden_size=1024,
        intermediate_size=3072,
        num_hidden_layers=28,
        num_attention_heads=16,
        num_key_value_heads=8,
        head_dim=128,
        tie_word_embeddings=True,
        max_position_embeddings=40_960,
        dtype="bfloat16",
    )
    with torch.device("meta"):
        model = Qwen3ForCausalLM(config)
    config.architectures = ["Qwen3ForCausalLM"]
    config.save_pretrained(folder)
    header, end = {}, 0
    for name, parameter in model.named_parameters():
        start, end = end, end + 2 * math.prod(parameter.shape)
        header[name] = {"dtype": "BF16", "shape": list(parameter.shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(ROOT / "hubprune" / "demo" / "model" / name, folder / name)
    return folder


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
