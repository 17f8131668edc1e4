"""Activations of a layer and the channels that carry an image (Hohman et al. 2020, section 6.1)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class SpatialMaximum(NamedTuple):
    """Greatest value of every channel, `(batch, channel)`, and its first position in the flattened rows."""

    activation: Tensor
    position: Tensor


def find_spatial_maximum(values: Tensor) -> SpatialMaximum:
    """Reduces a layer's output `(batch, channel, height, width)` over its positions."""
    activation, position = values.flatten(2).max(dim=2)
    return SpatialMaximum(activation, position)


def find_strongest_channels(activation: Tensor, mass: float) -> Tensor:
    """Marks, per image, the smallest set of channels whose share of the total reaches `mass`.

    Args:
        activation: spatial maxima `(batch, channel)`; negative ones count as 0.
        mass: share of the layer's total, in (0, 1].

    Returns:
        `(batch, channel)` of bool: largest first, ties by the lower channel; empty where nothing is active.
    """
    clipped = activation.double().clamp_min(0)
    ordered, order = clipped.sort(dim=1, descending=True, stable=True)
    total = clipped.sum(dim=1, keepdim=True)
    reached_before = ordered.cumsum(dim=1) - ordered
    kept = (reached_before < mass * total) & (ordered > 0)
    return torch.zeros_like(kept).scatter(1, order, kept)
