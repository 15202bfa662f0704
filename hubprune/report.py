"""All numbers of a run as plain data: `hubprune_results.json`.

Card, plots, model-index and tables are pure functions of recipe and report, and can be made again at any time.
Volatile facts (times, memory, dates, machine) stand under `run` alone; comparisons leave that key out.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dacite

SCHEMA_VERSION = 1
RESULTS_FILE = "hubprune_results.json"

# Names of the lanes in every table: the untouched model, the model pruned with the chosen text, and the same
# model pruned with the control language's text.
DENSE, PRUNED, CONTROL = "dense", "pruned", "control"


@dataclass(frozen=True)
class ModelFacts:
    """The source model, as read from its files and its Hub page."""

    id: str  # Hub id, or the folder's name for a local model
    revision: str | None  # commit; None for a local folder
    local: bool
    architecture: str  # class name, e.g. "LlamaForCausalLM"
    model_type: str
    parameters: int
    prunable: int  # weights in the matrices that are pruned
    blocks: int
    dtype: str  # of the stored weights, e.g. "bfloat16"
    bytes: int  # of the weight files
    vocab_size: int
    context: int | None  # longest sequence the model was made for
    streamed: bool  # False: the names did not line up and the model was loaded whole
    pipeline_tag: str | None = "text-generation"
    license: str | None = None
    license_name: str | None = None
    license_link: str | None = None
    chat_template: bool = False


@dataclass(frozen=True)
class TextRecord:
    """The text of one language in one use, enough to find it again."""

    language: str
    use: str  # "calibration", "control" or "evaluation"
    source: str  # Hub data set id, file or folder name, "demo" or "self"
    revision: str | None
    config: str | None
    split: str | None
    license: str | None
    rule: str  # how windows were drawn, one sentence
    documents: int
    windows: int
    seq_len: int
    tokens: int
    bytes: int  # UTF-8 bytes of the text in the windows
    sha256: str  # of the token ids, int32 little-endian, windows in order
    weight: float = 1.0


@dataclass(frozen=True)
class ModuleRow:
    """Counts over all matrices of one kind, e.g. "self_attn.q_proj" of every block."""

    name: str
    shape: tuple[int, int]  # (out, in)
    matrices: int
    weights: int
    masked: int  # zeros the masks ask for
    stored: int  # zeros measured in the stored weights
    dense: int  # zeros the dense weights had


@dataclass(frozen=True)
class Sparsity:
    """Zeros asked for, zeros of the masks and zeros measured in the stored weights, reported apart."""

    requested: float  # share of the pruned matrices' weights
    weights: int  # in the pruned matrices
    masked: int
    stored: int
    dense: int
    parameters: int  # of the whole model
    modules: list[ModuleRow]
    left_alone: dict[str, str]  # what was not pruned -> why


@dataclass(frozen=True)
class Score:
    """Perplexity of one lane on one language."""

    perplexity: float
    bits_per_byte: float
    nll: float  # mean loss of a scored token, nats
    nll_se: float | None  # standard error of that mean over windows; None with fewer than two windows
    ratio: float | None = None  # perplexity / dense perplexity
    ratio_se: float | None = None  # paired over windows


@dataclass(frozen=True)
class LanguageRow:
    """One language of the table: every lane on the same windows."""

    language: str
    calibrated: bool  # among the languages of the calibration text
    windows: int
    tokens: int  # scored
    bytes: int  # UTF-8 bytes of exactly the scored text
    scores: dict[str, Score]  # lane -> score; keys DENSE, PRUNED and, where run, CONTROL
    against_control: float | None = None  # perplexity pruned / perplexity control
    against_control_se: float | None = None  # paired over windows


@dataclass(frozen=True)
class Paired:
    """Two lanes on the same items: the mean of the differences between their scores."""

    difference: float  # mean of lane - reference
    se: float | None  # standard error of that mean, paired over items or their passages; None with fewer than two
    better: int  # items on which the lane scores higher
    worse: int  # items on which it scores lower
    p: float | None  # two-sided exact sign test over the items, or their passages, that differ; None where none does


@dataclass(frozen=True)
class TaskScore:
    """Score of one lane on one task."""

    value: float  # mean over items, between 0 and 1
    se: float | None  # standard error of that mean over items or their passages
    against_dense: Paired | None = None  # None for the dense lane


@dataclass(frozen=True)
class TaskRow:
    """One task in one language: every lane on the same items."""

    language: str  # code; "" where the task belongs to no language we know
    calibrated: bool  # among the languages of the calibration text
    task: str  # lm-eval's name
    metric: str  # lm-eval's name, e.g. "acc" or "exact_match"
    kind: str  # what it asks for: "minimal pairs", "knowledge", "reasoning", "reading"; "" where not known
    items: int
    chance: float | None  # the metric's value for guessing; None where guessing cannot be scored
    shots: int  # examples in the prompt
    source: str  # data set's Hub id, or "local"
    revision: str | None
    config: str | None
    split: str | None
    license: str | None
    version: str  # of lm-eval's task
    scores: dict[str, TaskScore]  # lane -> score; keys DENSE, PRUNED and, where run, CONTROL
    against_control: Paired | None = None  # the pruned lane against the control
    truncated: int = 0  # items whose context was longer than the model's
    sha256: str = ""  # of all requests' token ids
    passages: int | None = None  # texts that the items are about, where several items share one; else None

    @property
    def independent(self) -> int:
        """Draws that an error or a test may count on: the items, or the passages that they share."""
        return self.passages or self.items


@dataclass(frozen=True)
class GenerationScore:
    """Greedy continuations of one lane in one language."""

    in_language: float | None  # share of the continuations in the prompts' language; None where it cannot be told
    repetition: float  # share of 4-grams that occurred before in the same continuation, mean over continuations
    tokens: int  # generated


@dataclass(frozen=True)
class Sample:
    """One prompt and what each lane made of it."""

    prompt: str
    texts: dict[str, str]  # lane -> continuation


@dataclass(frozen=True)
class GenerationRow:
    """One language's greedy continuations of the prompts that come with hubprune."""

    language: str
    calibrated: bool
    new_tokens: int  # asked for, of each continuation
    scores: dict[str, GenerationScore]  # lane -> score
    samples: list[Sample]
    unknown: str | None = None  # why no text's language is told; None where it is, or where a result does not say


@dataclass(frozen=True)
class SpeedRow:
    """One model at one batch size: medians over the rounds."""

    lane: str  # DENSE or PRUNED
    form: str  # "dense" tensors, or "2:4" where torch's semi-structured tensors were used
    batch: int
    prefill: float  # prompt tokens per second, over the batch
    decode: float  # generated tokens per second, over the batch
    peak_memory: int  # bytes: of the device where it has memory of its own, else of a process with this model alone
    prefill_ratio: float | None = None  # to the dense lane's dense tensors, median of the rounds' ratios
    decode_ratio: float | None = None


@dataclass(frozen=True)
class Speed:
    """Speed as measured on one device, models taken in turn."""

    device: str
    dtype: str
    prompt_tokens: int
    new_tokens: int
    rounds: int
    rows: list[SpeedRow]
    notes: list[str]


@dataclass(frozen=True)
class Size:
    """Bytes of one model's files."""

    weights: int  # of the weight files
    download: int  # of all files that a loader fetches


@dataclass(frozen=True)
class BlockRow:
    """Output of one pruned block against the dense block, each on its own lane's inputs."""

    index: int
    lane: str  # PRUNED or CONTROL
    language: str
    snr_db: float | None  # 10 log10(E[y^2] / E[(y - y')^2]); None where the outputs are equal
    relative_error: float  # E[(y - y')^2] / E[y^2]


@dataclass(frozen=True)
class Run:
    """Volatile facts, outside every comparison."""

    started: str  # ISO 8601, UTC
    seconds: float
    stage_seconds: dict[str, float]
    peak_memory: int  # bytes, resident set of the process
    peak_gpu_memory: int | None
    device: str  # e.g. "cpu (2 threads)" or the GPU's name
    command: str
    versions: dict[str, str]


@dataclass(frozen=True)
class Report:
    """Everything a run found out. `recipe` is the resolved recipe as a plain dictionary."""

    model: ModelFacts
    recipe: dict[str, Any]
    texts: list[TextRecord]
    sparsity: Sparsity | None  # None for an evaluation of two checkpoints
    languages: list[LanguageRow]
    blocks: list[BlockRow]
    warnings: list[str]
    run: Run
    hubprune_version: str
    against: ModelFacts | None = None  # the dense model of an evaluation
    artefact: str = "dense"
    tasks: list[TaskRow] = field(default_factory=list)
    no_tasks: dict[str, str] = field(default_factory=dict)  # language -> why it has no task figure; "" for all
    generations: list[GenerationRow] = field(default_factory=list)
    no_generations: str | None = None  # why no text was generated
    sizes: dict[str, Size] = field(default_factory=dict)  # lane -> size of the files
    speed: Speed | None = None
    schema_version: int = field(default=SCHEMA_VERSION)

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Report:
        return dacite.from_dict(cls, data, config=dacite.Config(cast=[tuple], check_types=False))

    def save(self, folder: Path) -> Path:
        path = folder / RESULTS_FILE
        path.write_text(json.dumps(self.to_dict(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return path

    @classmethod
    def load(cls, folder: Path) -> Report:
        return cls.from_dict(json.loads((folder / RESULTS_FILE).read_text(encoding="utf-8")))
