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
from precompute.aggregate.kernels.activation import find_strongest_channels
from precompute.aggregate.kernels.convolution import Strongest, compute_convolution_influence, load_compiled_loops
from tests.reference import influence as reference
from tests.support.drawn_convolutions import build_expression, draw_convolutions

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
    extremes = values.amax((1, 2))[None], values.amin((1, 2))[None]
    found.find_pointwise(slice(0, len(weight)), convolution, extremes, 0)
    rows = reference.find_top_sources(reference.compute_influence(reference.Conv(weight), values), top_k)
    for strengths, sources, expected in zip(found.strengths.tolist(), found.sources.tolist(), rows, strict=True):
        assert [(i, v) for i, v in zip(sources, strengths, strict=True) if v > 0] == expected


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([0.01, 0.03, 0.25, 0.5, 1.0]))
def test_strongest_channels_equal_the_loop(seed: int, mass: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    values = torch.randint(-2, 5, (3, 9, 2, 2), generator=generator).float()
    kept = find_strongest_channels(values.flatten(2).amax(2), mass)
    for image in range(3):
        assert kept[image].nonzero()[:, 0].tolist() == sorted(reference.find_strongest_channels(values[image], mass))
