"""On a CUDA device: the same numbers as on the CPU, and the demo. Skipped where there is none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from hubprune.pruning.methods.sparsegpt import inverse_factor, sweep
from hubprune.pruning.patterns import lowest_of_groups, lowest_per_row, parse
from hubprune.pruning.statistics import InputNorms, SecondMoment

pytestmark = pytest.mark.gpu
GPU = torch.device("cuda")


def test_masks_are_those_of_the_cpu() -> None:
    scores = torch.randint(0, 50, (64, 256), generator=torch.Generator().manual_seed(0)).float()  # many ties
    assert torch.equal(lowest_per_row(scores.to(GPU), 128).cpu(), lowest_per_row(scores, 128))
    assert torch.equal(lowest_of_groups(scores.to(GPU), 2, 4).cpu(), lowest_of_groups(scores, 2, 4))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_statistics_are_summed_in_float32(dtype: torch.dtype) -> None:
    x = torch.randn(500, 600, generator=torch.Generator().manual_seed(0)).to(dtype)
    for kind, value in ((InputNorms, "norms"), (SecondMoment, "matrix")):
        here, there = kind(600, torch.device("cpu")), kind(600, GPU)
        here.add(x, 1 / 500)
        there.add(x.to(GPU), 1 / 500)
        torch.testing.assert_close(getattr(there, value).cpu(), getattr(here, value), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("pattern", ["50%", "2:4"])
def test_a_sweep_ends_near_the_cpus(pattern: str) -> None:
    generator = torch.Generator().manual_seed(0)
    x, weight = torch.randn(900, 300, generator=generator), torch.randn(64, 300, generator=generator)
    factor = inverse_factor(x.t() @ x / 900)
    _, mask = sweep(weight.clone(), factor, parse(pattern))
    here, _ = sweep(weight.clone(), factor, parse(pattern), mask=mask)
    there, _ = sweep(weight.to(GPU), factor.to(GPU), parse(pattern), mask=mask.to(GPU))
    assert float((there.cpu() - here).norm() / here.norm()) < 1e-3


def test_a_run_measures_what_the_cpu_measures(model_folder: Path, tmp_path: Path) -> None:
    sys.path.insert(0, str(Path(__file__).parent.parent / "run"))
    from running import finish, small

    from hubprune.run import prune

    reports = [
        finish(prune(small(model_folder, device=device, dtype="float32"), tmp_path / device))[0]
        for device in ("cpu", "cuda")
    ]
    for a, b in zip(*(report.languages for report in reports), strict=True):
        assert b.scores["dense"].perplexity == pytest.approx(a.scores["dense"].perplexity, rel=1e-4)
        assert b.scores["pruned"].perplexity == pytest.approx(a.scores["pruned"].perplexity, rel=1e-2)
    assert reports[0].sparsity.masked == reports[1].sparsity.masked


def test_the_demo(tmp_path: Path) -> None:
    from hubprune.demo import run
    from hubprune.events import run_to_end

    result = run_to_end(run(tmp_path / "demo"))
    assert len(result.checks) == 2
    assert result.report.run.peak_gpu_memory
