"""Convolutions of any shape and what they read, drawn by hypothesis."""

from __future__ import annotations

import torch
from hypothesis import strategies as st
from torch import Tensor, fx

from precompute.models.expressions import Convolution, Nothing
from tests.reference import Conv


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[Conv, Tensor]:
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
    return Conv(weight, stride, padding, dilation, groups), values


def as_expression(conv: Conv) -> Convolution:
    """The convolution as an exported model would hold it."""
    node = fx.Graph().placeholder("x")
    pairs = ((conv.stride,) * 2, (conv.padding,) * 2, (conv.dilation,) * 2)
    return Convolution(node, conv.weight, *pairs, conv.groups, node, Nothing(conv.weight.shape[1] * conv.groups))
