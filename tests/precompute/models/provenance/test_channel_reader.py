"""Expressions that are read off the graph, where their form matters as well as what they say."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from precompute.models.provenance.expressions import (
    Addition,
    Concatenation,
    Convolution,
    Nothing,
    Passed,
    Selection,
    Source,
    parts_of,
)
from tests.support.between_layers import Between, Function, link_layers, make_conv


def test_a_concatenation_is_told_as_one() -> None:
    _, (link,) = link_layers(Between(Function(lambda x, a: torch.cat([x, a(x)], 1), a=make_conv(8, 4)), head=12))
    assert isinstance(link.channels, Concatenation)
    assert [type(part) for part in link.channels.parts] == [Source, Convolution]


def test_zero_padded_channels_come_from_nothing() -> None:
    block = Function(lambda x: functional.pad(x[:, 2:6], (0, 0, 0, 0, 1, 3)))
    _, (link,) = link_layers(Between(block))
    assert isinstance(link.channels, Concatenation)
    assert [type(part) for part in link.channels.parts] == [Nothing, Selection, Nothing]
    assert [part.n_channels for part in link.channels.parts] == [1, 4, 3]


def test_a_strided_slice_closes_a_convolution() -> None:
    _, (link,) = link_layers(Between(Function(lambda x, a: a(x)[:, :, ::2], a=make_conv(8, 8))))
    assert isinstance(link.channels, Passed)
    assert isinstance(link.channels.of, Convolution)


def test_a_constant_scale_is_folded_into_the_convolution() -> None:
    block = Function(lambda x, a: 2 * a(x), a=make_conv(8, 8, 1))
    _, (link,) = link_layers(Between(block))
    assert isinstance(link.channels, Convolution)
    assert torch.allclose(link.channels.weight, 2 * block.inner["a"].weight.detach())


def test_a_linear_layer_behind_a_flatten_is_a_convolution_over_all_positions() -> None:
    block = Function(
        lambda x, a, b: b(torch.relu(a(functional.adaptive_avg_pool2d(x, 3).flatten(1)))),
        a=nn.Linear(72, 8),
        b=nn.Linear(8, 8),
    )
    _, (link,) = link_layers(Between(block))
    kernels = [part.weight.shape for part in parts_of(link.channels) if isinstance(part, Convolution)]  # type: ignore[arg-type]
    assert kernels == [(8, 8, 3, 3), (8, 8, 1, 1)]


def test_deep_shortcuts_are_deeper_than_the_stack() -> None:
    class Deep(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = nn.ModuleList(make_conv(8, 8, 1) for _ in range(400))

        def forward(self, x: Tensor) -> Tensor:
            for block in self.blocks:
                x = torch.relu(x + block(x))
            return x

    _, (link,) = link_layers(Between(Deep()))
    assert sum(isinstance(part, Addition) for part in parts_of(link.channels)) == 400  # type: ignore[arg-type]
