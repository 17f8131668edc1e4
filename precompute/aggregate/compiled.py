"""The loops of exact influence compiled for the CPU by numba: what torch would materialise stays in registers.

Compiled at first use and kept on disk from then on; every function releases the GIL, so that images run side by side.
Nothing here knows of torch: arrays in, arrays out, float32. Target channels stand side by side in vectors (`vectors`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from precompute.aggregate.vectors import (
    COLUMNS,
    LANES,
    ROWS,
    WIDEST,
    bits_set,
    enter,
    multiply_tile,
    raise_peak,
    raise_peaks,
)

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]

_GROUPS = 16  # that the sources of a target are dealt to when a floor of the strongest is sought
_JUST_BELOW = np.float32(1 - 2**-23)
_TINY = np.float32(1e-36)
_CACHE_LINE = 64  # bytes; a vector that crosses one takes twice as long to read


def _compiled(function: Callable[..., Any], fast: bool = True) -> Callable[..., Any]:
    """Without the GIL, kept on disk where there is a place for it; maxima may be taken in any order."""
    options = {"nogil": True, "fastmath": {"nnan", "nsz"} if fast else False}
    try:
        found: Callable[..., Any] = njit(cache=True, **options)(function)
    except RuntimeError:  # neither the package nor the home folder can be written to
        found = njit(**options)(function)
    return found


def _compiled_with_nan(function: Callable[..., Any]) -> Callable[..., Any]:
    return _compiled(function, fast=False)


def _zeros(*shape: int) -> Floats:
    size = math.prod(shape)
    space = np.zeros(size + _CACHE_LINE // 4, np.float32)
    start = -space.ctypes.data % _CACHE_LINE // 4
    return space[start : start + size].reshape(shape)


def _rounded_up(n: int, step: int) -> int:
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
    def of(
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
        arranged = _zeros(groups * per_group, rows * columns, _rounded_up(n_targets, LANES))
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
    def of(cls, weight: Floats) -> PointwiseKernels:
        """Arranges a weight `(target, source)`."""
        return cls(np.ascontiguousarray(weight.T), _panels(weight))


class Strongest(NamedTuple):
    """Influences and sources, `(target, top_k)`: strongest first, ties by the lower source, 0 for places not taken."""

    strengths: Floats
    sources: Numbers

    @classmethod
    def empty(cls, n_targets: int, top_k: int) -> Strongest:
        """With no place taken."""
        return cls(np.zeros((n_targets, top_k), np.float32), np.zeros((n_targets, top_k), np.int64))

    def rows(self, targets: slice) -> Strongest:
        """Of some targets; a view."""
        return Strongest(self.strengths[targets], self.sources[targets])


class Extremes(NamedTuple):
    """Of every channel `(channel,)` over its positions: greatest and least value, and where the greatest is first."""

    greatest: Floats
    least: Floats
    position: Numbers


def windowed_influence(kernels: WindowedKernels, values: Floats) -> Floats:
    """Positive influences of one image through a convolution, `(source, target)`; 0 outside a source's group.

    Args:
        kernels: of the convolution.
        values: what it reads, `(height, width, source)`.
    """
    weight, n_targets, per_group, geometry = kernels
    of_group: Floats = _windowed(values, weight, geometry)[:, :n_targets]
    if len(weight) == per_group:
        return of_group
    found = np.zeros((len(weight), n_targets * (len(weight) // per_group)), np.float32)
    for first in range(0, len(weight), per_group):
        start = first // per_group * n_targets
        found[first : first + per_group, start : start + n_targets] = of_group[first : first + per_group]
    return found


def find_strongest_products(
    kernels: PointwiseKernels, greatest: Floats, least: Floats, first: int, found: Strongest
) -> None:
    """The strongest sources of every target of a 1x1 convolution, without the influences of the others.

    Args:
        kernels: of the convolution.
        greatest: of each source over positions; below 0 counts as 0.
        least: of each source over positions; above 0 counts as 0.
        first: added to the sources' numbers.
        found: where they are written.
    """
    _strongest_products(kernels.panels, greatest, least, first, *found)


def find_strongest_composed(
    outer: WindowedKernels,
    values: Floats,
    inner: PointwiseKernels,
    extremes: tuple[Floats, Floats, int],
    found: Strongest,
) -> None:
    """The strongest sources over a bottleneck: sums over the middle channels of products of shares.

    Args:
        outer: of the convolution that reads the middle channels, in one group.
        values: what it reads, `(height, width, middle)`.
        inner: of the 1x1 convolution that makes them.
        extremes: greatest and least of each source, and the first one's number; see `find_strongest_products`.
        found: where they are written.
    """
    _strongest_composed(values, outer.weight, outer.geometry, inner.by_source, *extremes, *found)


def strongest_of_rows(influence: Floats, top_k: int) -> Strongest:
    """The strongest sources of every row `(target, source)`."""
    found = Strongest.empty(len(influence), top_k)
    ones = np.ones(influence.shape[1], np.float32)
    _strongest_products(_panels(influence), ones, np.zeros_like(ones), 0, *found)
    return found


def extremes_of_channels(values: Floats) -> Extremes:
    """Of one image's values `(position, channel)`; greatest and least are NaN where any value is no finite number."""
    return Extremes(*_extremes(values))


def count_pairs(strengths: Floats, sources: Numbers, count: NDArray[np.int32], total: NDArray[np.float64]) -> None:
    """Counts the places taken `(target, place)` in `count` and adds their influences to `total`, `(target, source)`."""
    _count_pairs(strengths, sources, count, total)


def _panels(weight: Floats) -> Floats:
    n_targets, n_sources = weight.shape
    panels = _zeros(_rounded_up(n_targets, LANES) // LANES, n_sources, LANES)
    for index, panel in enumerate(panels):
        targets = weight[index * LANES : (index + 1) * LANES]
        panel[:, : len(targets)] = targets.T
    return panels


@_compiled
def _space(size):  # type: ignore[no-untyped-def]
    """So many numbers, of any value, from the start of a cache line on."""
    space = np.empty(size + _CACHE_LINE // 4, np.float32)
    start = (_CACHE_LINE - space.ctypes.data % _CACHE_LINE) % _CACHE_LINE // 4
    return space[start : start + size]


@_compiled
def _windowed(values, weight, geometry):  # type: ignore[no-untyped-def]
    """Source by source: its patches by how much of them is not 0, then every kernel of its group over them.

    Returns `(source, target of its group)`, with targets up to whole vectors.
    """
    rows, columns, row_stride, column_stride, top, left, row_dilation, column_dilation = geometry
    height, width, n_sources = values.shape
    n_taps, length = weight.shape[1], weight.shape[2]
    full = width + 2 * left
    out_height = (height + 2 * top - row_dilation * (rows - 1) - 1) // row_stride + 1
    out_width = (full - column_dilation * (columns - 1) - 1) // column_stride + 1
    steps = np.empty((n_taps, 2), np.int64)
    for tap in range(n_taps):
        steps[tap, 0] = tap // columns * row_dilation * full + tap % columns * column_dilation
        steps[tap, 1] = tap * length
    padded = np.zeros((height + 2 * top) * full, np.float32)
    masks = np.empty((3, len(padded)), np.uint64)
    corners, kept = np.empty(out_height * out_width, np.int64), np.empty(out_height * out_width, np.uint64)
    starts = np.empty(n_taps + 2, np.int64)
    kernels, peaks = weight.reshape(-1), _space(n_sources * length)
    n_vectors = length // LANES
    n_tiles = (n_vectors + WIDEST - 1) // WIDEST
    for source in range(n_sources):
        for y in range(height):
            for x in range(width):
                padded[(y + top) * full + x + left] = values[y, x, source]
        _find_masks(padded, rows, columns, row_dilation * full, column_dilation, masks)
        size = out_height, out_width
        n_kept = _order_patches(masks[2], full, (row_stride, column_stride), size, starts, corners, kept)
        start = 0
        for tile in range(n_tiles):
            stop = (tile + 1) * n_vectors // n_tiles
            first, place = source * n_taps * length + start * LANES, source * length + start * LANES
            raise_peaks(kernels, first, stop - start, padded, corners, kept, n_kept, steps, peaks, place)
            start = stop
    return peaks.reshape(n_sources, length)


@_compiled
def _find_masks(padded, rows, columns, row_step, column_step, masks):  # type: ignore[no-untyped-def]
    """`masks[2]`: which taps of the patch at each corner are not 0, the tap's bit set; past the last one anything."""
    n = len(padded)
    alive, in_row, found = masks[0], masks[1], masks[2]
    for place in range(n):
        alive[place] = np.uint64(padded[place] != 0)
        in_row[place] = alive[place]
    for column in range(1, columns):
        ahead = alive[column * column_step :]
        shift = np.uint64(column)
        for place in range(len(ahead)):
            in_row[place] |= ahead[place] << shift
    for place in range(n):
        found[place] = in_row[place]
    for row in range(1, rows):
        ahead = in_row[row * row_step :]
        shift = np.uint64(row * columns)
        for place in range(len(ahead)):
            found[place] |= ahead[place] << shift


@_compiled
def _order_patches(masks, full, stride, size, starts, corners, kept):  # type: ignore[no-untyped-def]
    """Corners and masks of the patches that are not all 0, those alike in number together: loops are foreseen then."""
    starts[:] = 0
    for y in range(size[0]):
        for x in range(size[1]):
            starts[bits_set(masks[y * stride[0] * full + x * stride[1]]) + 1] += 1
    n_silent = starts[1]
    starts[1] = 0
    for index in range(2, len(starts)):
        starts[index] += starts[index - 1]
    n_kept = starts[-1]
    starts[0] = n_kept
    for y in range(size[0]):
        for x in range(size[1]):
            corner = y * stride[0] * full + x * stride[1]
            n_set = bits_set(masks[corner])
            place = starts[n_set]
            starts[n_set] = place + 1
            corners[place] = corner
            kept[place] = masks[corner]
    return len(corners) - n_silent


@_compiled
def _sift(panel, rows, numbers, greatest, least, peaks, kept, names):  # type: ignore[no-untyped-def]
    """The strongest products of some rows of a panel, lane by lane; peaks of groups give a floor to begin from."""
    peaks[:] = 0
    kept[:] = 0
    names[:] = 0
    for index in range(len(rows)):
        row = rows[index]
        raise_peak(panel, row, greatest[row], least[row], peaks, index % _GROUPS)
    for group in range(_GROUPS):
        enter(peaks, group, np.float32(1), np.float32(0), 0, kept, names)
    for lane in range(LANES):
        floor = kept[len(kept) - 1, lane]
        for place in range(len(kept)):
            kept[place, lane] = floor * _JUST_BELOW if floor > _TINY else np.float32(0)
    for index in range(len(rows)):
        row = rows[index]
        enter(panel, row, greatest[row], least[row], numbers[index], kept, names)


@_compiled
def _write(kept, names, target, first, strengths, sources):  # type: ignore[no-untyped-def]
    for lane in range(min(LANES, len(strengths) - target)):
        for place in range(len(kept)):
            strengths[target + lane, place] = kept[place, lane]
            sources[target + lane, place] = first + names[place, lane]


@_compiled
def _reaching(greatest, least):  # type: ignore[no-untyped-def]
    """The sources that are not silent, and what weights meet in them: a positive one at least 0, or at most 0."""
    zero = np.float32(0)
    high, low = np.empty(len(greatest), np.float32), np.empty(len(greatest), np.float32)
    found = np.empty(len(greatest), np.int64)
    count = 0
    for source in range(len(greatest)):
        high[source], low[source] = max(greatest[source], zero), min(least[source], zero)
        if high[source] > 0 or low[source] < 0:
            found[count] = source
            count += 1
    return found[:count], high, low


@_compiled
def _strongest_products(panels, greatest, least, first, strengths, sources):  # type: ignore[no-untyped-def]
    top_k = strengths.shape[1]
    reached, high, low = _reaching(greatest, least)
    peaks, kept = np.empty((_GROUPS, LANES), np.float32), np.empty((top_k, LANES), np.float32)
    names = np.empty((top_k, LANES), np.int32)
    for index in range(len(panels)):
        _sift(panels[index], reached, reached, high, low, peaks, kept, names)
        _write(kept, names, index * LANES, first, strengths, sources)


@_compiled
def _strongest_composed(values, kernels, geometry, weight, greatest, least, first, strengths, sources):  # type: ignore[no-untyped-def]
    """Between middle channels and sources that are not silent only; both matrices shrink to them."""
    direct = _windowed(values, kernels, geometry)
    length, top_k = direct.shape[1], strengths.shape[1]
    reached, high, low = _reaching(greatest, least)
    n_rows = (len(reached) + ROWS - 1) // ROWS * ROWS
    shares = _space(n_rows * len(direct)).reshape(n_rows, len(direct))
    n_middle, total = _scale_to_shares(direct, weight, high, low, reached, shares)
    peaks, kept = np.empty((_GROUPS, LANES), np.float32), np.empty((top_k, LANES), np.float32)
    names = np.empty((top_k, LANES), np.int32)
    ones, zeros = np.ones(n_rows, np.float32), np.zeros(n_rows, np.float32)
    rows = np.arange(len(reached))
    products = _space(COLUMNS * n_rows * LANES).reshape(COLUMNS, n_rows, LANES)
    n_vectors = length // LANES
    n_tiles = (n_vectors + COLUMNS - 1) // COLUMNS
    start = 0
    for tile in range(n_tiles):
        stop = (tile + 1) * n_vectors // n_tiles
        for row in range(0, n_rows, ROWS):
            multiply_tile(shares, row, direct, start * LANES, n_middle, stop - start, products, row)
        for vector in range(start, stop):
            _sift(products[vector - start], rows, reached, ones, zeros, peaks, kept, names)
            _write(kept, names, vector * LANES, first, strengths, sources)
        start = stop
    for target in range(len(strengths)):
        scale = np.float32(1 / total[target]) if total[target] > 0 else np.float32(0)
        for place in range(top_k):
            strengths[target, place] *= scale


@_compiled
def _scale_to_shares(direct, weight, greatest, least, reached, shares):  # type: ignore[no-untyped-def]
    """Packs both matrices to what is not silent; the rows of `direct` are divided by the sums of what reaches them.

    Returns:
        how many middle channels are left, and the sum of what reaches each target.
    """
    n_middle, length = direct.shape
    alive = np.empty(n_middle, np.int64)
    count = 0
    total = np.zeros(length)
    for middle in range(n_middle):
        greatest_of_row = np.float32(0)
        for target in range(length):
            greatest_of_row = max(greatest_of_row, direct[middle, target])
            total[target] += direct[middle, target]
        if greatest_of_row > 0:
            alive[count] = middle
            count += 1
    arriving = np.zeros(n_middle)
    product = np.empty(n_middle, np.float32)
    zero = np.float32(0)
    for index in range(len(reached)):
        source = reached[index]
        high, low, row = greatest[source], least[source], weight[source]
        for middle in range(n_middle):
            product[middle] = max(max(row[middle] * high, row[middle] * low), zero)
            arriving[middle] += product[middle]
        share = shares[index]
        for place in range(count):
            share[place] = product[alive[place]]
    shares[len(reached) :] = 0
    for place in range(count):
        middle = alive[place]
        scale = np.float32(1 / arriving[middle]) if arriving[middle] > 0 else zero
        for target in range(length):
            direct[place, target] = direct[middle, target] * scale
    return count, total


@_compiled_with_nan
def _extremes(values):  # type: ignore[no-untyped-def]
    n_positions, n_channels = values.shape
    greatest, least = values[0].copy(), values[0].copy()
    position, spoilt = np.zeros(n_channels, np.int32), np.zeros(n_channels, np.float32)
    for place in range(n_positions):
        row = values[place]
        for channel in range(n_channels):
            value = row[channel]
            is_greater = value > greatest[channel]
            greatest[channel] = value if is_greater else greatest[channel]
            position[channel] = np.int32(place) if is_greater else position[channel]
            least[channel] = value if value < least[channel] else least[channel]
            spoilt[channel] += value * np.float32(0)
    for channel in range(n_channels):
        greatest[channel] += spoilt[channel]
        least[channel] += spoilt[channel]
    return greatest, least, position.astype(np.int64)


@_compiled
def _count_pairs(strengths, sources, count, total):  # type: ignore[no-untyped-def]
    n_targets, n_places = strengths.shape
    for target in range(n_targets):
        for place in range(n_places):
            if strengths[target, place] > 0:
                count[target, sources[target, place]] += 1
                total[target, sources[target, place]] += strengths[target, place]
