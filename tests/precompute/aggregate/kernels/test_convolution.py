"""The fast influence of one convolution equals the loop, for convolutions and inputs of any shape."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from precompute.aggregate.influence import pairs
from precompute.aggregate.influence.pairs import find_strongest_sources
from precompute.aggregate.kernels import convolution as tiers
from precompute.aggregate.kernels.convolution import (
    Strongest,
    compute_convolution_influence,
    compute_single_source_influence,
    is_windowed,
    load_compiled_loops,
    reads_every_position,
)
from tests.reference import influence as reference
from tests.support.drawn_convolutions import FIXED, build_expression, draw_convolutions

TIERS = pytest.mark.parametrize("tier", ["compiled", "torch"])


@contextmanager
def use_tier(tier: str) -> Iterator[None]:
    """Allows the compiled loops, or hides them as if numba was missing."""
    assert load_compiled_loops() is not None
    with pytest.MonkeyPatch.context() as patch:
        if tier == "torch":
            patch.setattr(tiers, "load_compiled_loops", lambda: None)
            patch.setattr(pairs, "load_compiled_loops", lambda: None)
        yield


@TIERS
@settings(max_examples=150, deadline=None)
@given(draw_convolutions())
def test_equals_the_loop(tier: str, case: tuple[reference.Conv, torch.Tensor]) -> None:
    conv, values = case
    with use_tier(tier):
        fast = compute_convolution_influence(build_expression(conv), values)
    assert torch.equal(fast, torch.stack([reference.compute_influence(conv, image) for image in values]))


@TIERS
@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 12) | st.integers(30, 100), st.integers(1, 6))
def test_strongest_sources_break_ties_by_the_lower_source(tier: str, seed: int, n_sources: int, top_k: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    influence = torch.randint(0, 4, (5, n_sources), generator=generator).float()
    with use_tier(tier):
        values, index = find_strongest_sources(influence.clone(), top_k)
    for row, expected in enumerate(reference.find_top_sources(influence, top_k)):
        taken = values[row] > 0
        assert sorted(index[row][taken].tolist()) == sorted(i for i, _ in expected)
        assert sorted(values[row][taken].tolist()) == sorted(v for _, v in expected)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 100), st.integers(1, 6), st.sampled_from([0, -3]))
def test_strongest_of_a_1x1_convolution_equal_the_loop(seed: int, n_sources: int, top_k: int, low: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    values = torch.randint(low, 4, (n_sources, 3, 2), generator=generator).float()
    weight = torch.randint(-3, 4, (5, n_sources, 1, 1), generator=generator).float()
    convolution = build_expression(reference.Conv(weight))
    found = Strongest(len(weight), top_k)
    extremes = values.amax((1, 2)).numpy(), values.amin((1, 2)).numpy()
    found.find_pointwise(slice(0, len(weight)), convolution, extremes, 0)
    rows = reference.find_top_sources(reference.compute_influence(reference.Conv(weight), values), top_k)
    for strengths, sources, expected in zip(found.strengths.tolist(), found.sources.tolist(), rows, strict=True):
        assert [(i, v) for i, v in zip(sources, strengths, strict=True) if v > 0] == expected


@TIERS
def test_the_zeros_on_one_side_alone_belong_to_the_input(tier: str) -> None:
    conv, values = FIXED["4 wide"]
    with use_tier(tier):
        fast = compute_convolution_influence(build_expression(conv, (1, 2)), values)
    padded = torch.nn.functional.pad(values, (0, 2, 0, 1))
    assert torch.equal(fast, torch.stack([reference.compute_influence(conv, image) for image in padded]))


def test_a_depthwise_channel_has_one_source_and_its_greatest_response() -> None:
    conv, values = FIXED["depthwise with a multiplier"]
    strength, source = compute_single_source_influence(build_expression(conv), values)
    assert source.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    tables = torch.stack([reference.compute_influence(conv, image) for image in values])
    assert torch.equal(strength, tables[:, torch.arange(8), source])


def test_which_convolutions_have_a_fast_way() -> None:
    def judge(kernel: int, **options: int) -> tuple[bool, bool]:
        weight = torch.ones(4, 4 // options.get("groups", 1), kernel, kernel)
        convolution = build_expression(reference.Conv(weight, **options))
        return reads_every_position(convolution), is_windowed(convolution)

    assert judge(1) == (True, False)
    assert judge(1, stride=2) == judge(1, padding=1) == judge(1, groups=2) == (False, False)
    assert judge(3) == judge(8, stride=2, padding=3) == (False, True)
    assert judge(3, groups=2) == judge(9) == (False, False), "in groups, and with more taps than a word has bits"


def test_an_empty_grid_of_positions_has_no_influence() -> None:
    """A padded 1x1 kernel whose stride leads past the image meets zeros alone."""
    convolution = build_expression(reference.Conv(torch.ones(2, 3, 1, 1), stride=5, padding=1))
    assert compute_convolution_influence(convolution, torch.ones(1, 3, 2, 2)).tolist() == [[[0.0] * 3] * 2]
