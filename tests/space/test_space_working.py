"""What the second screen says of each stage, without a browser."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("gradio", reason="The tests of the Space need the extra `space`.")
sys.path.insert(0, str(Path(__file__).parents[2] / "space"))
from hubprune_space import working
from hubprune_space.acts.prune import Prune
from hubprune_space.forms import Form
from hubprune_space.run import Run

from hubprune.events import Progress, Stage


def now(run: Run) -> list[str]:
    """The lines that are under way, as they are read."""
    shown = working.page(run, (1, 0.0))
    lines = [re.sub(r"<[^>]+>", "", one) for one in re.findall(r'<li class="now">(.*?)</li>', shown)]
    said = re.search(r'data-said="([^"]*)"', shown)
    assert said
    assert [line.removesuffix(", under way") for line in lines] == [said[1].replace(": ", " ", 1)]
    return lines


@pytest.mark.parametrize("measures", [["tasks", "texts"], ["tasks"]])
def test_each_stage_says_how_far_it_is(measures: list[str]) -> None:
    run = Run("k", "me", Form("a/b", measures=measures).recipe(), "name", Path("/nowhere"), 150.0, 4, state="running")
    told = {
        "text": ("window", 144, "Gather text and questions Swahili and English, window {} of 144, under way"),
        "tasks": ("task", 8, "Gather text and questions Swahili and English, task {} of 8, under way"),
        "prune": ("block", 12, "Calibrate and prune block {} of 12, under way"),
        "generate": ("text", 30, "Let the models write text {} of 30, under way"),
    }
    for stage, (unit, total, words) in told.items():
        run.take(Stage(stage, "It begins."))
        for done in (1, total - 1):
            run.take(Progress(stage, done, total, unit))
            assert now(run) == [words.format(done + 1)]
    run.take(Stage("card", "The card is written."))
    assert now(run) == ["Write the card, under way"]


def test_nothing_is_counted_before_it_is_known() -> None:
    run = Run("k", "me", Form("a/b").recipe(), "name", Path("/nowhere"), 150.0, 4, state="running")
    run.take(Stage("text", "Text: Swahili"))
    assert now(run) == ["Gather text Swahili and English, under way"]
    run.take(Progress("text", 144, 144, "window"))
    assert now(run) == ["Gather text Swahili and English, window 144 of 144, under way"]


def test_cancel_says_when_in_words_for_blocks_and_texts() -> None:
    parts: Any = SimpleNamespace(cancel="cancel")
    choose: Any = SimpleNamespace(plan=None, forget=None)
    said = Prune(parts, choose).cancel(None, None)["cancel"]
    assert (said["value"], said["interactive"]) == ("Stopping at the next step", False)
