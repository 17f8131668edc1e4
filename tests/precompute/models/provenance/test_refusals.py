"""Operators that cannot be traced, each named with its module."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision import ops

from tests.support.between_layers import Between, Function, link_layers, make_conv


def attend(x: Tensor, a: nn.MultiheadAttention) -> Tensor:
    """Applies self-attention over positions, with its shortcut."""
    t = x.flatten(2).transpose(1, 2)
    return (t + a(t, t, t, need_weights=False)[0]).transpose(1, 2).unflatten(2, (x.shape[2], x.shape[3]))


class Deformable(nn.Module):
    """A deformable convolution with the convolution that makes its offsets."""

    def __init__(self) -> None:
        super().__init__()
        self.offsets, self.deformed = make_conv(8, 18), ops.DeformConv2d(8, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.deformed(x, self.offsets(x))


UNTRACEABLE = {
    "layer norm": (
        Function(lambda x, n: n(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2), n=nn.LayerNorm(8)),
        "layer_norm",
    ),
    "depth to space": (Function(lambda x, a: a(functional.pixel_shuffle(x, 2)), a=make_conv(2, 8)), "pixel_shuffle"),
    "group norm": (nn.GroupNorm(2, 8), "group_norm"),
    "greater of two": (Function(lambda x, a, b: torch.max(a(x), b(x)), a=make_conv(8, 8), b=make_conv(8, 8)), "max"),
    "maximum of two": (Function(lambda x, a: torch.maximum(a(x), x), a=make_conv(8, 8)), "maximum"),
    "lesser of two": (Function(lambda x, a: torch.min(a(x), x), a=make_conv(8, 8)), "min"),
    "greater of a value and its opposite": (
        Function(lambda x, a: torch.max(y := a(x), -1 * y), a=make_conv(8, 8)),
        "max",
    ),
    "maxout over groups": (Function(lambda x, a: a(x).unflatten(1, (8, 2)).amax(2), a=make_conv(8, 16)), "amax"),
    "maxout over groups, with indices": (
        Function(lambda x, a: a(x).unflatten(1, (2, 8)).max(1)[0], a=make_conv(8, 16)),
        "max",
    ),
    "deformable convolution": (Deformable(), "deform_conv2d"),
    "convolution along tokens": (
        Function(lambda x, a: a(x.flatten(2)).unflatten(2, x.shape[2:]), a=nn.Conv1d(8, 8, 3, padding=1)),
        "conv1d",
    ),
    "convolution of volumes": (
        Function(lambda x, a: a(x[:, :, None])[:, :, 0], a=nn.Conv3d(8, 8, 3, padding=1)),
        "conv3d",
    ),
    "unfolded": (
        Function(
            lambda x, a: (a.weight @ functional.unfold(x, 3, padding=1)).unflatten(2, x.shape[2:]), a=nn.Linear(72, 8)
        ),
        "im2col",
    ),
    "convolution over another axis": (Function(lambda x, a: a(x.transpose(1, 2)), a=make_conv(8, 8)), "conv2d"),
    "softmax over channels": (nn.Softmax2d(), "softmax"),
    "product of two branches": (Function(lambda x, a: x * a(x), a=make_conv(8, 8)), "mul"),
    "attention": (
        Function(attend, a=nn.MultiheadAttention(8, 2, batch_first=True)),
        "scaled_dot_product_attention",
    ),
}


UNDIRECTED = {
    "absolute value": (Function(lambda x, a: a(x).abs(), a=make_conv(8, 8)), "abs"),
    "square": (Function(lambda x, a: a(x) ** 2, a=make_conv(8, 8)), "pow"),
    "product with itself": (Function(lambda x, a: (y := a(x)) * y, a=make_conv(8, 8)), "mul"),
    "cosine": (Function(lambda x, a: torch.cos(a(x)), a=make_conv(8, 8)), "cos"),
    "reciprocal": (Function(lambda x, a: 1 / a(x), a=make_conv(8, 8)), "reciprocal"),
    "steep on both sides": (Function(lambda x, a: functional.leaky_relu(a(x), -0.8), a=make_conv(8, 8)), "leaky_relu"),
    "spread": (Function(lambda x, a: a(x).std((2, 3), keepdim=True), a=make_conv(8, 8)), "std"),
    "gate of both signs": (
        Function(lambda x, a, b: a(x) * torch.tanh(b(x)), a=make_conv(8, 8), b=make_conv(8, 8)),
        "mul",
    ),
    "factor of both signs": (Function(lambda x, a: a(x) * torch.linspace(-1, 1, 8), a=make_conv(8, 8)), "mul"),
    "difference with itself": (Function(lambda x, a: (y := a(x)) - torch.tanh(y), a=make_conv(8, 8)), "sub"),
}


@pytest.mark.parametrize("name", UNDIRECTED)
def test_what_both_raises_and_lowers_a_channel_is_named(name: str) -> None:
    block, operator = UNDIRECTED[name]
    _, (link,) = link_layers(Between(block))
    assert link.channels is None
    assert link.problem is not None
    assert link.problem.found.startswith(
        f"second (Function) calls {operator}, which may raise a channel as well as lower"
    )
    assert "--influence gradient" in link.problem.fix


@pytest.mark.parametrize("name", UNTRACEABLE)
def test_what_mixes_channels_otherwise_is_named(name: str) -> None:
    block, operator = UNTRACEABLE[name]
    _, (link,) = link_layers(Between(block))
    assert link.channels is None
    assert link.problem is not None
    assert f"calls {operator}, which mixes channels otherwise" in link.problem.found
    assert link.problem.found.startswith("second")
    assert "--influence gradient" in link.problem.fix
