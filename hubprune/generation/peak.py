"""Peak memory of one model alone: loaded and run in a process of its own.

`peaks` starts that process, `main` is what it does. Where the device has memory of its own, the figure is the most that
torch held there while the model worked, after it was loaded. Elsewhere it is the largest resident set of the process so
far: Python and its libraries, loading and the work.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from hubprune.errors import HubpruneError, NotEnoughMemory

DENSE_FORM, SPARSE_FORM = "dense", "2:4"
STATUS = Path("/proc/self/status")
KILLED = -9  # by the system where memory runs out


@dataclass(frozen=True)
class Work:
    """What the process is to do: one model, one form of its weights, one prompt length, batches from small to large."""

    folder: str
    form: str
    device: str
    dtype: str
    batches: tuple[int, ...]
    prompt_tokens: int
    new_tokens: int
    trust_remote_code: bool


@dataclass(frozen=True)
class Alone:
    """What the process found: bytes for each batch, and how many linear maps hold 2:4, and of them fit the kernels."""

    peaks: dict[int, int]
    holding: int
    fitting: int


def peaks(work: Work) -> Alone:
    """Do the work in a new process. Raises HubpruneError with the process' own sentence where it fails knowingly."""
    # Found where this package was found, but after everything that the new interpreter knows by itself.
    start = "import sys; sys.path.append(sys.argv.pop(1)); from hubprune.generation import peak; peak.main(sys.argv[1])"
    root = str(Path(__file__).parents[2])
    words = [sys.executable, "-P", "-c", start, root, json.dumps(asdict(work))]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode == KILLED:
        raise no_memory()
    if done.returncode:
        raise RuntimeError(f"The process that measures memory failed:\n{done.stderr[-4000:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    if "sentence" in found:
        raise HubpruneError(found["sentence"], found["next_step"])
    return Alone({int(batch): size for batch, size in found["peaks"].items()}, found["holding"], found["fitting"])


def main(words: str) -> None:
    """Do the work here and print what was found as one line of JSON."""
    asked = json.loads(words)
    work = Work(**{**asked, "batches": tuple(asked["batches"])})
    try:
        print(json.dumps(asdict(_found(work))))
    except HubpruneError as error:
        print(json.dumps({"sentence": error.sentence, "next_step": error.next_step}))


def _found(work: Work) -> Alone:
    import torch

    from hubprune.generation import semi_structured
    from hubprune.generation.loading import load_whole
    from hubprune.generation.timing import random_prompt, timed_pass

    try:
        model, _ = load_whole(
            Path(work.folder), device=work.device, dtype=work.dtype, trust_remote_code=work.trust_remote_code
        )
        holding = semi_structured.holding(model)
        fitting = sum(semi_structured.fits(module.weight) for module in holding.values())
        if work.form == SPARSE_FORM:
            semi_structured.convert(model)
        on_gpu = torch.device(work.device).type == "cuda"
        if on_gpu:
            torch.cuda.reset_peak_memory_stats(work.device)
        rows = model.get_input_embeddings().weight.shape[0]
        sizes = {}
        for batch in sorted(work.batches):  # the largest resident set only ever grows
            timed_pass(model, random_prompt(rows, batch, work.prompt_tokens, work.device), work.new_tokens)
            sizes[batch] = torch.cuda.max_memory_allocated(work.device) if on_gpu else largest_resident_set()
    except (RuntimeError, MemoryError) as error:
        if is_out_of_memory(error):
            raise no_memory() from error
        raise
    return Alone(sizes, len(holding), fitting)


def largest_resident_set() -> int:
    """Bytes of memory that this process held at most, since its program began.

    Not getrusage's on Linux: there a new process inherits the figure of the one that started it.

    Raises HubpruneError on a system that looks like Linux and does not tell.
    """
    if STATUS.is_file():
        told = [line.split()[1] for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:")]
        if not told:
            raise HubpruneError(f"{STATUS} does not tell the peak memory of a process here.", "Leave --speed out.")
        return int(told[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error of torch or Python says that memory ran out; on a CPU torch has no class of its own for that."""
    import torch

    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "can't allocate memory" in str(error)


def no_memory() -> NotEnoughMemory:
    """The failure of a process that ran out of memory."""
    return NotEnoughMemory("The memory does not suffice for the model and its work.", "Leave --speed out.")
