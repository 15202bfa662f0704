"""Text that a model writes itself, sampled: calibration where no text of the language is at hand.

Each window begins with the language's prompt and is sampled at temperature 1 from the whole distribution. A window in
which the model ends its text begins again with the prompt, so that it stays in the language.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hubprune.building import BUILDING
from hubprune.calibration.tokens import decoded_bytes, frame, tokenise
from hubprune.calibration.windows import Windows
from hubprune.errors import CheckpointDamaged, TextUnavailable
from hubprune.languages import Language

if TYPE_CHECKING:
    import torch

BATCH = 8  # windows sampled at a time; part of what a seed means, so it is fixed


def load_model(folder: Path, *, trust_remote_code: bool, device: str) -> Any:
    """The whole model from its folder, safetensors only. Raises CheckpointDamaged where weights are missing."""
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        with BUILDING:
            pair: Any = AutoModelForCausalLM.from_pretrained(
                folder,
                dtype="auto",
                use_safetensors=True,
                trust_remote_code=trust_remote_code,
                output_loading_info=True,
            )
    finally:
        if shown:
            logging.enable_progress_bar()
    model, loaded = pair
    if missing := sorted(loaded["missing_keys"]):
        raise CheckpointDamaged(
            f"The checkpoint lacks {len(missing)} of the model's weights, {missing[0]} among them.",
            "Download it again, or choose another model.",
        )
    return model.to(device).eval()


def rule(language: Language, seed: int) -> str:
    """How the text came about, one sentence."""
    return f"Sampled from the dense model at temperature 1 with seed {seed}, each text begun with {language.prompt!r}."


def sample(
    model: Any, tokenizer: Any, language: Language, *, seed: int, seq_len: int, count: int
) -> Generator[int, None, Windows]:
    """Sample `count` windows of `seq_len` tokens; yields the number of windows done so far.

    The bytes are those of each window, decoded. Raises TextUnavailable for a language without a
    prompt, CheckpointDamaged where the model's probabilities are not numbers.
    """
    import torch
    from transformers import LogitsProcessorList

    if not language.prompt:
        raise TextUnavailable(
            f"hubprune knows no beginning of a text in {language.name} to let the model go on from.",
            "Give text of the language with --calib.",
        )
    edges = frame(tokenizer)
    prompt = tokenise(tokenizer, [language.prompt])[0][0].tolist()
    first = ([] if edges.beginning is None else [edges.beginning]) + prompt
    first = first[:seq_len]
    end = tokenizer.eos_token_id
    rows: list[np.ndarray] = []
    devices = [model.device] if model.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), torch.inference_mode():
        torch.manual_seed(int(hashlib.sha256(f"{seed} {language.code}".encode()).hexdigest()[:15], 16))
        set_up(model, seq_len, end)
        while len(rows) < count:
            start = torch.tensor([first] * min(BATCH, count - len(rows)), device=model.device)
            processors = LogitsProcessorList([BeginAgain(end, prompt, len(first))] if end is not None else [])
            try:
                out = start
                if len(first) < seq_len:
                    mask = torch.ones_like(start)
                    out = model.generate(start, attention_mask=mask, logits_processor=processors)
            except RuntimeError as error:
                if "probability tensor" not in str(error):
                    raise
                raise CheckpointDamaged(
                    "The model's probabilities are not numbers.", "Choose another model."
                ) from error
            rows.extend(out.cpu().numpy().astype(np.int64))
            yield len(rows)
    tokens = np.stack(rows)
    counts = np.stack(
        [decoded_bytes(tokenizer, row, tokenizer.decode(row, skip_special_tokens=True)) for row in tokens]
    )
    return Windows(tokens, counts, tuple(f"{seed} {i}" for i in range(count)))


def set_up(model: Any, seq_len: int, end: int | None) -> None:
    """Plain sampling of full windows: the model's own settings (top-k, penalties, where to stop) do not count."""
    from transformers import GenerationConfig

    model.generation_config = GenerationConfig(
        do_sample=True, temperature=1.0, top_k=0, top_p=1.0, max_length=seq_len, pad_token_id=end or 0, use_cache=True
    )


class BeginAgain:
    """After an end of document, lets only the prompt follow, token by token."""

    def __init__(self, end: int, prompt: list[int], begun: int) -> None:
        self.end, self.prompt, self.begun = end, prompt, begun

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """`input_ids` (batch, length), `scores` (batch, vocabulary)."""
        length = input_ids.shape[1]
        for row, ids in enumerate(input_ids[:, max(self.begun, length - len(self.prompt)) :].tolist()):
            if self.end in ids:
                since = ids[::-1].index(self.end)
                wanted = self.prompt[since]
                scores[row] = float("-inf")
                scores[row, wanted] = 0.0
        return scores
