"""What needs a model whole in memory: text it writes, to prompts of ours and to tasks that ask for text."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from hubprune.errors import NotEnoughMemory
from hubprune.estimate import free_gpu_memory, free_memory
from hubprune.events import Event, Measured, Progress, Stage, Warned
from hubprune.generation import Continuation, continue_all, generation_row, load_whole, obstacle, prompts
from hubprune.languages import resolve
from hubprune.publishing.text import size
from hubprune.report import CONTROL, GenerationRow
from hubprune.run.examine import NEW_TOKENS, Examined
from hubprune.run.overlay import Overlay
from hubprune.tasks import Exam, Prompt

ROOM = 1.3  # a model with its cache and activations, over its weights
SWITCHED_OFF = "it was switched off"


@dataclass(frozen=True)
class Written:
    """What the models wrote: a row for each language, and lane -> continuations of the tasks' prompts."""

    rows: list[GenerationRow] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)


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
    writing: Writing, folders: Mapping[str, Path], control: Overlay | None, calibrated: Collection[str]
) -> Generator[Event, None, Written]:
    """Let each lane's model write, one model in memory at a time.

    Args:
        writing: what to write.
        folders: lane -> checkpoint.
        control: the control's blocks, which are put on the dense model.
        calibrated: languages of the calibration text.
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
    said: dict[str, dict[str, list[Continuation]]] = {code: {} for code, given in writing.prompts.items() if given}
    answers: dict[str, list[str]] = {}
    total = len(writing.lanes) * (sum(map(len, writing.prompts.values())) + len(writing.exam.prompts))
    done, model, tokenizer = 0, None, None
    recipe = writing.examined.recipe
    context = writing.exam.longest or None  # the same for all, so that they read the same of a long prompt
    for lane in writing.lanes:
        if lane == CONTROL and control:
            control.put_on(model, len(writing.examined.skeleton.blocks))
        else:
            model = None
            try:
                model, tokenizer = load_whole(
                    folders[lane],
                    device=recipe.device,
                    dtype=recipe.dtype,
                    trust_remote_code=recipe.trust_remote_code,
                )
            except NotEnoughMemory as error:  # it was free when the run began; what the run measured is not lost for it
                writing.reason = f"the memory no longer sufficed: {error.sentence}"
                yield Warned(f"No text is generated: {writing.reason}")
                writing.exam.leave_unwritten(writing.reason)
                return Written()
        for code, texts in said.items():
            texts[lane] = continue_all(model, tokenizer, writing.prompts[code], NEW_TOKENS, context=context)
            done += len(texts[lane])
            yield Progress("generate", done, total, "text")
        answers[lane] = []
        for prompt in writing.exam.prompts:
            answers[lane].append(answer(model, tokenizer, prompt, context))
            done += 1
            yield Progress("generate", done, total, "text")
    model = None  # telling languages takes memory, too
    rows = [
        generation_row(code, texts, writing.prompts[code], NEW_TOKENS, calibrated=code in calibrated)
        for code, texts in said.items()
    ]
    for row in rows:
        yield Measured(row)
    return Written(rows, answers if writing.exam.prompts else {})


def answer(model: Any, tokenizer: Any, prompt: Prompt, context: int | None = None) -> str:
    """The continuation of a task's prompt up to its first stop text; `context` as in `continue_all`."""
    said = continue_all(model, tokenizer, [prompt.text], prompt.new_tokens, prompt.until, context=context)
    text = said[0].text
    ends = [at for stop in prompt.until if stop and (at := text.find(stop)) >= 0]
    return text[: min(ends)] if ends else text
