"""A network of two layers, the second of any kind, and what is recorded of it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchvision import ops

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence.registry import choose_measures
from precompute.aggregate.influence.values import Values
from precompute.aggregate.recording import Recorder
from precompute.devices.cores import Parallel
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from precompute.models.provenance.links import Link, derive_links


class Between(nn.Module):
    """A first layer, a second one, and a linear head.

    Args:
        second: the second layer.
        n_out: the number of its channels.
    """

    def __init__(self, second: nn.Module, n_out: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU())
        self.second, self.head = second, nn.Linear(n_out, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.second(self.first(x)).flatten(2).mean(2))


def record_link(
    module: nn.Module, images: Tensor, influence: str = "auto"
) -> tuple[ExportedModel, Values, Link, object]:
    """Records a batch of images, and chooses the measure for the link between both layers."""
    exported = ExportedModel(module, (3, 8, 10))
    layers = select_layers(exported, ["first", "second"])
    (link,) = derive_links(exported, layers)
    (measure,) = choose_measures(exported, [link], AggregateConfig(influence=influence))
    with Parallel(torch.device("cpu")) as parallel:
        return exported, Recorder(exported, layers, [measure], parallel)(images).values, link, measure


class Deformed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.offsets, self.deformed = nn.Conv2d(8, 18, 3, padding=1), ops.DeformConv2d(8, 6, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.deformed(x, self.offsets(x))


class Volume(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv3d(8, 6, (1, 3, 3), padding=(0, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.convolution(x[:, :, None])[:, :, 0]
