"""Exact influence on the CPU by loops that numba compiles: tables that torch would write stay in registers.

The loops are compiled at first use and kept on disk from then on. Every function releases the GIL, so that images run
side by side. All functions take and return arrays, and need no torch. Neighbouring target channels share a vector
(`vectors`).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from precompute.aggregate.kernels import channels, loops
from precompute.aggregate.kernels.vectors import LANES
from precompute.aggregate.kernels.windowed import CACHE_LINE, compute_windowed

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]


def _allocate_zeros(*shape: int) -> Floats:
    size = math.prod(shape)
    space = np.zeros(size + CACHE_LINE // 4, np.float32)
    start = -space.ctypes.data % CACHE_LINE // 4
    return space[start : start + size].reshape(shape)


def _round_up(n: int, step: int) -> int:
    return -(-n // step) * step


class WindowedKernels(NamedTuple):
    """The weights of a convolution in the order that `windowed_influence` reads them.

    Attributes:
        weight: `(source, tap, target of its group)`, with targets up to whole vectors.
        n_targets: of one group.
        per_group: sources of one group.
        geometry: kernel, stride, padding and dilation, rows before columns.
    """

    weight: Floats
    n_targets: int
    per_group: int
    geometry: tuple[int, int, int, int, int, int, int, int]

    @classmethod
    def arrange(
        cls,
        weight: Floats,
        stride: tuple[int, int],
        padding: tuple[int, int],
        dilation: tuple[int, int],
        groups: int,
    ) -> WindowedKernels:
        """Arranges a weight `(target, source / groups, rows, columns)`."""
        n_channels, per_group, rows, columns = weight.shape
        n_targets = n_channels // groups
        taps = weight.reshape(groups, n_targets, per_group, rows * columns).transpose(0, 2, 3, 1)
        arranged = _allocate_zeros(groups * per_group, rows * columns, _round_up(n_targets, LANES))
        arranged[:, :, :n_targets] = taps.reshape(groups * per_group, rows * columns, n_targets)
        return cls(arranged, n_targets, per_group, (rows, columns, *stride, *padding, *dilation))


class PointwiseKernels(NamedTuple):
    """The weights of a 1x1 convolution in the orders that are read.

    Attributes:
        by_source: `(source, target)`.
        panels: `(vector of targets, source, LANES)`.
    """

    by_source: Floats
    panels: Floats

    @classmethod
    def arrange(cls, weight: Floats) -> PointwiseKernels:
        """Arranges a weight `(target, source)`."""
        return cls(np.ascontiguousarray(weight.T), _build_panels(weight))


class Strongest(NamedTuple):
    """Influences and sources, `(target, top_k)`: strongest first, ties by the lower source, 0 for unused ranks."""

    strengths: Floats
    sources: Numbers

    @classmethod
    def make_empty(cls, n_targets: int, top_k: int) -> Strongest:
        """Makes tables whose ranks are all unused."""
        return cls(np.zeros((n_targets, top_k), np.float32), np.zeros((n_targets, top_k), np.int64))

    def select(self, targets: slice) -> Strongest:
        """Selects the rows of some targets; a view."""
        return Strongest(self.strengths[targets], self.sources[targets])


SourceExtremes = tuple[Floats, Floats]
"""The greatest and the least value of each source over positions, `(source,)` each."""


class Chain(NamedTuple):
    """Two convolutions of which the outer one reads what the inner one makes, both in one group, in one image.

    Attributes:
        outer: the weights of the one that reads the middle channels.
        middle: the middle channels, `(height, width, middle)`.
        inner: the weights of the one that makes them.
        read_by_inner: the extremes of its sources where it is a 1x1 convolution, else its input,
            `(height, width, source)`.
    """

    outer: WindowedKernels
    middle: Floats
    inner: PointwiseKernels | WindowedKernels
    read_by_inner: Any


class Passed(NamedTuple):
    """The addition of a shortcut to the targets of a chain.

    Attributes:
        sources: by target, the source that is passed on; -1 for none.
        greatest: by target, the greatest value that is passed on; below 0 counts as 0.
    """

    sources: Numbers
    greatest: Floats


NOTHING_PASSED = Passed(np.zeros(0, np.int64), np.zeros(0, np.float32))


class Extremes(NamedTuple):
    """The greatest and least value of every channel over its positions, and the first position of the greatest.

    All are `(channel,)`.
    """

    greatest: Floats
    least: Floats
    position: NDArray[np.int32]


def compute_windowed_influence(kernels: WindowedKernels, values: Floats) -> Floats:
    """Computes the positive influences of one image through a convolution.

    Args:
        kernels: of the convolution.
        values: the input, `(height, width, source)`.

    Returns:
        `(source, target)`, the greatest response over positions (Hohman et al. 2020, section 6.2); 0 outside a
        source's group.
    """
    weight, n_targets, per_group, geometry = kernels
    of_group: Floats = compute_windowed(values, weight, geometry)[:, :n_targets]
    if len(weight) == per_group:
        return of_group
    found = np.zeros((len(weight), n_targets * (len(weight) // per_group)), np.float32)
    for first in range(0, len(weight), per_group):
        start = first // per_group * n_targets
        found[first : first + per_group, start : start + n_targets] = of_group[first : first + per_group]
    return found


def find_strongest_products(kernels: PointwiseKernels, extremes: SourceExtremes, first: int, found: Strongest) -> None:
    """Finds the strongest sources of every target of a 1x1 convolution, without the influences of the others.

    Args:
        kernels: of the convolution.
        extremes: greatest and least value of each source over positions.
        first: added to the sources' indices.
        found: the tables to fill.
    """
    loops.find_strongest_products(kernels.panels, extremes, first, tuple(found))


def find_strongest_windowed(kernels: WindowedKernels, values: Floats, first: int, found: Strongest) -> None:
    """Finds the strongest sources of every target of a convolution of several taps.

    Args:
        kernels: of the convolution, in one group.
        values: its input, `(height, width, source)`.
        first: added to the sources' indices.
        found: the tables to fill.
    """
    loops.find_strongest_windowed(values, (kernels.weight, kernels.geometry), first, tuple(found))


def find_strongest_composed(chain: Chain, passed: Passed, first: int, found: Strongest) -> None:
    """Finds the strongest sources over two convolutions: sums over the middle channels of products of shares.

    Args:
        chain: the convolutions and what they read.
        passed: what a shortcut adds; `NOTHING_PASSED` without one.
        first: added to the sources' indices.
        found: the tables to fill.
    """
    outer, inner = (chain.outer.weight, chain.outer.geometry), chain.inner
    if isinstance(inner, PointwiseKernels):
        of_inner = inner.by_source, *chain.read_by_inner
        loops.find_strongest_composed(chain.middle, outer, of_inner, tuple(passed), first, tuple(found))
        return
    read = chain.middle, chain.read_by_inner
    loops.find_strongest_deep(read, (outer, (inner.weight, inner.geometry)), tuple(passed), first, tuple(found))


def find_strongest_of_rows(influence: Floats, top_k: int) -> Strongest:
    """Finds the `top_k` strongest sources of every row `(target, source)`."""
    found = Strongest.make_empty(len(influence), top_k)
    loops.find_strongest_of_rows(influence, tuple(found))
    return found


def find_channel_extremes(values: Floats) -> Extremes:
    """Finds the extremes of one image's values `(position, channel)`.

    Greatest and least are NaN where any value of the channel is NaN or infinite.
    """
    (greatest, least), position = channels.find_extremes(values)
    return Extremes(greatest, least, position)


def is_sum_finite(values: Floats) -> bool:
    """Returns True where the sum of the values `(value,)` is a finite number, and so is each of them."""
    return bool(np.isfinite(channels.add_up(values)))


def mark_strongest_channels(activation: Floats, ends: Numbers, mass: float) -> NDArray[np.bool_]:
    """Marks the smallest set of channels of each layer whose share of the layer's total reaches `mass`.

    Args:
        activation: of the channels of all layers, one after another, `(channel,)`; below 0 counts as 0.
        ends: of each layer, the index of the channel after its last one.
        mass: share of a layer's total activation, in (0, 1].
    """
    marked: NDArray[np.bool_] = channels.mark_strongest(activation, ends, mass)
    return marked


def count_pairs(strengths: Floats, sources: Numbers, count: NDArray[np.int32], total: NDArray[np.float64]) -> None:
    """Counts the used ranks `(target, rank)` in `count` and adds their influences to `total`, `(target, source)`."""
    channels.count_pairs(strengths, sources, count, total)


def _build_panels(weight: Floats) -> Floats:
    n_targets, n_sources = weight.shape
    panels = _allocate_zeros(_round_up(n_targets, LANES) // LANES, n_sources, LANES)
    for index, panel in enumerate(panels):
        targets = weight[index * LANES : (index + 1) * LANES]
        panel[:, : len(targets)] = targets.T
    return panels
