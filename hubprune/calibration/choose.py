"""Which source serves which language in which use, before a document is read.

    calibration   the recipe's `calib`, "auto" being the default corpora
    control       the same where it has text of the control language, else the default corpora
    evaluation    the recipe's `eval_text`; "auto" being the held-out text of `calib`'s source, else the default corpora

Where both uses of a language end up with the same documents, these are dealt: 3 of 5 calibrate, 2 of 5 are measured on;
the sources of a saved recipe say so (#calibrate, #measure).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from hubprune.calibration import folders
from hubprune.calibration.datasets_hub import Shelf
from hubprune.calibration.documents import CALIBRATION, EVALUATION, Corpus
from hubprune.calibration.specs import AUTO, DEMO, SELF, Spec, by_language, marked, parse
from hubprune.errors import Offline, RecipeError, TextUnavailable
from hubprune.languages import resolve
from hubprune.recipe import Recipe

C4, FINEWEB_2, FINEWEB = "allenai/c4", "HuggingFaceFW/fineweb-2", "HuggingFaceFW/fineweb:sample-10BT"


@dataclass(frozen=True)
class Choice:
    """The text of each language in each use, by language code; None for text that the model itself writes."""

    calibration: dict[str, Corpus | None]
    control: dict[str, Corpus | None]
    evaluation: dict[str, Corpus]


def evaluated(recipe: Recipe) -> list[str]:
    """The languages that a recipe measures, by code: those named, else the calibration languages and the control."""
    if not recipe.measure:
        return []
    control = [recipe.control] if recipe.control else []
    return list(recipe.eval_lang or dict.fromkeys([*recipe.lang, *control]))


def controlled(recipe: Recipe) -> list[str]:
    """The control's language, or nothing where it would repeat the calibration or nothing is measured."""
    wanted = recipe.control and recipe.measure and recipe.lang and set(recipe.lang) != {recipe.control}
    return [recipe.control] if wanted and recipe.control else []


def choose(recipe: Recipe, hub: Any) -> Choice:
    """Find the text of every language. Asks the Hub for commits, configs and splits, and downloads no text.

    Raises TextUnavailable where a source has no text of a language that it is asked for, and what finding raises.
    """
    return Chooser(recipe, hub).choice()


class Chooser:
    """The work of `choose`, with what it needs at hand."""

    def __init__(self, recipe: Recipe, hub: Any) -> None:
        self.recipe = recipe
        self.shelf = Shelf(hub)
        self.calib, self.calib_all = by_language(recipe.calib, "calib")
        self.eval_text, self.eval_all = by_language(recipe.eval_text, "eval_text")
        self.measured = evaluated(recipe)

    def choice(self) -> Choice:
        calibration = {language: self.calibration(language) for language in self.recipe.lang}
        control = {language: self.control(language) for language in controlled(self.recipe)}
        evaluation = {language: self.evaluation(language) for language in self.measured}
        for group in (calibration, control):
            for language, corpus in group.items():
                other = evaluation.get(language)
                if corpus and other and corpus.key == other.key:
                    group[language] = dealt(corpus, CALIBRATION)
                    evaluation[language] = dealt(other, EVALUATION)
        return Choice(calibration, control, evaluation)

    def calibration(self, language: str) -> Corpus | None:
        source = self.calib.get(language, self.calib_all or AUTO)
        if source == SELF:
            return None
        if source == AUTO:
            return self.default(language, CALIBRATION, "Give a file, folder or data set: --calib.")
        found = self.find(source, language, CALIBRATION, language in self.calib)
        return found or self.missing(source, language, "--calib")

    def control(self, language: str) -> Corpus | None:
        if language in self.calib or language in self.recipe.lang:
            return self.calibration(language)
        source = self.calib_all or AUTO
        if source == SELF:
            return None
        found = None if source == AUTO else self.find(source, language, CALIBRATION, False)
        given = "".join(f"{code}={source}," for code in self.recipe.lang if source != AUTO)
        return found or self.default(
            language,
            CALIBRATION,
            f"Give the control a text: --calib {given}{language}=FILE; or add --no-control.",
            of="The control's text in",
        )

    def evaluation(self, language: str) -> Corpus:
        source = self.eval_text.get(language, self.eval_all or AUTO)
        if source == SELF:
            raise RecipeError("What a model writes itself cannot measure it.", "Choose another --eval-text.")
        if source != AUTO:
            if found := self.find(source, language, EVALUATION, language in self.eval_text):
                return found
            if language in (*self.eval_text, *self.recipe.eval_lang, *self.recipe.lang):
                return self.missing(source, language, "--eval-text")
        beside = self.calib.get(language, self.calib_all or AUTO)
        if source == AUTO and beside not in (AUTO, SELF):
            spec = replace(parse(beside), split=None, share=None)
            if found := self.find_spec(spec, language, EVALUATION, language in self.calib):
                return found
        return self.default(language, EVALUATION, "Give a file, folder or data set: --eval-text.")

    def find(self, source: str, language: str, use: str, named: bool) -> Corpus | None:
        """The text of a language in a source, None where it has none; `named`: given for just this language."""
        return self.find_spec(parse(source), language, use, named)

    def find_spec(self, spec: Spec, language: str, use: str, named: bool) -> Corpus | None:
        only = language if named else self.only()
        if spec.path is not None:
            return folders.find(spec, language, use, only)
        return self.shelf.find(spec, language, use, only)

    def only(self) -> str | None:
        """The one language that a source without languages can be meant for, None where there are several."""
        candidates = list(self.recipe.lang) or self.measured
        return candidates[0] if len(candidates) == 1 else None

    def default(self, language: str, use: str, step: str, of: str = "Text in") -> Corpus:
        """The text of a language in the default corpora; `step` is what to do where they have none."""
        name = resolve(language).name
        for source in (C4, FINEWEB if language == "en" else FINEWEB_2):
            spec = parse_id(source)
            try:
                found = self.shelf.find(spec, language, use, language if spec.config else None)
            except Offline as error:
                raise Offline(f"{of} {name} comes from {spec.name}. {error.sentence}", step) from error
            if found:
                return found
        raise TextUnavailable(f"The default corpora have no text in {name}.", step)

    def missing(self, source: str, language: str, flag: str) -> Corpus:
        """Raises TextUnavailable: a source has no text of a language."""
        name = resolve(language).name
        spec = parse(source)
        if spec.path is not None:
            known = folders.covered(spec)
        else:
            known = self.shelf.configs(spec.name, self.shelf.facts(spec.name, spec.revision)[0])
        if spec.path is not None and not known:
            wanted = list(self.recipe.lang) if flag == "--calib" else self.measured
            own, *others = dict.fromkeys([*self.recipe.lang, *wanted])
            each = ",".join([f"{own}={source}", *(f"{other}=FILE" for other in others)])
            without = self.recipe.control in others and self.recipe.control not in self.recipe.lang
            raise TextUnavailable(
                f"{source} does not say which of several languages it is.",
                f"Give each its own: {flag} {each}" + ("; or measure fewer with --no-control." if without else "."),
            )
        shown = spec.name if spec.name == DEMO or spec.path is None else spec.path.resolve().name
        listed = ", ".join(known[:20]) + (", ..." if len(known) > 20 else "")
        raise TextUnavailable(f"{shown} has no text in {name}; it has: {listed}.", f"Give another source: {flag}.")


def dealt(corpus: Corpus, use: str) -> Corpus:
    """The part of a corpus's documents that serves a use, its spec saying so."""
    return replace(corpus, share=use, spec=marked(corpus.spec, use))


def parse_id(source: str) -> Spec:
    """A data set of the Hub and its config, whatever files lie in the current folder."""
    name, _, config = source.partition(":")
    return Spec(name, config=config or None)
