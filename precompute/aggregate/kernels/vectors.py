"""The innermost loops of exact influence, written in LLVM's language because the use of registers decides their speed.

Several vectors of sums are held in registers, and none of them is stored before it is complete. A vector is `LANES`
neighbouring target channels. LLVM cuts it up where registers are narrower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 16
WIDEST = 6
"""Vectors of targets that `raise_peaks` sums up at a time: with their maxima, they fill the registers."""
ROWS, COLUMNS = 4, 4
"""Sources, and vectors of targets, that `multiply_tile` sums up at a time."""
BLOCK = 4
"""Vectors of channels whose extremes are found at a time."""

_INT, _INT32, _FLOAT = ir.IntType(64), ir.IntType(32), ir.FloatType()
_VECTOR, _INDICES = ir.VectorType(_FLOAT, LANES), ir.VectorType(_INT32, LANES)
_FAST = ("nnan", "ninf", "nsz", "contract")
_NOTHING = ir.Constant(_VECTOR, [0.0] * LANES)


@intrinsic
def count_bits(context: Any, mask: Any) -> Any:
    """Counts the bits set in a mask of 64."""

    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.call(_declare(builder, "llvm.ctpop.i64", _INT, _INT), arguments)

    return types.int64(mask), generate


@intrinsic
def raise_peaks(context: Any, weights: Any, tile: Any, values: Any, patches: Any, steps: Any, peaks: Any) -> Any:
    """Computes the greatest responses, 0 at least, of some vectors of kernels to patches, without taps that are 0.

    Args:
        weights: flat.
        tile: the index in `weights` of the kernels' first tap, the number of their vectors, at most `WIDEST`, and the
            index in `peaks` from which the responses are written.
        values: flat; a patch follows its corner.
        patches: their corners, as indices of `values`; their masks, a bit set per tap that is not 0, at least one; and
            their number.
        steps: `(tap, 2)`, the distance of a tap's value from the corner, and of its weights from the first.
        peaks: flat.
    """
    signature = types.none(weights, tile, values, patches, steps, peaks)

    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start, n_vectors, begin = cgutils.unpack_tuple(builder, arguments[1], 3)
        *lists, n_patches = cgutils.unpack_tuple(builder, arguments[3], 3)
        corner_of, mask_of = (
            target.make_array(kind)(target, builder, one).data
            for kind, one in zip(signature.args[3], lists, strict=False)
        )
        read = _build_reader(target, builder, signature, arguments)
        patches, step_of = read(2), read(4)
        kernel, found = builder.gep(read(0), [start]), builder.gep(read(5), [begin])

        def generate_width(width: int) -> None:
            peak = [cgutils.alloca_once(builder, _VECTOR) for _ in range(width)]
            total = [cgutils.alloca_once(builder, _VECTOR) for _ in range(width)]
            left = cgutils.alloca_once(builder, _INT)
            _fill(builder, peak, _NOTHING)
            with cgutils.for_range(builder, n_patches, intp=_INT) as patch:
                corner = builder.gep(patches, [builder.load(builder.gep(corner_of, [patch.index]))])
                builder.store(builder.load(builder.gep(mask_of, [patch.index])), left)
                _fill(builder, total, _NOTHING)
                with _loop_over_bits(builder, left) as tap:
                    step = builder.gep(step_of, [builder.shl(tap, ir.Constant(_INT, 1))])
                    value = builder.load(builder.gep(corner, [builder.load(step)]), align=4)
                    row = builder.gep(kernel, [builder.load(builder.gep(step, [ir.Constant(_INT, 1)]))])
                    _add_product(
                        builder,
                        total,
                        _spread(builder, value),
                        [_point_to_constant(builder, row, k) for k in range(width)],
                    )
                for one, other in zip(total, peak, strict=True):
                    builder.store(_choose_greater(builder, builder.load(one), builder.load(other)), other)
            for index, one in enumerate(peak):
                builder.store(builder.load(one), _point_to_constant(builder, found, index), align=4)

        _switch_width(builder, n_vectors, WIDEST, generate_width)
        return target.get_dummy_value()

    return signature, generate


@intrinsic
def multiply_tile(context: Any, left: Any, right: Any, length: Any, tile: Any, product: Any) -> Any:
    """Multiplies `ROWS` rows of a matrix by some vectors of columns of another.

    Args:
        left: `(row, inner)`.
        right: `(inner, column)`.
        length: the number of inner entries.
        tile: the first row, the first column, and the number of vectors of columns, at most `COLUMNS`.
        product: `(vector, row, LANES)`, from the first column on.
    """
    signature = types.none(left, right, length, tile, product)

    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        read = _build_reader(target, builder, signature, arguments)
        start, begin, n_vectors = cgutils.unpack_tuple(builder, arguments[3], 3)
        n_inner = arguments[2]
        row_length, column_length = (_read_extent(target, builder, signature, arguments, index, 1) for index in (0, 1))
        panel = builder.mul(_read_extent(target, builder, signature, arguments, 4, 1), ir.Constant(_INT, LANES))
        rows = [
            builder.gep(read(0), [builder.mul(builder.add(start, ir.Constant(_INT, index)), row_length)])
            for index in range(ROWS)
        ]
        columns = builder.gep(read(1), [begin])
        found = builder.gep(read(4), [builder.mul(start, ir.Constant(_INT, LANES))])

        def generate_width(width: int) -> None:
            total = [[cgutils.alloca_once(builder, _VECTOR) for _ in range(width)] for _ in range(ROWS)]
            for sums in total:
                _fill(builder, sums, _NOTHING)
            with cgutils.for_range(builder, n_inner, intp=_INT) as inner:
                across = builder.gep(columns, [builder.mul(inner.index, column_length)])
                for one, sums in zip(rows, total, strict=True):
                    value = builder.load(builder.gep(one, [inner.index]), align=4)
                    _add_product(
                        builder,
                        sums,
                        _spread(builder, value),
                        [_point_to_constant(builder, across, k) for k in range(width)],
                    )
            for index, sums in enumerate(total):
                for vector, one in enumerate(sums):
                    start_of_panel = builder.gep(found, [builder.mul(panel, ir.Constant(_INT, vector))])
                    builder.store(builder.load(one), _point_to_constant(builder, start_of_panel, index), align=4)

        _switch_width(builder, n_vectors, COLUMNS, generate_width)
        return target.get_dummy_value()

    return signature, generate


@intrinsic
def raise_peak(context: Any, panel: Any, row: Any, factors: Any, peaks: Any, group: Any) -> Any:
    """Raises `peaks[group]` to the products that `enter` would look at; see there."""
    signature = types.none(panel, row, factors, peaks, group)

    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        read = _build_reader(target, builder, signature, arguments)
        product = _multiply(builder, read(0), arguments[1], arguments[2])
        peak = _point_to(builder, read(3), arguments[4])
        builder.store(_choose_greater(builder, product, builder.load(peak, align=4)), peak, align=4)
        return target.get_dummy_value()

    return signature, generate


@intrinsic
def enter(context: Any, panel: Any, row: Any, factors: Any, number: Any, lists: Any) -> Any:
    """Enters a row, lane by lane, into lists of the strongest; those that come later lose ties.

    Args:
        panel: `(row, LANES)`.
        factors: of the row's positive entries, and of its negative ones.
        number: of the row, for the lists.
        lists: `(rank, LANES)` each: products, strongest first, and the numbers of their rows.
    """
    signature = types.none(panel, row, factors, number, lists)

    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        read = _build_reader(target, builder, signature, arguments)
        product = _multiply(builder, read(0), arguments[1], arguments[2])
        tables = [
            target.make_array(kind)(target, builder, table)
            for kind, table in zip(signature.args[4], cgutils.unpack_tuple(builder, arguments[4], 2), strict=True)
        ]
        (kept, names), one = [table.data for table in tables], ir.Constant(_INT, 1)
        last = builder.sub(builder.extract_value(tables[0].shape, 0), one)
        name = _spread_index(builder, arguments[3])

        def beats(rank: Any) -> Any:
            return builder.fcmp_ordered(">", product, builder.load(_point_to(builder, kept, rank), align=4))

        entering = builder.bitcast(beats(last), ir.IntType(LANES))
        with builder.if_then(builder.icmp_unsigned("!=", entering, ir.Constant(ir.IntType(LANES), 0)), likely=False):
            with cgutils.for_range(builder, last, intp=_INT) as loop:
                rank = builder.sub(last, loop.index)
                ahead = builder.sub(rank, one)
                beaten, moves = beats(rank), beats(ahead)
                for data, new, kind in ((kept, product, _VECTOR), (names, name, _INDICES)):
                    here, there = (_point_to(builder, data, index, kind) for index in (rank, ahead))
                    follower = builder.select(moves, builder.load(there, align=4), new)
                    builder.store(builder.select(beaten, follower, builder.load(here, align=4)), here, align=4)
            beaten = beats(ir.Constant(_INT, 0))
            for data, new, kind in ((kept, product, _VECTOR), (names, name, _INDICES)):
                here = _point_to(builder, data, ir.Constant(_INT, 0), kind)
                builder.store(builder.select(beaten, new, builder.load(here, align=4)), here, align=4)
        return target.get_dummy_value()

    return signature, generate


@intrinsic
def find_extremes_of_block(context: Any, values: Any, first: Any, size: Any, extremes: Any, position: Any) -> Any:
    """Finds the extremes of `size` vectors of channels over all positions, at most `BLOCK`, and where the greatest is.

    Args:
        values: `(position, channel)`, at least one position.
        first: the first channel.
        size: the number of vectors.
        extremes: `(2, channel)`, greatest and least; NaN is written where any value is NaN or infinite.
        position: `(channel,)` of int32, the first position of the greatest.
    """
    signature = types.none(values, first, size, extremes, position)

    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        read = _build_reader(target, builder, signature, arguments)
        n_positions, n_channels = (_read_extent(target, builder, signature, arguments, 0, axis) for axis in (0, 1))
        start = arguments[1]
        begin, high, place = (builder.gep(read(index), [start]) for index in (0, 3, 4))
        low = builder.gep(high, [_read_extent(target, builder, signature, arguments, 3, 1)])

        def generate_width(width: int) -> None:
            columns = range(width)
            greatest, least, spoilt = ([cgutils.alloca_once(builder, _VECTOR) for _ in columns] for _ in range(3))
            where = [cgutils.alloca_once(builder, _INDICES) for _ in columns]
            for column in columns:
                value = builder.load(_point_to_constant(builder, begin, column), align=4)
                builder.store(value, greatest[column])
                builder.store(value, least[column])
                builder.store(_NOTHING, spoilt[column])
                builder.store(ir.Constant(_INDICES, [0] * LANES), where[column])
            with cgutils.for_range(builder, n_positions, intp=_INT) as loop:
                row = builder.gep(begin, [builder.mul(loop.index, n_channels)])
                name = _spread_index(builder, loop.index)
                for column in columns:
                    value = builder.load(_point_to_constant(builder, row, column), align=4)
                    before = builder.load(greatest[column])
                    is_greater = builder.fcmp_ordered(">", value, before)
                    builder.store(builder.select(is_greater, value, before), greatest[column])
                    builder.store(builder.select(is_greater, name, builder.load(where[column])), where[column])
                    before = builder.load(least[column])
                    builder.store(
                        builder.select(builder.fcmp_ordered("<", value, before), value, before), least[column]
                    )
                    nothing = builder.fmul(value, _NOTHING)  # NaN for NaN and infinities
                    builder.store(builder.fadd(builder.load(spoilt[column]), nothing), spoilt[column])
            for column in columns:
                nothing = builder.load(spoilt[column])
                for found, to in ((greatest, high), (least, low)):
                    value = builder.fadd(builder.load(found[column]), nothing)
                    builder.store(value, _point_to_constant(builder, to, column), align=4)
                names = _point_to(builder, place, ir.Constant(_INT, column), _INDICES)
                builder.store(builder.load(where[column]), names, align=4)

        _switch_width(builder, arguments[2], BLOCK, generate_width)
        return target.get_dummy_value()

    return signature, generate


def _spread_index(builder: Any, index: Any) -> Any:
    undefined = ir.Constant(_INDICES, ir.Undefined)
    first = builder.insert_element(undefined, builder.trunc(index, _INT32), ir.Constant(_INT32, 0))
    return builder.shuffle_vector(first, undefined, ir.Constant(_INDICES, [0] * LANES))


def _declare(builder: Any, name: str, result: Any, *arguments: Any) -> Any:
    return cgutils.get_or_insert_function(builder.module, ir.FunctionType(result, arguments), name)


def _build_reader(target: Any, builder: Any, signature: Any, arguments: Any) -> Callable[[int], Any]:
    """Builds a function that returns the pointer to an array's entries, by its index among the arguments."""
    return lambda index: target.make_array(signature.args[index])(target, builder, arguments[index]).data


def _read_extent(target: Any, builder: Any, signature: Any, arguments: Any, index: int, axis: int) -> Any:
    shape = target.make_array(signature.args[index])(target, builder, arguments[index]).shape
    return builder.extract_value(shape, axis)


def _point_to_constant(builder: Any, pointer: Any, index: int) -> Any:
    return _point_to(builder, pointer, ir.Constant(_INT, index))


def _point_to(builder: Any, pointer: Any, index: Any, kind: Any = _VECTOR) -> Any:
    return builder.bitcast(builder.gep(pointer, [builder.mul(index, ir.Constant(_INT, LANES))]), kind.as_pointer())


def _spread(builder: Any, value: Any) -> Any:
    undefined = ir.Constant(_VECTOR, ir.Undefined)
    first = builder.insert_element(undefined, value, ir.Constant(_INT32, 0))
    return builder.shuffle_vector(first, undefined, ir.Constant(_INDICES, [0] * LANES))


def _fill(builder: Any, pointers: list[Any], value: Any) -> None:
    for pointer in pointers:
        builder.store(value, pointer)


def _choose_greater(builder: Any, one: Any, other: Any) -> Any:
    return builder.select(builder.fcmp_ordered(">", one, other, flags=_FAST), one, other)


def _add_product(builder: Any, sums: list[Any], value: Any, factors: list[Any]) -> None:
    add = _declare(builder, f"llvm.fmuladd.v{LANES}f32", _VECTOR, _VECTOR, _VECTOR, _VECTOR)
    for total, factor in zip(sums, factors, strict=True):
        terms = [builder.load(factor, align=4), value, builder.load(total)]
        builder.store(builder.call(add, terms, fastmath=_FAST), total)


def _multiply(builder: Any, panel: Any, row: Any, factors: Any) -> Any:
    """Multiplies positive weights of a row by the first factor, negative ones by the second."""
    weight = builder.load(_point_to(builder, panel, row), align=4)
    first, second = (builder.fmul(weight, _spread(builder, one)) for one in cgutils.unpack_tuple(builder, factors, 2))
    return _choose_greater(builder, first, second)


@contextmanager
def _loop_over_bits(builder: Any, mask: Any) -> Iterator[Any]:
    """Loops over the bits set in a mask that is not empty, from the lowest on, and yields their indices."""
    body, after = builder.append_basic_block("bit"), builder.append_basic_block("after")
    builder.branch(body)
    builder.position_at_end(body)
    left = builder.load(mask)
    fewer = builder.and_(left, builder.sub(left, ir.Constant(_INT, 1)))
    builder.store(fewer, mask)
    lowest = _declare(builder, "llvm.cttz.i64", _INT, _INT, ir.IntType(1))
    yield builder.call(lowest, [left, ir.Constant(ir.IntType(1), 1)])
    builder.cbranch(builder.icmp_unsigned("!=", fewer, ir.Constant(_INT, 0)), body, after)
    builder.position_at_end(after)


def _switch_width(builder: Any, width: Any, widest: int, generate: Callable[[int], None]) -> None:
    """Generates code for every width up to the widest, so that each keeps its sums in registers."""
    done = builder.append_basic_block("done")
    choice = builder.switch(width, done)
    for one in range(1, widest + 1):
        block = builder.append_basic_block(f"width{one}")
        choice.add_case(ir.Constant(_INT, one), block)
        builder.position_at_end(block)
        generate(one)
        builder.branch(done)
    builder.position_at_end(done)
