"""Readouts of windows that ride the walk are the log-likelihoods of the plain forward."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from walking import FAMILIES, VOCABULARY, evaluation, load_plain, opened, pruned_by, save_model

from hubprune.errors import UnsupportedArchitecture
from hubprune.events import run_to_end
from hubprune.pruning import loss
from hubprune.pruning.check import refuse_mixing_head
from hubprune.pruning.lanes import Group, Readout, in_memory, start_lane
from hubprune.pruning.measured import Answer, WalkResult
from hubprune.pruning.walk import Variant, Walk


def questions() -> list[Group]:
    """Windows of two lengths; several readouts of one window, of several tokens, at either end of it."""
    generator = torch.Generator().manual_seed(5)
    long = torch.randint(3, VOCABULARY, (5, 20), generator=generator)
    short = torch.randint(3, VOCABULARY, (3, 9), generator=generator)
    asked = (Readout(0, 1, (4, 5, 6)), Readout(0, 20, (7,)), Readout(0, 20, (8,)), Readout(2, 7, (9, 10)))
    return [
        Group("long", long, readouts=(*asked, Readout(4, 19, (11, 12))), batch_size=2),
        Group("short", short, readouts=(Readout(1, 9, (13,)), Readout(0, 2, (14, 15)))),
    ]


@torch.no_grad()
def naive(model: torch.nn.Module, groups: list[Group]) -> dict[str, list[Answer]]:
    """The same with one plain forward for each readout."""
    found: dict[str, list[Answer]] = {}
    for group in groups:
        for readout in group.readouts:
            logits = model(group.tokens[readout.window][None], use_cache=False).logits[0].log_softmax(-1)
            at = range(readout.start - 1, readout.start - 1 + len(readout.targets))
            loss = -sum(float(logits[place, token]) for place, token in zip(at, readout.targets, strict=True))
            hit = all(int(logits[place].argmax()) == token for place, token in zip(at, readout.targets, strict=True))
            found.setdefault(group.label, []).append((loss, hit))
    return found


def ask(folder: Path, variants: list[Variant], **options: bool) -> tuple[WalkResult, dict]:
    skeleton, tensors, calls = opened(folder)
    changed: dict = {}
    walk = Walk(skeleton, tensors, calls, 2, in_memory(False), lambda block, name: True)

    def sink(variant: str, block: int, tensors: dict) -> None:
        changed.update({f"{skeleton.prefix}.{block}.{name}": tensor.clone() for name, tensor in tensors.items()})

    return run_to_end(walk.run(evaluation(), variants, sink, None, questions(), **options)), changed


@pytest.mark.parametrize("pieces", [1, 1 << 25])
@pytest.mark.parametrize("family", FAMILIES)
def test_answers_are_those_of_the_plain_forward(tmp_path: Path, family: str, pieces: int, monkeypatch) -> None:
    monkeypatch.setattr(loss, "LOGITS_AT_A_TIME", pieces)
    folder = save_model(tmp_path / family, family)
    result, changed = ask(folder, [pruned_by("wanda", "50%")])
    model = load_plain(folder)
    expected = {"dense": naive(model, questions())}
    model.load_state_dict({**model.state_dict(), **changed})
    expected["pruned"] = naive(model, questions())
    assert expected["dense"] != expected["pruned"]
    for lane, by_label in expected.items():
        for label, answers in by_label.items():
            assert [loss for loss, _ in result.answers[lane][label]] == pytest.approx([x for x, _ in answers], rel=1e-4)
            assert [hit for _, hit in result.answers[lane][label]] == [hit for _, hit in answers]


def test_questions_change_nothing_else(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "llama")
    skeleton, tensors, calls = opened(folder)
    walk = Walk(skeleton, tensors, calls, 2, in_memory(False), lambda block, name: True)
    alone = run_to_end(walk.run(evaluation(), [pruned_by("wanda", "50%")], lambda *_: None))
    beside, _ = ask(folder, [pruned_by("wanda", "50%")])
    assert alone.answers == {"dense": {}, "pruned": {}}
    for lane, losses in alone.losses.items():
        assert all(torch.equal(losses[label], beside.losses[lane][label]) for label in losses)
    assert alone.errors == beside.errors


def test_known_answers_are_not_asked_for_again(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "llama")
    result, _ = ask(folder, [pruned_by("wanda", "50%")])
    spared, _ = ask(folder, [pruned_by("wanda", "50%")], dense_answers=False)
    assert spared.answers == {"dense": {}, "pruned": result.answers["pruned"]}


def test_a_likeliest_token_is_told(tmp_path: Path) -> None:
    """With the model's own choice as the target, a readout is greedy."""
    folder = save_model(tmp_path / "llama")
    window = torch.arange(3, 15)[None]
    with torch.no_grad():
        first = int(load_plain(folder)(window).logits[0, 4].argmax())
    groups = [Group("q", window, readouts=(Readout(0, 5, (first,)), Readout(0, 5, ((first + 1) % VOCABULARY,))))]
    skeleton, tensors, calls = opened(folder)
    walk = Walk(skeleton, tensors, calls, 2, in_memory(False), lambda block, name: True)
    answers = run_to_end(walk.run([], [], lambda *_: None, None, groups)).answers["dense"]["q"]
    assert [hit for _, hit in answers] == [True, False]


def test_a_head_that_mixes_positions_is_refused(tmp_path: Path) -> None:
    skeleton, tensors, calls = opened(save_model(tmp_path / "llama"))
    skeleton.fill_outer(tensors)
    (batch,) = start_lane([Group("x", torch.arange(3, 15)[None])], calls, 1, in_memory(False)).batches
    refuse_mixing_head(calls, batch)
    usual = calls.logits
    calls.logits = lambda hidden, ids, **options: usual(hidden.cumsum(1), ids, **options)
    with pytest.raises(UnsupportedArchitecture, match="several positions at once"):
        refuse_mixing_head(calls, batch)
