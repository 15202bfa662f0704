"""MKQA: the authors' scoring by hand, and the task as real lm-eval runs it over a copy on a Hub on loopback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hubprune import task_names
from hubprune.calibration.datasets_hub import pointed_at, quiet
from hubprune.loopback import LoopbackHub
from hubprune.task_table import family_of
from hubprune.tasks.loading import open_task
from hubprune.tasks.mkqa.scoring import f1, normalised, scores
from hubprune.tasks.mkqa.utils import accepted_answers
from hubprune.tasks.names import Wanted, folder_of

from .mkqa_set import ROWS, seed_mkqa

FAMILY = family_of("mkqa_de")
assert FAMILY
FOLDER = folder_of(FAMILY)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "The U.S.  Army, (a part)", "us army part"),
        ("en", "Theatre", "theatre"),  # only whole words are articles
        ("de", "Der Mann und die Frau", "mann und frau"),
        ("de", "Dieter", "dieter"),
        ("ru", "«Война и мир»", "«война и мир»"),  # only ASCII punctuation goes
        ("ko", "서울 특별시.", "서울 특별시"),
        ("zh", "绿河 abc。", "绿 河 a b c 。"),  # each character a token, Latin letters too
        ("ja", "東京", "東 京"),
        ("th", "กรุง", "ก ร ุ ง"),
        ("ar", "النهر الأخضر", "نهر أخضر"),
        ("ar", "بال", "ب"),  # anywhere in a word
        ("fr", "les leçons du maître", "s çons maître"),  # as the authors' pattern has it: at any word's beginning
        ("it", "l'Italia", "litalia"),  # punctuation goes first, so this is no article any more
        ("it", "il mare", "mare"),
        ("es", "El Niño y los otros", "niño y otros"),
        ("hu", "az alma", "alma"),
        ("pl", "a to", "a to"),  # no articles
        ("en", "the", ""),
    ],
)
def test_normalised(language: str, text: str, expected: str) -> None:
    assert normalised(text, language) == expected


@pytest.mark.parametrize(
    ("said", "accepted", "language", "expected"),
    [
        ("the green river", "Green River", "en", 1),
        ("green river bank", "Green River", "en", 0.8),  # 2 * 2 / (3 + 2)
        ("river river", "river", "en", 2 / 3),  # a token counts as often as both have it
        ("lake", "Green River", "en", 0),
        ("", "", "en", 1),
        ("the", "", "en", 1),  # nothing is left of it
        ("lake", "", "en", 0),
        ("", "lake", "en", 0),
        ("绿湖", "绿河", "zh", 0.5),
        ("绿湖", "绿河", "vi", 0),  # one token
    ],
)
def test_f1_by_hand(said: str, accepted: str, language: str, expected: float) -> None:
    assert f1(said, accepted, language) == pytest.approx(expected)


def test_the_best_of_the_accepted_answers_counts() -> None:
    assert scores("Weber", ["Anna Weber", "Weber"], "de") == (1, 1)
    assert scores("Frau Weber", ["Anna Weber", "Hans"], "de") == (0, 0.5)
    assert scores(" ", [""], "de") == (1, 1)


@pytest.mark.parametrize(
    ("said", "language", "spelled"),
    [("Ja.", "de", "yes"), ("да", "ru", "yes"), ("不是。", "zh", "no"), ("No", "es", "no"), ("Yes", "en", "yes")],
)
def test_yes_and_no_are_english_in_the_data(said: str, language: str, spelled: str) -> None:
    assert scores(said, [spelled], language) == (1, 1)
    assert scores(said, ["yes" if spelled == "no" else "no"], language) == (0, 0)


def test_accepted_answers() -> None:
    plain = {"type": 0, "entity": None, "text": "a", "aliases": ["b", "a"]}
    assert accepted_answers([plain, {**plain, "text": "c", "aliases": None}]) == ["a", "b", "c"]
    assert accepted_answers([{**plain, "text": None, "aliases": []}]) == [""]


@pytest.fixture(scope="module")
def mkqa(loopback: LoopbackHub, tmp_path_factory: pytest.TempPathFactory) -> LoopbackHub:
    seed_mkqa(loopback, tmp_path_factory.mktemp("mkqa"))
    return loopback


def test_every_task_of_the_table_is_in_its_folder() -> None:
    from lm_eval.tasks import TaskManager

    assert FAMILY
    index = TaskManager(include_path=str(FOLDER), include_defaults=False).task_index
    assert sorted(index) == sorted(FAMILY.names.values())
    assert list(FAMILY.names) == task_names.MKQA.split()
    prompts = set()
    for code, task in FAMILY.names.items():
        cfg = index[task].cfg
        assert (cfg["dataset_path"], cfg["output_type"]) == (FAMILY.dataset, "generate_until")
        assert cfg["metadata"]["language"] == code
        assert cfg["metadata"]["license"] == FAMILY.license
        assert cfg["process_docs"].endswith(f"utils.items_{code}")
        prompts.add(cfg["doc_to_text"])
    assert len(prompts) >= 20  # in each language's own words; some share them


class Scripted:
    """A model that answers from a list, and keeps what it was asked."""

    def __init__(self, answers: list[str]) -> None:
        from lm_eval.api.model import LM

        asked: list[tuple[str, dict[str, Any]]] = []

        class Model(LM):
            def generate_until(self, requests: Any, disable_tqdm: bool = False) -> list[str]:
                asked.extend(request.args for request in requests)
                return answers

            def loglikelihood(self, requests: Any) -> Any:
                raise AssertionError

            loglikelihood_rolling = loglikelihood

        self.model, self.asked = Model(), asked


def evaluated(hub: LoopbackHub, task: str, answers: list[str]) -> tuple[dict[str, float], list[Any]]:
    """lm-eval's own figures for a model with these answers, and what it was asked."""
    import lm_eval
    from lm_eval.tasks import TaskManager

    scripted = Scripted(answers)
    with pointed_at(hub.endpoint), quiet():
        manager = TaskManager(include_path=str(FOLDER), include_defaults=False)
        result = lm_eval.simple_evaluate(
            model=scripted.model, tasks=[task], task_manager=manager, bootstrap_iters=0, log_samples=False
        )
    return {
        name.partition(",")[0]: value
        for name, value in result["results"][task].items()
        if name.endswith(",none") and "stderr" not in name
    }, scripted.asked


def test_german_as_lm_eval_runs_it(mkqa: LoopbackHub) -> None:
    answers = [" Weber", " Grüne Fluss", " Mai 1890", " 20 Meter", " Ja.", " Ja", "", " Man sägt"]
    figures, asked = evaluated(mkqa, "mkqa_de", answers)
    assert len(asked) == len(ROWS)
    assert asked[0][0] == "Frage: wer malte die alte brücke bei nacht\nAntwort:"
    assert asked[0][1]["until"] == ["\n"]
    assert asked[0][1]["do_sample"] is False
    # Right: the alias, the river without its article, yes, and no answer where there is none.
    overlaps = [1, 1, 0.8, 0.5, 1, 0, 1, 0]
    assert figures["exact_match"] == pytest.approx(4 / 8)
    assert figures["f1"] == pytest.approx(sum(overlaps) / 8)
    assert figures["answerable_exact_match"] == pytest.approx(3 / 6)
    assert figures["answerable_f1"] == pytest.approx(sum(overlaps[:6]) / 6)
    assert figures["unanswerable_exact_match"] == pytest.approx(1 / 2)


def test_chinese_reads_its_own_column(mkqa: LoopbackHub) -> None:
    answers = ["安娜·韦伯", "绿湖", "", "", "是的", "不", "", ""]
    figures, asked = evaluated(mkqa, "mkqa_zh", answers)
    assert asked[4][0] == "问题: 博物馆星期一开门吗\n回答:"
    assert figures["answerable_exact_match"] == pytest.approx(3 / 6)
    assert figures["answerable_f1"] == pytest.approx((1 + 0.5 + 1 + 1) / 6)
    assert figures["unanswerable_exact_match"] == 1


def test_hubprune_opens_it_at_a_known_commit(mkqa: LoopbackHub) -> None:
    from hubprune.hub import connect

    hub = connect(endpoint=mkqa.endpoint, token="hf_bob_write")
    opened = open_task(Wanted("mkqa_ar", Path(FOLDER), "ar"), hub, 3)
    assert (opened.source, opened.language, len(opened.instances)) == ("apple/mkqa", "ar", 3)
    assert opened.revision == mkqa.store.repositories["dataset", "apple/mkqa"].refs["refs/convert/parquet"]
