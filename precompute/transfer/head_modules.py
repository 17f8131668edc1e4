"""Heads as modules, on the value of a layer."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from precompute.models.graph.layout import Layout

__all__ = ["HeadPlan", "Pool", "Standardize", "build_head"]

_LEAST_SCALE = 0.01


@dataclass(frozen=True)
class HeadPlan:
    """The shape of a head.

    Attributes:
        kind: one of `config.HEADS`.
        n_channels: of the layer.
        n_classes: its outputs.
        pooling: one of `config.POOLINGS`.
        n_hidden: channels between the two maps of a head that is not linear.
    """

    kind: str
    n_channels: int
    n_classes: int
    pooling: str
    n_hidden: int = 128

    @property
    def n_features(self) -> int:
        """Features after pooling the layer's own channels."""
        return self.n_channels * (2 if self.pooling == "both" else 1)


class Pool(nn.Module):
    """Takes the positions of maps together: `(batch, channel, height, width)` to `(batch, feature)`."""

    def __init__(self, pooling: str) -> None:
        super().__init__()
        self.pooling = pooling

    def forward(self, maps: Tensor) -> Tensor:
        found = []
        if self.pooling in ("mean", "both"):
            found.append(maps.mean((2, 3)))
        if self.pooling in ("max", "both"):
            found.append(maps.amax((2, 3)))
        return found[0] if len(found) == 1 else torch.cat(found, 1)


class _Maps(nn.Module):
    """Brings the value of a module to maps `(batch, channel, height, width)`, behind what follows it in the model."""

    def __init__(self, layout: Layout, tail: nn.Module | None) -> None:
        super().__init__()
        self.layout = layout
        self.tail = tail

    def forward(self, value: Tensor) -> Tensor:
        if self.tail is not None:
            (value,) = self.tail(value)
        return self.layout.view_maps(value)


class Standardize(nn.Module):
    """Subtracts a mean from every channel and divides by a deviation; `fit` sets both."""

    mean: Tensor
    scale: Tensor

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_channels))
        self.register_buffer("scale", torch.ones(n_channels))

    def forward(self, values: Tensor) -> Tensor:
        shape = (1, -1) if values.ndim == 2 else (1, -1, 1, 1)
        return (values - self.mean.view(shape)) / self.scale.view(shape)

    def fit(self, means: Tensor, squares: Tensor) -> None:
        """Takes the mean of every channel and of its square."""
        deviation = (squares - means**2).clamp_min(0).sqrt()
        varying = deviation[deviation > 0]
        least = _LEAST_SCALE * float(varying.median()) if len(varying) else 1.0  # see the linear heads
        self.mean.copy_(means)
        self.scale.copy_(deviation.clamp_min(least))


def build_head(plan: HeadPlan, layout: Layout, tail: nn.Module | None) -> nn.Sequential:
    """Builds a head, whose first part brings the layer's value to maps.

    Args:
        plan: its shape.
        layout: of the layer's value.
        tail: norm or nonlinearity between the module and the layer; it returns a tuple of one value.
    """
    head = nn.Sequential()
    head.add_module("maps", _Maps(layout, tail))
    n_features = plan.n_features
    if plan.kind.startswith("conv"):
        side = int(plan.kind[-1])
        head.add_module("norm", Standardize(plan.n_channels))
        head.add_module("conv", nn.Conv2d(plan.n_channels, plan.n_hidden, side, padding=side // 2))
        head.add_module("relu", nn.ReLU())
        n_features = plan.n_hidden * (2 if plan.pooling == "both" else 1)
    head.add_module("pool", Pool(plan.pooling))
    if plan.kind == "mlp":
        head.add_module("norm", Standardize(n_features))
        head.add_module("hidden", nn.Linear(n_features, plan.n_hidden))
        head.add_module("relu", nn.ReLU())
        n_features = plan.n_hidden
    head.add_module("linear", nn.Linear(n_features, plan.n_classes))
    return head
