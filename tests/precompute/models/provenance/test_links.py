"""Every way in which channels come from one recorded layer to the next, each checked by intervention.

An intervention changes one channel and looks at which others change; the link must have derived exactly those.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision import models, ops

from precompute.models.graph.exported import ExportedModel
from precompute.models.interventions.intervention import check_links
from precompute.models.layers.selection import select_layers
from precompute.models.provenance.expressions import (
    Addition,
    Concatenation,
    Convolution,
    Nothing,
    Passed,
    Selection,
    Source,
)
from precompute.models.provenance.expressions import parts_of as parts
from precompute.models.provenance.links import Link, derive_links
from precompute.models.provenance.turning import Turner

ALL = 1_000  # channels to intervene on: every one


class Between(nn.Module):
    """A first layer of eight channels, something in between, and a second layer."""

    def __init__(self, between: nn.Module, first: nn.Module | None = None, head: int = 8) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = first or nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU())
        self.second = between
        self.head = nn.Linear(head, 2)

    def forward(self, x: Tensor) -> Tensor:
        y = self.second(self.first(x))
        return self.head(y.flatten(2).mean(2) if y.ndim == 4 else y)


class Function(nn.Module):
    """A function as a module, with modules of its own."""

    def __init__(self, function: Callable[..., Tensor], **modules: nn.Module) -> None:
        super().__init__()
        self.inner = nn.ModuleDict(modules)
        self._function = function

    def forward(self, x: Tensor) -> Tensor:
        return self._function(x, **self.inner)


def normed(n_channels: int) -> nn.BatchNorm2d:
    """A batch norm that has seen something: scales of both signs, shifts, uneven spreads."""
    norm = nn.BatchNorm2d(n_channels)
    torch.manual_seed(1)
    with torch.no_grad():
        norm.weight.copy_(torch.randn(n_channels))
        norm.bias.copy_(torch.randn(n_channels))
        norm.running_mean.copy_(torch.randn(n_channels))  # type: ignore[union-attr]
        norm.running_var.copy_(torch.rand(n_channels) + 0.5)  # type: ignore[union-attr]
    return norm


def cut(n_channels: int) -> nn.BatchNorm2d:
    """One with gains of 0, as before training."""
    norm = normed(n_channels)
    with torch.no_grad():
        norm.weight[::3] = 0
    return norm


def shuffled(x: Tensor, groups: int) -> Tensor:
    n, c, h, w = x.shape
    return x.view(n, groups, c // groups, h, w).transpose(1, 2).contiguous().view(n, c, h, w)


def standardised(x: Tensor, conv: nn.Conv2d) -> Tensor:
    weight = conv.weight
    weight = (weight - weight.mean((1, 2, 3), keepdim=True)) / weight.std((1, 2, 3), keepdim=True)
    return functional.conv2d(x, weight, conv.bias, padding=1)


def excited(x: Tensor, down: nn.Conv2d, up: nn.Conv2d, conv: nn.Conv2d) -> Tensor:
    """Squeeze and excitation, then a convolution."""
    gate = torch.sigmoid(up(torch.relu(down(x.mean((2, 3), keepdim=True)))))
    return conv(x * gate)


def pre_activated(x: Tensor, norm: nn.Module, conv: nn.Conv2d, shortcut: nn.Conv2d) -> Tensor:
    """A residual block of the second version: norm and ReLU come first."""
    active = torch.relu(norm(x))
    return conv(active) + shortcut(active)


def channels_last(x: Tensor, up: nn.Linear, down: nn.Linear) -> Tensor:
    """A ConvNeXt block without its norm."""
    y = down(functional.gelu(up(x.permute(0, 2, 3, 1)))).permute(0, 3, 1, 2)
    return x + 0.1 * y


def tokens(x: Tensor, mix: nn.Linear) -> Tensor:
    """To tokens with a class token and back."""
    t = x.flatten(2).transpose(1, 2)
    t = torch.cat([torch.zeros(x.shape[0], 1, t.shape[2]), t], 1)
    t = t + mix(t)
    return t[:, 1:].transpose(1, 2).unflatten(2, (x.shape[2], x.shape[3]))


def attended(x: Tensor, a: nn.MultiheadAttention) -> Tensor:
    """Self-attention over positions, with its shortcut."""
    t = x.flatten(2).transpose(1, 2)
    return (t + a(t, t, t, need_weights=False)[0]).transpose(1, 2).unflatten(2, (x.shape[2], x.shape[3]))


def local_response(x: Tensor, conv: nn.Conv2d) -> Tensor:
    return conv(functional.local_response_norm(torch.relu(x), 3))


def resampled(x: Tensor, conv: nn.Conv2d) -> Tensor:
    theta = torch.tensor([[0.8, 0.3, 0.1], [-0.2, 1.1, 0.0]]).expand(x.shape[0], 2, 3)
    grid = functional.affine_grid(theta, list(x.shape), align_corners=False)
    return conv(functional.grid_sample(x, grid, align_corners=False))


def conv(n_in: int, n_out: int, kernel: int = 3, **options: int) -> nn.Conv2d:
    return nn.Conv2d(n_in, n_out, kernel, padding=kernel // 2, **options)


class Deformable(nn.Module):
    """A deformable convolution with the convolution that makes its offsets."""

    def __init__(self) -> None:
        super().__init__()
        self.offsets, self.deformed = conv(8, 18), ops.DeformConv2d(8, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.deformed(x, self.offsets(x))


CASES: dict[str, nn.Module] = {
    "norm and relu6": nn.Sequential(conv(8, 8), normed(8), nn.ReLU6()),
    "pooling of both kinds": nn.Sequential(nn.MaxPool2d(2), conv(8, 8), nn.AvgPool2d(3, 1, 1), nn.SiLU(), conv(8, 8)),
    "pooling with overhang": nn.Sequential(nn.MaxPool2d(3, 2, ceil_mode=True), conv(8, 8)),
    "dropout": nn.Sequential(nn.Dropout(0.5), conv(8, 8), nn.Dropout2d(0.5)),
    "adaptive pooling": nn.Sequential(nn.AdaptiveAvgPool2d(4), conv(8, 8)),
    "interpolation": Function(lambda x, c: c(functional.interpolate(x, scale_factor=2)), c=conv(8, 8)),
    "several convolutions": nn.Sequential(conv(8, 4, 1), nn.ReLU(), conv(4, 6), normed(6), nn.ReLU(), conv(6, 8, 1)),
    "grouped": nn.Sequential(conv(8, 12, groups=4), nn.ReLU(), conv(12, 8, groups=2)),
    "depthwise": nn.Sequential(conv(8, 8, 5, groups=8), normed(8), nn.ReLU(), conv(8, 8, 1)),
    "depthwise with a multiplier": nn.Sequential(conv(8, 16, groups=8), nn.ReLU(), conv(16, 8, 1, groups=4)),
    "depthwise first and last": nn.Sequential(conv(8, 8, 3, groups=8), nn.ReLU()),
    "dilated and strided": nn.Sequential(nn.Conv2d(8, 8, 3, stride=2, padding=2, dilation=2), nn.ReLU()),
    "transposed": nn.Sequential(nn.ConvTranspose2d(8, 6, 3, 2, 1, output_padding=1), nn.ReLU(), conv(6, 8)),
    "transposed in groups, dilated": nn.Sequential(
        nn.ConvTranspose2d(8, 12, (3, 2), (1, 3), (2, 0), dilation=(2, 1), groups=4), normed(12), conv(12, 8)
    ),
    "transposed channel by channel": nn.ConvTranspose2d(8, 8, 4, 2, 1, groups=8),
    "same padding": nn.Sequential(nn.Conv2d(8, 8, 3, padding="same"), nn.ReLU()),
    "uneven padding": Function(lambda x, c: torch.relu(c(functional.pad(x, (0, 1, 0, 1)))), c=nn.Conv2d(8, 8, 3, 2)),
    "padding for a max pooling": Function(
        lambda x, c: c(functional.max_pool2d(functional.pad(x, (0, 1, 0, 1), value=-torch.inf), 3, 2)), c=conv(8, 8)
    ),
    "reflected padding": nn.Sequential(nn.Conv2d(8, 8, 3, padding=1, padding_mode="reflect"), nn.ReLU()),
    "concatenation": Function(
        lambda x, a, b: torch.relu(torch.cat([a(x), x, b(x)], 1)[:, 4:12]), a=conv(8, 6), b=conv(8, 6)
    ),
    "dense block": Function(
        lambda x, a, b, n: torch.cat([x, a(x), b(torch.relu(n(torch.cat([x, a(x)], 1))))], 1)[:, -8:],
        a=conv(8, 4), b=conv(12, 4), n=normed(12),
    ),
    "slices": Function(lambda x, a: torch.cat([x[:, ::2], a(x[:, 1::2])], 1), a=conv(4, 4)),
    "halves": Function(lambda x, a: torch.cat([x.chunk(2, 1)[0], a(x.chunk(2, 1)[1])], 1), a=conv(4, 4)),
    "uneven split": Function(lambda x, a: torch.cat(x.split([3, 5], 1)[::-1], 1) + a(x), a=conv(8, 8)),
    "channel shuffle": Function(lambda x, a: shuffled(torch.cat([x[:, :4], a(x[:, 4:])], 1), 2), a=conv(4, 4)),
    "library's channel shuffle": nn.Sequential(conv(8, 8, groups=2), nn.ChannelShuffle(2), conv(8, 8, groups=2)),
    "flipped and chosen channels": Function(lambda x, a: a(x.flip(1)[:, [0, 3, 3, 5]]), a=conv(4, 8)),
    "space to depth": Function(lambda x, a: a(functional.pixel_unshuffle(x, 2)), a=conv(32, 8)),
    "zero padding of channels": Function(
        lambda x, a: torch.relu(functional.pad(x[:, :4, ::2, ::2], (0, 0, 0, 0, 2, 2)) + a(x)),
        a=nn.Conv2d(8, 8, 3, 2, 1),
    ),
    "shortcut": Function(lambda x, a, n: torch.relu(x + n(a(x))), a=conv(8, 8), n=normed(8)),
    "projected shortcut": Function(lambda x, a, b: torch.relu(b(x) + a(x)), a=conv(8, 8), b=conv(8, 8, 1)),
    "two blocks": Function(lambda x, a, b: (y := torch.relu(x + a(x))) + b(y), a=conv(8, 8), b=conv(8, 8)),
    "pre-activated block": Function(pre_activated, norm=normed(8), conv=conv(8, 8), shortcut=conv(8, 8, 1)),
    "scaled branch": Function(lambda x, a: torch.relu(x + 0.17 * a(x)), a=conv(8, 8)),
    "scale per channel": Function(lambda x, a: x + a(x) * torch.arange(1.0, 9).view(8, 1, 1), a=conv(8, 8)),
    "greater than a constant": Function(lambda x, a: torch.max(a(x), torch.tensor(0.1)), a=conv(8, 8)),
    "less than a constant": Function(lambda x, a: torch.minimum(a(x), torch.ones(8, 1, 1)), a=conv(8, 8)),
    "leak by a maximum": Function(lambda x, a: torch.max(y := a(x), 0.1 * y), a=conv(8, 8)),
    "product with a matrix": Function(
        lambda x, a: (x.permute(0, 2, 3, 1) @ a.weight).permute(0, 3, 1, 2), a=nn.Linear(8, 8)
    ),
    "matrix before the maps": Function(
        lambda x, a: (a.weight @ x.flatten(2)).unflatten(2, x.shape[2:]), a=nn.Linear(8, 8)
    ),
    "sum of Einstein": Function(lambda x, a: torch.einsum("bchw,oc->bohw", x, a.weight), a=nn.Linear(8, 8)),
    "sum of Einstein, matrix first": Function(
        lambda x, a: torch.einsum("co,bhwc->bhwo", a.weight, x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2),
        a=nn.Linear(8, 8),
    ),
    "convolution of one tap along tokens": Function(
        lambda x, a: a(x.flatten(2)).unflatten(2, x.shape[2:]), a=nn.Conv1d(8, 8, 1, groups=2)
    ),
    "resampled": Function(resampled, conv=conv(8, 8)),
    "interpolation against aliasing": Function(
        lambda x, a: a(functional.interpolate(x, size=(5, 5), mode="bilinear", antialias=True)), a=conv(8, 8)
    ),
    "unpooling": Function(
        lambda x, a: a(functional.max_unpool2d(*functional.max_pool2d(x, 2, return_indices=True), 2)), a=conv(8, 8)
    ),
    "quotient by a constant": Function(lambda x, a: torch.relu(a(x / 3) / 2), a=conv(8, 8)),
    "minus": Function(lambda x, a: torch.relu(-a(x)), a=conv(8, 8)),
    "one less": Function(lambda x, a: torch.relu(1 - a(1 - x)), a=conv(8, 8)),
    "difference": Function(lambda x, a, b: torch.relu(a(x) - b(x)), a=conv(8, 8), b=conv(8, 8)),
    "less the shortcut": Function(lambda x, a: torch.relu(a(x) - 2 * x), a=conv(8, 8)),
    "both signs": Function(lambda x, a: torch.relu(torch.cat([a(x), -a(x)], 1)), a=conv(8, 4)),
    "norms behind a relu": Function(lambda x, a, n: n(torch.relu(a(n(x * 1)))), a=conv(8, 8), n=normed(8)),
    "norm of a sum": Function(lambda x, a, b, n: b(torch.relu(n(x + a(x)))), a=conv(8, 8), b=conv(8, 8), n=normed(8)),
    "norms of shortcuts": Function(
        lambda x, a, b, n: torch.relu(n(y := torch.relu(n(x) + a(x))) + b(y)), a=conv(8, 8), b=conv(8, 8), n=normed(8)
    ),
    "gains of nothing": Function(lambda x, a, n: n(torch.relu(n(a(x)))), a=conv(8, 8), n=cut(8)),
    "least pooling": Function(lambda x, a: a(-functional.max_pool2d(-x, 2)), a=conv(8, 8)),
    "square of what is not negative": Function(lambda x, a: a(x.abs() + torch.relu(a(x)) ** 2), a=conv(8, 8)),
    "kernel of even sides": nn.Sequential(nn.Conv2d(8, 8, 4, padding="same", dilation=2), nn.ReLU()),
    "gate of softplus": Function(lambda x, a: (y := a(x)) * torch.tanh(functional.softplus(y)), a=conv(8, 8)),
    "addition with broadcasting": Function(lambda x, a: x + a(x.mean((2, 3), keepdim=True)), a=conv(8, 8, 1)),
    "squeeze and excitation": Function(excited, down=conv(8, 2, 1), up=conv(2, 8, 1), conv=conv(8, 8)),
    "spatial gate": Function(lambda x, a, b: b(x * torch.sigmoid(a(x))), a=conv(8, 1), b=conv(8, 8)),
    "hand-written swish": Function(lambda x, a: (y := a(x)) * torch.sigmoid(y), a=conv(8, 8)),
    "hand-written hard swish": Function(lambda x, a: (y := a(x)) * functional.relu6(y + 3) / 6, a=conv(8, 8)),
    "local response norm": Function(local_response, conv=conv(8, 8)),
    "standardised weights": Function(standardised, conv=conv(8, 8)),
    "linear on channels last": Function(channels_last, up=nn.Linear(8, 16), down=nn.Linear(16, 8)),
    "linear on tokens": Function(tokens, mix=nn.Linear(8, 8)),
    "linear behind a flatten": Function(
        lambda x, a, b: b(torch.relu(a(functional.adaptive_avg_pool2d(x, 3).flatten(1)))),
        a=nn.Linear(72, 8), b=nn.Linear(8, 8),
    ),
    "linear behind a global pooling": Function(lambda x, a: torch.relu(a(x.mean((2, 3)))), a=nn.Linear(8, 8)),
}  # fmt: skip


def linked(module: nn.Module, names: list[str] | None = None) -> tuple[ExportedModel, tuple[Link, ...]]:
    exported = ExportedModel(module, (3, 8, 8))
    return exported, derive_links(exported, select_layers(exported, names or ["first", "second"]))


@pytest.mark.parametrize("name", CASES)
def test_interventions_change_what_is_derived_and_nothing_else(name: str) -> None:
    exported, links = linked(Between(CASES[name]))
    assert [link.problem for link in links] == [None]
    report = check_links(exported, links, ALL)
    assert report.failures == ()
    assert report.n_links == 1
    assert report.n_interventions >= 8


def test_interventions_find_a_wrong_link() -> None:
    exported, (link,) = linked(Between(CASES["channel shuffle"]))
    assert isinstance(link.channels, Selection | Concatenation)
    turned = Selection(link.channels, tuple(range(link.channels.n_channels))[::-1])
    report = check_links(exported, [replace(link, channels=turned)], ALL)
    assert "changes other channels of" in report.failures[0]
    assert len(report.failures) >= 8


TURNED = ["minus", "one less", "difference", "less the shortcut", "both signs", "norms behind a relu"]


@pytest.mark.parametrize("name", TURNED)
def test_interventions_find_a_sign_that_was_lost(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = Turner.scaled
    monkeypatch.setattr(Turner, "scaled", lambda self, channels, scale: lost(self, channels, scale.abs()))
    monkeypatch.setattr(Turner, "turn", lambda self, channels, sign: channels)
    exported, links = linked(Between(CASES[name]))
    report = check_links(exported, links, ALL)
    assert len(report.failures) >= 3
    assert "otherwise than derived" in report.failures[0]


@pytest.mark.parametrize("name", ["several convolutions", "shortcut", "grouped", "depthwise", "linear on tokens"])
def test_interventions_find_a_weight_of_the_wrong_sign(name: str) -> None:
    exported, (link,) = linked(Between(CASES[name]))
    wrong = next(part for part in parts(link.channels) if isinstance(part, Convolution))  # type: ignore[arg-type]
    object.__setattr__(wrong, "weight", -wrong.weight)
    report = check_links(exported, [link], ALL)
    assert "changes channels otherwise than the derived weights" in report.failures[0]


def test_interventions_find_padding_on_the_wrong_side() -> None:
    exported, (link,) = linked(Between(CASES["kernel of even sides"]))
    wrong = next(part for part in parts(link.channels) if isinstance(part, Convolution))  # type: ignore[arg-type]
    object.__setattr__(wrong, "padding", (wrong.padding[0] + 1, wrong.padding[1]))
    object.__setattr__(wrong, "overhang", (wrong.overhang[0] - 2, wrong.overhang[1]))
    assert "changes channels otherwise" in check_links(exported, [link], ALL).failures[0]


def test_a_concatenation_is_told_as_one() -> None:
    _, (link,) = linked(Between(Function(lambda x, a: torch.cat([x, a(x)], 1), a=conv(8, 4)), head=12))
    assert isinstance(link.channels, Concatenation)
    assert [type(part) for part in link.channels.parts] == [Source, Convolution]


def test_zero_padded_channels_come_from_nothing() -> None:
    block = Function(lambda x: functional.pad(x[:, 2:6], (0, 0, 0, 0, 1, 3)))
    _, (link,) = linked(Between(block))
    assert isinstance(link.channels, Concatenation)
    assert [type(part) for part in link.channels.parts] == [Nothing, Selection, Nothing]
    assert [part.n_channels for part in link.channels.parts] == [1, 4, 3]


def test_a_strided_slice_closes_a_convolution() -> None:
    _, (link,) = linked(Between(Function(lambda x, a: a(x)[:, :, ::2], a=conv(8, 8))))
    assert isinstance(link.channels, Passed)
    assert isinstance(link.channels.of, Convolution)


def test_a_constant_scale_is_folded_into_the_convolution() -> None:
    block = Function(lambda x, a: 2 * a(x), a=conv(8, 8, 1))
    _, (link,) = linked(Between(block))
    assert isinstance(link.channels, Convolution)
    assert torch.allclose(link.channels.weight, 2 * block.inner["a"].weight.detach())


def test_a_linear_layer_behind_a_flatten_is_a_convolution_over_all_positions() -> None:
    _, (link,) = linked(Between(CASES["linear behind a flatten"]))
    kernels = [part.weight.shape for part in parts(link.channels) if isinstance(part, Convolution)]  # type: ignore[arg-type]
    assert kernels == [(8, 8, 3, 3), (8, 8, 1, 1)]


def test_deep_shortcuts_are_deeper_than_the_stack() -> None:
    class Deep(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = nn.ModuleList(conv(8, 8, 1) for _ in range(400))

        def forward(self, x: Tensor) -> Tensor:
            for block in self.blocks:
                x = torch.relu(x + block(x))
            return x

    _, (link,) = linked(Between(Deep()))
    assert sum(isinstance(part, Addition) for part in parts(link.channels)) == 400  # type: ignore[arg-type]


def test_a_layer_fed_by_two_has_both_as_sources() -> None:
    class Skipping(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second, self.third = conv(3, 4), conv(4, 4), conv(8, 4)
            self.head = nn.Linear(4, 2)

        def forward(self, x: Tensor) -> Tensor:
            first = torch.relu(self.first(x))
            second = torch.relu(self.second(first))
            return self.head(torch.relu(self.third(torch.cat([first, second], 1))).mean((2, 3)))

    exported, links = linked(Skipping(), ["first", "second", "third"])
    assert [[source.name for source in link.sources] for link in links] == [["first"], ["first", "second"]]
    assert check_links(exported, links, ALL).failures == ()


UNTRACEABLE = {
    "layer norm": (
        Function(lambda x, n: n(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2), n=nn.LayerNorm(8)),
        "layer_norm",
    ),
    "depth to space": (Function(lambda x, a: a(functional.pixel_shuffle(x, 2)), a=conv(2, 8)), "pixel_shuffle"),
    "group norm": (nn.GroupNorm(2, 8), "group_norm"),
    "greater of two": (Function(lambda x, a, b: torch.max(a(x), b(x)), a=conv(8, 8), b=conv(8, 8)), "max"),
    "maximum of two": (Function(lambda x, a: torch.maximum(a(x), x), a=conv(8, 8)), "maximum"),
    "lesser of two": (Function(lambda x, a: torch.min(a(x), x), a=conv(8, 8)), "min"),
    "greater of a value and its opposite": (Function(lambda x, a: torch.max(y := a(x), -1 * y), a=conv(8, 8)), "max"),
    "maxout over groups": (Function(lambda x, a: a(x).unflatten(1, (8, 2)).amax(2), a=conv(8, 16)), "amax"),
    "maxout over groups, with indices": (
        Function(lambda x, a: a(x).unflatten(1, (2, 8)).max(1)[0], a=conv(8, 16)),
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
    "convolution over another axis": (Function(lambda x, a: a(x.transpose(1, 2)), a=conv(8, 8)), "conv2d"),
    "softmax over channels": (nn.Softmax2d(), "softmax"),
    "product of two branches": (Function(lambda x, a: x * a(x), a=conv(8, 8)), "mul"),
    "attention": (
        Function(attended, a=nn.MultiheadAttention(8, 2, batch_first=True)),
        "scaled_dot_product_attention",
    ),
}


UNDIRECTED = {
    "absolute value": (Function(lambda x, a: a(x).abs(), a=conv(8, 8)), "abs"),
    "square": (Function(lambda x, a: a(x) ** 2, a=conv(8, 8)), "pow"),
    "product with itself": (Function(lambda x, a: (y := a(x)) * y, a=conv(8, 8)), "mul"),
    "cosine": (Function(lambda x, a: torch.cos(a(x)), a=conv(8, 8)), "cos"),
    "reciprocal": (Function(lambda x, a: 1 / a(x), a=conv(8, 8)), "reciprocal"),
    "steep on both sides": (Function(lambda x, a: functional.leaky_relu(a(x), -0.8), a=conv(8, 8)), "leaky_relu"),
    "spread": (Function(lambda x, a: a(x).std((2, 3), keepdim=True), a=conv(8, 8)), "std"),
    "gate of both signs": (Function(lambda x, a, b: a(x) * torch.tanh(b(x)), a=conv(8, 8), b=conv(8, 8)), "mul"),
    "factor of both signs": (Function(lambda x, a: a(x) * torch.linspace(-1, 1, 8), a=conv(8, 8)), "mul"),
    "difference with itself": (Function(lambda x, a: (y := a(x)) - torch.tanh(y), a=conv(8, 8)), "sub"),
}


@pytest.mark.parametrize("name", UNDIRECTED)
def test_what_both_raises_and_lowers_a_channel_is_named(name: str) -> None:
    block, operator = UNDIRECTED[name]
    _, (link,) = linked(Between(block))
    assert link.channels is None
    assert link.problem is not None
    assert link.problem.found.startswith(
        f"second (Function) calls {operator}, which may raise a channel as well as lower"
    )
    assert "--influence gradient" in link.problem.fix


@pytest.mark.parametrize("name", UNTRACEABLE)
def test_what_mixes_channels_otherwise_is_named(name: str) -> None:
    block, operator = UNTRACEABLE[name]
    _, (link,) = linked(Between(block))
    assert link.channels is None
    assert link.problem is not None
    assert f"calls {operator}, which mixes channels otherwise" in link.problem.found
    assert link.problem.found.startswith("second")
    assert "--influence gradient" in link.problem.fix


@pytest.mark.parametrize(
    "name",
    [
        "resnet18",
        "googlenet",
        "squeezenet1_1",
        "mobilenet_v3_small",
        "shufflenet_v2_x0_5",
        "regnet_y_400mf",
        "mnasnet0_5",
    ],
)
def test_interventions_on_known_families(name: str) -> None:
    options = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    torch.manual_seed(0)
    exported = ExportedModel(models.get_model(name, weights=None, **options), (3, 64, 64))
    layers = select_layers(exported)
    links = derive_links(exported, layers)
    assert [link.target.name for link in links] == [layer.name for layer in layers[1:]]
    assert [link.problem for link in links] == [None] * len(links)
    report = check_links(exported, links, n_channels=1)
    assert report.failures == ()
    assert report.n_links == len(layers) - 1
