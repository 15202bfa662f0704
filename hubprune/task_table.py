"""The tasks of lm-eval that measure each language, as plain data: nothing of lm-eval is needed to read it.

Read from lm-eval 0.4.13; a test holds names, folders, data sets and configs against the installed lm-eval.
Licences are those of the data sets' cards on the Hub, or of the papers' pages where the card names none.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from hubprune import task_names
from hubprune.errors import LanguageUnknown
from hubprune.languages import resolve

# Kinds of the cheap task and of the other one that a language is measured with unless told otherwise.
SLOTS = (("minimal pairs", "knowledge", "reading"), ("reasoning",))


@dataclass(frozen=True)
class Family:
    """One benchmark in several languages.

    `tokens` are estimates: the bytes of an item's text, by sizes that the data sets' pages give, at four bytes a token,
    for each choice with its context (choices of one letter share a window). A tokenizer may need three times as many.
    """

    name: str  # "xcopa"
    folder: str  # "xcopa": under lm_eval/tasks; loading it alone takes milliseconds, indexing all tasks seconds
    kind: str  # "minimal pairs", "knowledge", "reading" or "reasoning"
    dataset: str  # the Hub's id; lm-eval asks for some of CohereLabs by the owner's old name, CohereForAI
    license: str | None  # of the data; None: its card names none and no other page was found
    chance: float  # what guessing scores
    metric: str  # the main one of lm-eval's
    items: int  # about how many items a language has
    tokens: int  # about how many tokens an item takes, all windows that must be computed together
    suffixes: str  # of the task names, by language, as in task_names
    default: bool = True  # may be chosen unasked
    group: bool = False  # each name is a group of tasks (subjects)
    generates: bool = False  # the model writes the answer: no log-likelihoods, so it does not ride the walk
    own: bool = False  # the folder is under hubprune/tasks, not under lm_eval/tasks
    passage: str = ""  # column of the text that several items are about: such items are not independent
    note: str = ""  # what whoever reads its figures should know

    @functools.cached_property
    def names(self) -> dict[str, str]:
        """Language code -> lm-eval's task name."""
        pairs = (word.partition(":") for word in self.suffixes.split())
        return {code: self.stem + (suffix or code) for code, _, suffix in pairs}

    @property
    def stem(self) -> str:
        """What all its task names begin with: "xcopa_"."""
        return f"{self.name}_"


def default_tasks(language: str, beside: Iterable[str] = ()) -> tuple[str, ...]:
    """The tasks a language is measured with unless told otherwise: at most two, a cheap one and one of reasoning.

    `beside` are the other languages of the same table: where there is a choice, the family that most of them have
    wins, so that columns can be compared; among equals the earlier one in FAMILIES. A language with none gives ().
    """
    others = set(beside) - {language}
    chosen = []
    for kinds in SLOTS:
        fitting = [one for one in FAMILIES if one.default and one.kind in kinds and language in one.names]
        if fitting:  # of equals, the first
            chosen.append(max(fitting, key=lambda one: len(others & one.names.keys())).names[language])
    return tuple(chosen)


def tasks_of(language: str) -> tuple[tuple[str, Family], ...]:
    """All tasks of a language in the table, with their families."""
    return tuple((one.names[language], one) for one in FAMILIES if language in one.names)


def family_of(task: str) -> Family | None:
    """The family of a task name, also of a subject of a group ("global_mmlu_sw_stem"); None if it is in no family."""
    return find(task)[0]


def language_of(task: str) -> str:
    """The language of a task name of one of the families, also in another script or region; "" if not known."""
    return find(task)[1]


def known_tasks() -> tuple[str, ...]:
    """All task names."""
    return tuple(name for one in FAMILIES for name in one.names.values())


def find(task: str) -> tuple[Family | None, str]:
    """(family, language code) of a task name, (None, "") if unknown."""
    for one in FAMILIES:
        if not task.startswith(one.stem):
            continue
        for code, name in one.names.items():
            if task == name or (one.group and task.startswith(name + "_")):
                return one, code
        # Not in the table, but perhaps a variant that it leaves out: belebele_zho_Hant, ..._spa_latn_mexi.
        with suppress(LanguageUnknown):
            if (code := resolve("-".join(task.removeprefix(one.stem).split("_")[:2])).code) in one.names:
                return one, code
    return None, ""


# In each kind the preferred one first: free licence, few tokens.
FAMILIES = (
    Family(
        name="multiblimp",
        folder="multiblimp",
        kind="minimal pairs",
        dataset="jumelet/multiblimp",
        license="cc-by-4.0",
        chance=0.5,
        metric="acc",
        items=1200,
        tokens=40,
        suffixes=task_names.MULTIBLIMP,
        note="agreement of subject and verb: whether the language's grammar is kept, not its knowledge",
    ),
    Family(
        name="global_mmlu",
        folder="global_mmlu/default",
        kind="knowledge",
        dataset="CohereLabs/Global-MMLU-Lite",
        license="apache-2.0",
        chance=0.25,
        metric="acc",
        items=400,
        tokens=150,
        suffixes=task_names.GLOBAL_MMLU,
        group=True,
    ),
    Family(
        name="belebele",
        folder="belebele",
        kind="reading",
        dataset="facebook/belebele",
        license="cc-by-sa-4.0",
        chance=0.25,
        metric="acc",
        items=900,
        tokens=250,
        suffixes=task_names.BELEBELE,
        passage="flores_passage",  # 488 of them for 900 questions
    ),
    Family(
        name="xcopa",
        folder="xcopa",
        kind="reasoning",
        dataset="cambridgeltl/xcopa",
        license="cc-by-4.0",
        chance=0.5,
        metric="acc",
        items=500,
        tokens=40,
        suffixes=task_names.XCOPA,
    ),
    Family(
        name="xnli",
        folder="xnli",
        kind="reasoning",
        dataset="facebook/xnli",
        license="cc-by-nc-4.0",
        chance=1 / 3,
        metric="acc",
        items=2490,
        tokens=150,
        suffixes=task_names.XNLI,
        passage="premise",  # each with three hypotheses
        note="the licence is the corpus's, the card names none; lm-eval's Arabic prompt says 'number' for 'no'",
    ),
    Family(
        name="global_piqa_nonparallel_cloze",
        folder="global_piqa/nonparallel_cloze",
        kind="reasoning",
        dataset="mrlbenchmarks/global-piqa-nonparallel",
        license="cc-by-sa-4.0",
        chance=0.5,
        metric="acc",
        items=100,
        tokens=100,
        suffixes=task_names.GLOBAL_PIQA,
        note="100 items: differences under ten points are noise; written in each language, so not the same items",
    ),
    Family(
        name="hellaswag",
        folder="okapi/hellaswag_multilingual",
        kind="reasoning",
        dataset="alexandrainst/m_hellaswag",
        license="cc-by-nc-4.0",
        chance=0.25,
        metric="acc_norm",
        items=9000,
        tokens=440,
        suffixes=task_names.OKAPI,
        note="translated by a machine",
    ),
    Family(
        name="arc",
        folder="okapi/arc_multilingual",
        kind="knowledge",
        dataset="alexandrainst/m_arc",
        license=None,
        chance=0.25,
        metric="acc_norm",
        items=1150,
        tokens=180,
        suffixes=f"{task_names.OKAPI} zh",
        default=False,
        note="translated by a machine",
    ),
    Family(
        name="m_mmlu",
        folder="okapi/mmlu_multilingual",
        kind="knowledge",
        dataset="alexandrainst/m_mmlu",
        license="cc-by-nc-4.0",
        chance=0.25,
        metric="acc",
        items=13000,
        tokens=150,
        suffixes=f"{task_names.OKAPI} en is no:nb zh",
        default=False,
        note="translated by a machine",
    ),
    Family(
        name="include_base_44",
        folder="include/default",
        kind="knowledge",
        dataset="CohereLabs/include-base-44",
        license="apache-2.0",
        chance=0.25,
        metric="acc",
        items=500,
        tokens=150,
        suffixes=task_names.INCLUDE,
        default=False,
        group=True,
    ),
    Family(
        name="xstorycloze",
        folder="xstorycloze",
        kind="reasoning",
        dataset="juletxara/xstory_cloze",
        license="cc-by-sa-4.0",
        chance=0.5,
        metric="acc",
        items=1511,
        tokens=140,
        suffixes=task_names.XSTORYCLOZE,
        default=False,
        note="the data set was a program of its own, which `datasets` 5 does not run",
    ),
    Family(
        name="xwinograd",
        folder="xwinograd",
        kind="reasoning",
        dataset="Muennighoff/xwinograd",
        license="cc-by-4.0",
        chance=0.5,
        metric="acc",
        items=500,
        tokens=60,
        suffixes=task_names.XWINOGRAD,
        default=False,
    ),
    Family(
        name="paws",
        folder="paws-x",
        kind="reasoning",
        dataset="google-research-datasets/paws-x",
        license=None,
        chance=0.5,
        metric="acc",
        items=2000,
        tokens=120,
        suffixes=task_names.PAWS_X,
        default=False,
    ),
    Family(
        name="mkqa",
        folder="mkqa",
        kind="knowledge",
        dataset="apple/mkqa",
        license="cc-by-sa-3.0",
        chance=0.0,
        metric="f1",
        items=10000,
        tokens=40,
        suffixes=task_names.MKQA,
        default=False,
        generates=True,
        own=True,
        note="exact match and F1 over all questions, a third of which have no answer, as its authors count",
    ),
)
