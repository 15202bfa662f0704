"""A pruning walk against a naive implementation that holds the whole model and runs all of it for every statistic."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import twins
from torch import nn
from walking import (
    FAMILIES,
    Walked,
    calibration,
    evaluation,
    load_plain,
    opened,
    pruned_by,
    save_model,
    walk,
    windows,
)

from hubprune.checkpoint.skeleton import find_blocks
from hubprune.errors import CheckpointDamaged, HubpruneError
from hubprune.pruning.lanes import Group, in_memory
from hubprune.pruning.methods.base import Pruned
from hubprune.pruning.patterns import parse
from hubprune.pruning.walk import Variant, Walk


def naive(
    folder: Path, method: str, pattern: str, *, sequential: str = "block", stored: torch.dtype = torch.float32
) -> tuple[nn.Module, dict[tuple[int, str], torch.Tensor]]:
    """The whole model pruned by the twin, and its masks."""
    model = load_plain(folder)
    _, blocks = find_blocks(model)
    masks = twins.prune_whole(
        model, blocks, calibration(), method, parse(pattern), sequential=sequential, stored=stored
    )
    return model, masks


def same_as(walked: Walked, model: nn.Module, masks: dict[tuple[int, str], torch.Tensor], tolerance: float) -> None:
    """The walk's tensors have the twin's zeros and its values."""
    found = walked.of("pruned")
    assert found.keys() == {(block, f"{name}.weight") for block, name in masks}
    _, blocks = find_blocks(model)
    for (block, name), mask in masks.items():
        tensor, twin = found[block, f"{name}.weight"], blocks[block].get_submodule(name).weight.data
        assert torch.equal(tensor == 0, mask), f"{name} of block {block}"
        assert float((tensor.float() - twin).norm() / twin.norm()) <= tolerance


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("method", "pattern"), [("wanda", "50%"), ("sparsegpt", "50%"), ("sparsegpt", "2:4")])
def test_a_pruned_walk_equals_the_naive_implementation(saved, family: str, method: str, pattern: str) -> None:
    walked = walk(saved(family), [pruned_by(method, pattern)])
    same_as(walked, *naive(saved(family), method, pattern), tolerance=0.0 if method == "wanda" else 1e-4)


@pytest.mark.parametrize("method", ["wanda", "sparsegpt"])
@pytest.mark.parametrize("family", ["llama", "cohere"])
def test_matrix_by_matrix_equals_the_naive_implementation(saved, family: str, method: str) -> None:
    """Later matrices are calibrated behind the already pruned ones of their own block."""
    walked = walk(saved(family), [pruned_by(method, "50%")], sequential="matrix")
    same_as(walked, *naive(saved(family), method, "50%", sequential="matrix"), tolerance=1e-4)


@pytest.mark.parametrize("method", ["wanda", "sparsegpt"])
def test_the_two_orders_differ(saved, method: str) -> None:
    block, matrix = (
        walk(saved("llama"), [pruned_by(method, "50%")], sequential=s).tensors for s in ("block", "matrix")
    )
    first, down = ("pruned", 0, "self_attn.q_proj.weight"), ("pruned", 0, "mlp.down_proj.weight")
    assert torch.equal(block[first], matrix[first])
    assert not torch.equal(block[down] == 0, matrix[down] == 0)


def test_magnitude_needs_no_windows(saved) -> None:
    walked = walk(saved("qwen3"), [pruned_by("magnitude", "30%", [])])
    same_as(walked, *naive(saved("qwen3"), "magnitude", "30%"), tolerance=0.0)


@pytest.mark.parametrize("method", ["wanda", "sparsegpt"])
def test_later_blocks_see_the_weights_as_they_are_stored(saved, method: str) -> None:
    """A bfloat16 checkpoint computed in float32: what is handed out is bfloat16, and the lane runs on just that."""
    folder = saved("llama", dtype="bfloat16")
    walked = walk(folder, [pruned_by(method, "50%")])
    assert {tensor.dtype for tensor in walked.tensors.values()} == {torch.bfloat16}
    model, masks = naive(folder, method, "50%", stored=torch.bfloat16)
    same_as(walked, model, masks, tolerance=0.0 if method == "wanda" else 2e-3)


def test_the_languages_weights_decide(saved) -> None:
    """The same windows with other weights give other masks."""
    heavy = [Group(g.label, g.tokens, 0.99 if g.label == "sw" else 0.01) for g in calibration()]
    one = walk(saved("llama"), [pruned_by("wanda", "50%")]).tensors
    other = walk(saved("llama"), [pruned_by("wanda", "50%", heavy)]).tensors
    assert any(not torch.equal(one[key], other[key]) for key in one)


def variants() -> list[Variant]:
    english = [windows("en", 4, 77)]
    return [
        pruned_by("sparsegpt", "50%", name="a"),
        pruned_by("wanda", "2:4", english, name="b"),
        pruned_by("magnitude", "30%", [], name="c"),
    ]


def test_several_variants_at_once_equal_each_alone(saved) -> None:
    """Their lanes do not touch each other: tensors, losses, errors and counts are the same to the last bit."""
    together = walk(saved("gemma3_text"), variants(), evaluation())
    for variant in variants():
        alone = walk(saved("gemma3_text"), [variant], evaluation())
        found, expected = together.of(variant.name), alone.of(variant.name)
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[key], expected[key]) for key in found)
        for label, values in alone.result.losses[variant.name].items():
            assert torch.equal(together.result.losses[variant.name][label], values)
        assert together.result.counts[variant.name] == alone.result.counts[variant.name]
        for key, error in alone.result.errors.items():
            assert together.result.errors[key] == error


@pytest.mark.parametrize("batch", [1, 3, 8])
def test_the_batch_size_does_not_change_the_masks(saved, batch: int) -> None:
    one = walk(saved("mistral"), [pruned_by("wanda", "50%")], batch=2)
    other = walk(saved("mistral"), [pruned_by("wanda", "50%")], batch=batch)
    assert all(torch.equal(one.tensors[key], other.tensors[key]) for key in one.tensors)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_walk_gives_the_same_bytes(saved, threads: int) -> None:
    torch.set_num_threads(threads)
    one, two = (walk(saved("llama"), [pruned_by("sparsegpt", "2:4")], evaluation()) for _ in range(2))
    assert all(torch.equal(one.tensors[key], two.tensors[key]) for key in one.tensors)


@pytest.mark.parametrize("family", FAMILIES)
def test_sparse_losses_are_those_of_the_pruned_model(saved, family: str, tmp_path: Path) -> None:
    """The pruned lane's losses = transformers' losses of a model that holds the tensors handed out."""
    walked = walk(saved(family), [pruned_by("sparsegpt", "50%")], evaluation())
    model = load_plain(saved(family))
    put(model, walked.of("pruned"))
    for group in evaluation():
        with torch.no_grad():
            expected = [float(model(w[None], labels=w[None]).loss) * (w.numel() - 1) for w in group.tokens]
        found = walked.result.losses["pruned"][group.label]
        assert torch.allclose(found, torch.tensor(expected, dtype=torch.float64), rtol=1e-6)


def put(model: nn.Module, tensors: dict[tuple[int, str], torch.Tensor]) -> None:
    _, blocks = find_blocks(model)
    for (block, name), tensor in tensors.items():
        blocks[block].get_parameter(name).data = tensor.float()


@pytest.mark.parametrize("family", ["llama", "gemma3_text"])
def test_errors_of_blocks_are_sums_over_their_outputs(saved, family: str) -> None:
    """Signal and noise of every block's output, dense beside pruned, each model on its own inputs."""
    walked = walk(saved(family), [pruned_by("wanda", "50%")], evaluation())
    dense, sparse = load_plain(saved(family)), load_plain(saved(family))
    put(sparse, walked.of("pruned"))
    for group in evaluation():
        for index, (y, z) in enumerate(zip(*(outputs(m, group) for m in (dense, sparse)), strict=True)):
            error = walked.result.errors["pruned", index, group.label]
            assert error.signal == pytest.approx(float(y.double().square().sum()), rel=1e-5)
            assert error.noise == pytest.approx(float((y - z).double().square().sum()), rel=1e-4)
    assert len(walked.result.errors) == 2 * len(find_blocks(dense)[1])


@torch.no_grad()
def outputs(model: nn.Module, group: Group) -> Iterator[torch.Tensor]:
    """Output of each block for all windows of a group."""
    seen: list[torch.Tensor] = []
    _, blocks = find_blocks(model)
    handles = [block.register_forward_hook(lambda module, args, output: seen.append(output)) for block in blocks]
    model(group.tokens, use_cache=False)
    for handle in handles:
        handle.remove()
    return iter(seen)


@pytest.mark.parametrize(("method", "pattern"), [("magnitude", "30%"), ("wanda", "50%"), ("sparsegpt", "2:4")])
def test_counts_are_measured_on_what_is_handed_out(saved, method: str, pattern: str) -> None:
    walked = walk(saved("llama"), [pruned_by(method, pattern)])
    dense, found = load_plain(saved("llama")), walked.of("pruned")
    _, blocks = find_blocks(dense)
    counts = walked.result.counts["pruned"]
    assert {(c.block, f"{c.name}.weight") for c in counts} == found.keys()
    for count in counts:
        weight = found[count.block, f"{count.name}.weight"]
        assert count.shape == tuple(weight.shape)
        assert count.stored == int((weight == 0).sum()) >= count.masked
        assert count.dense == int((blocks[count.block].get_submodule(count.name).weight == 0).sum())
        rows, columns = count.shape
        if method == "wanda":
            assert count.masked == rows * (columns // 2)
        if method == "magnitude":
            assert count.masked == rows * columns * 3 // 10


def test_zeros_asked_for_and_zeros_stored_are_counted_apart(tmp_path: Path) -> None:
    """A matrix that holds zeros already: more are stored than the mask removes where survivors are zero themselves."""
    from safetensors.torch import load_file, save_file

    folder = save_model(tmp_path, "llama")
    tensors = load_file(folder / "model.safetensors")
    tensors["model.layers.0.mlp.up_proj.weight"][:, :30] = 0  # 30 of 48 inputs
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    counts = {(c.block, c.name): c for c in walk(folder, [pruned_by("wanda", "50%")]).result.counts["pruned"]}
    count = counts[0, "mlp.up_proj"]
    assert (count.dense, count.masked, count.stored) == (80 * 30, 80 * 24, 80 * 30)


def test_what_is_skipped_is_neither_changed_nor_counted(saved) -> None:
    """Skipped matrices still carry the windows: the others are pruned as if those were dense for good."""

    def prunes(block: int, name: str) -> bool:
        return block != 0 and not name.endswith("down_proj")

    walked = walk(saved("llama"), [pruned_by("wanda", "50%")], evaluation(), prunes=prunes)
    assert {key for key in walked.of("pruned") if key[0] == 0 or "down_proj" in key[1]} == set()
    assert len(walked.of("pruned")) == len(walked.result.counts["pruned"]) == 6
    assert walked.result.errors["pruned", 0, "de"].noise == 0
    assert walked.result.errors["pruned", 1, "de"].noise > 0


def test_calibration_that_overflows_is_refused(tmp_path: Path) -> None:
    """float16 computation of a model whose inner activations exceed 65,504."""
    from safetensors.torch import load_file, save_file

    folder = save_model(tmp_path, "llama")
    tensors = load_file(folder / "model.safetensors")
    for name in ("gate_proj", "up_proj"):
        tensors[f"model.layers.0.mlp.{name}.weight"] *= 3000
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointDamaged, match=r"mlp\.down_proj overflow.*float32"):
        walk(folder, [pruned_by("wanda", "50%")], dtype=torch.float16)


def test_a_method_that_needs_windows_and_has_none_is_no_silent_copy(saved) -> None:
    with pytest.raises(ValueError, match="no calibration"):
        walk(saved("llama"), [pruned_by("wanda", "50%", [])])


class Exploding:
    """An updating method whose survivors leave the range of float16."""

    statistic = None
    updates = True

    def prune(self, weights: list[torch.Tensor], statistic: object, pattern: object) -> list[Pruned]:
        return [Pruned(weight * 1e9, torch.zeros_like(weight, dtype=torch.bool)) for weight in weights]


def test_survivors_that_overflow_their_stored_dtype_are_refused(saved) -> None:
    """Never written: a checkpoint with Inf in it could not be loaded again."""
    variant = Variant("pruned", Exploding(), parse("50%"))
    with pytest.raises(HubpruneError, match="float16"):
        walk(saved("llama", dtype="float16"), [variant])


def test_cancelling_in_the_middle_is_clean(saved) -> None:
    """Closing the iterator leaves a skeleton that can be walked again."""
    skeleton, tensors, calls = opened(saved("llama"))
    steps = Walk(skeleton, tensors, calls, 2, in_memory(False), lambda block, name: True)
    iterator = steps.run(evaluation(), [pruned_by("wanda", "50%")], lambda *given: None)
    next(iterator)
    iterator.close()
    assert len(list(steps.run(evaluation(), [pruned_by("wanda", "50%")], lambda *given: None))) == 2
