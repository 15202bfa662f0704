"""Commands for elsewhere: with a visitor's own text they name it, say what it is, and name no place of this machine."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("gradio", reason="The tests of the Space need the extra `space`.")
sys.path.insert(0, str(Path(__file__).parents[2] / "space"))
from hubprune_space import html, plans, results, text_words
from hubprune_space.forms import TEXT_FILE, Form
from hubprune_space.gpu import Failed
from hubprune_space.run import Run, problem, with_text
from hubprune_space.settings import SETTINGS

from hubprune.demo.loop import BASE
from hubprune.errors import RemoteCodeNeeded


def commands(shown: str) -> list[tuple[str, str]]:
    """(what is copied, the note after it) of each command."""
    found = re.findall(r'data-copy="([^"]*)">Copy</button></div>(?:<p class="quiet">([^<]*)</p>)?', shown)
    return [(copied, note) for copied, note in found]


@pytest.fixture
def run() -> Run:
    """Of a visitor with a text of their own."""
    folder = SETTINGS.folder / "run-1"
    return Run("k", "me", with_text(Form("acme/model").recipe(), folder / TEXT_FILE), "name", folder, 150.0, 4)


def test_a_plan_that_does_not_fit_names_the_text() -> None:
    form = Form(model=BASE, samples="900000000")
    ((here, note),) = commands(plans.card(plans.of_form(form, None, b"habari " * 99), None))
    assert f"--calib sw={TEXT_FILE} --calib en=demo" in here
    assert note == text_words.OWN_FILE
    ((without, note),) = commands(plans.card(plans.of_form(form, None), None))
    assert note == ""
    assert TEXT_FILE not in without


def test_so_do_the_commands_of_a_run(run: Run) -> None:
    quota = html.notice(problem(Failed("Quota", "none left"), run))
    published: Any = SimpleNamespace(pull_request=None, private=True, url="u", repo_id="me/name")
    run.published = published
    for shown in (quota, results.published(run)):
        ((copied, note),) = commands(shown)
        assert f"--calib sw={TEXT_FILE}" in copied
        assert str(SETTINGS.folder) not in shown
        assert note == text_words.OWN_FILE


def test_so_does_the_command_of_a_model_with_code_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise RemoteCodeNeeded("It needs code.", "Allow it.")

    monkeypatch.setattr("hubprune.planning.make_plan", refuse)
    for own, named in ((b"habari " * 99, True), (None, False)):
        ((copied, _),) = commands(plans.card(plans.of_form(Form(model="acme/model"), None, own), None))
        assert copied.endswith("--trust-remote-code")
        assert (f"--calib sw={TEXT_FILE}" in copied) == named
