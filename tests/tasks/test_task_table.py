"""The table of tasks against the installed lm-eval: no name, folder, data set or config in it is made up."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from hubprune import task_names, task_table
from hubprune.errors import LanguageUnknown
from hubprune.languages import resolve
from hubprune.task_table import FAMILIES, Family, default_tasks, family_of, known_tasks, language_of, tasks_of

SEVEN = ("ar", "de", "en", "es", "ru", "sw", "zh")  # of the paper
FOREIGN = tuple(family for family in FAMILIES if not family.own)


def folder_of(family: Family) -> Path:
    import lm_eval.tasks

    root = Path(task_table.__file__).parent / "tasks" if family.own else Path(lm_eval.tasks.__file__).parent
    return root / family.folder


@pytest.fixture(scope="module")
def index() -> dict[str, dict[str, Any]]:
    """Family name -> the entries that lm-eval finds in its folder alone."""
    from lm_eval.tasks import TaskManager

    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    return {
        one.name: TaskManager(include_path=str(folder_of(one)), include_defaults=False).task_index for one in FOREIGN
    }


def settings(entries: dict[str, Any], task: str, family: Family) -> list[dict[str, Any]]:
    """The YAML settings of a task, or of each subject of a group."""
    entry = entries[task]
    assert (entry.kind.name == "GROUP") is family.group, task
    if not family.group:
        return [entry.cfg]
    return [entries[subject].cfg for subject in entry.cfg["task"]]


def test_the_passages_columns_are_those_of_the_prompts(index: dict[str, dict[str, Any]]) -> None:
    shared = [family for family in FAMILIES if family.passage]
    assert [family.name for family in shared] == ["belebele", "xnli"]
    for family in shared:
        for task in family.names.values():
            (cfg,) = settings(index[family.name], task, family)
            assert family.passage in f"{cfg['doc_to_text']} {cfg['doc_to_choice']}", task


@pytest.mark.parametrize("family", FOREIGN, ids=lambda one: one.name)
def test_every_task_is_in_the_familys_folder_of_lm_eval(index: dict[str, dict[str, Any]], family: Family) -> None:
    for code, task in family.names.items():
        for cfg in settings(index[family.name], task, family):
            path = cfg["dataset_path"].replace("CohereForAI/", "CohereLabs/")  # renamed; the Hub redirects
            assert path == family.dataset, task
            assert config_language(str(cfg["dataset_name"])) == code, task
            assert cfg["output_type"] == "multiple_choice", task
            metrics = [metric["metric"] for metric in cfg["metric_list"]]
            assert family.metric in metrics, task
            choices = cfg["doc_to_choice"]
            if isinstance(choices, list):
                assert family.chance == pytest.approx(1 / len(choices))


def config_language(config: str) -> str:
    """The language code of a data set's config: "swh_Latn", "spa_latn_spai", "North Macedonian", "jp"."""
    own = {"jp": "ja", "hbs": "hr", "North Macedonian": "mk"}
    try:
        return own.get(config) or resolve("-".join(config.split("_")[:2])).code
    except LanguageUnknown:
        return ""


def test_codes_are_hubprunes_own() -> None:
    for family in FAMILIES:
        assert [resolve(code).code for code in family.names] == list(family.names), family.name


def test_names_are_unique_and_lead_back() -> None:
    names = known_tasks()
    assert len(names) == len(set(names)) > 500
    for family in FAMILIES:
        for code, task in family.names.items():
            assert (family_of(task), language_of(task)) == (family, code)
            assert (task, family) in tasks_of(code)


@pytest.mark.parametrize(
    ("task", "family", "language"),
    [
        ("global_mmlu_sw_stem", "global_mmlu", "sw"),  # a subject of a group
        ("belebele_zho_Hant", "belebele", "zh"),  # another script
        ("global_piqa_nonparallel_cloze_spa_latn_peru", "global_piqa_nonparallel_cloze", "es"),  # another region
        ("belebele_hin_Latn", None, ""),  # Hindi in the script of another language
        ("xcopa_sw_hard", None, ""),
        ("arc_challenge", None, ""),
        ("my_own_task", None, ""),
        ("", None, ""),
    ],
)
def test_family_and_language_of_other_names(task: str, family: str | None, language: str) -> None:
    found = family_of(task)
    assert (found and found.name, language_of(task)) == (family, language)


def test_the_seven_languages_have_two_tasks_each() -> None:
    for code in SEVEN:
        cheap, reasoning = default_tasks(code)
        assert {language_of(cheap), language_of(reasoning)} == {code}
        assert kind_of(cheap) in ("minimal pairs", "knowledge", "reading")
        assert kind_of(reasoning) == "reasoning"


def kind_of(task: str) -> str:
    family = family_of(task)
    assert family
    return family.kind


def test_defaults_alone_and_beside_others() -> None:
    assert default_tasks("sw") == ("global_mmlu_sw", "xcopa_sw")
    assert default_tasks("de") == ("multiblimp_deu", "xnli_de")
    # Beside another language both take the family that both have.
    assert default_tasks("sw", ["en"]) == default_tasks("sw", ["en", "sw"]) == ("global_mmlu_sw", "xnli_sw")
    assert default_tasks("en", ["sw"]) == ("global_mmlu_en", "xnli_en")
    assert default_tasks("en", ["de"]) == ("multiblimp_eng", "xnli_en")
    assert default_tasks("rw") == ("belebele_kin_Latn", "global_piqa_nonparallel_cloze_kin_latn")
    assert default_tasks("dv") == ()  # no task at all
    assert default_tasks("sw", ["dv"]) == default_tasks("sw")  # nothing to compare with


def test_columns_of_one_table_are_of_the_same_families() -> None:
    for beside in (SEVEN, ("sw", "en"), ("zh", "de", "en"), ("ru", "sw")):
        families = {tuple(map(family_of, default_tasks(code, beside))) for code in beside}
        assert len(families) == 1, beside


def test_defaults_can_be_loaded_and_ride_the_walk() -> None:
    """The rest is chosen by hand: no licence found, subjects without end, programs instead of files, generation."""
    chosen = [family for family in FAMILIES if family.default]
    assert all(family.license and not family.generates for family in chosen)
    assert "juletxara/xstory_cloze" not in {family.dataset for family in chosen}


def test_every_family_has_a_name_for_people() -> None:
    assert set(task_names.TITLES) == {family.name for family in task_table.FAMILIES}
