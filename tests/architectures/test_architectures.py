"""Each architecture found, walked and pruned by structure, written, and loaded again by plain transformers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import naive
import pytest
import torch
from families import BASE, FAMILIES, REFUSED, save
from page import page
from torch import nn
from transformers import AutoConfig
from walking import finish

from hubprune.checkpoint.matrices import prunable, routers
from hubprune.checkpoint.model import open_tensors, read_config
from hubprune.checkpoint.skeleton import Skeleton, build, find_blocks
from hubprune.checkpoint.tensors import Tensors
from hubprune.checkpoint.writer import open_writer
from hubprune.errors import UnsupportedArchitecture
from hubprune.pruning.calls import BlockCalls
from hubprune.pruning.check import check_walk, refuse_shared
from hubprune.pruning.experts import run_experts
from hubprune.pruning.lanes import Group, in_memory, start_lane
from hubprune.pruning.measured import WalkResult
from hubprune.pruning.methods import METHODS
from hubprune.pruning.patterns import parse
from hubprune.pruning.walk import Variant, Walk
from hubprune.run.record import pooled

Saved = Callable[[str], Path]
TOKENS = 24
WHOLE = {"gpt_neox", "mixtral", "qwen3_moe", "deepseek_v3"}


def windows(label: str, count: int, seed: int, weight: float = 1.0) -> Group:
    generator = torch.Generator().manual_seed(seed)
    return Group(label, torch.randint(3, 64, (count, TOKENS), generator=generator), weight)


def calibration() -> list[Group]:
    return [windows("de", 5, 1, 0.7), windows("sw", 3, 2, 0.3)]


def opened(folder: Path) -> tuple[Skeleton, Tensors, BlockCalls]:
    config = read_config(folder)
    skeleton = build(config, dtype=torch.float32, device=torch.device("cpu"))
    return skeleton, open_tensors(folder, skeleton), BlockCalls(skeleton, check_walk(config))


def loaded(folder: Path) -> nn.Module:
    """The model as plain transformers loads it; nothing may be missing, left over or of another shape."""
    from transformers import AutoModelForCausalLM

    model, info = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    assert not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    return model.eval()


def prune_into(folder: Path, out: Path, method: str, pattern: str, sequential: str = "block") -> WalkResult:
    """Walk a checkpoint and write it, as a run does."""
    out.mkdir()
    skeleton, tensors, calls = opened(folder)
    writer = open_writer(out, tensors)

    def sink(variant: str, block: int, changed: dict[str, torch.Tensor]) -> None:
        for name, tensor in changed.items():
            writer.write(f"{skeleton.prefix}.{block}.{name}", tensor)

    steps = Walk(skeleton, tensors, calls, 2, in_memory(False), lambda block, name: True, sequential)
    result = finish(steps.run([], [Variant("pruned", METHODS[method], parse(pattern), calibration())], sink))
    writer.close()
    (out / "config.json").write_bytes((folder / "config.json").read_bytes())
    return result


def weights(folder: Path) -> dict[tuple[int, str], torch.Tensor]:
    """(block, name) -> (out, in) weights of a written checkpoint, as plain transformers loads it."""
    _, blocks = find_blocks(loaded(folder))
    return {(index, name): weight for index, block in enumerate(blocks) for name, weight in naive.matrices(block)}


@pytest.mark.parametrize("family", FAMILIES)
def test_the_walk_is_the_plain_forward_to_the_last_bit(saved: Saved, family: str) -> None:
    skeleton, tensors, calls = opened(saved(family))
    assert tensors.streamed is (family not in WHOLE)
    group, model = windows("de", 5, 3), loaded(saved(family))
    skeleton.fill_outer(tensors)
    lane = start_lane([group], calls, 2, in_memory(False))
    with torch.no_grad():
        expected = torch.cat([model(part, use_cache=False).logits for part in group.tokens.split(2)])
        for index in range(len(skeleton.blocks)):
            stored = {name: tensors.read(full) for name, full in skeleton.block_names(index).items()}
            skeleton.fill_block(index, stored)
            for batch in lane.batches:
                batch.hidden.copy_(calls.run(index, batch.hidden, batch.kept))
        walked = torch.cat([calls.logits(batch.hidden, batch.ids) for batch in lane.batches])
    assert torch.equal(walked, expected)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_matrix_is_found(saved: Saved, family: str) -> None:
    """The same names and shapes as the twin sees in the loaded model, and no parameter beside norms and routers."""
    skeleton = build(read_config(saved(family)), dtype=torch.float32, device=torch.device("cpu"))
    found = {(i, m.name): m.shape for i, block in enumerate(prunable(skeleton)) for m in block.values()}
    assert found == {key: tuple(weight.shape) for key, weight in weights(saved(family)).items()}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("method", "pattern"), [("wanda", "2:4"), ("sparsegpt", "50%")])
def test_pruned_written_and_loaded_again(saved: Saved, tmp_path: Path, family: str, method: str, pattern: str) -> None:
    """Masks of the naive twin, its values, and exact zeros in the checkpoint that plain transformers loads."""
    result = prune_into(saved(family), tmp_path / "out", method, pattern)
    twin = loaded(saved(family))
    _, blocks = find_blocks(twin)
    masks, starved = naive.prune_whole(twin, blocks, calibration(), method, parse(pattern))
    expected = {(index, name): w for index, block in enumerate(blocks) for name, w in naive.matrices(block)}
    found = weights(tmp_path / "out")
    counts = {(count.block, count.name): count for count in result.counts["pruned"]}
    assert found.keys() == masks.keys() == counts.keys()
    assert {key for key, count in counts.items() if count.pooled} == starved
    for key, weight in found.items():
        assert torch.equal(weight == 0, masks[key]), key
        assert float((weight - expected[key]).norm() / expected[key].norm()) < (1e-4 if method == "sparsegpt" else 1e-9)
        assert counts[key].stored == counts[key].masked == int(masks[key].sum())
        if method == "wanda":
            assert bool(((weight.reshape(-1, 4) == 0).sum(1) == 2).all())
        else:
            assert counts[key].masked == weight.numel() // 2


@pytest.mark.parametrize("family", [name for name, family in FAMILIES.items() if family.experts] + ["gpt2"])
def test_matrix_by_matrix(saved: Saved, tmp_path: Path, family: str) -> None:
    """What is first in a block is pruned as block by block, what comes later is calibrated behind it."""
    prune_into(saved(family), tmp_path / "block", "wanda", "50%")
    prune_into(saved(family), tmp_path / "matrix", "wanda", "50%", "matrix")
    block, matrix = weights(tmp_path / "block"), weights(tmp_path / "matrix")
    same = {key for key in block if torch.equal(block[key], matrix[key])}
    assert next(iter(block)) in same
    assert same < set(block)
    for weight in matrix.values():
        assert bool(((weight == 0).sum(1) == weight.shape[1] // 2).all())


@pytest.mark.parametrize("family", [name for name, family in FAMILIES.items() if family.experts])
def test_routers_are_left_alone(saved: Saved, tmp_path: Path, family: str) -> None:
    """Everything but the matrices is, bit for bit, what it was."""
    prune_into(saved(family), tmp_path / "out", "sparsegpt", "50%")
    before, after = loaded(saved(family)), loaded(tmp_path / "out")
    pruned = {f"{i}.{name}" for i, block in enumerate(find_blocks(before)[1]) for name, _ in naive.matrices(block)}
    changed = {n for n, tensor in before.state_dict().items() if not torch.equal(tensor, after.state_dict()[n])}
    assert changed
    skeleton = build(read_config(saved(family)), dtype=torch.float32, device=torch.device("cpu"))
    names = routers(skeleton)
    assert names
    assert not any(n.split(".", 3)[3].startswith(f"{router}.") for n in changed if n.count(".") > 3 for router in names)
    assert len(pruned) > len(changed) > 0  # experts of one parameter are changed together


@pytest.mark.parametrize("implementation", ["eager", "grouped_mm", "batched_mm"])
@pytest.mark.parametrize("family", [name for name, family in FAMILIES.items() if family.experts])
def test_experts_that_are_listened_to_compute_the_same(saved: Saved, family: str, implementation: str) -> None:
    """The output of the statistics' pass differs from every implementation of transformers by rounding only."""
    model = loaded(saved(family))
    experts = next(module for module in model.modules() if hasattr(module, "_apply_gate"))
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(50, 32, generator=generator)
    chosen = torch.stack([torch.randperm(len(experts.down_proj), generator=generator)[:2] for _ in range(50)])
    shares = torch.rand(50, 2, generator=generator)
    model.set_experts_implementation(implementation)
    with torch.no_grad():
        expected, found = experts(x, chosen, shares), run_experts(experts, x, chosen, shares)
    assert float((found - expected).abs().max() / expected.abs().max()) < 1e-6


def test_an_expert_that_gets_no_token_takes_the_mean(tmp_path: Path) -> None:
    """A router that never chooses expert 3: pruned as the twin prunes it, and reported."""
    from safetensors.torch import load_file, save_file

    folder = save(tmp_path / "model", "gpt_oss", FAMILIES["gpt_oss"])
    file = folder / "model.safetensors"
    tensors = load_file(file)
    for block in range(2):
        tensors[f"model.layers.{block}.mlp.router.bias"][3] = -1e4
    save_file(tensors, file, metadata={"format": "pt"})
    for method in ("wanda", "sparsegpt"):
        counts = prune_into(folder, tmp_path / method, method, "50%").counts["pruned"]
        twin = loaded(folder)
        masks, _ = naive.prune_whole(twin, find_blocks(twin)[1], calibration(), method, parse("50%"))
        assert all(torch.equal(weight == 0, masks[key]) for key, weight in weights(tmp_path / method).items())
        found = {(count.block, count.name) for count in counts if count.pooled}
        assert {(i, f"mlp.experts.3.{name}") for i in (0, 1) for name in ("gate_up_proj", "down_proj")} <= found
        assert len(pooled(counts)) == 1
        assert re.match(r"\d+ experts in 2 blocks got too few calibration tokens", pooled(counts)[0])
    assert pooled([count for count in counts if not count.pooled]) == []


def test_the_page_is_current(saved: Saved) -> None:
    written = Path(__file__).parents[2] / "docs" / "architectures.md"
    assert written.read_text(encoding="utf-8") == page(saved), (
        "run: python tests/architectures/page.py > docs/architectures.md"
    )


@pytest.mark.parametrize("family", REFUSED)
def test_refused_with_the_reason(family: str) -> None:
    config = AutoConfig.for_model(family, **REFUSED[family].config)
    skeleton = build(config, dtype=torch.float32, device=torch.device("cpu"))

    def examine() -> None:
        prunable(skeleton)
        check_walk(config, skeleton.blocks)

    with pytest.raises(UnsupportedArchitecture, match=REFUSED[family].refused):
        examine()


@pytest.mark.parametrize("family", ["falcon", "gptj", "mixtral", "qwen3_moe", "gpt_oss", "deepseek_v3"])
def test_models_of_full_size_are_checked_small(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The class's own default configuration, billions of parameters, dense first blocks and all its experts."""
    monkeypatch.setattr("hubprune.pruning.check.LARGEST", 30_000_000)
    config = AutoConfig.for_model(family)
    skeleton = build(config, dtype=torch.float32, device=torch.device("cpu"))
    assert all(parameter.is_meta for parameter in skeleton.model.parameters())
    check_walk(config, skeleton.blocks)


def test_every_kind_of_block_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first mixture after dense blocks is in the shrunken model."""
    seen: list[int] = []
    monkeypatch.setattr("hubprune.pruning.check.refuse_shared", lambda model, blocks: seen.append(len(blocks)))
    config = AutoConfig.for_model(
        "deepseek_v3", **FAMILIES["deepseek_v3"].config | {"num_hidden_layers": 6, "first_k_dense_replace": 3}
    )
    check_walk(config, build(config, dtype=torch.float32, device=torch.device("cpu")).blocks)
    assert seen == [4]


def test_blocks_that_share_a_parameter_are_refused() -> None:
    config = AutoConfig.for_model("llama", **BASE)
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_config(config)
    refuse_shared(model, model.model.layers)
    model.model.layers[1].mlp.up_proj.weight = model.model.layers[0].mlp.up_proj.weight
    with pytest.raises(UnsupportedArchitecture, match=r"share weights \(weight of Linear\)"):
        refuse_shared(model, model.model.layers)
