"""A small network whose forward a test writes, and the check that its export equals that of the plain forward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers

SIZE = (3, 8, 8)
Forward = Callable[["Net", Tensor], Any]


class Net(nn.Module):
    """Two recorded layers and a head.

    Args:
        run: the forward, called with the net and the images; by default the plain one.
    """

    def __init__(self, run: Forward | None = None) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True))
        self.second = nn.Sequential(nn.Conv2d(4, 6, 3, stride=2), nn.ReLU(inplace=True))
        self.head = nn.Linear(6, 5)
        self.run = run

    def forward(self, x: Tensor) -> Any:
        return self.run(self, x) if self.run else self.head(self.compute_maps(x).mean((2, 3)))

    def compute_maps(self, x: Tensor) -> Tensor:
        """Computes the second layer, `(batch, channel, height, width)`."""
        return self.second(self.first(x))

    def compute_pooled(self, x: Tensor) -> Tensor:
        """Computes the means of the second layer, `(batch, channel, 1, 1)`."""
        return functional.adaptive_avg_pool2d(self.compute_maps(x), 1)


def compute_logits(model: ExportedModel, images: Tensor) -> Tensor:
    """Computes the logits of an exported model, `(batch, output)`."""
    return model.build_sub_graph([model.output])(images)[0]


def require_same_as_plain(model: ExportedModel) -> None:
    """Asserts that logits and layers are those of the plain network, for one image and for several."""
    images = torch.randn(3, *SIZE)
    expected = Net().eval()(images)
    torch.testing.assert_close(compute_logits(model, images), expected)
    torch.testing.assert_close(compute_logits(model, images[1:2]), expected[1:2])
    assert [layer.name for layer in select_layers(model)] == ["first", "second"]
