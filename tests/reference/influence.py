"""The slow, obvious reference that the fast code must equal.

Everything here is written with loops over one image, one channel and one path at a time, from the definitions alone.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional


def find_strongest_channels(values: Tensor, mass: float) -> list[int]:
    """Finds the smallest set of channels, largest first, whose share of the layer's total reaches `mass`.

    Hohman et al. 2020, section 6.1.

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


def compute_influence(conv: Conv, values: Tensor) -> Tensor:
    """Computes `influence(j, i) = max over positions of (W_j,i * z_i)`, positive part, one source after another.

    Hohman et al. 2020, section 6.2.

    Args:
        values: the convolution's input for one image, `(source, height, width)`.

    Returns:
        `(target, source)`.
    """
    n_targets, per_group = conv.weight.shape[:2]
    in_group = n_targets // conv.groups
    result = torch.zeros(n_targets, per_group * conv.groups)
    for source in range(per_group * conv.groups):
        group, i = divmod(source, per_group)
        targets = slice(group * in_group, (group + 1) * in_group)
        response = functional.conv2d(
            values[source][None, None],
            conv.weight[targets, i : i + 1],
            stride=conv.stride,
            padding=conv.padding,
            dilation=conv.dilation,
        )
        result[targets, source] = response[0].flatten(1).amax(1).clamp_min(0)
    return result


def compute_shares(influence: Tensor) -> Tensor:
    """Divides each row by its sum; rows without influence stay zero."""
    shares = torch.zeros_like(influence)
    for j in range(len(influence)):
        total = float(influence[j].sum())
        if total > 0:
            shares[j] = influence[j] / total
    return shares


def find_top_sources(influence: Tensor, top_k: int) -> list[list[tuple[int, float]]]:
    """Finds the `top_k` greatest positive influences per target as (source, influence), ties by the lower source."""
    rows = []
    for row in influence.tolist():
        order = sorted((i for i in range(len(row)) if row[i] > 0), key=lambda i: (-row[i], i))
        rows.append([(i, row[i]) for i in order[:top_k]])
    return rows


def find_ties(influence: Tensor, top_k: int) -> list[list[int]]:
    """Finds per target the sources of which single precision cannot tell whether they are among the `top_k` greatest.

    These are as great as the last one that is chosen or the first one that is not, where the two are as great.
    """
    rows = []
    for row in influence.tolist():
        greatest = sorted((value for value in row if value > 0), reverse=True)
        tied = []
        if len(greatest) > top_k and math.isclose(greatest[top_k - 1], greatest[top_k], rel_tol=_PRECISION):
            tied = [i for i in range(len(row)) if math.isclose(row[i], greatest[top_k], rel_tol=_PRECISION)]
        rows.append(tied)
    return rows


_PRECISION = 1e-5
"""Relative: sums of some hundred products in another order differ by less, on another processor also."""


@dataclass
class Counts:
    """Counts of one class over its images: activations by (layer, channel), influences by channel pairs.

    `ties` has, of each channel pair, the images in which single precision cannot tell whether it counts.
    """

    activation_count: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    influence_count: dict[tuple[str, int, str, int], int] = field(default_factory=lambda: defaultdict(int))
    ties: dict[tuple[str, int, str, int], int] = field(default_factory=lambda: defaultdict(int))

    def add_activations(self, layer: str, values: Tensor, mass: float) -> None:
        for j in find_strongest_channels(values, mass):
            self.activation_count[layer, j] += 1

    def add_influences(self, target: str, source: str, influence: Tensor, top_k: int) -> None:
        for j, row in enumerate(find_top_sources(influence, top_k)):
            for i, _ in row:
                self.influence_count[target, j, source, i] += 1
        for j, tied in enumerate(find_ties(influence, top_k)):
            for i in tied:
                self.ties[target, j, source, i] += 1


def count_class(model: nn.Module, images: Tensor, config: ReferenceConfig) -> Counts:
    """Counts one class, image by image and layer by layer.

    Args:
        images: preprocessed, `(image, channel, height, width)`.
    """
    counts = Counts()
    for image in images:
        values = config.values_of(model, image[None])
        for layer in config.layers:
            counts.add_activations(layer, values[layer][0], config.activation_mass)
        for target, source, influence in config.influences_of(model, values):
            counts.add_influences(target, source, influence, config.top_k)
    return counts


@dataclass
class ReferenceConfig:
    """A network described by hand: its layers, its values, and how influence arrives at each layer.

    Attributes:
        values_of: runs the model on one image; returns every named value, `(1, channel, height, width)`.
        influences_of: returns per pair of layers (target, source, influence `(target channel, source channel)`).
    """

    layers: tuple[str, ...]
    values_of: Callable[[nn.Module, Tensor], dict[str, Tensor]]
    influences_of: Callable[[nn.Module, dict[str, Tensor]], list[tuple[str, str, Tensor]]]
    activation_mass: float = 0.03
    top_k: int = 5


def fold_norm(conv: nn.Conv2d, norm: nn.BatchNorm2d | None = None) -> Conv:
    """Builds a `Conv` of a convolution module, with batch norm folded in."""
    weight = conv.weight.detach()
    if norm is not None:
        scale = norm.weight.detach().double() / torch.sqrt(norm.running_var.double() + norm.eps)  # type: ignore[union-attr]
        weight = (weight.double() * scale[:, None, None, None]).float()
    return Conv(weight, conv.stride[0], conv.padding[0], conv.dilation[0], conv.groups)  # type: ignore[arg-type]


def compose_bottleneck(first: Tensor, second: Tensor) -> Tensor:
    """Computes influence over two convolutions: the sum over the middle channels of the product of shares."""
    outer, inner = compute_shares(second), compute_shares(first)
    result = torch.zeros(len(outer), inner.shape[1])
    for j in range(len(outer)):
        for m in outer[j].nonzero()[:, 0].tolist():
            result[j] += outer[j, m] * inner[m]
    return result


def compose_residual(first: Tensor, second: Tensor, passed: Tensor, index: list[int]) -> Tensor:
    """Computes influence on a residual sum: a branch of two convolutions, and the activation that the shortcut passes.

    Args:
        passed: activation of the shortcut at the sum, `(target,)`.
        index: source channel of each target channel on the shortcut; -1 for padded zeros.
    """
    inner = compute_shares(first)
    result = torch.zeros(len(second), inner.shape[1])
    for j in range(len(second)):
        shortcut = max(float(passed[j]), 0.0)
        total = float(second[j].sum()) + shortcut
        if total == 0:
            continue
        for m in second[j].nonzero()[:, 0].tolist():
            result[j] += second[j, m] / total * inner[m]
        if index[j] >= 0:
            result[j, index[j]] += shortcut / total
    return result
