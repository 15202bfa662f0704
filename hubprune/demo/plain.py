"""Run by the demo in a process of its own: load a repository with plain transformers and look at what came.

    python plain.py REPO_ID FOLDER WINDOWS.json PROMPT  ->  one JSON object on stdout

It imports nothing of hubprune: what it sees is what any user of transformers sees.
"""

import json
import sys

import torch
from huggingface_hub import ModelCard, snapshot_download
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging


def main(repo_id: str, folder: str, windows_file: str, prompt: str) -> None:
    """Load, count, measure, generate, print."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    snapshot_download(repo_id, local_dir=folder)
    model = AutoModelForCausalLM.from_pretrained(repo_id, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(repo_id)
    with open(windows_file, encoding="utf-8") as file:
        windows = {language: torch.tensor(ids) for language, ids in json.load(file).items()}
    matrices = [m.weight for name, m in model.named_modules() if isinstance(m, torch.nn.Linear) and name != "lm_head"]
    inputs = tokenizer(prompt, return_tensors="pt")
    inputs.pop("token_type_ids", None)
    with torch.no_grad():
        generated = model.generate(**inputs, max_new_tokens=24, do_sample=False)
        perplexity = {language: perplexity_of(model, ids) for language, ids in windows.items()}
    results = ModelCard.load(repo_id).data.eval_results or []
    print(
        json.dumps(
            {
                "zeros": sum(int((weight == 0).sum()) for weight in matrices),
                "weights": sum(weight.numel() for weight in matrices),
                "perplexity": perplexity,
                "card": {one.dataset_config: one.metric_value for one in results if one.metric_type == "perplexity"},
                "generation": tokenizer.decode(generated[0], skip_special_tokens=True),
            }
        )
    )


def perplexity_of(model: torch.nn.Module, ids: torch.Tensor) -> float:
    """exp of the mean loss of every token of a window but its first; ids (windows, tokens)."""
    losses = []
    for window in ids.split(8):
        logits = model(window).logits[:, :-1]
        losses.append(
            torch.nn.functional.cross_entropy(logits.flatten(0, 1), window[:, 1:].flatten(), reduction="none")
        )
    return float(torch.cat(losses).mean(dtype=torch.float64).exp())


if __name__ == "__main__":
    main(*sys.argv[1:])
