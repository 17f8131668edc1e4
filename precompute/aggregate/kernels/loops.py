"""The loops that numba compiles for `compiled`: arrays in, arrays out, working space within.

The innermost loops are in `vectors`. numba's cache on disk follows this file alone: a change in `vectors` reaches
compiled code when this file is saved again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from precompute.aggregate.kernels.vectors import (
    COLUMNS,
    LANES,
    ROWS,
    WIDEST,
    count_bits,
    enter,
    multiply_tile,
    raise_peak,
    raise_peaks,
)

_GROUPS = 16  # of a target's sources, whose peaks give a lower bound of the strongest
_JUST_BELOW = np.float32(1 - 2**-23)
_TINY = np.float32(1e-36)
CACHE_LINE = 64
"""The size in bytes; a vector that crosses two lines takes twice as long to read."""


def _compile(function: Callable[..., Any], fast: bool = True) -> Callable[..., Any]:
    """Compiles a function without the GIL, kept on disk where possible; maxima are taken in any order if `fast`."""
    options = {"nogil": True, "fastmath": {"nnan", "nsz"} if fast else False}
    try:
        found: Callable[..., Any] = njit(cache=True, **options)(function)
    except RuntimeError:  # neither the package nor the home folder can be written to
        found = njit(**options)(function)
    return found


def _compile_with_nan(function: Callable[..., Any]) -> Callable[..., Any]:
    return _compile(function, fast=False)


@_compile
def _allocate(size):  # type: ignore[no-untyped-def]
    """Allocates numbers of any value, from the start of a cache line on."""
    space = np.empty(size + CACHE_LINE // 4, np.float32)
    start = (CACHE_LINE - space.ctypes.data % CACHE_LINE) % CACHE_LINE // 4
    return space[start : start + size]


@_compile
def compute_windowed(values, weight, geometry):  # type: ignore[no-untyped-def]
    """Computes the greatest response of every kernel to one source alone.

    Source by source, its patches are sorted by the number of taps that are not 0; then every kernel of its group goes
    over them.

    Returns:
        `(source, target of its group)`, with targets up to whole vectors.
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
    kernels, peaks = weight.reshape(-1), _allocate(n_sources * length)
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
            first, index = source * n_taps * length + start * LANES, source * length + start * LANES
            raise_peaks(kernels, first, stop - start, padded, corners, kept, n_kept, steps, peaks, index)
            start = stop
    return peaks.reshape(n_sources, length)


@_compile
def _find_masks(padded, rows, columns, row_step, column_step, masks):  # type: ignore[no-untyped-def]
    """Finds `masks[2]`: for the patch at each corner, a bit set per tap that is not 0."""
    n = len(padded)
    alive, in_row, found = masks[0], masks[1], masks[2]
    for index in range(n):
        alive[index] = np.uint64(padded[index] != 0)
        in_row[index] = alive[index]
    for column in range(1, columns):
        ahead = alive[column * column_step :]
        shift = np.uint64(column)
        for index in range(len(ahead)):
            in_row[index] |= ahead[index] << shift
    for index in range(n):
        found[index] = in_row[index]
    for row in range(1, rows):
        ahead = in_row[row * row_step :]
        shift = np.uint64(row * columns)
        for index in range(len(ahead)):
            found[index] |= ahead[index] << shift


@_compile
def _order_patches(masks, full, stride, size, starts, corners, kept):  # type: ignore[no-untyped-def]
    """Writes the corners and masks of the patches that are not all 0, sorted by the number of taps that are not 0.

    Neighbours with equal numbers let the processor predict the loops over them.
    """
    starts[:] = 0
    for y in range(size[0]):
        for x in range(size[1]):
            starts[count_bits(masks[y * stride[0] * full + x * stride[1]]) + 1] += 1
    n_silent = starts[1]
    starts[1] = 0
    for index in range(2, len(starts)):
        starts[index] += starts[index - 1]
    n_kept = starts[-1]
    starts[0] = n_kept
    for y in range(size[0]):
        for x in range(size[1]):
            corner = y * stride[0] * full + x * stride[1]
            n_set = count_bits(masks[corner])
            index = starts[n_set]
            starts[n_set] = index + 1
            corners[index] = corner
            kept[index] = masks[corner]
    return len(corners) - n_silent


@_compile
def _sift(panel, rows, numbers, greatest, least, peaks, kept, names):  # type: ignore[no-untyped-def]
    """Sifts some rows of a panel for the strongest products, lane by lane; peaks of groups give a first lower bound."""
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
        for rank in range(len(kept)):
            kept[rank, lane] = floor * _JUST_BELOW if floor > _TINY else np.float32(0)
    for index in range(len(rows)):
        row = rows[index]
        enter(panel, row, greatest[row], least[row], numbers[index], kept, names)


@_compile
def _write(kept, names, target, first, strengths, sources):  # type: ignore[no-untyped-def]
    for lane in range(min(LANES, len(strengths) - target)):
        for rank in range(len(kept)):
            strengths[target + lane, rank] = kept[rank, lane]
            sources[target + lane, rank] = first + names[rank, lane]


@_compile
def _find_reaching(greatest, least):  # type: ignore[no-untyped-def]
    """Finds the sources that are not silent, and every source's greatest value, 0 at least, and least, 0 at most."""
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


@_compile
def find_strongest_products(panels, greatest, least, first, strengths, sources):  # type: ignore[no-untyped-def]
    top_k = strengths.shape[1]
    reached, high, low = _find_reaching(greatest, least)
    peaks, kept = np.empty((_GROUPS, LANES), np.float32), np.empty((top_k, LANES), np.float32)
    names = np.empty((top_k, LANES), np.int32)
    for index in range(len(panels)):
        _sift(panels[index], reached, reached, high, low, peaks, kept, names)
        _write(kept, names, index * LANES, first, strengths, sources)


@_compile
def find_strongest_composed(values, kernels, geometry, weight, greatest, least, first, strengths, sources):  # type: ignore[no-untyped-def]
    """Finds the strongest sources over a bottleneck; both matrices shrink to the channels that are not silent."""
    direct = compute_windowed(values, kernels, geometry)
    length, top_k = direct.shape[1], strengths.shape[1]
    reached, high, low = _find_reaching(greatest, least)
    n_rows = (len(reached) + ROWS - 1) // ROWS * ROWS
    shares = _allocate(n_rows * len(direct)).reshape(n_rows, len(direct))
    n_middle, total = _scale_to_shares(direct, weight, high, low, reached, shares)
    peaks, kept = np.empty((_GROUPS, LANES), np.float32), np.empty((top_k, LANES), np.float32)
    names = np.empty((top_k, LANES), np.int32)
    ones, zeros = np.ones(n_rows, np.float32), np.zeros(n_rows, np.float32)
    rows = np.arange(len(reached))
    products = _allocate(COLUMNS * n_rows * LANES).reshape(COLUMNS, n_rows, LANES)
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
        for rank in range(top_k):
            strengths[target, rank] *= scale


@_compile
def _scale_to_shares(direct, weight, greatest, least, reached, shares):  # type: ignore[no-untyped-def]
    """Packs both matrices to channels that are not silent, and divides rows of `direct` by the sums that reach them.

    Returns:
        the number of middle channels left, and the sum of what reaches each target.
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
        for index_alive in range(count):
            share[index_alive] = product[alive[index_alive]]
    shares[len(reached) :] = 0
    for index in range(count):
        middle = alive[index]
        scale = np.float32(1 / arriving[middle]) if arriving[middle] > 0 else zero
        for target in range(length):
            direct[index, target] = direct[middle, target] * scale
    return count, total


@_compile_with_nan
def find_extremes(values):  # type: ignore[no-untyped-def]
    n_positions, n_channels = values.shape
    greatest, least = values[0].copy(), values[0].copy()
    position, spoilt = np.zeros(n_channels, np.int32), np.zeros(n_channels, np.float32)
    for index in range(n_positions):
        row = values[index]
        for channel in range(n_channels):
            value = row[channel]
            is_greater = value > greatest[channel]
            greatest[channel] = value if is_greater else greatest[channel]
            position[channel] = np.int32(index) if is_greater else position[channel]
            least[channel] = value if value < least[channel] else least[channel]
            spoilt[channel] += value * np.float32(0)
    for channel in range(n_channels):
        greatest[channel] += spoilt[channel]
        least[channel] += spoilt[channel]
    return greatest, least, position.astype(np.int64)


@_compile
def count_pairs(strengths, sources, count, total):  # type: ignore[no-untyped-def]
    n_targets, n_ranks = strengths.shape
    for target in range(n_targets):
        for rank in range(n_ranks):
            if strengths[target, rank] > 0:
                count[target, sources[target, rank]] += 1
                total[target, sources[target, rank]] += strengths[target, rank]
