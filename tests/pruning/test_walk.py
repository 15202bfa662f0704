"""The walk over an unpruned model is the model's own forward, to the last bit."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from toys import ToyConfig, ToyForCausalLM
from walking import (
    CPU,
    FAMILIES,
    TOKENS,
    VOCABULARY,
    calibration,
    evaluation,
    load_plain,
    opened,
    pruned_by,
    save_model,
    walk,
    windows,
)

from hubprune.checkpoint.model import open_tensors, read_config
from hubprune.checkpoint.skeleton import Skeleton, build
from hubprune.checkpoint.tensors import Tensors
from hubprune.errors import UnsupportedArchitecture
from hubprune.pruning import loss
from hubprune.pruning.calls import BlockCalls
from hubprune.pruning.lanes import Batch, Group, in_memory, on_disk, start_lane
from hubprune.pruning.loss import token_losses
from hubprune.pruning.walk import Variant, Walk


@torch.no_grad()
def walked_logits(skeleton: Skeleton, tensors: Tensors, calls: BlockCalls, group: Group, batch: int) -> torch.Tensor:
    """Logits of all windows of a group, one streamed block at a time."""
    skeleton.fill_outer(tensors)
    lane = start_lane([group], calls, batch, in_memory(False))
    skeleton.empty_outer()
    for index in range(len(skeleton.blocks)):
        skeleton.fill_block(index, {n: tensors.read(full) for n, full in skeleton.block_names(index).items()})
        for part in lane.batches:
            part.hidden.copy_(calls.run(index, part.hidden, part.kept))
        skeleton.empty_block(index)
    skeleton.fill_outer(tensors)
    return torch.cat([calls.logits(part.hidden, part.ids) for part in lane.batches])


@torch.no_grad()
def plain_logits(model: torch.nn.Module, group: Group, batch: int) -> torch.Tensor:
    return torch.cat([model(ids, use_cache=False).logits for ids in group.tokens.split(batch)])


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("family", FAMILIES)
def test_walked_logits_are_the_forwards_to_the_last_bit(saved, family: str, batch: int) -> None:
    group = windows("de", 5, 3)
    walked = walked_logits(*opened(saved(family)), group, batch)
    assert torch.equal(walked, plain_logits(load_plain(saved(family)), group, batch))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("family", ["llama", "gemma3_text"])
def test_walked_logits_in_half_precision(saved, family: str, dtype: torch.dtype) -> None:
    folder = saved(family, dtype=str(dtype).removeprefix("torch."))
    group = windows("de", 4, 3)
    walked = walked_logits(*opened(folder, dtype=dtype), group, 2)
    assert walked.dtype == dtype
    assert torch.equal(walked, plain_logits(load_plain(folder, dtype), group, 2))


def test_the_windows_do_look_past_the_sliding_window(saved) -> None:
    """The tests above would pass with a mask that is never used, were the windows shorter than the model's own."""
    ids = windows("de", 2, 3).tokens
    other = ids.clone()
    other[:, 0] = (ids[:, 0] + 1) % VOCABULARY
    model = load_plain(saved("mistral", num_hidden_layers=1))
    with torch.no_grad():
        moved = (model(ids).logits != model(other).logits).any(2)
    assert moved[:, :7].any()
    assert not moved[:, 7:].any()


@pytest.mark.parametrize("family", FAMILIES)
def test_losses_of_windows_are_transformers_own(saved, family: str) -> None:
    """Summed loss of each window = transformers' mean loss of it times its scored tokens."""
    model, groups = load_plain(saved(family)), evaluation()
    losses = walk(saved(family), groups=groups, batch=2).result.losses["dense"]
    assert list(losses) == ["de", "sw"]
    for group in groups:
        with torch.no_grad():
            expected = [float(model(w[None], labels=w[None]).loss) * (TOKENS - 1) for w in group.tokens]
        assert torch.allclose(losses[group.label], torch.tensor(expected, dtype=torch.float64), rtol=1e-6)
        assert losses[group.label].dtype == torch.float64


@pytest.mark.parametrize("positions", [1, 5, 10_000])
def test_logits_a_few_positions_at_a_time(saved, monkeypatch: pytest.MonkeyPatch, positions: int) -> None:
    skeleton, tensors, calls = opened(saved("cohere"))
    skeleton.fill_outer(tensors)
    group = windows("de", 2, 3)
    hidden = torch.randn(2, TOKENS, 48, generator=torch.Generator().manual_seed(0))
    batch = Batch(group, slice(0, 2), hidden)
    with torch.no_grad():
        logits = calls.logits(hidden, group.tokens).double()
    expected = -logits.log_softmax(2)[:, :-1].gather(2, group.tokens[:, 1:, None])[..., 0]
    monkeypatch.setattr(loss, "LOGITS_AT_A_TIME", positions * VOCABULARY)
    assert torch.allclose(token_losses(calls, batch).double(), expected, rtol=1e-5, atol=1e-6)


def test_a_forward_that_ignores_the_positions_asked_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first logits would be scored against later tokens."""
    model, skeleton = toy("none")
    plain = model.forward
    monkeypatch.setattr(model, "forward", lambda ids, use_cache=False, logits_to_keep=0: plain(ids))
    batch = Batch(windows("de", 1, 3), slice(0, 1), torch.zeros(1, TOKENS, 16))
    monkeypatch.setattr(loss, "LOGITS_AT_A_TIME", 5 * VOCABULARY)
    with pytest.raises(UnsupportedArchitecture, match="other logits than it is asked for"):
        token_losses(BlockCalls(skeleton, returns_tuple=False), batch)


@pytest.mark.parametrize("batch", [1, 2, 3, 7])
def test_batch_sizes_with_and_without_a_remainder_agree(saved, batch: int) -> None:
    groups = evaluation()
    one = walk(saved("gemma3_text"), groups=groups, batch=1).result.losses["dense"]
    many = walk(saved("gemma3_text"), groups=groups, batch=batch).result.losses["dense"]
    for label in one:
        assert torch.allclose(one[label], many[label], rtol=1e-6)


def test_a_groups_windows_do_not_depend_on_the_other_groups(saved) -> None:
    """Batches never mix groups: to the last bit the same losses, alone and beside others."""
    groups = evaluation()
    together = walk(saved("qwen3"), groups=groups).result.losses["dense"]
    for group in groups:
        alone = walk(saved("qwen3"), groups=[group]).result.losses["dense"]
        assert torch.equal(alone[group.label], together[group.label])


def test_nothing_is_left_filled_and_a_skeleton_can_be_walked_again(saved) -> None:
    """The memory of the walk is one block: afterwards every parameter is on the meta device again."""
    skeleton, tensors, calls = opened(saved("mistral"))
    losses = []
    for _ in range(2):
        steps = Walk(skeleton, tensors, calls, 2, in_memory(False), lambda block, name: True)
        iterator = steps.run(evaluation(), [], lambda *given: None)
        try:
            while True:
                next(iterator)
                assert all(parameter.is_meta for parameter in skeleton.model.parameters())
        except StopIteration as stop:
            losses.append(stop.value.losses["dense"])
        assert all(parameter.is_meta for parameter in skeleton.model.parameters())
    assert all(torch.equal(losses[0][label], losses[1][label]) for label in losses[0])


def test_progress_is_told_block_by_block(saved) -> None:
    skeleton, tensors, calls = opened(saved("gemma3_text"))
    steps = Walk(skeleton, tensors, calls, 2, in_memory(False), lambda block, name: True, stage="measure")
    told = [(p.stage, p.done, p.total, p.unit) for p in steps.run([], [], lambda *given: None)]
    assert told == [("measure", n, 3, "block") for n in (1, 2, 3)]


def test_each_tensor_of_a_block_is_read_once(saved) -> None:
    """Whatever the number of variants and lanes; of the rest, what each lane's two ends need."""
    skeleton, tensors, calls = opened(saved("llama"))
    reads: list[str] = []

    class Counting:
        streamed = True

        def names(self) -> set[str]:
            return tensors.names()

        def read(self, name: str) -> torch.Tensor:
            reads.append(name)
            return tensors.read(name)

    variants = [pruned_by("wanda", "50%", name="a"), pruned_by("wanda", "2:4", name="b")]
    steps = Walk(skeleton, Counting(), calls, 2, in_memory(False), lambda block, name: True)
    list(steps.run(evaluation(), variants, lambda *given: None))
    inside = [name for name in reads if name.startswith("model.layers.")]
    assert len(inside) == len(set(inside)) == 2 * 9
    assert reads.count("model.embed_tokens.weight") == 2


def test_lanes_on_disk_give_the_bytes_of_lanes_in_memory(saved, tmp_path: Path) -> None:
    variants = [pruned_by("sparsegpt", "50%")]
    memory = walk(saved("llama"), variants, evaluation())
    disk = walk(saved("llama"), variants, evaluation(), allocate=on_disk(tmp_path))
    assert memory.tensors.keys() == disk.tensors.keys()
    assert all(torch.equal(memory.tensors[key], disk.tensors[key]) for key in memory.tensors)
    for lane, by_label in memory.result.losses.items():
        assert all(torch.equal(values, disk.result.losses[lane][label]) for label, values in by_label.items())
    assert list(tmp_path.iterdir()) == []  # the files vanish with the lanes


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_lane_on_disk_keeps_what_is_written(tmp_path: Path, dtype: torch.dtype) -> None:
    home = on_disk(tmp_path)((3, 4, 5), dtype)
    value = torch.randn(3, 4, 5).to(dtype)
    home.copy_(value)
    assert torch.equal(home, value)


def test_the_dense_lane_of_a_pruning_walk_is_that_of_an_evaluation(saved) -> None:
    alone = walk(saved("cohere"), groups=evaluation())
    beside = walk(saved("cohere"), [pruned_by("wanda", "50%")], evaluation())
    for label, values in alone.result.losses["dense"].items():
        assert torch.equal(beside.result.losses["dense"][label], values)


@pytest.mark.parametrize("family", ["llama", "cohere"])
def test_another_checkpoint_as_a_variant_is_walked_like_itself(saved, family: str) -> None:
    """Its own embeddings, blocks, norm and head (the two differ in all of them), to the last bit."""
    mine, theirs = saved(family), saved(family, seed=5)
    skeleton, tensors, calls = opened(mine)
    rival = Variant("rival", weights=open_tensors(theirs, skeleton))
    steps = Walk(skeleton, tensors, calls, 2, in_memory(False), lambda block, name: False)
    try:
        iterator = steps.run(evaluation(), [rival], lambda *given: None)
        while True:
            next(iterator)
    except StopIteration as stop:
        together = stop.value
    for name, folder in {"dense": mine, "rival": theirs}.items():
        alone = walk(folder, groups=evaluation()).result.losses["dense"]
        for label, values in alone.items():
            assert torch.equal(together.losses[name][label], values)
    assert not torch.equal(together.losses["dense"]["de"], together.losses["rival"]["de"])
    assert together.counts == {"rival": []}
    assert all(error.noise > 0 for error in together.errors.values())


def test_the_model_itself_as_a_variant_has_no_error(saved) -> None:
    skeleton, tensors, calls = opened(saved("llama"))
    steps = Walk(skeleton, tensors, calls, 2, in_memory(False), lambda block, name: False)
    iterator = steps.run(evaluation(), [Variant("same", weights=tensors)], lambda *given: None)
    try:
        while True:
            next(iterator)
    except StopIteration as stop:
        result = stop.value
    assert {error.noise for error in result.errors.values()} == {0.0}
    assert all(torch.equal(result.losses["same"][label], values) for label, values in result.losses["dense"].items())


def toy(oddity: str) -> tuple[ToyForCausalLM, Skeleton]:
    torch.manual_seed(3)
    model = ToyForCausalLM(ToyConfig(oddity)).eval().requires_grad_(False)
    for parameter in model.parameters():
        parameter.add_(torch.randn_like(parameter) * 0.1)
    return model, Skeleton(model, model.model.layers, "model.layers", torch.float32, CPU)


@pytest.mark.parametrize(
    ("oddity", "varying"),
    [("per-layer inputs", [(0, 0), (1, 0), (2, 0)]), ("positional", []), ("keyword", []), ("tuple", [])],
)
def test_arguments_of_blocks_are_replayed(oddity: str, varying: list[tuple[int, int]]) -> None:
    """What depends on the text is kept for each batch; what differs between blocks only, once."""
    model, skeleton = toy(oddity)
    group = windows("de", 5, 4)
    with torch.no_grad():
        expected = plain_logits(model, group, 2)
    calls = BlockCalls(skeleton, returns_tuple=oddity == "tuple")
    lane = start_lane([group], calls, 2, in_memory(False))
    assert calls.varying == varying
    assert [len(part.kept) for part in lane.batches] == [len(varying)] * 3
    assert set(calls.shared) == {(2, TOKENS), (1, TOKENS)}
    with torch.no_grad():
        for index in range(3):
            for part in lane.batches:
                part.hidden.copy_(calls.run(index, part.hidden, part.kept))
        assert torch.equal(torch.cat([calls.logits(part.hidden, part.ids) for part in lane.batches]), expected)


def test_the_blocks_own_forward_is_back_after_every_recording() -> None:
    _, skeleton = toy("none")
    calls = BlockCalls(skeleton, returns_tuple=False)
    calls.embed(windows("de", 2, 4).tokens)
    assert all("forward" not in vars(block) for block in skeleton.blocks)
    with pytest.raises(UnsupportedArchitecture):
        BlockCalls(toy("text decides")[1], returns_tuple=False).embed(windows("de", 2, 4).tokens)
    assert all("forward" not in vars(block) for block in skeleton.blocks)


def test_a_block_that_is_emptied_keeps_its_buffers() -> None:
    """A buffer that is not in the files could not be filled again."""
    _, skeleton = toy("none")
    before = skeleton.blocks[1].decay.clone()
    skeleton.empty_block(1)
    assert skeleton.blocks[1].mix.weight.is_meta
    assert torch.equal(skeleton.blocks[1].decay, before)


def test_a_walk_without_windows_only_reads(saved) -> None:
    assert walk(saved("llama"), groups=[]).result.losses == {}


def test_a_checkpoint_in_bfloat16_is_computed_in_float32(tmp_path: Path) -> None:
    folder = save_model(tmp_path, "llama", dtype="bfloat16")
    group = windows("de", 3, 3)
    walked = walked_logits(*opened(folder), group, 2)
    assert walked.dtype == torch.float32
    assert torch.equal(walked, plain_logits(load_plain(folder), group, 2))


def test_calibration_reaches_no_evaluation_lane(saved) -> None:
    """Groups of calibration are not measured, whatever their labels."""
    result = walk(saved("llama"), [pruned_by("wanda", "50%", calibration())], [windows("ru", 2, 9)]).result
    assert {label for by_label in result.losses.values() for label in by_label} == {"ru"}
    assert {label for _, _, label in result.errors} == {"ru"}


def test_building_reads_no_weights(saved) -> None:
    skeleton = build(read_config(saved("mistral")), dtype=torch.float32, device=CPU)
    assert all(parameter.is_meta for parameter in skeleton.model.parameters())
    assert not any(buffer.is_meta for buffer in skeleton.model.buffers())
