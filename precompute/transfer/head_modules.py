"""Heads as modules, on the value of a layer."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from precompute.models.graph.layout import Layout

__all__ = ["HeadPlan", "Pool", "build_head"]


@dataclass(frozen=True)
class HeadPlan:
    """The shape of a head.

    Attributes:
        kind: `linear`: a linear map of pooled features.
        n_channels: of the layer.
        n_classes: its outputs.
        pooling: one of `config.POOLINGS`.
    """

    kind: str
    n_channels: int
    n_classes: int
    pooling: str

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


def build_head(plan: HeadPlan, layout: Layout, tail: nn.Module | None) -> nn.Sequential:
    """Builds a head.

    Args:
        plan: its shape.
        layout: of the layer's value.
        tail: norm or nonlinearity between the module and the layer; it returns a tuple of one value.
    """
    parts = {
        "maps": _Maps(layout, tail),
        "pool": Pool(plan.pooling),
        "linear": nn.Linear(plan.n_features, plan.n_classes),
    }
    head = nn.Sequential()
    for name, part in parts.items():
        head.add_module(name, part)
    return head
