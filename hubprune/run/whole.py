"""What needs a model whole in memory: text it writes, to prompts of ours and to tasks that ask for text."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from hubprune.errors import NotEnoughMemory
from hubprune.estimate import free_gpu_memory, free_memory
from hubprune.events import Event, Measured, Progress, Stage, Warned
from hubprune.generation import continue_all, generation_row, load_whole, obstacle, prompts
from hubprune.languages import resolve
from hubprune.publishing.text import size
from hubprune.report import CONTROL, DENSE, GenerationRow
from hubprune.run.examine import NEW_TOKENS, Examined
from hubprune.run.overlay import Overlay
from hubprune.run.written import WrittenTexts
from hubprune.tasks import Exam

ROOM = 1.3  # a model with its cache and activations, over its weights
SWITCHED_OFF = "it was switched off"


@dataclass(frozen=True)
class Written:
    """What the models wrote: a row for each language, and lane -> continuations of the tasks' prompts."""

    rows: list[GenerationRow] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Piece:
    """What a model writes in one go: continuations of `prompts`, each of up to `new_tokens` or up to a stop text."""

    name: str
    prompts: Sequence[str]
    new_tokens: int
    until: Sequence[str] = ()


class Writing:
    """What the models of a run are to write, and whether they can.

    Attributes:
        reason: why no prompt of ours is continued; None where they are.
        possible: whether the models will be asked to write.
    """

    def __init__(self, examined: Examined, exam: Exam, lanes: list[str]) -> None:
        recipe = examined.recipe
        self.examined, self.exam, self.lanes = examined, exam, lanes
        self.prompts = {code: prompts(code) for code in recipe.eval_lang} if recipe.generate else {}
        self.reason: str | None = None if recipe.generate and recipe.measure else SWITCHED_OFF
        if not any(self.prompts.values()) and self.reason is None:
            self.reason = "hubprune has no prompts in these languages"
        self.possible = self.wanted
        if self.wanted and (short := self._short()):
            self.reason, self.possible = short, False

    @property
    def wanted(self) -> bool:
        """Whether there is anything to write."""
        return any(self.prompts.values()) or bool(self.exam.prompts)

    def pieces(self) -> list[Piece]:
        """What each model writes: the prompts of each language by its code, then the tasks' prompts one by one."""
        ours = [Piece(code, given, NEW_TOKENS) for code, given in self.prompts.items() if given]
        asked = [
            Piece(f"answer {number}", [prompt.text], prompt.new_tokens, prompt.until)
            for number, prompt in enumerate(self.exam.prompts)
        ]
        return ours + asked

    def _short(self) -> str | None:
        """Why the model cannot be loaded whole, in words; None where it can."""
        need = int(self.examined.facts.parameters * self.examined.skeleton.dtype.itemsize * ROOM)
        free = free_memory()
        if self.examined.device.type == "cuda":  # a model that is too large for one is spread over all
            gpus = [torch.device("cuda", index) for index in range(torch.cuda.device_count())]
            free = sum(free_gpu_memory(gpu) or 0 for gpu in gpus)
        if need <= free:
            return None
        return f"the model does not fit into memory whole: it needs about {size(need)}, and {size(free)} are free"


def write_texts(
    writing: Writing,
    folders: Mapping[str, Path],
    control: Overlay | None,
    calibrated: Collection[str],
    written: WrittenTexts | None = None,
) -> Generator[Event, None, Written]:
    """Let each lane's model write, one model in memory at a time.

    Args:
        writing: what to write.
        folders: lane -> checkpoint.
        control: the control's blocks, which are put on the dense model.
        calibrated: languages of the calibration text.
        written: what an earlier start wrote, and where to keep what is written now; None: nothing is kept.
    """
    if not writing.possible:
        if writing.wanted:
            yield Warned(f"No text is generated: {writing.reason}.")
            writing.exam.leave_unwritten(f"{writing.reason}")
        return Written()
    names = ", ".join(resolve(code).name for code, given in writing.prompts.items() if given)
    yield Stage("generate", f"Generating text: {names}" if names else "Generating the tasks' answers")
    if any(writing.prompts.values()) and (unknown := obstacle()):
        yield Warned(unknown)
    written = written or WrittenTexts(None)
    pieces = writing.pieces()
    total = len(writing.lanes) * sum(len(piece.prompts) for piece in pieces)
    done = sum(len(written.get(lane, piece.name) or ()) for lane in writing.lanes for piece in pieces)
    held: str | None = None  # the lane whose model is in memory
    model = tokenizer = None
    recipe = writing.examined.recipe
    context = writing.exam.longest or None  # the same for all, so that they read the same of a long prompt
    for lane in writing.lanes:
        missing = [piece for piece in pieces if written.get(lane, piece.name) is None]
        if not missing:
            continue
        stored = DENSE if lane == CONTROL else lane  # the control is the dense model with its blocks put on
        if held != stored:
            model = None
            try:
                model, tokenizer = load_whole(
                    folders[stored],
                    device=recipe.device,
                    dtype=recipe.dtype,
                    trust_remote_code=recipe.trust_remote_code,
                )
            except NotEnoughMemory as error:  # it was free when the run began; what the run measured is not lost for it
                writing.reason = f"the memory no longer sufficed: {error.sentence}"
                yield Warned(f"No text is generated: {writing.reason}")
                writing.exam.leave_unwritten(writing.reason)
                return Written()
        if lane == CONTROL and control:
            control.put_on(model, len(writing.examined.skeleton.blocks))
        held = lane
        for piece in missing:
            texts = continue_all(model, tokenizer, piece.prompts, piece.new_tokens, piece.until, context=context)
            written.keep(lane, piece.name, texts)
            done += len(texts)
            yield Progress("generate", done, total, "text")
    model = None  # telling languages takes memory, too
    rows = []
    for code, given in writing.prompts.items():
        if given:
            said = {lane: written.of(lane, code) for lane in writing.lanes}
            rows.append(generation_row(code, said, given, NEW_TOKENS, calibrated=code in calibrated))
    for row in rows:
        yield Measured(row)
    asked = {f"answer {number}": prompt for number, prompt in enumerate(writing.exam.prompts)}
    answers = {
        lane: [cut(written.of(lane, name)[0].text, prompt.until) for name, prompt in asked.items()]
        for lane in writing.lanes
    }
    return Written(rows, answers if asked else {})


def cut(text: str, until: Sequence[str]) -> str:
    """A text up to the first of the stop texts."""
    ends = [at for stop in until if stop and (at := text.find(stop)) >= 0]
    return text[: min(ends)] if ends else text
