"""The layouts of all values of a graph, inferred operator by operator from the image to the logits."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor, fx

from precompute.models.graph.layout import Layout, Layouts, build_layout_of_maps, build_unplaced_layout
from precompute.models.graph.movement import Graph, Movement, follow_movement, is_one_per_row
from precompute.models.graph.operators import (
    CONVOLUTION,
    POOLING,
    compute_shape_for_one_image,
    find_reduced_axes,
    get_operator_name,
    get_shape,
    is_first_of_several,
    is_movement,
    is_reduction,
)
from precompute.models.graph.products import ROW_BY_ROW, Product, read_product

__all__ = ["infer_layouts"]

_CHANNELS_FIRST = CONVOLUTION | POOLING | {"im2col", "col2im", "pixel_shuffle"}
_BY_VALUE = {"gather", "sort", "topk", "take_along_dim"}
"""Operators that move entries by the values of the image."""


def infer_layouts(
    graph: fx.Graph, is_fed: Callable[[fx.Node], bool], constant: Callable[[fx.Node], Tensor | None]
) -> dict[fx.Node, Layout]:
    """Infers the layout of every value of a graph, where it can be.

    Args:
        graph: the operators, with the values of a free batch size in `meta`.
        is_fed: returns True for values that depend on the image.
        constant: returns the value of a node that does not.
    """
    layouts: dict[fx.Node, Layout] = {}
    known = Graph(layouts, is_fed, constant)
    for node in graph.nodes:
        if get_shape(node) is None or not is_fed(node):
            continue
        shape = compute_shape_for_one_image(node)
        layout = _infer_layout(node, shape, known) if len(shape) >= 2 and shape[0] == 1 else None
        if layout is not None:
            layouts[node] = layout
    return layouts


def _infer_layout(node: fx.Node, shape: tuple[int, ...], graph: Graph) -> Layout | None:
    """Infers the layout of one value from those of its operands."""
    maker = node.args[0] if is_first_of_several(node) else node
    name = get_operator_name(maker)
    if node.op == "placeholder" or name in _CHANNELS_FIRST:
        return _infer_along_tokens(maker, shape, graph) or build_layout_of_maps(shape)
    if is_movement(node):
        return _infer_after_movement(node, shape, graph)
    if (product := read_product(node, graph.is_fed)) is not None:
        return _infer_after_product(product, shape, graph) or _infer_from_tokens(node, shape, graph)
    if name in ROW_BY_ROW:
        return _infer_after_attention(node, shape, graph)
    if is_reduction(maker):
        return _infer_after_reduction(shape, maker, graph)
    return None if name in _BY_VALUE else _find_layout_of_operand(maker, shape, graph)


def _infer_along_tokens(node: fx.Node, shape: tuple[int, ...], graph: Graph) -> Layout | None:
    """Infers the layout after a convolution along tokens that returns as many of them as it reads."""
    before = graph.layouts.get(node.args[0]) if get_operator_name(node) == "conv1d" else None
    if before is None or before.axis != 1 or compute_shape_for_one_image(node.args[0])[2:] != shape[2:]:
        return None
    return replace(before, n_channels=shape[1])


def _find_layout_of_operand(node: fx.Node, shape: tuple[int, ...], graph: Graph) -> Layout | None:
    """Returns the layout of the first operand in the shape of the value, one on the grid of the image before others."""
    known = [one for one in node.all_input_nodes if one in graph.layouts and compute_shape_for_one_image(one) == shape]
    layouts = [graph.layouts[one] for one in known]
    return next((layout for layout in layouts if layout.is_placed), layouts[0] if layouts else None)


# --- products and reductions ----------------------------------------------------------------------------------------


def _infer_after_product(product: Product, shape: tuple[int, ...], graph: Graph) -> Layout | None:
    """Infers the layout after a product along the axis of channels, or along positions, which keeps channels."""
    before = graph.layouts.get(product.source)
    if before is None:
        return None
    if before.is_flat:
        return Layout(1, shape[1], (1, 1))
    if before.axis == product.axis:
        return replace(before, n_channels=shape[product.axis])
    return before if shape == compute_shape_for_one_image(product.source) else build_unplaced_layout(before.axis, shape)


def _infer_after_attention(node: fx.Node, shape: tuple[int, ...], graph: Graph) -> Layout | None:
    """Infers the layout after a product of two values: channels first in either, or the tokens of the first."""
    if len(shape) != 3:
        return None
    factors = [one for one in node.args if isinstance(one, fx.Node) and one in graph.layouts]
    maps = [graph.layouts[one] for one in factors if compute_shape_for_one_image(one) == shape]
    return next((layout for layout in maps if layout.axis == 1), None) or _infer_from_tokens(node, shape, graph)


def _infer_from_tokens(node: fx.Node, shape: tuple[int, ...], graph: Graph) -> Layout | None:
    """Infers the layout after a product with a value of unknown layout, such as attention: tokens, channels last."""
    if len(shape) == 2:
        return Layout(1, shape[1], (1, 1))
    if len(shape) not in (3, 4):
        return None
    axis = len(shape) - 1
    origin = _find_origin_of_tokens(node, shape, graph)
    if origin is None:
        return build_unplaced_layout(axis, shape)
    return Layout(axis, shape[axis], origin.grid, origin.tokens, is_placed=origin.is_placed)


def _find_origin_of_tokens(node: fx.Node, shape: tuple[int, ...], graph: Graph) -> Layout | None:
    """Finds the layout of the nearest value before a node with as many tokens.

    Attention is followed by its queries alone.
    """
    n_tokens = math.prod(shape[1:-1])
    seen, stack = {node}, [node]
    while stack:
        one = stack.pop()
        if one is not node and one in graph.layouts:
            layout = graph.layouts[one]
            if not layout.is_flat and layout.count_tokens(compute_shape_for_one_image(one)) == n_tokens:
                return layout
            continue
        readable = one.args[:1] if get_operator_name(one) in ROW_BY_ROW else one.all_input_nodes
        for parent in [p for p in readable if isinstance(p, fx.Node) and graph.is_fed(p) and p not in seen][::-1]:
            seen.add(parent)
            stack.append(parent)
    return None


def _infer_after_reduction(shape: tuple[int, ...], node: fx.Node, graph: Graph) -> Layout | None:
    """Infers the layout after a reduction: that of its operand, without the reduced axes."""
    read = node.args[0]
    before, axes = graph.layouts.get(read), find_reduced_axes(node)
    if before is None:
        return _infer_after_groups(shape, node, graph)
    if before.is_flat or before.axis in axes:
        return None
    if len(shape) == 2:
        return Layout(1, before.n_channels, (1, 1))
    axis = before.axis if len(shape) == len(get_shape(read) or ()) else before.axis - sum(a < before.axis for a in axes)
    found = build_unplaced_layout(axis, shape)
    return replace(found, is_placed=found.is_placed or (len(shape) == 4 and before.tokens is None))


def _infer_after_groups(shape: tuple[int, ...], node: fx.Node, graph: Graph) -> Layout | None:
    """Infers the layout after a reduction of channels in groups, such as maxout.

    The axis along which the position of a token stays the same is that of the channels.
    """
    movement = _follow_to_grid(node.args[0], graph) if is_movement(node.args[0]) else None
    if movement is None:
        return None
    position, axes = movement.position[movement.numbers], find_reduced_axes(node)
    least, greatest = position.amin(axes), position.amax(axes)
    if not torch.equal(least, greatest):
        return None
    position = least.reshape(shape)
    for axis in _order_axes(position):
        tokens = position.movedim(axis, 0).flatten(1)
        if torch.equal(tokens, tokens[:1].expand_as(tokens)) and len(tokens[0].unique()) == tokens.shape[1]:
            return _build_layout(axis, shape, tokens, _choose_positional(movement, graph.layouts))
    return None


# --- movements ------------------------------------------------------------------------------------------------------


def _follow_to_grid(node: fx.Node, graph: Graph) -> Movement | None:
    """Follows a movement back to values on the grid of the image."""
    return follow_movement(node, graph, lambda one: one in graph.layouts and graph.layouts[one].is_placed)


def _infer_after_movement(node: fx.Node, shape: tuple[int, ...], graph: Graph) -> Layout | None:
    """Infers the layout after a movement: the axis of channels is the only one along which channels change."""
    movement = _follow_to_grid(node, graph)
    if movement is None or len(shape) > 5:
        return None
    numbers = movement.numbers
    base, channel = movement.base[numbers], movement.channel[numbers]
    if len(shape) == 2 and (flat := _build_flat_layout(movement, graph.layouts)) is not None:
        return flat
    for axis in _order_axes(numbers):
        # Each base by itself, since the tokens of one value may follow the channels of another.
        each = [torch.where(base == index, channel, -1) for index in range(len(movement.bases))]
        if all(is_one_per_row(one.movedim(axis, 0).flatten(1)) for one in each):
            if (
                len(shape) == 3
                and shape[axis] > 1
                and len(movement.number_channels()[numbers[numbers > 0]].unique()) < 2
            ):
                return None  # rows and columns of one channel: no axis is that of channels
            tokens = _find_positions(movement, graph.layouts)[numbers].movedim(axis, 0).flatten(1)
            return _build_layout(axis, shape, tokens, _choose_positional(movement, graph.layouts))
    return None


def _build_flat_layout(movement: Movement, layouts: Layouts) -> Layout | None:
    """Builds a flat layout where channels and their positions follow one another; returns None elsewhere."""
    if len(movement.bases) != 1:
        return None
    layout = layouts[movement.bases[0]]
    n_numbers = layout.n_channels * layout.n_positions
    in_order = torch.equal(movement.numbers.flatten(), torch.arange(1, 1 + n_numbers))
    if layout.n_positions == 1 or layout.tokens is not None or not in_order:
        return None
    return Layout(1, layout.n_channels, layout.grid, is_flat=True, is_placed=layout.is_placed)


def _order_axes(value: Tensor) -> list[int]:
    """Orders the axes that may be that of channels: axis 1, then the last one, then the others."""
    return sorted(range(1, value.ndim), key=lambda axis: (axis != 1, axis != value.ndim - 1))


def _choose_positional(movement: Movement, layouts: Layouts) -> list[Layout]:
    """Chooses the layouts whose tokens are positions.

    Vectors and tokens of unknown position count only where no other base has positions on the grid of the image.
    """
    known = [layouts[base] for base in movement.bases]
    maps = [layout for layout in known if layout.is_placed and layout.n_positions > 1]
    return maps or [layout for layout in known if layout.n_positions > 1] or known


def _find_positions(movement: Movement, layouts: Layouts) -> Tensor:
    """Returns the position of each number; -1 also for a base whose tokens are no positions beside the others."""
    positional = _choose_positional(movement, layouts)
    counts = torch.tensor([any(layouts[base] is one for one in positional) for base in movement.bases] + [False])
    return torch.where(counts[movement.base], movement.position, -1)


def _build_layout(axis: int, shape: tuple[int, ...], position: Tensor, origins: Sequence[Layout]) -> Layout:
    """Builds a layout from the position of every entry.

    Args:
        axis: the axis of the channels.
        shape: the shape of the value for one image.
        position: the position on the grid of the origin, `(channel, token)`; -1 where it is none.
        origins: the layouts of the values that the entries come from.
    """
    if len(shape) == 2:
        return Layout(1, shape[1], (1, 1))
    tokens = _find_tokens(position, {origin.grid for origin in origins})
    if axis == 1 and len(shape) == 4:  # rows and columns for convolutions, turned or not
        is_placed = tokens is None or tokens == tuple(range(position.shape[1]))
        return Layout(1, shape[1], (shape[2], shape[3]), is_placed=is_placed)
    if tokens is not None:
        is_whole = tokens == tuple(range(position.shape[1]))
        is_placed = all(origin.is_placed for origin in origins)
        return Layout(axis, shape[axis], origins[0].grid, None if is_whole else tokens, is_placed=is_placed)
    # Four axes hold a part of a grid, or a grid with margins.
    unplaced = replace(build_unplaced_layout(axis, shape), is_placed=len(shape) == 4)
    some = (position.amax(0) >= 0).nonzero()[:, 0].tolist()
    if len(shape) == 4 or not 0 < len(some) < position.shape[1]:
        return unplaced
    return replace(unplaced, grid=(1, len(some)), tokens=tuple(some))


def _find_tokens(position: Tensor, grids: set[tuple[int, int]]) -> tuple[int, ...] | None:
    """Finds the index of the token at each position of the grid, row by row.

    Args:
        position: the position of every entry, `(channel, token)`; -1 where it is none.
        grids: the grids of the origins.

    Returns:
        None where there are several grids, a position has no token or several, or a token has several positions.
    """
    greatest = position.amax(0)
    tokens = (greatest >= 0).nonzero()[:, 0]
    found = greatest[tokens]
    if len(grids) != 1 or not is_one_per_row(position.T):
        return None
    ((rows, columns),) = grids
    if not torch.equal(found.sort().values, torch.arange(rows * columns)):
        return None
    return tuple(tokens[found.argsort()].tolist())
