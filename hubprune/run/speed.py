"""The speed of a run's models, where they fit into memory side by side."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from pathlib import Path

from hubprune.estimate import free_gpu_memory, free_memory
from hubprune.events import Event, Warned
from hubprune.generation.speed import measure_speed, not_measured
from hubprune.publishing.text import size
from hubprune.report import DENSE, Speed
from hubprune.run.clock import device_name
from hubprune.run.examine import Examined

ROOM = 1.3  # models with their caches and activations, over their weights


def speed_of(lanes: Mapping[str, Examined], folders: Mapping[str, Path]) -> Generator[Event, None, Speed]:
    """Measure the lanes' models in turn, in the dense lane's precision and on its device.

    Where they do not fit, the result has no rows and a note that says so.
    """
    dense = lanes[DENSE]
    recipe = dense.recipe
    need = int(sum(examined.facts.parameters for examined in lanes.values()) * dense.skeleton.dtype.itemsize * ROOM)
    gpu = free_gpu_memory(dense.device)
    free = free_memory() if gpu is None else gpu
    if need > free:
        notes: list[str] = []
        yield Warned(not_measured(f"the models need about {size(need)} of memory, and {size(free)} are free", notes))
        return Speed(device_name(dense.device), recipe.dtype, 0, 0, 0, [], notes)
    found = yield from measure_speed(
        folders, device=recipe.device, dtype=recipe.dtype, trust_remote_code=recipe.trust_remote_code
    )
    return dataclasses.replace(found, device=device_name(dense.device))
