"""The loops that find the strongest sources of every target: arrays in, arrays out, working space within.

The innermost loops are in `vectors`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from precompute.aggregate.kernels.compiling import compile_loop
from precompute.aggregate.kernels.vectors import COLUMNS, LANES, ROWS, enter, multiply_tile, raise_peak
from precompute.aggregate.kernels.windowed import allocate, compute_windowed

_GROUPS = 16  # of a target's sources, whose peaks give a lower bound of the strongest
_JUST_BELOW = np.float32(1 - 2**-23)
_TINY = np.float32(1e-36)


class _Lists(NamedTuple):
    """The strongest products of `LANES` targets, and the working space to find them."""

    peaks: Any
    kept: Any
    names: Any


class _Reached(NamedTuple):
    """Some sources: their numbers, and of all sources the greatest value, 0 at least, and the least, 0 at most."""

    numbers: Any
    greatest: Any
    least: Any


@compile_loop
def _make_lists(top_k):  # type: ignore[no-untyped-def]
    kept, names = np.empty((top_k, LANES), np.float32), np.empty((top_k, LANES), np.int32)
    return _Lists(np.empty((_GROUPS, LANES), np.float32), kept, names)


@compile_loop
def _sift(panel, rows, reached, lists):  # type: ignore[no-untyped-def]
    """Sifts some rows of a panel for the strongest products, lane by lane; peaks of groups give a first lower bound.

    Row `rows[index]` is entered under the number `reached.numbers[index]`.
    """
    peaks, kept, names = lists
    numbers, greatest, least = reached
    peaks[:] = 0
    kept[:] = 0
    names[:] = 0
    for index in range(len(rows)):
        row = rows[index]
        raise_peak(panel, row, (greatest[row], least[row]), peaks, index % _GROUPS)
    for group in range(_GROUPS):
        enter(peaks, group, (np.float32(1), np.float32(0)), 0, (kept, names))
    for lane in range(LANES):
        floor = kept[len(kept) - 1, lane]
        for rank in range(len(kept)):
            kept[rank, lane] = floor * _JUST_BELOW if floor > _TINY else np.float32(0)
    for index in range(len(rows)):
        row = rows[index]
        enter(panel, row, (greatest[row], least[row]), numbers[index], (kept, names))


@compile_loop
def _write(lists, target, first, found):  # type: ignore[no-untyped-def]
    """Writes the lists of a vector of targets; `first` is added to the numbers of sources."""
    strengths, sources = found
    _, kept, names = lists
    for lane in range(min(LANES, len(strengths) - target)):
        for rank in range(len(kept)):
            strengths[target + lane, rank] = kept[rank, lane]
            sources[target + lane, rank] = first + names[rank, lane]


@compile_loop
def _find_reaching(greatest, least, passed):  # type: ignore[no-untyped-def]
    """Finds the sources that are not silent, or that a shortcut passes; see `find_strongest_composed`."""
    zero = np.float32(0)
    high, low = np.empty(len(greatest), np.float32), np.empty(len(greatest), np.float32)
    is_passed = np.zeros(len(greatest), np.bool_)
    for target in range(len(passed[0])):
        if passed[0][target] >= 0:
            is_passed[passed[0][target]] = True
    found = np.empty(len(greatest), np.int64)
    count = 0
    for source in range(len(greatest)):
        high[source], low[source] = max(greatest[source], zero), min(least[source], zero)
        if high[source] > 0 or low[source] < 0 or is_passed[source]:
            found[count] = source
            count += 1
    return _Reached(found[:count], high, low)


@compile_loop
def _name_rows(numbers):  # type: ignore[no-untyped-def]
    """Names the rows of a panel, which holds products already."""
    return _Reached(numbers, np.ones(len(numbers), np.float32), np.zeros(len(numbers), np.float32))


@compile_loop
def find_strongest_products(panels, extremes, first, found):  # type: ignore[no-untyped-def]
    nothing = np.empty(0, np.int64), np.empty(0, np.float32)
    reached, lists = _find_reaching(extremes[0], extremes[1], nothing), _make_lists(found[0].shape[1])
    for index in range(len(panels)):
        _sift(panels[index], reached.numbers, reached, lists)
        _write(lists, index * LANES, first, found)


@compile_loop
def find_strongest_of_rows(influence, found):  # type: ignore[no-untyped-def]
    """Finds the strongest of `(target, source)`, a vector of targets at a time."""
    n_targets, n_sources = influence.shape
    panel, rows = allocate(n_sources * LANES).reshape(n_sources, LANES), np.arange(n_sources)
    reached, lists = _name_rows(rows), _make_lists(found[0].shape[1])
    for target in range(0, n_targets, LANES):
        for lane in range(LANES):
            is_target = target + lane < n_targets
            for source in range(n_sources):
                panel[source, lane] = influence[target + lane, source] if is_target else np.float32(0)
        _sift(panel, rows, reached, lists)
        _write(lists, target, 0, found)


@compile_loop
def find_strongest_windowed(values, kernels, first, found):  # type: ignore[no-untyped-def]
    """Finds the strongest sources of the targets of a convolution of several taps."""
    direct = compute_windowed(values, kernels[0], kernels[1])
    n_sources, length = direct.shape
    panel, rows = allocate(n_sources * LANES).reshape(n_sources, LANES), np.arange(n_sources)
    reached, lists = _name_rows(rows), _make_lists(found[0].shape[1])
    for target in range(0, length, LANES):
        for source in range(n_sources):
            for lane in range(LANES):
                panel[source, lane] = direct[source, target + lane]
        _sift(panel, rows, reached, lists)
        _write(lists, target, first, found)


@compile_loop
def find_strongest_composed(values, outer, inner, passed, first, found):  # type: ignore[no-untyped-def]
    """Finds the strongest sources over a bottleneck; both matrices shrink to the channels that are not silent.

    Args:
        values: the middle channels, `(height, width, middle)`.
        outer: weight and geometry of the convolution that reads them.
        inner: the weight `(source, middle)` of what makes them, and the greatest and the least value of each source.
        passed: of each target, the source that a shortcut passes, or -1, and the greatest value that it passes;
            both are empty without a shortcut.
        first: added to the sources' numbers.
        found: strengths and sources.
    """
    direct = compute_windowed(values, outer[0], outer[1])
    weight, greatest, least = inner
    reached, lists = _find_reaching(greatest, least, passed), _make_lists(found[0].shape[1])
    n_reached = len(reached.numbers)
    n_rows = (n_reached + ROWS - 1) // ROWS * ROWS
    shares = allocate(n_rows * len(direct)).reshape(n_rows, len(direct))
    n_middle, total = _scale_to_shares(direct, weight, reached, shares)
    rows, named = np.arange(n_reached), _name_rows(reached.numbers)
    row_of = np.empty(len(greatest), np.int64)
    for row in range(n_reached):
        row_of[reached.numbers[row]] = row
    products = allocate(COLUMNS * n_rows * LANES).reshape(COLUMNS, n_rows, LANES)
    n_vectors = direct.shape[1] // LANES
    n_tiles = (n_vectors + COLUMNS - 1) // COLUMNS
    start = 0
    for tile in range(n_tiles):
        stop = (tile + 1) * n_vectors // n_tiles
        for row in range(0, n_rows, ROWS):
            multiply_tile(shares, direct, n_middle, (row, start * LANES, stop - start), products)
        for vector in range(start, stop):
            _add_passed(products[vector - start], vector * LANES, row_of, passed, total)
            _sift(products[vector - start], rows, named, lists)
            _write(lists, vector * LANES, first, found)
        start = stop
    for target in range(len(found[0])):
        scale = np.float32(1 / total[target]) if total[target] > 0 else np.float32(0)
        for rank in range(found[0].shape[1]):
            found[0][target, rank] *= scale


@compile_loop
def _add_passed(panel, target, row_of, passed, total):  # type: ignore[no-untyped-def]
    """Adds what a shortcut passes to a vector of targets, to their products and to the sum of what reaches each."""
    sources, greatest = passed
    for lane in range(min(LANES, len(sources) - target)):
        source, value = sources[target + lane], max(greatest[target + lane], np.float32(0))
        total[target + lane] += value
        if source >= 0:
            panel[row_of[source], lane] += value


@compile_loop
def find_strongest_deep(values, convolutions, passed, first, found):  # type: ignore[no-untyped-def]
    """Finds the strongest sources over two convolutions of several taps; see `find_strongest_composed`.

    Args:
        values: what the outer and what the inner convolution reads, `(height, width, channel)` each.
        convolutions: weight and geometry of the outer one, and of the inner one.
        passed, first, found: as there.
    """
    inner = compute_windowed(values[1], convolutions[1][0], convolutions[1][1])
    is_reached = np.zeros(len(inner), np.float32)
    for source in range(len(inner)):
        for middle in range(inner.shape[1]):
            is_reached[source] = max(is_reached[source], np.float32(inner[source, middle] > 0))
    of_inner = inner, is_reached, np.zeros_like(is_reached)
    find_strongest_composed(values[0], convolutions[0], of_inner, passed, first, found)


@compile_loop
def _scale_to_shares(direct, weight, reached, shares):  # type: ignore[no-untyped-def]
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
    numbers, greatest, least = reached
    for index in range(len(numbers)):
        source = numbers[index]
        high, low, row = greatest[source], least[source], weight[source]
        for middle in range(n_middle):
            product[middle] = max(max(row[middle] * high, row[middle] * low), zero)
            arriving[middle] += product[middle]
        share = shares[index]
        for index_alive in range(count):
            share[index_alive] = product[alive[index_alive]]
    shares[len(numbers) :] = 0
    for index in range(count):
        middle = alive[index]
        scale = np.float32(1 / arriving[middle]) if arriving[middle] > 0 else zero
        for target in range(length):
            direct[index, target] = direct[middle, target] * scale
    return count, total
