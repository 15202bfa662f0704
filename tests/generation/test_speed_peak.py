"""The process that works alone: what it measures, and how it fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hubprune.errors import HubpruneError, NotEnoughMemory
from hubprune.generation import peak
from hubprune.generation.peak import Alone, Work, peaks

ROOT = Path(__file__).parents[2]


def test_the_figure_is_the_processs_own() -> None:
    """A process begins with its parent's figure in getrusage; ours must not."""
    held = bytearray(700_000_000)
    code = "from hubprune.generation.peak import largest_resident_set; print(largest_resident_set())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert 5_000_000 < int(told.stdout) < 300_000_000 < len(held)


def test_it_grows_with_what_is_held_and_stays() -> None:
    code = (
        "from hubprune.generation.peak import largest_resident_set as peak\n"
        "before = peak(); x = bytearray(300_000_000); held = peak(); del x; print(before, held, peak())"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    before, held, after = map(int, told.stdout.split())
    assert held - before > 250_000_000
    assert after > held - 1_000_000  # the kernel counts pages in lots


def test_a_known_failure_keeps_its_sentence(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(work: Work) -> Alone:
        assert work == Work("model", "dense", "cpu", "float32", (1, 8), 4, 2, False)
        raise NotEnoughMemory("It is too large.", "Buy more.")

    monkeypatch.setattr(peak, "_found", fails)
    words = {"folder": "model", "form": "dense", "device": "cpu", "dtype": "float32", "batches": [1, 8]}
    peak.main(json.dumps(words | {"prompt_tokens": 4, "new_tokens": 2, "trust_remote_code": False}))
    assert json.loads(capsys.readouterr().out) == {"sentence": "It is too large.", "next_step": "Buy more."}


@pytest.mark.parametrize(
    ("code", "out", "raised", "words"),
    [
        (-9, "", NotEnoughMemory, "The memory does not suffice"),
        (1, "", RuntimeError, "the reason"),
        (0, 'noise\n{"sentence": "No.", "next_step": "Go."}\n', HubpruneError, "No. Go."),
    ],
)
def test_every_end_but_the_good_one_raises(
    code: int, out: str, raised: type[Exception], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = subprocess.CompletedProcess([], code, out, "the reason")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    with pytest.raises(raised, match=words):
        peaks(Work("model", "dense", "cpu", "float32", (1,), 4, 2, False))


def test_a_good_end_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    out = 'noise\n{"peaks": {"1": 10, "8": 20}, "holding": 3, "fitting": 2}\n'
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, out, ""))
    assert peaks(Work("m", "dense", "cpu", "float32", (1, 8), 4, 2, False)) == Alone({1: 10, 8: 20}, 3, 2)
