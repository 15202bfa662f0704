"""The hardware of the Hub's Jobs: which of it holds a run, and what it costs."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hubprune.errors import HubpruneError
from hubprune.hub import Hub, translated

if TYPE_CHECKING:
    from hubprune.planning import Plan

MARGIN = 1.15  # estimates of memory are estimates
INSTALLED = 10e9  # bytes of disk for hubprune and what it needs, torch's libraries for a GPU included
UNITS = {"MB": 1e6, "GB": 1e9, "TB": 1e12}
HOURS = {"minute": 60.0, "hour": 1.0}


@dataclass(frozen=True)
class Flavour:
    """Hardware with one GPU. Sizes in bytes; None where the Hub does not say."""

    name: str
    gpu_memory: float
    memory: float | None
    disk: float | None
    title: str = ""
    hourly: float | None = None  # dollars

    def holds(self, plan: Plan) -> bool:
        """Whether a run fits, as far as is known. A plan for a CPU counts its memory for the GPU's, too."""
        gpu_memory, memory = plan.gpu_memory_needed or plan.memory_needed, plan.memory_needed
        return (
            self.gpu_memory >= gpu_memory * MARGIN
            and (self.memory is None or self.memory >= memory * MARGIN)
            and (self.disk is None or self.disk >= plan.disk_needed + INSTALLED)
        )

    @property
    def price(self) -> str:
        """In words; empty where the Hub does not say."""
        return f"${self.hourly:.2f} an hour on {self.title or self.name}" if self.hourly else ""


# Where the Hub does not answer: its flavours with one GPU, cheapest first, with the sizes that the documentation of the
# Hub gives (docs/hub/spaces-gpus).
KNOWN = (
    Flavour("t4-small", 16e9, 15e9, 50e9),
    Flavour("t4-medium", 16e9, 30e9, 100e9),
    Flavour("l4x1", 24e9, 30e9, 400e9),
    Flavour("a10g-large", 24e9, 46e9, 200e9),
    Flavour("l40sx1", 48e9, 62e9, 380e9),
    Flavour("a100-large", 80e9, 142e9, 1000e9),
)


def holding(hub: Hub, plan: Plan) -> Flavour | None:
    """The cheapest flavour that holds a run; None where none does."""
    return next((one for one in offered(hub) if one.holds(plan)), None)


def offered(hub: Hub) -> list[Flavour]:
    """The flavours with one GPU that the Hub offers now, cheapest first."""
    said: list[Any] = []
    # A Hub that does not answer, or in another shape than its own client reads, costs the page no more than the price.
    with contextlib.suppress(HubpruneError, KeyError, TypeError, ValueError), translated("the hardware of Jobs"):
        said = hub.api.list_jobs_hardware()
    found = [flavour for one in said if (flavour := _flavour(one))]
    return sorted(found, key=lambda one: (one.hourly is None, one.hourly or 0)) or list(KNOWN)


def _flavour(one: Any) -> Flavour | None:
    """A flavour as the Hub's client tells it; None for one that has not one GPU of known memory."""
    gpu = one.accelerator
    gpu_memory = size_of(gpu.vram) if gpu and gpu.type == "gpu" and str(gpu.quantity) == "1" else None
    if gpu_memory is None or gpu.manufacturer.lower() != "nvidia":
        return None
    hours = HOURS.get(one.unit_label)
    hourly = one.unit_cost_usd * hours if hours and one.unit_cost_usd else None
    memory, disk = size_of(one.ram), size_of(one.ephemeral_storage)
    return Flavour(one.name, gpu_memory, memory, disk, one.pretty_name or "", hourly)


def size_of(text: str | None) -> float | None:
    """ "24 GB" -> bytes; None for what is no size, such as "N/A"."""
    found = re.fullmatch(r"([\d.]+)\s*([MGT]B)", (text or "").strip())
    return float(found[1]) * UNITS[found[2]] if found else None
