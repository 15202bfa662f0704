"""Headers and configurations changed at random: refused in one sentence or taken, never anything else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hostile import CONFIG, WEIGHTS, attempt, parts, recipe_of, written
from hypothesis import given, settings
from hypothesis import strategies as st

from hubprune.checkpoint.tensorfile import TensorFile
from hubprune.errors import HubpruneError
from hubprune.hub import connect
from hubprune.run.examine import examine

NUMBERS = st.one_of(st.integers(-3, 70), st.integers(), st.sampled_from([2**31, 2**53, 2**63, 10**30]))
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, st.floats(), st.text(max_size=8))
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner))


@pytest.fixture(scope="module")
def copy_of(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """A fresh copy of the tiny model, always in the same place."""
    folder = tmp_path_factory.mktemp("fuzz") / "in" / "tiny"

    def fresh() -> Path:
        shutil.rmtree(folder, ignore_errors=True)
        return Path(shutil.copytree(base, folder))

    return fresh


def looked_at(model: Path) -> None:
    """Examine the model and open its files, as a run does before it takes memory."""
    try:
        examine(recipe_of(model), connect("http://127.0.0.1:9", False, model.parent / "cache"))
        TensorFile.open(model / WEIGHTS)
    except HubpruneError as error:
        answer = (error.sentence, error.next_step)
    else:
        return
    assert all(answer), answer


@settings(max_examples=120)
@given(data=st.data())
def test_headers(copy_of: Callable[[], Path], data: st.DataObject) -> None:
    model = copy_of()
    header, body = parts(model / WEIGHTS)
    name = data.draw(st.sampled_from(sorted(header)))
    if data.draw(st.booleans()):
        header[name] = data.draw(VALUES)
    else:
        entry: Any = header[name]
        entry[data.draw(st.sampled_from([*entry]))] = data.draw(st.one_of(VALUES, st.lists(NUMBERS, max_size=3)))
    (model / WEIGHTS).write_bytes(written(json.dumps(header), body))
    looked_at(model)


@settings(max_examples=120)
@given(at=st.floats(0, 1), change=st.binary(min_size=1, max_size=12), cut=st.booleans())
def test_bytes_of_headers(copy_of: Callable[[], Path], at: float, change: bytes, cut: bool) -> None:
    model = copy_of()
    raw = bytearray((model / WEIGHTS).read_bytes())
    length = 8 + int.from_bytes(raw[:8], "little")
    place = int(at * length)
    raw[place : place + len(change)] = change
    (model / WEIGHTS).write_bytes(raw[: place + 1] if cut else raw)
    looked_at(model)


@settings(max_examples=150)
@given(data=st.data())
def test_configurations(copy_of: Callable[[], Path], data: st.DataObject) -> None:
    model = copy_of()
    config = json.loads((model / CONFIG).read_text())
    key = data.draw(st.sampled_from([*sorted(config), "layer_types", "auto_map", "text_config", "rope_scaling"]))
    config[key] = data.draw(st.one_of(LEAVES, VALUES))
    (model / CONFIG).write_text(json.dumps(config))
    looked_at(model)


@settings(max_examples=12)
@given(data=st.data())
def test_whole_runs(copy_of: Callable[[], Path], data: st.DataObject) -> None:
    """What passes the headers is pruned or refused, with nothing left behind."""
    model = copy_of()
    config = json.loads((model / CONFIG).read_text())
    config[data.draw(st.sampled_from(sorted(config)))] = data.draw(NUMBERS)
    (model / CONFIG).write_text(json.dumps(config))
    out = model.parent.parent / "out"
    shutil.rmtree(out, ignore_errors=True)
    attempt(model, out, connect("http://127.0.0.1:9", False, model.parent / "cache"))
