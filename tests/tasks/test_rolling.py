"""Our perplexity is lm-eval's rolling log-likelihood where both cut the text into the same windows."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from hubprune.calibration.tokens import frame
from hubprune.calibration.windows import windows
from hubprune.checkpoint.model import open_tensors, read_config
from hubprune.checkpoint.skeleton import build
from hubprune.evaluation.perplexity import language_row
from hubprune.events import run_to_end
from hubprune.pruning.calls import BlockCalls
from hubprune.pruning.lanes import Group, in_memory
from hubprune.pruning.walk import Walk
from hubprune.report import DENSE

LENGTH = 128
TEXT = Path(__file__).parents[2] / "hubprune" / "demo" / "text"


@pytest.mark.filterwarnings("ignore")  # lm-eval's libraries
@pytest.mark.parametrize("language", ["sw", "ar", "zh"])
def test_perplexity_is_that_of_lm_eval(model_folder: Path, language: str) -> None:
    """A text of exactly one full window after the beginning token: lm-eval's rolling windows are then ours."""
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32).eval()
    beginning = frame(tokenizer).beginning
    lm = HFLM(pretrained=model, tokenizer=tokenizer, max_length=LENGTH, batch_size=1, add_bos_token=False)
    assert lm.prefix_token_id == beginning  # else lm-eval would read another first token than we do
    lines = (TEXT / language / "test.jsonl").read_text(encoding="utf-8").splitlines()

    long = " ".join(json.loads(line)["text"] for line in lines)
    ids = tokenizer(long, add_special_tokens=False)["input_ids"]
    # Texts that the tokenizer cuts into one window of tokens again, so that both read the very same ones.
    content = LENGTH - 1
    texts = []
    for at in range(0, len(ids) - content, content):
        text = tokenizer.decode(ids[at : at + content])
        if len(tokenizer(text, add_special_tokens=False)["input_ids"]) == content:
            texts.append(text)
    assert len(texts) >= 3
    skeleton = build(read_config(model_folder), dtype=torch.float32, device=torch.device("cpu"))
    tensors, calls = open_tensors(model_folder, skeleton), BlockCalls(skeleton, returns_tuple=False)
    walk = Walk(skeleton, tensors, calls, 4, in_memory(False), lambda block, name: False)
    for text in texts[:5]:
        found = run_to_end(windows(tokenizer, [("digest", text)], seq_len=LENGTH, count=1))
        losses = run_to_end(walk.run([Group("x", torch.from_numpy(found.tokens))], [], lambda *_: None)).losses
        row = language_row(
            language,
            calibrated=False,
            scored=LENGTH - 1,
            scored_bytes=found.scored_bytes,
            losses={DENSE: losses["dense"]["x"].numpy()},
        )
        (rolling,) = lm.loglikelihood_rolling([Instance("loglikelihood_rolling", {}, (text,), 0)], disable_tqdm=True)
        assert row.scores[DENSE].perplexity == pytest.approx(math.exp(-rolling / content), rel=1e-3)
        bits = -rolling / math.log(2) / sum(found.scored_bytes)
        assert row.scores[DENSE].bits_per_byte == pytest.approx(bits, rel=1e-3)
