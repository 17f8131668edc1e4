"""Convolutions of any shape and their inputs: drawn by hypothesis, and fixed ones."""

from __future__ import annotations

import torch
from hypothesis import strategies as st
from torch import Tensor, fx

from precompute.models.provenance.expressions import Convolution, Nothing
from tests.reference.influence import Conv


@st.composite
def draw_convolutions(draw: st.DrawFn) -> tuple[Conv, Tensor]:
    """Draws a convolution and its input; whole numbers, so that ties are many and sums exact."""
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


def build_expression(conv: Conv, overhang: tuple[int, int] = (0, 0)) -> Convolution:
    """Builds the expression of a convolution as an exported model would hold it."""
    node = fx.Graph().placeholder("x")
    pairs = ((conv.stride,) * 2, (conv.padding,) * 2, (conv.dilation,) * 2)
    below = Nothing(conv.weight.shape[1] * conv.groups)
    return Convolution(node, conv.weight, *pairs, conv.groups, node, below, overhang=overhang)


def draw_whole_numbers(*shape: int, low: int = -3, seed: int = 0) -> Tensor:
    """Draws small whole numbers, so that ties are many and sums exact."""
    return torch.randint(low, 4, shape, generator=torch.Generator().manual_seed(seed)).float()


_SHAPES: dict[str, tuple[Conv, tuple[int, int, int]]] = {
    "1 wide, 2 high": (Conv(draw_whole_numbers(3, 2, 2, 1)), (2, 5, 4)),
    "as large as what it reads": (Conv(draw_whole_numbers(3, 2, 4, 4)), (2, 4, 4)),
    "3 wide with padding": (Conv(draw_whole_numbers(4, 3, 3, 3), padding=1), (3, 6, 7)),
    "padding wider than the image": (Conv(draw_whole_numbers(2, 2, 3, 3), padding=3), (2, 2, 1)),
    "stride 2": (Conv(draw_whole_numbers(4, 3, 3, 3), stride=2, padding=1), (3, 7, 8)),
    "stride 3 past the kernel": (Conv(draw_whole_numbers(4, 3, 2, 2), stride=3), (3, 8, 9)),
    "dilation 2": (Conv(draw_whole_numbers(4, 3, 3, 3), dilation=2, padding=2), (3, 6, 5)),
    "4 wide": (Conv(draw_whole_numbers(2, 2, 4, 4), padding=2), (2, 5, 5)),
    "5 wide": (Conv(draw_whole_numbers(9, 2, 5, 5), padding=2), (2, 5, 5)),
    "6 wide": (Conv(draw_whole_numbers(2, 2, 3, 6)), (2, 7, 9)),
    "7 wide": (Conv(draw_whole_numbers(5, 2, 7, 7), stride=2, padding=3), (2, 9, 9)),
    "groups": (Conv(draw_whole_numbers(6, 2, 3, 3), padding=1, groups=3), (6, 5, 5)),
    "depthwise": (Conv(draw_whole_numbers(4, 1, 3, 3), padding=1, groups=4), (4, 5, 5)),
    "depthwise with a multiplier": (Conv(draw_whole_numbers(8, 1, 3, 3), padding=1, groups=4), (4, 5, 5)),
    "more targets than a block holds": (Conv(draw_whole_numbers(37, 2, 3, 3)), (2, 4, 4)),
    "more positions than a block holds": (Conv(draw_whole_numbers(3, 2, 3, 3), padding=1), (2, 13, 11)),
    "negative weights alone": (Conv(-draw_whole_numbers(3, 2, 3, 3).abs()), (2, 5, 5)),
}


def _draw_input(shape: tuple[int, int, int]) -> Tensor:
    """Draws two images: one without negative values and with a silent channel, one with both signs."""
    values = torch.stack([draw_whole_numbers(*shape, low=0, seed=1), draw_whole_numbers(*shape, seed=2)])
    values[0, 0] = 0
    return values


FIXED = {name: (conv, _draw_input(shape)) for name, (conv, shape) in _SHAPES.items()}
"""Convolutions and their inputs, by their special feature."""
