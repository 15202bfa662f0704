"""Progress: bars on a terminal, few lines elsewhere."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Callable, Generator
from types import SimpleNamespace

import pytest
from made_up_results import Terminal, made_up_report, plain

from hubprune.cli import about
from hubprune.cli.output import Output
from hubprune.cli.progress import Bars, Lines, follow
from hubprune.cli.sizes import amount, roughly
from hubprune.events import Event, Measured, Progress, Stage, Warned


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_lines_are_rate_limited_and_say_the_time_left(capsys) -> None:
    clock = Clock()
    lines = Lines(Output(), clock)
    lines.take(Stage("prune", "Pruning 40 blocks"))
    for done in range(1, 41):
        clock.now += 3
        lines.take(Progress("prune", done, 40, "block"))
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "[prune] Pruning 40 blocks"
    assert said[1] == "[prune] 4/40 blocks, 2 min left"
    assert len(said) == 1 + 40 // 4
    assert said[-1] == "[prune] 40/40 blocks"


def test_short_stages_say_one_line(capsys) -> None:
    lines = Lines(Output(), Clock())
    lines.take(Stage("download", "Downloading"))
    lines.take(Progress("download", 5, 10, "byte"))
    assert capsys.readouterr().err == "[download] Downloading\n"


@pytest.fixture
def on_screen(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Terminal]:
    """Make stdout and stderr terminals; hands back stderr. The test calls it: capsys comes between."""

    def patch() -> Terminal:
        stream = Terminal()
        monkeypatch.setattr(sys, "stdout", Terminal())
        monkeypatch.setattr(sys, "stderr", stream)
        return stream

    return patch


def test_bars_become_lines_when_a_stage_is_done(on_screen) -> None:
    screen = on_screen()
    output = Output()
    assert output.live

    def run() -> Generator[Event, None, int]:
        yield Stage("download", "Downloading")
        yield Progress("download", 500_000, 1_000_000, "byte")
        yield Stage("prune", "Pruning " + "x" * 90)
        yield Warned("Odd.")
        yield Measured(made_up_report().languages[0])
        yield Progress("prune", 1, 2, "block")
        yield Progress("download", 1_000_000, 1_000_000, "byte")
        return 7

    assert follow(run(), output) == 7
    lines = [line for line in re.split(r"[\r\n]+", plain(screen.getvalue())) if line.strip()]
    assert "✓ Downloading (1 s)" in lines
    assert "Warning: Odd." in lines
    assert any(line.startswith("  Swahili: perplexity 1,234 dense") for line in lines)
    assert any(line.startswith("✓ Pruning xxx") and line.endswith("x… (1 s)") for line in lines)
    assert max(map(len, lines)) <= 80


def test_a_bar_says_how_far(on_screen) -> None:
    screen = on_screen()
    bars = Bars(Output())
    bars.take(Stage("download", "[/b] Downloading " + "x" * 90))
    bars.take(Progress("download", 500_000, 1_000_000, "byte"))
    bars.bar.refresh()
    bars.close()
    line = re.split(r"[\r\n]+", plain(screen.getvalue()).rstrip())[-1]
    assert "[/b] Downloading xx" in line
    assert "… ━" in line
    assert "500 kB of 1.0 MB" in line
    assert "--:--" in line


def test_the_screen_is_restored_after_a_failure(on_screen) -> None:
    screen = on_screen()

    def run() -> Generator[Event, None, None]:
        yield Stage("prune", "Pruning")
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - the run's own
        follow(run(), Output())
    assert "✓" not in screen.getvalue()
    assert "\x1b[?25h" in screen.getvalue()  # the cursor is shown again


@pytest.mark.parametrize(("mode", "live"), [("human", True), ("agent", False), ("json", False), ("quiet", False)])
def test_bars_are_for_people(on_screen, mode: str, live: bool, monkeypatch) -> None:
    on_screen()
    output = Output()
    output.set("format", mode)
    assert output.live is live
    monkeypatch.setenv("TERM", "dumb")
    assert not output.live


def test_bars_need_a_terminal_on_stderr(monkeypatch) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert Output().mode == "human"
    assert not Output().live


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (89.4, "89 s"), (100, "2 min"), (5300, "88 min"), (5400, "1 h 30 min"), (7200, "2 h")],
)
def test_roughly(seconds: float, text: str) -> None:
    assert roughly(seconds) == text


def test_amount() -> None:
    assert amount(1, 3, "window") == "1/3 windows"
    assert amount(1_200_000, 16_000_000_000, "byte") == "1.2 MB of 16.0 GB"
    assert (amount(5_000_000, 0, "byte"), amount(5, 0, "file")) == ("5.0 MB", "5 files")


class Swallows:
    """As libraries do: Ctrl-C arrives while an object is deleted, where Python only prints the exception."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_ctrl_c_that_a_library_swallows_is_noticed_at_the_next_event(cli, monkeypatch) -> None:
    reached: list[str] = []

    def run(*words: object, **more: object) -> Generator[Event, None, None]:
        held = [Swallows()]
        yield Stage("prune", "Pruning")
        held.clear()
        yield Stage("verify", "Swallowed")
        reached.append("the end")

    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: None)
    monkeypatch.setattr("hubprune.demo.run", run)
    answer = cli("demo")
    assert (answer.code, reached) == (130, [])
    assert answer.err.endswith("Interrupted. To go on:\n  hubprune demo\n")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_sentences_after_a_run_break_between_words(terminal, monkeypatch) -> None:
    check = "the checkpoint loads with plain transformers and holds " + "exactly the zeros that were reported " * 3
    folder = SimpleNamespace(folder="out", report=made_up_report(), repo_id="a/b", prompt="", checks=[check])
    folder.generation = "maji na watoto wanaenda shuleni kila siku asubuhi pamoja na walimu wao wa zamani"
    monkeypatch.setattr("hubprune.demo.run", lambda out, force: iter(()))
    monkeypatch.setattr(about, "follow", lambda events, output: folder)
    monkeypatch.setattr(about, "show_report", lambda *words, **more: None)
    said = terminal("demo").err
    lines = said.split("Next:")[0].splitlines()
    assert max(map(len, lines)) <= 80
    assert " ".join(said.split()).startswith(f"Checked: {' '.join(check.split())} The published model writes: maji na")
    assert len(lines) >= 4
