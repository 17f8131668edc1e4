"""Results on CUDA equal those of the loops and of the CPU."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from precompute.aggregate.influence.pairs import find_strongest_sources
from precompute.aggregate.kernels import convolution as tiers
from precompute.aggregate.kernels.convolution import (
    compute_convolution_influence,
    compute_single_source_influence,
    load_triton_kernels,
)
from precompute.contract.schema import read_table
from precompute.devices.precision import keep_whole_float32
from tests.reference import influence as reference
from tests.reference.influence import Conv
from tests.support.command_line import FIRST_STAGES, call
from tests.support.drawn_convolutions import FIXED, build_expression, draw_whole_numbers
from tests.support.small import write_small
from tests.support.validation import validate

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
THERE = torch.device("cuda")
TIERS = pytest.mark.parametrize("tier", ["triton", "torch"])


@TIERS
@pytest.mark.parametrize("name", FIXED)
def test_influences_equal_the_loop(name: str, tier: str, monkeypatch: pytest.MonkeyPatch) -> None:
    conv, values = FIXED[name]
    convolution = build_expression(conv)
    if tier == "torch":
        monkeypatch.setattr(tiers, "load_triton_kernels", lambda: None)
    else:
        assert load_triton_kernels() is not None
        assert tiers._choose_tier(convolution, values.to(THERE)) is tiers._compute_by_triton
    with keep_whole_float32():
        found = compute_convolution_influence(convolution, values.to(THERE))
    assert torch.equal(found.cpu(), torch.stack([reference.compute_influence(conv, image) for image in values]))


@TIERS
def test_influences_of_any_numbers_equal_those_of_the_cpu(tier: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """TF32 would be off by 1e-3."""
    if tier == "torch":
        monkeypatch.setattr(tiers, "load_triton_kernels", lambda: None)
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(3, 24, 14, 14, generator=generator)
    for n_wide, groups in ((1, 1), (1, 4), (3, 1), (3, 4), (3, 24), (5, 1)):
        weight = torch.randn(72, 24 // groups, n_wide, n_wide, generator=generator)
        convolution = build_expression(Conv(weight, padding=n_wide // 2, groups=groups))
        with keep_whole_float32():
            found = compute_convolution_influence(convolution, values.to(THERE)).cpu()
            again = compute_convolution_influence(convolution, values.to(THERE)).cpu()
        assert torch.equal(found, again)
        torch.testing.assert_close(found, compute_convolution_influence(convolution, values), rtol=2e-6, atol=2e-5)


def test_a_single_source_is_computed_as_on_the_cpu() -> None:
    conv, values = FIXED["depthwise with a multiplier"]
    here = compute_single_source_influence(build_expression(conv), values)
    there = compute_single_source_influence(build_expression(conv), values.to(THERE))
    assert all(torch.equal(one, other.cpu()) for one, other in zip(here, there, strict=True))


@pytest.mark.parametrize("low", [0, -3])
@pytest.mark.parametrize("n_sources", [1, 4, 5, 64, 700])
def test_the_strongest_of_a_1x1_convolution_equal_the_loop(n_sources: int, low: int) -> None:
    values, conv = draw_whole_numbers(2, n_sources, 3, 2, low=low), Conv(draw_whole_numbers(9, n_sources, 1, 1, seed=1))
    influence = compute_convolution_influence(build_expression(conv), values.to(THERE))
    strengths, sources = find_strongest_sources(influence, 5)
    for image in range(2):
        rows = reference.find_top_sources(reference.compute_influence(conv, values[image]), 5)
        for found, index, wanted in zip(strengths[image].tolist(), sources[image].tolist(), rows, strict=True):
            taken = sorted((-value, source) for source, value in zip(index, found, strict=True) if value > 0)
            assert [(source, -value) for value, source in taken] == wanted


def test_a_run_has_the_counts_of_the_cpu_and_repeats_itself(tmp_path: Path) -> None:
    arguments = [*write_small(tmp_path, n_images=8), *FIRST_STAGES]
    for out, device in (("here", "cpu"), ("there", "cuda"), ("again", "cuda")):
        assert call([*arguments, "--device", device, "--out", str(tmp_path / out)]) == 0
        assert validate(tmp_path / out) == []
    for name in ("activations", "influences"):
        there, again = (read_table(tmp_path / out, name) for out in ("there", "again"))
        assert there.equals(again)
    counts = [read_table(tmp_path / out, "influences", ["influence_count"]) for out in ("here", "there")]
    n_here, n_there = (np.sort(table["influence_count"].to_numpy()) for table in counts)
    assert n_here.sum() == pytest.approx(n_there.sum(), rel=0.002)  # of two that differ in the last bit, either


def test_a_bfloat16_run_is_valid(tmp_path: Path) -> None:
    arguments = [*write_small(tmp_path), *FIRST_STAGES, "--device", "cuda", "--precision", "bfloat16"]
    assert call([*arguments, "--out", str(tmp_path / "run")]) == 0
    assert validate(tmp_path / "run") == []
