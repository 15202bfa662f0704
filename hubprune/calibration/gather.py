"""The text of a run, from its recipe: choose sources, read documents, cut windows, keep a record of each."""

from __future__ import annotations

import gc
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from hubprune.calibration import own
from hubprune.calibration.choose import Choice, choose, controlled, evaluated
from hubprune.calibration.documents import CALIBRATION, CONTROL, EVALUATION, Corpus
from hubprune.calibration.kept import Kept, load_kept, replay
from hubprune.calibration.specs import SELF
from hubprune.calibration.texts import Texts, TextWindows
from hubprune.calibration.tokens import frame
from hubprune.calibration.windows import Windows, windows
from hubprune.errors import RecipeError, TextTooShort, TextUnavailable
from hubprune.events import Event, Progress, Stage
from hubprune.languages import resolve
from hubprune.recipe import Recipe
from hubprune.report import TextRecord


def gather(
    recipe: Recipe,
    tokenizer: Any,
    hub: Any,
    *,
    seq_len: int,
    model_folder: Path | None = None,
    kept: Path | None = None,
) -> Generator[Event, None, Texts]:
    """Gather calibration, control and evaluation windows of `seq_len` tokens for a recipe.

    Calibration has `recipe.samples` windows, shared out over its languages by weight; the control has as many;
    evaluation has up to `recipe.eval_samples` in each language. No document of the evaluation text calibrates.

    Args:
        tokenizer: The model's tokenizer.
        hub: A connection (`hubprune.hub.connect`); not used, and may be None, where all text is local.
        model_folder: The model's folder, needed where it writes its own text (`calib: self`).
        kept: File or folder with samples that a model wrote in an earlier run, used in place of new ones.

    Raises:
        RecipeError: Fewer samples than languages.
        TextUnavailable, TextTooShort, NotFound, Gated, Offline, HubTrouble: See `hubprune.errors`.
    """
    return (yield from Gathering(recipe, tokenizer, hub, seq_len, model_folder, kept).run())


class Gathering:
    """The work of `gather`, with what it needs at hand."""

    def __init__(
        self, recipe: Recipe, tokenizer: Any, hub: Any, seq_len: int, model_folder: Path | None, kept: Path | None
    ) -> None:
        self.recipe, self.tokenizer, self.hub, self.seq_len = recipe, tokenizer, hub, seq_len
        self.model_folder = model_folder
        self.kept: Kept | None = load_kept(kept) if kept is not None else None
        self.model: Any = None
        self.done = self.total = 0

    def run(self) -> Generator[Event, None, Texts]:
        samples = share_out(self.recipe.samples, self.recipe.lang)
        codes = dict.fromkeys([*self.recipe.lang, *controlled(self.recipe), *evaluated(self.recipe)])
        yield Stage("text", f"Text: {', '.join(resolve(code).name for code in codes)}")
        choice = choose(self.recipe, self.hub)
        counts = [*samples.values(), *(self.recipe.samples for _ in choice.control)]
        self.total = sum(counts) + self.recipe.eval_samples * len(choice.evaluation)
        evaluation, measured = yield from self.evaluation(choice)
        try:
            calibration = yield from self.calibration(choice.calibration, CALIBRATION, samples, measured)
            control_counts = dict.fromkeys(choice.control, self.recipe.samples)
            control = yield from self.calibration(choice.control, CONTROL, control_counts, measured)
        finally:
            self.model = None
            gc.collect()
        calib = {
            code: corpus.spec if corpus else SELF for code, corpus in (choice.control | choice.calibration).items()
        }
        eval_text = {code: corpus.spec for code, corpus in choice.evaluation.items()}
        return Texts(calibration, control, evaluation, calib, eval_text)

    def evaluation(self, choice: Choice) -> Generator[Event, None, tuple[list[TextWindows], set[str]]]:
        """Evaluation windows of all languages, and the digests of their documents."""
        texts: list[TextWindows] = []
        measured: set[str] = set()
        for language, corpus in choice.evaluation.items():
            wanted = self.recipe.eval_samples
            cut = yield from self.cut(corpus, None, set(), wanted)
            if not len(cut.tokens):
                self.too_short(0, wanted, corpus, language, "--eval-text")
            measured.update(cut.documents)
            texts.append(text_windows(self.record(language, EVALUATION, corpus, cut, 1.0), cut))
        return texts, measured

    def calibration(
        self, corpora: Mapping[str, Corpus | None], use: str, counts: Mapping[str, int], measured: set[str]
    ) -> Generator[Event, None, list[TextWindows]]:
        """Calibration or control windows of all languages, no document of which is in `measured`."""
        texts = []
        for language, corpus in corpora.items():
            weight = self.recipe.lang[language] if use == CALIBRATION else 1.0
            count = counts[language]
            if corpus is None:
                texts.append((yield from self.own(language, use, count, weight)))
                continue
            cut = yield from self.cut(corpus, self.recipe.seed, measured, count)
            if len(cut.tokens) < count:
                self.too_short(len(cut.tokens), count, corpus, language, "--calib")
            texts.append(text_windows(self.record(language, use, corpus, cut, weight), cut))
        return texts

    def cut(self, corpus: Corpus, seed: int | None, without: set[str], count: int) -> Generator[Event, None, Windows]:
        documents = corpus.documents(seed, without)
        return (yield from self.counted(windows(self.tokenizer, documents, seq_len=self.seq_len, count=count), count))

    def counted(self, cutting: Generator[int, None, Windows], count: int) -> Generator[Event, None, Windows]:
        """Turn the numbers of windows that a cutting yields into progress of the whole."""
        try:
            while True:
                yield Progress("text", self.done + next(cutting), self.total, "window")
        except StopIteration as finished:
            self.done += count
            yield Progress("text", self.done, self.total, "window")
            result: Windows = finished.value
            return result

    def own(self, language: str, use: str, count: int, weight: float) -> Generator[Event, None, TextWindows]:
        """Windows that the model writes, or wrote in the run whose samples were kept."""
        if self.kept is not None:
            self.done += count
            yield Progress("text", self.done, self.total, "window")
            return replay(self.kept, language, use, seq_len=self.seq_len, count=count, vocabulary=len(self.tokenizer))
        if self.model_folder is None:
            raise TextUnavailable(
                "The model's own text needs the model, which is not at hand.", "Choose another --calib."
            )
        if self.model is None:
            self.model = own.load_model(
                self.model_folder, trust_remote_code=self.recipe.trust_remote_code, device=self.recipe.device
            )
        who = resolve(language)
        sampling = own.sample(self.model, self.tokenizer, who, seed=self.recipe.seed, seq_len=self.seq_len, count=count)
        cut = yield from self.counted(sampling, count)
        rule = own.rule(who, self.recipe.seed)
        return text_windows(record(language, use, cut, source=SELF, rule=rule, weight=weight), cut)

    def record(self, language: str, use: str, corpus: Corpus, cut: Windows, weight: float) -> TextRecord:
        return record(
            language,
            use,
            cut,
            source=corpus.source,
            rule=rule(corpus, use, self.recipe.seed, frame(self.tokenizer).joint),
            weight=weight,
            revision=corpus.revision,
            config=corpus.config,
            split=corpus.split,
            license=corpus.license,
        )

    def too_short(self, found: int, wanted: int, corpus: Corpus, language: str, flag: str) -> None:
        fewer = f"--samples to {found} or " if len(self.recipe.lang) == 1 else "--samples or "
        raise TextTooShort(
            f"Only {found:,} of {wanted:,} windows of {self.seq_len:,} tokens could be built from {corpus.source} "
            f"({resolve(language).name}).",
            f"Lower {fewer if found else ''}--seq-len, or give more text with {flag}.",
        )


def share_out(samples: int, weights: Mapping[str, float]) -> dict[str, int]:
    """Windows of each language: `samples` by weight, largest remainders first, at least one each.

    Raises RecipeError for fewer samples than languages.
    """
    if len(weights) > samples:
        raise RecipeError(f"{samples} windows cannot be shared out over {len(weights)} languages.", "Raise --samples.")
    counts = {code: int(samples * weight) for code, weight in weights.items()}
    remainders = sorted(weights, key=lambda code: counts[code] - samples * weights[code])
    for code in remainders[: samples - sum(counts.values())] if weights else []:
        counts[code] += 1
    for code in counts:
        if counts[code] == 0:
            counts[max(counts, key=lambda other: counts[other])] -= 1
            counts[code] = 1
    return counts


def rule(corpus: Corpus, use: str, seed: int, joint: str) -> str:
    """How windows were drawn from a corpus, one sentence."""
    order = "in the order of the file" if use == EVALUATION else f"{corpus.drawing} with seed {seed}"
    part = {CALIBRATION: "3 of 5 documents, dealt by hash, ", EVALUATION: "2 of 5 documents, dealt by hash, "}
    dealt = part[corpus.share] if corpus.share else "Documents "
    return f"{dealt}{order}, each text once, joined by {joint} and cut into full windows."


def record(language: str, use: str, cut: Windows, **facts: Any) -> TextRecord:
    """The record of windows; `facts` are the remaining fields."""
    defaults = {"revision": None, "config": None, "split": None, "license": None}
    return TextRecord(
        language=language,
        use=use,
        documents=len(cut.documents),
        windows=cut.tokens.shape[0],
        seq_len=cut.tokens.shape[1],
        tokens=cut.tokens.size,
        bytes=int(cut.bytes.sum()),
        sha256=cut.sha256,
        **(defaults | facts),
    )


def text_windows(record: TextRecord, cut: Windows) -> TextWindows:
    """The windows as a tensor beside their record."""
    import torch

    scored = cut.scored_bytes if record.use == EVALUATION else (0,) * len(cut.tokens)
    return TextWindows(record, torch.from_numpy(cut.tokens), scored)
