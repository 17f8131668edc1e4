"""The part of the image that one position of a value sees, by interval arithmetic over windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import fx

from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.layout import Layout
from precompute.models.graph.main_path import find_main_inputs
from precompute.models.graph.operators import get_operator_name, get_shape
from precompute.models.graph.products import read_product

_WINDOWED = {"conv2d", "max_pool2d", "avg_pool2d", "max_pool2d_with_indices"}
_MOVES_POSITIONS = {
    "bmm", "scaled_dot_product_attention", "roll", "flip", "deform_conv2d", "conv3d", "grid_sampler",
    "grid_sampler_2d", "cumsum",
}  # fmt: skip


@dataclass(frozen=True)
class Axis:
    """The pixels that positions see along one axis.

    Position `p` sees the pixels from `p * stride + low` to `p * stride + high`, both inclusive.
    """

    stride: int = 1
    low: int = 0
    high: int = 0

    @property
    def size(self) -> int:
        """The number of pixels that one position sees."""
        return self.high - self.low + 1

    def compute_window(self, position: int, side: int) -> tuple[int, int]:
        """Computes the pixels `[start, stop)` seen by one position, clipped to an image `side` pixels long."""
        start = min(max(position * self.stride + self.low, 0), side - 1)
        return start, min(max(position * self.stride + self.high + 1, start + 1), side)

    def apply_window(self, kernel: int, stride: int, padding: int, dilation: int = 1) -> Axis:
        """Computes the pixels seen after a window, such as a convolution."""
        low = self.low - padding * self.stride
        return Axis(self.stride * stride, low, self.high + (dilation * (kernel - 1) - padding) * self.stride)

    def unite(self, other: Axis) -> Axis | None:
        """Computes the pixels that two branches see together; returns None where their strides differ."""
        if self.stride != other.stride:
            return None
        return Axis(self.stride, min(self.low, other.low), max(self.high, other.high))


@dataclass(frozen=True)
class ReceptiveField:
    """The pixels that a position sees, down the rows and along the columns."""

    rows: Axis = Axis()
    columns: Axis = Axis()

    @property
    def size(self) -> int:
        """The length of the longer side in pixels."""
        return max(self.rows.size, self.columns.size)

    @property
    def stride(self) -> int:
        """The number of pixels from one position to the next, along the axis where it is greater."""
        return max(self.rows.stride, self.columns.stride)


def compute_receptive_fields(model: ExportedModel) -> dict[fx.Node, ReceptiveField | None]:
    """Computes the receptive field of every value.

    The fields of branches are united. A product with a gate has the field of its main path.

    Returns:
        The fields, by node; None where a position sees the whole image by other means than windows, as after a global
        pooling or attention.
    """
    fields: dict[fx.Node, ReceptiveField | None] = {model.input: ReceptiveField()}
    for node in model.graph.nodes:
        if node is not model.input and model.depends_on_input(node):
            fields[node] = _compute_field(model, node, [fields.get(parent) for parent in find_main_inputs(model, node)])
    return fields


def _compute_field(model: ExportedModel, node: fx.Node, known: list[ReceptiveField | None]) -> ReceptiveField | None:
    """Computes the receptive field of one value from those of its operands."""
    united = known[0] if known else None
    for other in known[1:]:
        united = _unite(united, other)
    name = get_operator_name(node)
    if united is None:
        return None
    if name in _WINDOWED:
        layout = model.layouts.get(node.args[0])
        return None if layout is not None and layout.axis != 1 else _apply_window(node, united)
    rows, columns = _find_axes_of_positions(model, node)
    if name == "slice" and node.args[1] in (rows, columns):
        arguments: dict[int, Any] = dict(enumerate(node.args))
        start, step = arguments.get(2) or 0, arguments.get(4) or 1
        axis = united.rows if node.args[1] == rows else united.columns
        moved = Axis(axis.stride * step, axis.low + start * axis.stride, axis.high + start * axis.stride)
        return ReceptiveField(moved, united.columns) if node.args[1] == rows else ReceptiveField(united.rows, moved)
    if name in {"pad", "constant_pad_nd"} and rows:
        widths = [int(width) for width in _list(node.args[1])] + [0] * 6
        above, left = widths[2 * (3 - rows)], widths[2 * (3 - columns)]
        return ReceptiveField(united.rows.apply_window(1, 1, above), united.columns.apply_window(1, 1, left))
    return united if _keeps_positions(model, find_main_inputs(model, node)[0], node) else None


def _find_axes_of_positions(model: ExportedModel, node: fx.Node) -> tuple[int, int]:
    """Finds the axes of rows and columns of a value with four axes; (0, 0) for others and for reordered tokens."""
    layout = model.layouts.get(node)
    if len(get_shape(node) or ()) != 4 or (layout is not None and layout.tokens is not None):
        return 0, 0
    rows, columns = (axis for axis in (1, 2, 3) if axis != (1 if layout is None else layout.axis))
    return rows, columns


def _unite(one: ReceptiveField | None, other: ReceptiveField | None) -> ReceptiveField | None:
    if one is None or other is None:
        return None
    rows, columns = one.rows.unite(other.rows), one.columns.unite(other.columns)
    return None if rows is None or columns is None else ReceptiveField(rows, columns)


def _keeps_positions(model: ExportedModel, parent: fx.Node, node: fx.Node) -> bool:
    """Checks that a position of a value sees the same pixels as that position of its operand."""
    name = get_operator_name(node)
    if name in _MOVES_POSITIONS or name.startswith(("fft_", "_fft_")):
        return False
    before, after = model.layouts.get(parent), model.layouts.get(node)
    if before is not None and _reads_along(model, node, before):
        return False
    if before is not None and after is not None:
        return before.grid == after.grid and after.is_placed
    shapes = get_shape(parent), get_shape(node)  # the parts of a batch norm, of a channel shuffle, or of the image
    return None in shapes or shapes[0][-2:] == shapes[1][-2:]  # type: ignore[index]


def _reads_along(model: ExportedModel, node: fx.Node, before: Layout) -> bool:
    """Checks that a node takes several positions together, or picks some, along the axis of tokens."""
    name, product = get_operator_name(node), read_product(node, model.depends_on_input)
    if name == "conv1d":
        return (get_shape(node.args[1]) or ())[2:] != (1,)
    if name == "index":
        return [axis for axis, index in enumerate(node.args[1]) if index is not None] != [before.axis]
    if name == "index_select":
        return bool(node.args[1] != before.axis)
    return product.axis != before.axis if product is not None else name == "matmul"


def _apply_window(node: fx.Node, field: ReceptiveField) -> ReceptiveField | None:
    is_convolution = get_operator_name(node) == "conv2d"
    weight = get_shape(node.args[1]) if is_convolution else None
    kernel = _read_pair(node.args[1], (1, 1)) if weight is None else (weight[2], weight[3])
    rest: list[Any] = [*node.args[3 if is_convolution else 2 :], None, None, None]
    stride, padding, dilation = rest[:3]
    if isinstance(padding, str):
        around = _read_pair(dilation, (1, 1))
        padding = [d * (k - 1) // 2 for d, k in zip(around, kernel, strict=True)] if padding == "same" else 0
    if get_operator_name(node) == "avg_pool2d":
        dilation = None
    strides, paddings = _read_pair(stride, (1, 1) if is_convolution else kernel), _read_pair(padding, (0, 0))
    dilations = _read_pair(dilation, (1, 1))
    return ReceptiveField(
        field.rows.apply_window(kernel[0], strides[0], paddings[0], dilations[0]),
        field.columns.apply_window(kernel[1], strides[1], paddings[1], dilations[1]),
    )


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _read_pair(value: Any, default: tuple[int, int]) -> tuple[int, int]:
    if isinstance(value, list | tuple):
        return (int(value[0]), int(value[-1])) if value else default
    return (value, value) if isinstance(value, int) and not isinstance(value, bool) else default
