"""Perplexity of every language for every calibration language: the embedded model, real text, one walk."""

import argparse
from pathlib import Path

import torch
from tokenizers.processors import TemplateProcessing

from hubprune.calibration import gather
from hubprune.checkpoint.model import open_tensors
from hubprune.events import run_to_end
from hubprune.hub import connect
from hubprune.pruning.calls import BlockCalls
from hubprune.pruning.lanes import in_memory
from hubprune.pruning.methods import METHODS
from hubprune.pruning.patterns import parse
from hubprune.pruning.walk import Variant, Walk
from hubprune.recipe import Recipe
from hubprune.run.examine import examine
from hubprune.run.inputs import groups, load_tokenizer

MODEL = Path(__file__).parent.parent / "hubprune" / "demo" / "model"
LANGUAGES = ("ar", "de", "en", "es", "ru", "sw", "zh")

# An independent implementation's figures for the embedded model: Wanda, 50 %, 64 x 256 tokens drawn from the same text,
# documents joined by a blank line, no token added to a window, 40 windows of 256 tokens, float32.
REFERENCE = {
    "dense": (50.4, 48.9, 61.5, 41.3, 37.6, 46.9, 123.7),
    "target": (58.3, 58.3, 69.5, 48.0, 43.0, 53.2, 133.7),
    "en": (76.4, 64.4, 69.5, 53.1, 57.4, 61.8, 149.3),
}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks/run.py matrix")
    parser.add_argument("text", help="folder with <lang>/train.jsonl and <lang>/test.jsonl")
    parser.add_argument("--method", default="wanda", choices=METHODS)
    parser.add_argument("--pattern", default="50%")
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--eval-samples", type=int, default=40)
    parser.add_argument("--seq-len", type=int, default=256)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--plain", action="store_true", help="documents joined by a blank line, no token added to a window"
    )
    options = parser.parse_args(arguments)
    torch.set_num_threads(2)
    recipe = Recipe(
        str(MODEL),
        lang=dict.fromkeys(LANGUAGES, 1.0),
        calib=options.text,
        eval_text=options.text,
        eval_lang=LANGUAGES,
        samples=options.samples * len(LANGUAGES),
        eval_samples=options.eval_samples,
        seq_len=options.seq_len,
        seed=options.seed,
        method=options.method,
        pattern=options.pattern,
        control=None,
        device="cpu",
    )
    hub = connect(token=False)
    examined = examine(recipe, hub)
    tokenizer = load_tokenizer(MODEL, trust_remote_code=False)
    if options.plain:
        tokenizer.eos_token = None
        tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single="$A", pair="$A $B")
    texts = run_to_end(gather(examined.recipe, tokenizer, hub, seq_len=options.seq_len))
    variants = [
        Variant(group.label, METHODS[options.method], parse(options.pattern), [group])
        for group in groups(texts.calibration)
    ]
    calibrates = bool(variants)
    if not calibrates:  # a method that looks at no text has one result for all languages
        variants = [Variant(options.method, METHODS[options.method], parse(options.pattern))]
    tensors = open_tensors(MODEL, examined.skeleton)
    calls = BlockCalls(examined.skeleton, examined.returns_tuple)
    walk = Walk(examined.skeleton, tensors, calls, 16, in_memory(False), examined.prunes)
    result = run_to_end(walk.run(groups(texts.evaluation), variants, lambda *finished: None))
    scored = options.seq_len - 1
    print(
        f"{options.method} {options.pattern}, {options.samples} x {options.seq_len} tokens; "
        f"perplexity on {options.eval_samples} windows" + ", plain" * options.plain
    )
    print(f"{'':12}" + "".join(f"{language:>8}" for language in LANGUAGES))
    table = {}
    for lane, losses in result.losses.items():
        table[lane] = [float((losses[x].sum() / (len(losses[x]) * scored)).exp()) for x in LANGUAGES]
        print(f"{lane:12}" + "".join(f"{figure:8.1f}" for figure in table[lane]))
    if not calibrates:
        return
    table["target"] = [table[language][i] for i, language in enumerate(LANGUAGES)]
    if options.plain and (options.method, options.pattern, options.samples) == ("wanda", "50%", 64):
        for name, expected in REFERENCE.items():
            largest = max(abs(ours / theirs - 1) for ours, theirs in zip(table[name], expected, strict=True))
            print(f"largest deviation from the reference, {name}: {largest * 100:.1f} %")
    best = sum(min(table[row][i] for row in LANGUAGES) == table["target"][i] for i in range(len(LANGUAGES)))
    print(f"the target language's calibration is the best of seven for {best} of {len(LANGUAGES)} languages")
