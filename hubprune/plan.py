"""What a run would do, from the headers of the weight files alone."""

from __future__ import annotations

from dataclasses import dataclass

from hubprune.recipe import Recipe
from hubprune.report import ModelFacts


@dataclass(frozen=True)
class Plan:
    """What `push` would do. Sizes in bytes; `memory`, `gpu_memory` and `seconds` are estimates."""

    model: ModelFacts
    recipe: Recipe  # resolved as far as headers allow
    repo_id: str  # where `push` would publish
    private: bool
    gated: str | None  # None, "auto" or "manual"
    downloads: int  # bytes to fetch; what the cache already holds is not counted
    output: int  # bytes of the artefact
    disk_needed: int
    disk_free: int
    memory_needed: int  # of the process
    memory_free: int
    gpu_memory_needed: int | None
    gpu_memory_free: int | None
    seconds: float
    loads_with: list[str]  # what can load the result, one short phrase each
    warnings: list[str]

    @property
    def fits(self) -> bool:
        """True where memory, GPU memory and disk suffice."""
        gpu = self.gpu_memory_needed is None or self.gpu_memory_needed <= (self.gpu_memory_free or 0)
        return gpu and self.disk_needed <= self.disk_free and self.memory_needed <= self.memory_free
