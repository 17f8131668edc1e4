"""The fast influence of one convolution equals the loop, whatever its shape and whatever it reads."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import fx

from precompute.aggregate.activation import strongest_channels
from precompute.aggregate.convolution import convolution_influence
from precompute.aggregate.pairs import strongest_sources
from precompute.models.expressions import Convolution, Nothing
from tests import reference


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[reference.Conv, torch.Tensor]:
    """A convolution and what it reads; whole numbers, so that ties are many and sums exact."""
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    per_group, in_group = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    kernel = (draw(st.sampled_from([1, 1, 2, 3, 5, 7])), draw(st.sampled_from([1, 1, 3, 7])))
    padding, dilation, stride = draw(st.integers(0, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 3))
    side = max(1, max(kernel) * dilation - dilation + 1 - 2 * padding) + draw(st.integers(0, 6))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    low = draw(st.sampled_from([0, 0, -3]))
    values = torch.randint(low, 4, (2, per_group * groups, side, side), generator=generator).float()
    values[:, torch.rand(per_group * groups, generator=generator) < 0.2] = 0  # silent channels
    weight = torch.randint(-3, 4, (in_group * groups, per_group, *kernel), generator=generator).float()
    return reference.Conv(weight, stride, padding, dilation, groups), values


@settings(max_examples=150, deadline=None)
@given(convolutions())
def test_equals_the_loop(case: tuple[reference.Conv, torch.Tensor]) -> None:
    conv, values = case
    node = fx.Graph().placeholder("x")
    pair = ((conv.stride,) * 2, (conv.padding,) * 2, (conv.dilation,) * 2)
    fast = convolution_influence(
        Convolution(node, conv.weight, *pair, conv.groups, node, Nothing(values.shape[1])), values
    )
    assert torch.equal(fast, torch.stack([reference.influence_of(conv, image) for image in values]))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 12), st.integers(1, 6))
def test_strongest_sources_break_ties_by_the_lower_source(seed: int, n_sources: int, top_k: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    influence = torch.randint(0, 4, (5, n_sources), generator=generator).float()
    values, index = strongest_sources(influence.clone(), top_k)
    for row, expected in enumerate(reference.top_sources(influence, top_k)):
        taken = values[row] > 0
        assert sorted(index[row][taken].tolist()) == sorted(i for i, _ in expected)
        assert sorted(values[row][taken].tolist()) == sorted(v for _, v in expected)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([0.01, 0.03, 0.25, 0.5, 1.0]))
def test_strongest_channels_equal_the_loop(seed: int, mass: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    values = torch.randint(-2, 5, (3, 9, 2, 2), generator=generator).float()
    kept = strongest_channels(values.flatten(2).amax(2), mass)
    for image in range(3):
        assert kept[image].nonzero()[:, 0].tolist() == sorted(reference.strongest_channels(values[image], mass))
