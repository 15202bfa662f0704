"""Measurements, each one command: python benchmarks/run.py NAME [ARGS]

    kernels              masks and column sweeps against their plain versions, ratios in one process
    shapes               a random model of real shapes (0.6 B parameters), streamed and loaded whole: time, peak memory
    speed                tokens per second and peak memory, dense against pruned, embedded model and a random one
    tasks DATA TEXT      tasks over items in files, dense against pruned and control: embedded model, two patterns
    matrix TEXT          perplexity of each language for each calibration language: embedded model, real text

What was found stands in LOG.md, with date, command and machine. Times are ratios in one run: machines are noisy.
"""

import sys

import kernels
import matrix
import shapes
import speed
import tasks

COMMANDS = {
    "kernels": kernels.main,
    "shapes": shapes.main,
    "matrix": matrix.main,
    "speed": speed.main,
    "tasks": tasks.main,
}

if __name__ == "__main__":
    names = [name for name in sys.argv[1:2] if name in COMMANDS] or (
        ["kernels", "shapes"] if len(sys.argv) == 1 else []
    )
    if not names:
        sys.exit(__doc__)
    for name in names:
        COMMANDS[name](sys.argv[2:])
