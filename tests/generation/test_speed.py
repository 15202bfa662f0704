"""Turns, medians and ratios with made-up seconds; one pass of a real model; both models of a real measurement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from hubprune.errors import NotEnoughMemory, UnsupportedArchitecture
from hubprune.events import Event, Progress, Warned, run_to_end
from hubprune.generation import speed
from hubprune.generation.speed import Rival, measure_speed, shortened, speed_rows, spread, take_turns
from hubprune.generation.timing import Pass, random_prompt, timed_pass
from hubprune.report import DENSE, PRUNED

NONE = torch.empty(0)


def rival(lane: str, calls: list[tuple[str, int]], seconds: Callable[[int], tuple[float, float]]) -> Rival:
    """One that notes its calls; `seconds` of its call number n."""
    numbers: Iterator[int] = iter(range(1000))

    def run(batch: int) -> Pass:
        calls.append((lane, batch))
        return Pass(*seconds(next(numbers)), NONE)

    return Rival(lane, "dense", run)


def test_models_take_turns_and_the_order_alternates() -> None:
    calls: list[tuple[str, int]] = []
    both = [rival(lane, calls, lambda n: (n, n)) for lane in (DENSE, PRUNED)]
    events: list[Event] = []
    passes = run_to_end(take_turns(both, (1, 8), 3), events.append)
    a, b = DENSE, PRUNED
    assert [lane for lane, batch in calls if batch == 1] == [a, b, a, b, b, a, a, b]
    assert [batch for _, batch in calls] == [1] * 8 + [8] * 8
    # The first pass of each at each batch size is the warm-up, which is thrown away.
    assert [[p.prefill for p in found] for found in passes.values()] == [[1, 2, 3], [1, 2, 3], [5, 6, 7], [5, 6, 7]]
    assert [(e.done, e.total) for e in events if isinstance(e, Progress)] == [(n, 6) for n in range(1, 7)]


def test_ratios_are_medians_of_the_rounds_own() -> None:
    """The machine is three times as slow in the second round: both models' seconds, and no ratio, show it."""
    dense = [Pass(0.1, 0.8, NONE), Pass(0.3, 2.4, NONE), Pass(0.1, 0.8, NONE)]
    sparse = [Pass(0.05, 0.4, NONE), Pass(0.2, 1.2, NONE), Pass(0.04, 1.6, NONE)]
    passes = {(DENSE, "dense", 8): dense, (PRUNED, "dense", 8): sparse}
    first, second = speed_rows(passes, {(DENSE, "dense", 8): 10, (PRUNED, "dense", 8): 20}, 100, 40)
    assert (first.lane, first.form, first.batch, first.peak_memory) == (DENSE, "dense", 8, 10)
    assert (first.prefill, first.decode) == pytest.approx((8 * 100 / 0.1, 8 * 40 / 0.8))
    assert (first.prefill_ratio, first.decode_ratio) == (None, None)
    assert (second.prefill, second.decode) == pytest.approx((8 * 100 / 0.05, 8 * 40 / 1.2))
    # Ratios of the rounds: prefill 2, 1.5, 2.5; decode 2, 2, 0.5. Those of the medians would be 2 and 0.667.
    assert (second.prefill_ratio, second.decode_ratio) == pytest.approx((2.0, 2.0))
    assert second.peak_memory == 20
    assert spread(passes) == ["Ratios of single rounds lie between 0.50 and 2.50: so noisy is the measurement."]
    assert spread({(DENSE, "dense", 8): dense}) == []


def test_a_pass_decodes_what_generate_does(model_folder: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32).eval()
    prompt = random_prompt(model.config.vocab_size, 3, 20, "cpu")
    ticks = iter((10.0, 12.0, 15.0))
    found = timed_pass(model, prompt, 9, clock=lambda: next(ticks))
    assert (found.prefill, found.decode) == (2.0, 3.0)
    model.generation_config.eos_token_id = None  # a pass ends no sequence early
    mask = torch.ones_like(prompt)
    wanted = model.generate(prompt, attention_mask=mask, max_new_tokens=10, do_sample=False, pad_token_id=0)
    assert torch.equal(found.tokens, wanted[:, 20:])


def test_a_model_without_a_cache_is_refused() -> None:
    class Forgetful(torch.nn.Module):
        def forward(self, input_ids: torch.Tensor, **_: object) -> object:
            return type("Output", (), {"logits": torch.zeros(*input_ids.shape, 5)})

    with pytest.raises(UnsupportedArchitecture, match="Forgetful keeps no cache"):
        timed_pass(Forgetful(), torch.zeros(1, 3, dtype=torch.long), 2)


def test_prompts_are_the_same_in_every_call_and_within_the_vocabulary() -> None:
    prompt = random_prompt(7, 8, 50, "cpu")
    assert torch.equal(prompt, random_prompt(7, 8, 50, "cpu"))
    assert set(prompt.flatten().tolist()) == set(range(7))


@pytest.fixture(scope="module")
def halved(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's model with the first two of every four inputs of its blocks' matrices zero."""
    folder = tmp_path_factory.mktemp("halved")
    for name in ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((model_folder / name).read_bytes())
    weights = load_file(model_folder / "model.safetensors")
    for name, weight in weights.items():
        if ".layers." in name and weight.dim() == 2:
            weight.view(weight.shape[0], -1, 4)[:, :, :2] = 0
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    return folder


def test_both_models_are_measured(model_folder: Path, halved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[float, tuple[int, ...], tuple[int, ...]]] = []

    def watched(model: torch.nn.Module, prompt: torch.Tensor, steps: int) -> Pass:
        done = timed_pass(model, prompt, steps)
        zeros = float((model.model.layers[0].mlp.up_proj.weight == 0).float().mean())
        seen.append((round(zeros, 2), tuple(prompt.shape), tuple(done.tokens.shape)))
        return done

    monkeypatch.setattr(speed, "timed_pass", watched)
    folders = {DENSE: model_folder, PRUNED: halved}
    events: list[Event] = []
    found = run_to_end(
        measure_speed(folders, device="cpu", dtype="float32", batches=(1, 3), prompt_tokens=16, new_tokens=4, rounds=2),
        events.append,
    )
    assert [(row.lane, row.form, row.batch) for row in found.rows] == [
        (lane, "dense", n) for n in (1, 3) for lane in (DENSE, PRUNED)
    ]
    dense, sparse = 0.0, 0.5
    for batch in (1, 3):
        own = [(zeros, tokens) for zeros, shape, tokens in seen if shape == (batch, 16)]
        assert own == [(zeros, (batch, 5)) for zeros in (dense, sparse, dense, sparse, sparse, dense)]
    for row in found.rows:
        assert min(row.prefill, row.decode) > 0
        assert row.peak_memory > 100_000_000  # Python with torch
        assert (row.prefill_ratio is None, row.decode_ratio is None) == ((row.lane == DENSE,) * 2)
    small, large = (min(r.peak_memory for r in found.rows if r.batch == n) for n in (1, 3))
    assert small <= large
    assert (found.device, found.dtype, found.prompt_tokens, found.new_tokens, found.rounds) == (
        *("cpu", "float32"),
        *(16, 4, 2),
    )
    cores, peak, noise = found.notes
    assert cores == (
        "2:4 tensor cores were not measured: they are part of a CUDA GPU, and this was measured on the device 'cpu'."
    )
    assert "largest resident set" in peak
    assert noise.startswith("Ratios of single rounds lie between ")
    assert not [event for event in events if isinstance(event, Warned)]


def test_a_context_that_is_too_short_is_said(model_folder: Path) -> None:
    work = speed.Work("", "dense", "cpu", "float32", (1,), 250, 32, False)
    notes: list[str] = []
    found = shortened(work, {DENSE: model_folder}, notes)
    assert (found.prompt_tokens, found.new_tokens) == (224, 32)
    assert notes == ["The context of 256 tokens does not hold 250 + 32: measured with 224 + 32."]
    assert shortened(found, {DENSE: model_folder}, notes) == found
    assert len(notes) == 1


def test_what_does_not_fit_is_not_measured_and_said(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(work: speed.Work) -> speed.Alone:
        raise NotEnoughMemory("The memory does not suffice for the model and its work.")

    monkeypatch.setattr(speed, "peaks", killed)
    events: list[Event] = []
    found = run_to_end(measure_speed({DENSE: model_folder}, device="cpu", dtype="float32"), events.append)
    sentence = "Speed was not measured: the memory does not suffice for the model and its work."
    assert (found.rows, found.notes, found.rounds) == ([], [sentence], 0)
    assert [event.text for event in events if isinstance(event, Warned)] == [sentence]


@pytest.mark.parametrize(
    ("error", "known"), [(MemoryError(), True), (torch.OutOfMemoryError("x"), True), (RuntimeError("x"), False)]
)
def test_memory_that_runs_out_side_by_side_is_told_from_a_defect(
    error: Exception, known: bool, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> list[Rival]:
        raise error

    monkeypatch.setattr(speed, "peaks", lambda work: speed.Alone({1: 1, 8: 1}, 0, 0))
    monkeypatch.setattr(speed, "_load_all", full)
    events = measure_speed({DENSE: model_folder}, device="cpu", dtype="float32")
    if known:
        assert run_to_end(events).notes == [
            "Speed was not measured: the memory does not suffice for the models side by side."
        ]
    else:
        with pytest.raises(RuntimeError, match="x"):
            run_to_end(events)


def test_other_devices_are_not_measured(model_folder: Path) -> None:
    found = run_to_end(measure_speed({DENSE: model_folder}, device="mps", dtype="float32"))
    assert found.notes == ["Speed was not measured: it is measured on a CPU or a CUDA device, not on 'mps'."]


@pytest.mark.parametrize("free", [10**12, 49])
def test_a_form_for_tensor_cores_takes_turns_too(
    free: int, model_folder: Path, halved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way of a 2:4 form where there are tensor cores; what is theirs is put in the place of it here."""

    def alone(work: speed.Work) -> speed.Alone:
        of_pruned = work.folder == str(halved)
        return speed.Alone({1: 30 if work.form == "2:4" else 50}, *((28, 28) if of_pruned else (0, 0)))

    monkeypatch.setattr(speed, "peaks", alone)
    monkeypatch.setattr(speed.semi_structured, "obstacle", lambda device, dtype: None)
    monkeypatch.setattr(speed.semi_structured, "convert", lambda model: 28)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free, 10**12))
    found = run_to_end(
        measure_speed(
            {DENSE: model_folder, PRUNED: halved},
            **{"device": "cpu", "dtype": "float32", "batches": (1,), "prompt_tokens": 8, "new_tokens": 2, "rounds": 2},
        )
    )
    forms = [(row.lane, row.form, row.peak_memory, row.prefill_ratio is None) for row in found.rows]
    if free < 50:
        assert forms == [(DENSE, "dense", 50, True), (PRUNED, "dense", 50, False)]
        assert found.notes[0].endswith("the GPU's memory does not suffice for one more model.")
    else:
        assert forms == [(DENSE, "dense", 50, True), (PRUNED, "dense", 50, False), (PRUNED, "2:4", 30, False)]
        assert found.notes[0] == "Form 2:4: torch's semi-structured tensors in 28 linear maps, the others dense."
