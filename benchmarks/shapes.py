"""A random model of real shapes through the whole of `hubprune prune`, streamed and loaded whole."""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MODEL = Path(__file__).parent.parent / "hubprune" / "demo" / "model"


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks/run.py shapes")
    parser.add_argument("--blocks", type=int, default=28)
    parser.add_argument("--hidden", type=int, default=1024)
    parser.add_argument("--vocabulary", type=int, default=151_936)
    parser.add_argument("--method", default="sparsegpt")
    parser.add_argument("--pattern", default="50%")
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--seq-len", type=int, default=512)
    parser.add_argument("--eval-samples", type=int, default=2)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "model"
        subprocess.run([sys.executable, __file__, "--make", str(folder), json.dumps(vars(options))], check=True)
        size = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
        print(
            f"model: {options.blocks} blocks of width {options.hidden}, vocabulary {options.vocabulary:,}, "
            f"{size / 1e9:.2f} GB"
        )
        print(
            f"{options.method} {options.pattern}, {options.samples} x {options.seq_len} tokens, "
            "two languages measured, with control"
        )
        hashes = set()
        for name, whole in (("streamed", False), ("whole", True)):
            out = Path(temporary) / name
            seconds, peak, stages = child(["--run", str(folder), str(out), json.dumps(vars(options)), str(int(whole))])
            digests = [
                subprocess.check_output(["sha256sum", file]).split()[0] for file in sorted(out.glob("*.safetensors"))
            ]
            hashes.add(tuple(digests))
            print(
                f"{name:9} {seconds:6.0f} s, peak memory {peak / 1e9:.2f} GB = {peak / size:.2f} x the weights; "
                f"stages {stages}"
            )
            shutil.rmtree(out)
        print("same weight files:", len(hashes) == 1)
        seconds, peak, _ = child(["--load", str(folder)])
        print(
            f"{'load only':9} {seconds:6.0f} s, peak memory {peak / 1e9:.2f} GB (transformers, float32, nothing else)"
        )


def child(arguments: list[str]) -> tuple[float, int, dict]:
    """(wall seconds, peak resident bytes, what it printed) of this file in a process of its own."""
    before = time.monotonic()
    process = subprocess.Popen([sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{arguments[0]} failed")
    return (
        time.monotonic() - before,
        usage.ru_maxrss * 1024,
        json.loads(printed.splitlines()[-1] if printed.strip() else "{}"),
    )


def make(folder: Path, options: dict) -> None:
    """Write a random Qwen3 of the given shape, with the embedded model's tokenizer."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=options["vocabulary"],
        hidden_size=options["hidden"],
        intermediate_size=3 * options["hidden"],
        num_hidden_layers=options["blocks"],
        num_attention_heads=options["hidden"] // 64,
        num_key_value_heads=options["hidden"] // 128,
        head_dim=128,
        tie_word_embeddings=True,
        max_position_embeddings=40_960,
    )
    Qwen3ForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(MODEL / name, folder / name)


def run(folder: str, out: str, options: dict, whole: bool) -> None:
    from hubprune import Recipe
    from hubprune.events import run_to_end
    from hubprune.run import prune

    recipe = Recipe(
        folder,
        lang="sw",
        calib="demo",
        eval_text="demo",
        method=options["method"],
        pattern=options["pattern"],
        samples=options["samples"],
        seq_len=options["seq_len"],
        eval_samples=options["eval_samples"],
        device="cpu",
    )
    report = run_to_end(prune(recipe, Path(out), whole=whole))
    print(json.dumps(report.run.stage_seconds))


def load(folder: str) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    print(json.dumps({"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


if __name__ == "__main__":
    match sys.argv[1]:
        case "--make":
            make(Path(sys.argv[2]), json.loads(sys.argv[3]))
        case "--run":
            run(sys.argv[2], sys.argv[3], json.loads(sys.argv[4]), bool(int(sys.argv[5])))
        case "--load":
            load(sys.argv[2])
