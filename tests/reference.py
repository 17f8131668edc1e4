"""The slow, obvious truth: what the fast code must equal.

Everything here is written with loops over one image, one channel and one path at a time, from the definitions alone.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional


def strongest_channels(values: Tensor, mass: float) -> list[int]:
    """The smallest set of channels, largest first, whose share of the layer's total reaches `mass` (Summit, 6.1).

    Args:
        values: one image's layer output, `(channel, height, width)`.
        mass: share of the sum of spatial maxima.
    """
    activations = [max(float(values[j].max()), 0.0) for j in range(len(values))]
    total = sum(activations)
    chosen: list[int] = []
    reached = 0.0
    for j in sorted(range(len(activations)), key=lambda j: (-activations[j], j)):
        if total == 0 or reached / total >= mass:
            break
        chosen.append(j)
        reached += activations[j]
    return chosen


@dataclass
class Conv:
    """A convolution with batch norm folded: weight `(target, source / groups, rows, columns)` and its geometry."""

    weight: Tensor
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    groups: int = 1


def influence_of(conv: Conv, values: Tensor) -> Tensor:
    """`influence(j, i) = max over positions of (W_j,i * z_i)`, positive part, one pair after another (Summit, 6.2).

    Args:
        values: what the convolution reads for one image, `(source, height, width)`.

    Returns:
        `(target, source)`.
    """
    n_targets, per_group = conv.weight.shape[:2]
    result = torch.zeros(n_targets, per_group * conv.groups)
    for j in range(n_targets):
        group = j // (n_targets // conv.groups)
        for i in range(per_group):
            source = group * per_group + i
            response = functional.conv2d(
                values[source][None, None],
                conv.weight[j, i][None, None],
                stride=conv.stride,
                padding=conv.padding,
                dilation=conv.dilation,
            )
            result[j, source] = max(float(response.max()), 0.0)
    return result


def share_of(influence: Tensor) -> Tensor:
    """Each row divided by its sum; rows without influence stay zero."""
    shares = torch.zeros_like(influence)
    for j in range(len(influence)):
        total = float(influence[j].sum())
        if total > 0:
            shares[j] = influence[j] / total
    return shares


def top_sources(influence: Tensor, top_k: int) -> list[list[tuple[int, float]]]:
    """Per target channel the `top_k` greatest positive influences as (source, influence), ties by the lower source."""
    rows = []
    for row in influence.tolist():
        order = sorted((i for i in range(len(row)) if row[i] > 0), key=lambda i: (-row[i], i))
        rows.append([(i, row[i]) for i in order[:top_k]])
    return rows


@dataclass
class Counts:
    """Counts of one class over its images: activations by (layer, channel), influences by channel pairs."""

    activation_count: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    influence_count: dict[tuple[str, int, str, int], int] = field(default_factory=lambda: defaultdict(int))

    def add_activations(self, layer: str, values: Tensor, mass: float) -> None:
        for j in strongest_channels(values, mass):
            self.activation_count[layer, j] += 1

    def add_influences(self, target: str, source: str, influence: Tensor, top_k: int) -> None:
        for j, row in enumerate(top_sources(influence, top_k)):
            for i, _ in row:
                self.influence_count[target, j, source, i] += 1
