"""What the page says of the package's failures: nothing that only a command line can do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("gradio", reason="The tests of the Space need the extra `space`.")
sys.path.insert(0, str(Path(__file__).parents[2] / "space"))
from hubprune_space import problems, publishing
from hubprune_space.forms import Form
from hubprune_space.gpu import Failed
from hubprune_space.run import Run, problem
from hubprune_space.settings import SETTINGS

from hubprune import errors
from hubprune.demo.loop import BASE

CLASSES = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.HubpruneError)]
SAID = "No text: add --no-control, or sign in with `hf auth login`, then run the same command, hubprune plan, again."
ADVICE = ["--", "hf auth", "hubprune plan", "HF_TOKEN", "pip install", "same command"]


def run() -> Run:
    return Run("k", "me", Form(model=BASE).recipe(), "name", Path("/nowhere"), 150.0, 4)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("said", ["It is so.", SAID])
def test_no_failure_advises_what_the_page_cannot_do(kind: type[errors.HubpruneError], said: str) -> None:
    """Planning, pruning and publishing, for every class of hubprune.errors."""
    recipe = Form(model="acme/model").recipe()
    told = [
        problems.notice(kind(said, SAID), recipe),
        problems.told(kind(said, SAID)),
        publishing.of_error(kind(said, SAID), "me/name", create_pr=False),
        publishing.of_error(kind(said, SAID), "me/name", create_pr=True),
        problem(Failed(kind.__name__, said, SAID), run()),
    ]
    for notice in told:
        assert notice.action, kind
        shown = f"{notice.sentence} {notice.action}"
        assert not [word for word in ADVICE if word in shown.replace("hubprune cannot", "")], shown
        assert not problems.speaks_of_commands(shown), shown


def test_every_class_has_a_row_of_its_own() -> None:
    assert set(problems.TABLE) == set(CLASSES)


def test_what_is_no_advice_stays() -> None:
    for text in ("Perplexity fell by −4 % to +2 %.", "x-large models of hubprune cannot be read.", "a - b", "2-bit"):
        assert problems.plain(text) == text


def test_a_plan_speaks_of_the_fields_of_the_page() -> None:
    assert problems.plain("magnitude uses no calibration text: --lang decides only what is measured.") == (
        "magnitude uses no calibration text: the language decides only what is measured."
    )
    too_long = errors.RecipeError("seq_len is 4,096, but the model was made for 256 tokens.", "Try --seq-len 256.")
    assert problems.told(too_long).sentence == "Tokens in a window is 4,096, but the model was made for 256 tokens."


def test_no_folder_of_this_machine_is_told() -> None:
    error = errors.Unfinished(f"An earlier run into {SETTINGS.folder}/run-1/result broke off after 3 blocks.")
    assert problems.told(error).sentence == "An earlier run into a folder here broke off after 3 blocks."


def test_an_unsupported_model_is_named_by_its_class_and_once() -> None:
    error = errors.UnsupportedArchitecture(
        "hubprune cannot prune this model yet: The norm lies between.", "Open an issue."
    )
    told = problems.notice(error, Form(model="acme/bert").recipe(), "BertForMaskedLM")
    assert told.sentence == "hubprune cannot prune BertForMaskedLM yet: the norm lies between."
    error = errors.UnsupportedArchitecture("down_proj cannot be pruned to 2:4: its 10 inputs are no multiple of 4.")
    told = problems.notice(error, Form(model="acme/odd").recipe(), "LlamaForCausalLM")
    assert told.sentence.startswith("down_proj cannot be pruned to 2:4")
    assert told.action == "Choose a share of zeros instead."
