"""2:4: which weights hold the pattern, against a naive twin, and which the tensor cores take."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn

from hubprune.errors import UnsupportedArchitecture
from hubprune.generation import semi_structured
from hubprune.generation.peak import Alone, Work
from hubprune.generation.semi_structured import convert, fits, holding, holds, obstacle
from hubprune.generation.speed import why_no_tensor_cores


def naive(weight: torch.Tensor) -> bool:
    """Row by row, run by run."""
    rows, columns = weight.shape
    runs = [weight[i, j : j + 4].tolist() for i in range(rows) for j in range(0, columns, 4)]
    return columns % 4 == 0 and all(len(run) == 4 and sum(value != 0 for value in run) <= 2 for run in runs)


SHAPES = st.tuples(st.integers(1, 5), st.sampled_from([3, 4, 8, 10, 12]))


VALUES = st.sampled_from([0, 0, 0, 1, -2])


@given(SHAPES.flatmap(lambda shape: arrays(np.int8, shape, elements=VALUES, fill=st.nothing())))
def test_the_pattern_is_found_as_by_the_naive_twin(weight: np.ndarray) -> None:
    tensor = torch.from_numpy(weight).float()
    assert holds(tensor) == naive(tensor)
    with pytest.MonkeyPatch.context() as patch:  # pieces of one row
        patch.setattr(semi_structured, "PIECE", 1)
        assert holds(tensor) == naive(tensor)


def halved(rows: int, columns: int) -> nn.Linear:
    linear = nn.Linear(columns, rows)
    with torch.no_grad():
        linear.weight.view(rows, -1, 4)[:, :, 1:3] = 0
    return linear


def test_only_linear_maps_with_the_whole_pattern_qualify() -> None:
    class Own(nn.Linear):
        def forward(self, input: torch.Tensor) -> torch.Tensor:
            return input @ self.weight.T

    own = Own(8, 8)
    nn.init.zeros_(own.weight)
    almost = halved(8, 8)
    with torch.no_grad():
        almost.weight[7, 4:8] = torch.tensor([1.0, 2.0, 3.0, 0.0])
    embedding = nn.Embedding(8, 8)
    nn.init.zeros_(embedding.weight)
    layers = {"good": halved(8, 8), "almost": almost, "dense": nn.Linear(8, 8), "own": own, "embedding": embedding}
    model = nn.ModuleDict({**layers, "odd": nn.Linear(6, 8)})
    assert list(holding(model)) == ["good"]


@pytest.mark.parametrize(
    ("shape", "taken"), [((32, 64), True), ((64, 192), True), ((16, 64), False), ((48, 64), False), ((32, 96), False)]
)
def test_the_kernels_shapes(shape: tuple[int, int], taken: bool) -> None:
    assert fits(torch.empty(shape)) is taken


def test_shapes_meet_the_demands_of_this_torch() -> None:
    """The two back ends name their least sides for each dtype; ours must be multiples of all."""
    back_ends = (torch.sparse.SparseSemiStructuredTensorCUTLASS, torch.sparse.SparseSemiStructuredTensorCUSPARSELT)
    for back_end in back_ends:
        for dtype in semi_structured.DTYPES:
            least = back_end._DTYPE_SHAPE_CONSTRAINTS[getattr(torch, dtype)]
            assert semi_structured.ROWS % least.sparse_min_rows == 0
            assert semi_structured.COLUMNS % least.sparse_min_cols == 0


def test_what_stands_in_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "part of a CUDA GPU" in str(obstacle("cpu", "bfloat16"))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "a GPU")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (7, 5))
    assert str(obstacle("cuda:0", "float16")).endswith("and the GPU is a GPU of compute capability 7.5")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    assert obstacle("cuda:0", "float16") is obstacle("cuda:0", "bfloat16") is None
    assert "measured in float32" in str(obstacle("cuda:0", "float32"))
    monkeypatch.setattr(torch.version, "hip", "7.0")
    assert "compute capability 8.0" in str(obstacle("cuda:0", "float16"))


def test_a_model_without_fitting_weights_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubprune.generation.semi_structured.obstacle", lambda device, dtype: None)
    work = Work("", "dense", "cuda:0", "float16", (1,), 1, 1, False)
    assert why_no_tensor_cores(Alone({}, holding=3, fitting=1), work) is None
    assert why_no_tensor_cores(Alone({}, holding=3, fitting=0), work) == (
        "2:4 tensor cores were not measured: no weight has sides that are multiples of 32 and 64."
    )


def test_what_cannot_be_converted_is_refused_with_the_reason() -> None:
    with pytest.raises(UnsupportedArchitecture, match="no 2:4 weight has sides"):
        convert(nn.Sequential(halved(8, 8), nn.Linear(64, 32)))
    with pytest.raises(
        UnsupportedArchitecture,
        match=r"torch cannot convert 0: .*CUDA",
    ):
        convert(nn.Sequential(halved(32, 64)))
