"""Tasks of lm-eval through our requests: the answers, scores and errors are lm-eval's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from hubprune.errors import Gated, NotFound, TaskUnavailable, TextUnavailable, UsageError
from hubprune.events import Warned, run_to_end
from hubprune.hub import connect
from hubprune.report import CONTROL, DENSE, PRUNED
from hubprune.tasks import Exam, find, prepare
from hubprune.tasks.exam import Likelihood

from . import hub_sets

LOCAL = Path(__file__).parent / "local"
CONTEXT = 256


@pytest.fixture(scope="module")
def hub(loopback, tmp_path_factory: pytest.TempPathFactory) -> Any:
    hub_sets.seed(loopback, tmp_path_factory.mktemp("data sets"))
    hub_sets.seed_script(loopback, tmp_path_factory.mktemp("a program"))
    return connect(loopback.endpoint, token=False)


@pytest.fixture(scope="module")
def tokenizer(model_folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(model_folder)


@pytest.fixture(scope="module")
def model(model_folder: Path) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32).eval()


def exam_of(words: Sequence[str], tokenizer: Any, hub: Any, languages=("sw",), limit: int | None = None) -> Exam:
    return run_to_end(prepare(*find(words, languages), tokenizer, hub, limit=limit, longest=CONTEXT))


@torch.no_grad()
def answered(exam: Exam, model: Any) -> list[Likelihood]:
    """The exam's windows through a plain forward."""
    found: dict[int, Likelihood] = {}
    for sheet in exam.sheets:
        logits = model(torch.from_numpy(sheet.tokens)).logits.log_softmax(-1)
        for place, (window, start, targets) in zip(sheet.requests, sheet.readouts, strict=True):
            at = logits[window, start - 1 : start - 1 + len(targets)]
            losses = at[torch.arange(len(targets)), torch.tensor(targets)]
            found[place] = -float(losses.double().sum()), at.argmax(-1).tolist() == list(targets)
    return [found[place] for place in range(len(exam.requests))]


def by_lm_eval(name: str, folder: Path | None, model: Any, tokenizer: Any, limit: int | None) -> dict[str, Any]:
    """lm-eval's own evaluation of a task."""
    import lm_eval
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(LOCAL)
        lm = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=8, max_length=CONTEXT)
        manager = TaskManager(include_path=str(folder), include_defaults=False)
        found = lm_eval.simple_evaluate(lm, tasks=[name], task_manager=manager, limit=limit, bootstrap_iters=100)
    return found["results"][name]


@pytest.mark.filterwarnings("ignore")  # lm-eval's and its libraries'
@pytest.mark.parametrize("language", ["sw", "zh", "ar"])
def test_a_local_task_has_the_figures_of_lm_eval(language: str, model, tokenizer) -> None:
    name = f"wordorder_{language}"
    exam = exam_of([str(LOCAL / f"{name}.yaml")], tokenizer, None)
    (row,) = exam.grade({DENSE: answered(exam, model)}, {}, {language})
    theirs = by_lm_eval(name, LOCAL, model, tokenizer, None)
    assert row.scores[DENSE].value == pytest.approx(theirs[f"{row.metric},none"])
    assert row.scores[DENSE].se == pytest.approx(theirs[f"{row.metric}_stderr,none"])
    assert (row.language, row.calibrated, row.chance, row.source) == (language, True, 0.5, "local")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["xcopa_sw", "xnli_de", "belebele_swh_Latn", "multiblimp_deu"])
def test_real_task_code_over_a_loopback_hub(name: str, model, tokenizer, hub, monkeypatch) -> None:
    exam = exam_of([name], tokenizer, hub)
    (row,) = exam.grade({DENSE: answered(exam, model)}, {}, ())
    (opened,) = exam.tasks
    assert row.source == opened.members[0].DATASET_PATH
    assert len(row.revision) == 40
    assert row.items >= 5
    # The same instances, answered by lm-eval's own model class.
    from lm_eval.models.huggingface import HFLM

    lm = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=4, max_length=CONTEXT)
    theirs = lm.loglikelihood(opened.instances, disable_tqdm=True)
    ours = answered(exam, model)
    assert [-loss for loss, _ in ours] == pytest.approx([x for x, _ in theirs], rel=1e-4)
    assert [hit for _, hit in ours] == [hit for _, hit in theirs]


def test_a_group_is_one_row(model, tokenizer, hub) -> None:
    exam = exam_of(["global_mmlu_sw"], tokenizer, hub, limit=4)
    (row,) = exam.grade({DENSE: answered(exam, model)}, {}, ())
    assert row.task == "global_mmlu_sw"
    assert row.kind == "knowledge"
    assert row.chance == 0.25
    assert row.items == len({(i.task_name, i.doc_id) for i in exam.tasks[0].instances})


def test_defaults_of_two_languages(tokenizer, hub) -> None:
    exam = exam_of(["auto"], tokenizer, hub, languages=("sw", "de"), limit=3)
    assert {opened.language for opened in exam.tasks} == {"sw", "de"}
    assert all(sum(opened.language == code for opened in exam.tasks) == 2 for code in ("sw", "de"))
    assert exam.without == {}


def test_a_language_without_tasks_is_told(tokenizer, hub) -> None:
    exam = exam_of(["auto"], tokenizer, hub, languages=("co",))
    assert exam.tasks == []
    assert exam.without == {"co": "no task of lm-eval is known for it"}


def test_a_default_that_cannot_be_had_is_left_out_and_told(tokenizer, tmp_path_factory) -> None:
    from hubprune.loopback import LoopbackHub

    with LoopbackHub(tmp_path_factory.mktemp("empty")) as empty:
        seen = []
        wanted, without = find(["auto"], ["sw"])
        exam = run_to_end(
            prepare(wanted, without, tokenizer, connect(empty.endpoint, token=False), limit=2, longest=64), seen.append
        )
    assert exam.tasks == []
    assert "cannot be measured" in exam.without["sw"]
    assert any(isinstance(event, Warned) for event in seen)


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("xstorycloze_sw", TextUnavailable, "a program of its own"),
        ("paws_de", NotFound, "paws-x"),
        ("wikitext", TaskUnavailable, "perplexity"),
    ],
)
def test_a_named_task_that_cannot_be_had_ends_the_run(name, kind, words, tokenizer, hub, monkeypatch) -> None:
    if name == "wikitext":
        monkeypatch.setattr("hubprune.tasks.loading._manager", lambda folder: _Loads("loglikelihood_rolling"))
    with pytest.raises(kind, match=words):
        exam_of([name], tokenizer, hub)


class _Loads:
    """A task manager whose task has a kind that we do not measure."""

    def __init__(self, kind: str) -> None:
        self.task = type("Task", (), {"OUTPUT_TYPE": kind})()
        self.task_index = defaultdict(lambda: SimpleNamespace(cfg=None))

    def load(self, names: list[str]) -> dict[str, Any]:
        return {"tasks": {names[0]: self.task}}


def test_a_gated_data_set(tokenizer, hub, monkeypatch) -> None:
    from hubprune.calibration.datasets_hub import Shelf

    def gated(self, name, revision):
        raise Gated(f"{name} is gated.", "Accept its terms on its page.")

    monkeypatch.setattr(Shelf, "_facts", gated)
    with pytest.raises(Gated, match=r"The task xnli_de cannot be measured: facebook/xnli is gated\."):
        exam_of(["xnli_de"], tokenizer, hub)


def test_nearest_names(tokenizer) -> None:
    with pytest.raises(UsageError, match=r"no task 'xcopa_sx'.*Nearest: xcopa_s"):
        find(["xcopa_sx"], ["sw"])


def test_globs_and_tags() -> None:
    wanted, _ = find(["xcopa_*"], ["sw"])
    assert {"xcopa_sw", "xcopa_zh"} <= {one.name for one in wanted}
    assert all(one.language for one in wanted if one.name == "xcopa_sw")


def test_lanes_are_compared_on_the_same_items(model, tokenizer) -> None:
    exam = exam_of([str(LOCAL / "wordorder_sw.yaml")], tokenizer, None)
    right = answered(exam, model)
    worse = [(loss + (3.0 if place % 4 == 0 else 0.0), hit) for place, (loss, hit) in enumerate(right)]
    (row,) = exam.grade({DENSE: right, PRUNED: worse, CONTROL: right}, {}, {"sw"})
    dense, pruned = row.scores[DENSE], row.scores[PRUNED]
    assert dense.against_dense is None
    assert pruned.against_dense.difference == pytest.approx(pruned.value - dense.value)
    assert row.scores[CONTROL].against_dense.difference == 0.0
    assert row.against_control == pruned.against_dense
    assert pruned.against_dense.worse > 0


def test_what_is_asked_is_the_same_whatever_else_is_asked(tokenizer) -> None:
    one = exam_of([str(LOCAL / "wordorder_sw.yaml")], tokenizer, None)
    both = exam_of([str(LOCAL)], tokenizer, None)
    assert one.digests()["wordorder_sw"] == both.digests()["wordorder_sw"]
    assert len(set(both.digests().values())) == 7


def test_contexts_longer_than_the_model_are_cut_and_counted(tokenizer) -> None:
    wanted, without = find([str(LOCAL / "wordorder_sw.yaml")], [])
    exam = run_to_end(prepare(wanted, without, tokenizer, None, limit=None, longest=16))
    assert exam.truncated["wordorder_sw"] > 0
    assert all(len(context) + len(continuation) - 1 <= 16 for context, continuation in exam.requests)


def test_examples_that_no_prompt_shows_are_not_gone_through(tokenizer, hub, monkeypatch) -> None:
    """xnli brings 390,000 of them, which lm-eval would list one by one."""
    monkeypatch.setattr("hubprune.tasks.loading.FEW", 2)
    whole = exam_of(["xnli_de"], tokenizer, hub)
    assert len(whole.tasks[0].members[0].dataset["train"]) == 2
    monkeypatch.undo()
    assert exam_of(["xnli_de"], tokenizer, hub).sha256 == whole.sha256


def test_a_task_that_asks_for_text_says_why_it_has_no_score(tokenizer, hub, loopback, tmp_path: Path) -> None:
    from .mkqa_set import seed_mkqa

    seed_mkqa(loopback, tmp_path)
    exam = exam_of(["mkqa_de"], tokenizer, hub, limit=2)
    assert len(exam.prompts) == 2
    assert exam.requests == []
    exam.leave_unwritten("the model does not fit.")
    assert exam.without == {"de": "mkqa_de asks for text, and the model does not fit"}
    assert exam.grade({}, {}, ()) == []
    (row,) = exam.grade({}, {DENSE: ["", ""]}, ())
    assert (row.metric, row.chance, row.items) == ("f1", None, 2)


def test_a_default_that_fails_is_told_although_another_is_measured(tokenizer, loopback, tmp_path_factory) -> None:
    from hubprune.loopback import LoopbackHub

    with LoopbackHub(tmp_path_factory.mktemp("half")) as half:
        ids = {"CohereLabs/Global-MMLU-Lite", "CohereForAI/Global-MMLU-Lite"}
        hub_sets.seed(half, tmp_path_factory.mktemp("sets"), ids)
        wanted, without = find(["auto"], ["sw"])
        exam = run_to_end(
            prepare(wanted, without, tokenizer, connect(half.endpoint, token=False), limit=2, longest=CONTEXT)
        )
    assert [opened.wanted.name for opened in exam.tasks] == ["global_mmlu_sw"]
    assert exam.without["sw"].startswith("The task xcopa_sw cannot be measured")
