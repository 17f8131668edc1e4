"""The loops of exact influence compiled for the CPU by numba: what torch would materialise stays in registers.

Compiled at first use and kept on disk from then on; every function releases the GIL, so that images run side by side.
Nothing here knows of torch: arrays in, arrays out, float32.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_LANES = 16  # of a vector; LLVM cuts it up where registers are narrower
_VECTORS, _TARGETS = 2, 2  # held at once: enough additions in flight to hide their latency
_BLOCK = _LANES * _VECTORS  # positions
_SCAN = 32  # columns that the sources of a target are dealt to when the strongest are sought

_INT, _INT32, _FLOAT = ir.IntType(64), ir.IntType(32), ir.FloatType()
_VECTOR = ir.VectorType(_FLOAT, _LANES)
_FAST = ("nnan", "ninf", "nsz", "contract")


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Without the GIL, kept on disk where there is a place for it; maxima may be taken in any order."""
    options = {"nogil": True, "fastmath": {"nnan", "nsz"}}
    try:
        found: Callable[..., Any] = njit(cache=True, **options)(function)
    except RuntimeError:  # neither the package nor the home folder can be written to
        found = njit(**options)(function)
    return found


class WindowedKernels(NamedTuple):
    """The weights of a convolution in the order that `windowed_influence` reads them.

    Attributes:
        weight: `(source, target of its group, tap)`, an even number of targets.
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
        taps = weight.reshape(groups, n_targets, per_group, rows * columns).transpose(0, 2, 1, 3)
        even = np.zeros((groups * per_group, -(-n_targets // _TARGETS) * _TARGETS, rows * columns), np.float32)
        even[:, :n_targets] = taps.reshape(groups * per_group, n_targets, rows * columns)
        return cls(even, n_targets, per_group, (rows, columns, *stride, *padding, *dilation))


def windowed_influence(kernels: WindowedKernels, values: Floats) -> Floats:
    """Positive influences of one image through a convolution, `(target, source)`; 0 outside a target's group.

    Args:
        kernels: of the convolution.
        values: what it reads, `(source, height, width)`, in rows.
    """
    weight, n_targets, per_group, geometry = kernels
    rows, columns, row_stride, column_stride, top, left, row_dilation, column_dilation = geometry
    padded = np.zeros((values.shape[1] + 2 * top, values.shape[2] + 2 * left), np.float32)
    height = (padded.shape[0] - row_dilation * (rows - 1) - 1) // row_stride + 1
    width = (padded.shape[1] - column_dilation * (columns - 1) - 1) // column_stride + 1
    n_taps, n_blocks = rows * columns, -(-height * width // _BLOCK)
    found = np.zeros((n_targets * (len(weight) // per_group), len(weight)), np.float32)
    _windowed(
        values,
        weight,
        n_targets,
        per_group,
        geometry,
        (0,) * n_taps,  # its length is a constant to the compiler
        padded,
        padded.reshape(-1),
        np.empty((height, width), np.float32),
        np.empty(n_blocks * _BLOCK + 1, np.uint64),
        np.empty((n_blocks, n_taps, _BLOCK), np.float32),
        found,
    )
    return found


def strongest_products(weight: Floats, greatest: Floats, least: Floats, top_k: int) -> tuple[Floats, NDArray[np.int64]]:
    """The strongest sources of every target of a 1x1 convolution, without the influences of the others.

    Args:
        weight: `(target, source)`.
        greatest: of each source over positions, at least 0.
        least: of each source over positions, at most 0.
        top_k: how many.

    Returns:
        influences and sources, `(target, top_k)`: strongest first, ties by the lower source, 0 for places not taken.
    """
    strengths = np.zeros((len(weight), top_k), np.float32)
    sources = np.zeros((len(weight), top_k), np.int64)
    product = np.empty(weight.shape[1], np.float32)
    _strongest_products(weight, greatest, least, bool(least.any()), product, _peaks_of(product), strengths, sources)
    return strengths, sources


def shares_of_products(weight: Floats, greatest: Floats, least: Floats) -> Floats:
    """Positive influences of one image through a 1x1 convolution, each row divided by its sum, `(target, source)`."""
    shares = np.empty(weight.shape, np.float32)
    _shares_of_products(weight, greatest, least, bool(least.any()), shares)
    return shares


def strongest_of_rows(influence: Floats, top_k: int) -> tuple[Floats, NDArray[np.int64]]:
    """The strongest sources of every row `(target, source)`; see `strongest_products`."""
    strengths = np.zeros((len(influence), top_k), np.float32)
    sources = np.zeros((len(influence), top_k), np.int64)
    _strongest_of_rows(influence, _peaks_of(influence[0]), strengths, sources)
    return strengths, sources


def _peaks_of(row: Floats) -> Floats:
    return np.empty(min(_SCAN, len(row)), np.float32)


@intrinsic
def _peaks(context: Any, weights: Any, first: Any, patches: Any, n_blocks: Any, taps: Any) -> Any:
    """Greatest responses, 0 at least, of `_TARGETS` kernels over blocks of patches; vectors of them in registers.

    Args:
        weights: kernels of so many taps, one after another from index `first` on.
        patches: `(block, tap, position)`, `_BLOCK` positions each.
    """
    n_taps = taps.count
    signature = types.UniTuple(types.float32, _TARGETS)(weights, first, patches, n_blocks, taps)

    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kernels, offset, blocks, count, _ = arguments
        kernel = builder.gep(target.make_array(weights)(target, builder, kernels).data, [offset])
        patch = target.make_array(patches)(target, builder, blocks).data
        multiply_add = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(_VECTOR, [_VECTOR] * 3), f"llvm.fmuladd.v{_LANES}f32"
        )
        reduce = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(_FLOAT, [_VECTOR]), f"llvm.vector.reduce.fmax.v{_LANES}f32"
        )
        nothing, undefined = ir.Constant(_VECTOR, [0.0] * _LANES), ir.Constant(_VECTOR, ir.Undefined)
        everywhere = ir.Constant(ir.VectorType(_INT32, _LANES), [0] * _LANES)
        peaks = [cgutils.alloca_once_value(builder, nothing) for _ in range(_TARGETS)]
        with cgutils.for_range(builder, count, intp=_INT) as loop:
            block = builder.gep(patch, [builder.mul(loop.index, ir.Constant(_INT, n_taps * _BLOCK))])
            sums = [[nothing] * _VECTORS for _ in range(_TARGETS)]
            for tap in range(n_taps):
                read = []
                for vector in range(_VECTORS):
                    place = builder.gep(block, [ir.Constant(_INT, tap * _BLOCK + vector * _LANES)])
                    read.append(builder.load(builder.bitcast(place, _VECTOR.as_pointer()), align=4))
                for one in range(_TARGETS):
                    weight = builder.load(builder.gep(kernel, [ir.Constant(_INT, one * n_taps + tap)]), align=4)
                    weight = builder.insert_element(undefined, weight, ir.Constant(_INT32, 0))
                    weight = builder.shuffle_vector(weight, undefined, everywhere)
                    sums[one] = [
                        builder.call(multiply_add, [weight, value, total], fastmath=_FAST)
                        for value, total in zip(read, sums[one], strict=True)
                    ]
            for one in range(_TARGETS):
                peak = builder.load(peaks[one])
                for total in sums[one]:
                    peak = builder.select(builder.fcmp_ordered(">", total, peak, flags=_FAST), total, peak)
                builder.store(peak, peaks[one])
        found = [builder.call(reduce, [builder.load(peak)], fastmath=_FAST) for peak in peaks]
        return target.make_tuple(builder, signature.return_type, found)

    return signature, generate


@_compiled
def _windowed(values, weight, n_targets, per_group, geometry, taps, padded, flat, size, corner, blocks, found):  # type: ignore[no-untyped-def]
    """Source by source: its patches that are not all zero, in blocks; then every kernel of its group over them."""
    rows, columns, row_stride, column_stride, top, left, row_dilation, column_dilation = geometry
    n_sources, height, width = values.shape
    out_height, out_width = size.shape
    full_width = padded.shape[1]
    for source in range(n_sources):
        for y in range(height):
            for x in range(width):
                padded[y + top, x + left] = values[source, y, x]
        for y in range(out_height):
            for x in range(out_width):
                size[y, x] = 0
        for row in range(rows):
            for column in range(columns):
                for y in range(out_height):
                    for x in range(out_width):
                        size[y, x] += abs(
                            padded[y * row_stride + row * row_dilation, x * column_stride + column * column_dilation]
                        )
        n_alive = 0
        for y in range(out_height):
            for x in range(out_width):
                corner[n_alive] = y * row_stride * full_width + x * column_stride
                if size[y, x] > 0:
                    n_alive += 1
        n_blocks = (n_alive + _BLOCK - 1) // _BLOCK
        for place in range(n_alive, n_blocks * _BLOCK):
            corner[place] = corner[0]  # a position twice changes no maximum
        for block in range(n_blocks):
            for row in range(rows):
                for column in range(columns):
                    tap = row * columns + column
                    offset = np.uint64(row * row_dilation * full_width + column * column_dilation)
                    for lane in range(_BLOCK):
                        blocks[block, tap, lane] = flat[corner[block * _BLOCK + lane] + offset]
        if n_blocks == 0:
            continue
        target = source // per_group * n_targets
        for one in range(0, n_targets, _TARGETS):
            peaks = _peaks(weight, (source * weight.shape[1] + one) * len(taps), blocks, n_blocks, taps)
            for other in range(min(_TARGETS, n_targets - one)):
                found[target + one + other, source] = peaks[other]


@_compiled
def _sift(row, peak, strengths, sources):  # type: ignore[no-untyped-def]
    """The strongest of a row, ties by the lower source. Column c of the row holds sources c, c + columns, and so on.

    At least so many columns have a peak of the last kept peak that nothing below it is kept: most are passed over.
    """
    n_sources, n_columns, last = len(row), len(peak), len(strengths) - 1
    for column in range(n_columns):
        peak[column] = 0
    for start in range(0, n_sources - n_columns + 1, n_columns):
        for column in range(n_columns):
            peak[column] = max(peak[column], row[start + column])
    start = n_sources // n_columns * n_columns
    for column in range(n_sources - start):
        peak[column] = max(peak[column], row[start + column])
    for column in range(n_columns):
        if peak[column] > strengths[last]:
            place = last
            while place > 0 and strengths[place - 1] < peak[column]:
                strengths[place] = strengths[place - 1]
                place -= 1
            strengths[place] = peak[column]
    floor = strengths[last]
    for place in range(last + 1):
        strengths[place] = 0
    for column in range(n_columns):
        if peak[column] < floor or peak[column] <= 0:
            continue
        for source in range(column, n_sources, n_columns):
            strength = row[source]
            if strength < floor or strength <= 0:
                continue
            if strength < strengths[last] or (strength == strengths[last] and source > sources[last]):
                continue
            place = last
            while place > 0 and (
                strengths[place - 1] < strength or (strengths[place - 1] == strength and sources[place - 1] > source)
            ):
                strengths[place] = strengths[place - 1]
                sources[place] = sources[place - 1]
                place -= 1
            strengths[place] = strength
            sources[place] = source


@_compiled
def _strongest_of_rows(influence, peak, strengths, sources):  # type: ignore[no-untyped-def]
    for target in range(len(influence)):
        _sift(influence[target], peak, strengths[target], sources[target])


@_compiled
def _products(weight, greatest, least, is_signed, product):  # type: ignore[no-untyped-def]
    """A positive weight meets the greatest value of its source, a negative one the least."""
    if is_signed:
        for source in range(len(weight)):
            product[source] = max(weight[source] * greatest[source], weight[source] * least[source])
    else:
        for source in range(len(weight)):
            product[source] = weight[source] * greatest[source]


@_compiled
def _strongest_products(weight, greatest, least, is_signed, product, peak, strengths, sources):  # type: ignore[no-untyped-def]
    for target in range(len(weight)):
        _products(weight[target], greatest, least, is_signed, product)
        _sift(product, peak, strengths[target], sources[target])


@_compiled
def _shares_of_products(weight, greatest, least, is_signed, shares):  # type: ignore[no-untyped-def]
    n_targets, n_sources = weight.shape
    for target in range(n_targets):
        _products(weight[target], greatest, least, is_signed, shares[target])
        total = np.float64(0)
        for source in range(n_sources):
            shares[target, source] = max(shares[target, source], np.float32(0))
            total += shares[target, source]
        scale = np.float32(1 / total) if total > 0 else np.float32(0)
        for source in range(n_sources):
            shares[target, source] *= scale
