"""What a run would do, from the headers of the weight files alone."""

from __future__ import annotations

from dataclasses import dataclass

from hubprune.errors import NotSignedIn, Offline
from hubprune.estimate import Needs, free_disk, free_gpu_memory, free_memory, needs, speed
from hubprune.hub import Hub, Source, connect, default_repo_id, translated
from hubprune.hub.client import quiet
from hubprune.hub.describe import listed
from hubprune.hub.pull import bytes_to_fetch, needed
from hubprune.naming import repo_name
from hubprune.recipe import Recipe
from hubprune.report import ModelFacts
from hubprune.run.examine import Examined, examine, uses_text, workload
from hubprune.run.inputs import warnings_of
from hubprune.run.room import MEMORY_MARGIN, STATE_COPIES
from hubprune.tasks import available, expected

SMALL_FILE = 100_000_000  # bytes; what lies beside the weights and is copied
SMALL_MODEL = 3_000_000_000  # parameters


@dataclass(frozen=True)
class Accelerator:
    """A GPU that the run will have and the planning process has not: bytes of memory, operations a second."""

    memory: int
    speed: float


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
    state: int | None  # saved on disk to resume from; 0: computed again instead; None: a broken-off run begins anew
    disk_needed: int
    disk_free: int
    memory_needed: int  # of the process
    memory_free: int
    gpu_memory_needed: int | None
    gpu_memory_free: int | None
    seconds: float
    tasks: list[str]  # of lm-eval that will be measured, as far as can be told
    loads_with: list[str]  # what can load the result, one short phrase each
    warnings: list[str]

    @property
    def fits(self) -> bool:
        """True where memory, GPU memory and disk suffice."""
        gpu = self.gpu_memory_needed is None or self.gpu_memory_needed <= (self.gpu_memory_free or 0)
        return gpu and self.disk_needed <= self.disk_free and self.memory_needed <= self.memory_free


def make_plan(
    recipe: Recipe,
    hub: Hub | None = None,
    repo_id: str | None = None,
    *,
    private: bool = True,
    there: Accelerator | None = None,
) -> Plan:
    """Read headers and say what `push` would do; no weights are downloaded.

    `there`: the run will be on this GPU, whatever this process computes on.

    Raises what `examine` raises: a model that cannot be pruned as asked has no plan.
    """
    hub = hub or connect()
    examined = examine(recipe, hub, looking=True)
    load = workload(examined)
    gpu = examined.device.type == "cuda"
    need = needs(load, gpu=gpu or there is not None)
    free = free_memory()
    description, resolved = examined.description, examined.recipe
    downloads = _downloads(hub, examined.source)
    output = description.weight_bytes + sum(
        size for name, size in description.files.items() if name not in description.weights and size < SMALL_FILE
    )
    on_disk = need.lanes if need.memory > free * MEMORY_MARGIN else 0
    state = _state(examined, need, description.weight_bytes + downloads + on_disk, free_disk(hub.cache_dir))
    return Plan(
        model=examined.facts,
        recipe=resolved,
        repo_id=repo_id or _default_name(hub, recipe if uses_text(recipe) else recipe.replace(lang={})),
        private=private,
        gated=description.gated,
        downloads=downloads,
        output=output,
        state=state,
        disk_needed=downloads + output + on_disk + (state or 0),
        disk_free=free_disk(hub.cache_dir),
        memory_needed=need.memory - on_disk,
        memory_free=free,
        gpu_memory_needed=need.gpu_memory,
        gpu_memory_free=there.memory if there else free_gpu_memory(examined.device),
        seconds=need.flops / (there.speed if there else speed(examined.device, examined.skeleton.dtype)),
        tasks=expected(resolved.tasks, resolved.eval_lang) if resolved.measure else [],
        loads_with=[
            "transformers, and whatever else loads the dense model: from_pretrained, vLLM, TGI",
            "converters such as llama.cpp's, as the dense model: zeros are neither skipped nor left out",
        ],
        warnings=warnings_of(examined, recipe) + _notes(resolved, examined.facts),
    )


def _state(examined: Examined, need: Needs, other: int, free: int) -> int | None:
    """Bytes of hidden states kept for a resume beside `other` bytes; 0 where the disk is too short for them."""
    if not examined.facts.streamed:
        return None
    return STATE_COPIES * need.lanes if other + STATE_COPIES * need.lanes <= free else 0


def _downloads(hub: Hub, source: Source) -> int:
    """Bytes that the cache does not hold yet."""
    if source.local:
        return 0
    with translated(source.id), quiet():
        return bytes_to_fetch(hub, source, needed(source, listed(hub, source)))


def _default_name(hub: Hub, recipe: Recipe) -> str:
    """The name `push` would take; without an account, the part after the user."""
    try:
        return default_repo_id(hub, recipe)
    except (NotSignedIn, Offline):
        return f"<you>/{repo_name(recipe)}"


def _notes(recipe: Recipe, model: ModelFacts) -> list[str]:
    found = []
    if "self" in (recipe.calib if isinstance(recipe.calib, str) else recipe.calib.values()):
        found.append("Calibration text of the model's own making needs the model whole in memory.")
    if recipe.measure and recipe.tasks and not available():
        found.append("lm-eval is not installed, so no task can be measured: pip install 'hubprune[eval]'")
    if model.parameters < SMALL_MODEL:
        found.append("Small models suffer most from pruning; where size or speed is the aim, quantize instead.")
    return found
