"""Tokens per second and peak memory, dense against pruned: the embedded model, and a random one of larger shapes.

The dense model is loaded a second time as "again": how far its ratio is from 1 is the noise of the measurement.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import shapes

from hubprune import Recipe
from hubprune.events import Progress, run_to_end
from hubprune.generation.sizes import sizes
from hubprune.generation.speed import measure_speed
from hubprune.report import DENSE, PRUNED
from hubprune.run import prune


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks/run.py speed")
    parser.add_argument("--blocks", type=int, default=8)
    parser.add_argument("--hidden", type=int, default=1024)
    parser.add_argument("--vocabulary", type=int, default=32_000)
    parser.add_argument("--pattern", default="50%")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        made = Path(temporary) / "random"
        words = [sys.executable, shapes.__file__, "--make", str(made), json.dumps(vars(options))]
        subprocess.run(words, check=True)
        for name, dense in (("embedded", shapes.MODEL), ("random", made)):
            compare(name, dense, Path(temporary) / f"{name}-pruned", options)


def compare(name: str, dense: Path, pruned: Path, options: argparse.Namespace) -> None:
    """Prune by magnitude, which needs no text, and print what both take."""
    recipe = Recipe(str(dense), method="magnitude", pattern=options.pattern, measure=False, device=options.device)
    report = run_to_end(prune(recipe, pruned))
    folders = {DENSE: dense, "again": dense, PRUNED: pruned}
    print(f"{name}: {report.model.parameters / 1e6:.0f} M parameters, {report.sparsity.stored / 1e6:.0f} M zeros")
    for lane, folder in folders.items():
        print(f"  {lane:6} weights {sizes(folder).weights:,} bytes, download {sizes(folder).download:,} bytes")
    events = measure_speed(folders, device=options.device, dtype=options.dtype, rounds=options.rounds)
    found = run_to_end(events, lambda event: print(event, file=sys.stderr) if isinstance(event, Progress) else None)
    print(
        f"  {found.dtype} on {found.device}, {found.prompt_tokens} tokens of prompt, {found.new_tokens} decoded, "
        f"{found.rounds} rounds; tokens per second, in brackets the median of the rounds' ratios to dense"
    )
    for row in found.rows:
        prefill, decode = (f"({r:.3f})" if r else "" for r in (row.prefill_ratio, row.decode_ratio))
        print(
            f"  {row.lane:6} {row.form:5} batch {row.batch}  prefill {row.prefill:8.1f} {prefill:7}  "
            f"decode {row.decode:8.1f} {decode:7}  peak memory {row.peak_memory / 1e6:,.0f} MB"
        )
    for note in found.notes:
        print(f"  {note}")
