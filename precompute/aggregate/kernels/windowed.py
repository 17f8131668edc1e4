"""The greatest response of every kernel of a convolution to each source alone: arrays in, arrays out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from precompute.aggregate.kernels.compiling import compile_loop
from precompute.aggregate.kernels.vectors import LANES, WIDEST, count_bits, raise_peaks

__all__ = ["CACHE_LINE", "allocate", "compute_windowed"]

CACHE_LINE = 64
"""The size in bytes; a vector that crosses two lines takes twice as long to read."""


@compile_loop
def allocate(size):  # type: ignore[no-untyped-def]
    """Allocates numbers of any value, from the start of a cache line on."""
    space = np.empty(size + CACHE_LINE // 4, np.float32)
    start = (CACHE_LINE - space.ctypes.data % CACHE_LINE) % CACHE_LINE // 4
    return space[start : start + size]


@compile_loop
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
    size = out_height * out_width
    patches = _Patches(np.empty(size, np.int64), np.empty(size, np.uint64), np.empty(n_taps + 2, np.int64))
    taps = rows, columns, row_dilation * full, column_dilation
    grid = out_height, out_width, row_stride * full, column_stride
    kernels, peaks = weight.reshape(-1), allocate(n_sources * length)
    n_vectors = length // LANES
    n_tiles = (n_vectors + WIDEST - 1) // WIDEST
    for source in range(n_sources):
        for y in range(height):
            for x in range(width):
                padded[(y + top) * full + x + left] = values[y, x, source]
        _find_masks(padded, taps, masks)
        n_kept = _order_patches(masks[2], grid, patches)
        start = 0
        for tile in range(n_tiles):
            stop = (tile + 1) * n_vectors // n_tiles
            place = source * n_taps * length + start * LANES, stop - start, source * length + start * LANES
            raise_peaks(kernels, place, padded, (patches.corners, patches.masks, n_kept), steps, peaks)
            start = stop
    return peaks.reshape(n_sources, length)


class _Patches(NamedTuple):
    """The corners of patches, the taps of each that are not 0, and the working space to sort them."""

    corners: Any
    masks: Any
    starts: Any


@compile_loop
def _find_masks(padded, taps, masks):  # type: ignore[no-untyped-def]
    """Finds `masks[2]`: for the patch at each corner, a bit set per tap that is not 0.

    Args:
        padded: the values, flat.
        taps: their rows and columns, and the distance of one row and of one column from the next.
        masks: `(3, value)`; the first two are working space.
    """
    rows, columns, row_step, column_step = taps
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


@compile_loop
def _order_patches(masks, grid, patches):  # type: ignore[no-untyped-def]
    """Writes the corners and masks of the patches that are not all 0, sorted by the number of taps that are not 0.

    Neighbours with equal numbers let the processor predict the loops over them.

    Args:
        masks: of the patch at each corner.
        grid: the rows and columns of patches, and the distance of one row and of one column from the next.
        patches: to be written.
    """
    n_rows, n_columns, row_step, column_step = grid
    corners, kept, starts = patches
    starts[:] = 0
    for y in range(n_rows):
        for x in range(n_columns):
            starts[count_bits(masks[y * row_step + x * column_step]) + 1] += 1
    n_silent = starts[1]
    starts[1] = 0
    for index in range(2, len(starts)):
        starts[index] += starts[index - 1]
    n_kept = starts[-1]
    starts[0] = n_kept
    for y in range(n_rows):
        for x in range(n_columns):
            corner = y * row_step + x * column_step
            n_set = count_bits(masks[corner])
            index = starts[n_set]
            starts[n_set] = index + 1
            corners[index] = corner
            kept[index] = masks[corner]
    return len(corners) - n_silent
