"""Models that mix the images of a batch are refused, by the module or the line that mixes them; others are not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from precompute.contract.errors import InputError
from precompute.models.graph.exported import ExportedModel

SIZE = (3, 8, 8)
N = 6


class Net(nn.Module):
    """A convolution, something in between, positions averaged, `last` on features `(batch, channel)`, a head."""

    def __init__(
        self,
        between: nn.Module | None = None,
        last: Callable[[Tensor], Tensor] = lambda features: features,
        first: Callable[[Tensor], Tensor] = lambda images: images,
    ) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, N, 3)
        self.between = between or nn.ReLU()
        self.first, self.last = first, last
        self.head = nn.Linear(N, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.last(self.between(self.conv(self.first(x))).mean((2, 3))))


class AlwaysTraining(nn.Sequential):
    def train(self, mode: bool = True) -> AlwaysTraining:
        return super().train(True)


class Attention(nn.Module):
    """Attention over the axis that `nn.MultiheadAttention` takes for tokens."""

    def __init__(self, batch_first: bool, transposes: bool = False) -> None:
        super().__init__()
        self.attention, self.transposes = nn.MultiheadAttention(N, 2, batch_first=batch_first), transposes

    def forward(self, maps: Tensor) -> Tensor:
        tokens = maps.flatten(2).transpose(1, 2)
        if self.transposes:
            tokens = tokens.transpose(0, 1)
        mixed = self.attention(tokens, tokens, tokens)[0]
        return (mixed.transpose(0, 1) if self.transposes else mixed).transpose(1, 2)[..., None]


class Silent(Net):
    def __init__(self) -> None:
        super().__init__(nn.BatchNorm2d(N, track_running_stats=False))
        nn.init.zeros_(self.head.weight)


MIXING: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "batch norm without statistics": (
        lambda: Net(nn.BatchNorm2d(N, track_running_stats=False)),
        r"between \(BatchNorm2d\) takes the statistics of the batch.*track_running_stats=True",
    ),
    "batch norm that stays in training": (
        lambda: Net(AlwaysTraining(nn.BatchNorm2d(N))),
        r"between\.0 \(BatchNorm2d\) takes the statistics",
    ),
    "batch norm as a function": (
        lambda: Net(last=lambda f: functional.batch_norm(f, None, None, training=True)),
        r"The model's forward, in test_independence\.py, line \d+: .*takes the statistics of the batch",
    ),
    "logits that hide it": (Silent, r"between \(BatchNorm2d\) takes the statistics"),
    "centred over the batch": (lambda: Net(last=lambda f: f - f.mean(0)), r"mixes images.*axis 0"),
    "scaled over everything": (lambda: Net(first=lambda x: x / x.abs().max()), r"mixes images"),
    "a threshold on everything": (lambda: Net(first=lambda x: torch.where(x.mean() > 0, x, -x)), r"mixes images"),
    "unit length over the batch": (lambda: Net(last=lambda f: functional.normalize(f, dim=0)), r"mixes images"),
    "sorted over the batch": (lambda: Net(last=lambda f: f.sort(0)[0]), r"mixes images"),
    "cumulated": (lambda: Net(last=lambda f: f.cumsum(0)), r"mixes images"),
    "the neighbour's": (lambda: Net(last=lambda f: f + f.roll(1, 0)), r"mixes images"),
    "the first one's": (lambda: Net(last=lambda f: f - f[:1]), r"mixes images"),
    "the last one's": (lambda: Net(last=lambda f: f - f[-1:]), r"mixes images"),
    "attention with the axes mistaken": (
        lambda: Net(Attention(batch_first=False)),
        r"between\.attention \(MultiheadAttention\) mixes images",
    ),
    "its place in the batch": (
        lambda: Net(last=lambda f: f + torch.arange(f.shape[0])[:, None]),
        r"nor on its place there.*calls add",
    ),
    "the size of the batch": (lambda: Net(last=lambda f: f * f.shape[0]), r"the size of its batch.*calls mul"),
}


@pytest.mark.parametrize("name", MIXING)
def test_a_model_that_mixes_images_is_refused_by_name(name: str) -> None:
    build, message = MIXING[name]
    with pytest.raises(InputError, match=message):
        ExportedModel(build(), SIZE)


class Binary(nn.Module):
    """Signs, which rounding may tip over."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(N, N, 3)

    def forward(self, maps: Tensor) -> Tensor:
        return torch.sign(self.conv(torch.sign(maps)))


SOUND: dict[str, Callable[[], nn.Module]] = {
    "batch norm": lambda: Net(nn.BatchNorm2d(N)),
    "instance norm": lambda: Net(nn.Sequential(nn.InstanceNorm2d(N, affine=True), nn.ReLU())),
    "attention within an image": lambda: Net(Attention(batch_first=True)),
    "attention with tokens first": lambda: Net(Attention(batch_first=False, transposes=True)),
    "signs": lambda: Net(Binary()),
    "its own mean": lambda: Net(first=lambda x: x - x.mean((1, 2, 3), keepdim=True)),
    "chosen by number": lambda: Net(last=lambda f: f[torch.arange(f.shape[0])]),
    "not a number": lambda: Net(last=lambda f: torch.where(f > 0, f, torch.nan)),
}


@pytest.mark.parametrize("name", SOUND)
def test_a_model_that_keeps_images_apart_is_taken(name: str) -> None:
    assert ExportedModel(SOUND[name](), SIZE).n_outputs == 4


def test_a_model_that_takes_no_single_image_is_refused() -> None:
    second = torch.tensor([1])

    with pytest.raises(
        InputError, match=r"test_independence\.py, line \d+: .*fails on one image \(IndexError: index 1"
    ):
        ExportedModel(Net(last=lambda f: f + 0 * f[second]), SIZE)
