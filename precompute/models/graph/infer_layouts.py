"""Where the channels and the positions of every value of a graph are, told operator by operator from the image on."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor, fx

from precompute.models.graph.layout import Layout, Layouts, layout_of_maps, unplaced_layout
from precompute.models.graph.movement import Graph, Movement, follow_movement, is_one_per_row
from precompute.models.graph.operators import (
    CONVOLUTION,
    POOLING,
    is_first_of_several,
    is_movement,
    is_reduction,
    operator_name,
    reduced_axes,
    shape_for_one_image,
    shape_of,
)
from precompute.models.graph.products import ROW_BY_ROW, Product, read_product

__all__ = ["infer_layouts"]

_CHANNELS_FIRST = CONVOLUTION | POOLING | {"im2col", "col2im", "pixel_shuffle"}
_BY_VALUE = {"gather", "sort", "topk", "take_along_dim"}
"""Where these move an entry depends on the image."""


def infer_layouts(
    graph: fx.Graph, is_fed: Callable[[fx.Node], bool], constant: Callable[[fx.Node], Tensor | None]
) -> dict[fx.Node, Layout]:
    """The layout of every value of a graph that has one which can be told, from the image to the logits.

    Args:
        is_fed: whether a value depends on the image.
        constant: the value of a node that does not.
    """
    layouts: dict[fx.Node, Layout] = {}
    known = Graph(layouts, is_fed, constant)
    for node in graph.nodes:
        if shape_of(node) is None or not is_fed(node):
            continue
        shape = shape_for_one_image(node)
        layout = _layout(node, shape, known) if len(shape) >= 2 and shape[0] == 1 else None
        if layout is not None:
            layouts[node] = layout
    return layouts


def _layout(node: fx.Node, shape: tuple[int, ...], graph: Graph) -> Layout | None:
    maker = node.args[0] if is_first_of_several(node) else node
    name = operator_name(maker)
    if node.op == "placeholder" or name in _CHANNELS_FIRST:
        return _along_tokens(maker, shape, graph) or layout_of_maps(shape)
    if is_movement(node):
        return _moved(node, shape, graph)
    if (product := read_product(node, graph.is_fed)) is not None:
        return _behind_product(product, shape, graph) or _of_tokens(node, shape, graph)
    if name in ROW_BY_ROW:
        return _behind_attention(node, shape, graph)
    if is_reduction(maker):
        return _reduced(shape, maker, graph)
    return None if name in _BY_VALUE else _like_an_operand(maker, shape, graph)


def _along_tokens(node: fx.Node, shape: tuple[int, ...], graph: Graph) -> Layout | None:
    """Behind a convolution along tokens that leaves as many of them as it reads."""
    before = graph.layouts.get(node.args[0]) if operator_name(node) == "conv1d" else None
    if before is None or before.axis != 1 or shape_for_one_image(node.args[0])[2:] != shape[2:]:
        return None
    return replace(before, n_channels=shape[1])


def _like_an_operand(node: fx.Node, shape: tuple[int, ...], graph: Graph) -> Layout | None:
    """Of operands in the shape of the value, the first of known places counts, else the first."""
    known = [one for one in node.all_input_nodes if one in graph.layouts and shape_for_one_image(one) == shape]
    layouts = [graph.layouts[one] for one in known]
    return next((layout for layout in layouts if layout.is_placed), layouts[0] if layouts else None)


# --- products and reductions ----------------------------------------------------------------------------------------


def _behind_product(product: Product, shape: tuple[int, ...], graph: Graph) -> Layout | None:
    """Behind a product along one axis: of channels, or of positions, which leaves channels where they are."""
    before = graph.layouts.get(product.source)
    if before is None:
        return None
    if before.is_flat:
        return Layout(1, shape[1], (1, 1))
    if before.axis == product.axis:
        return replace(before, n_channels=shape[product.axis])
    return before if shape == shape_for_one_image(product.source) else unplaced_layout(before.axis, shape)


def _behind_attention(node: fx.Node, shape: tuple[int, ...], graph: Graph) -> Layout | None:
    """Behind a product of two values: tokens stay those of the first, or channels come first in either."""
    if len(shape) != 3:
        return None
    factors = [one for one in node.args if isinstance(one, fx.Node) and one in graph.layouts]
    maps = [graph.layouts[one] for one in factors if shape_for_one_image(one) == shape]
    return next((layout for layout in maps if layout.axis == 1), None) or _of_tokens(node, shape, graph)


def _of_tokens(node: fx.Node, shape: tuple[int, ...], graph: Graph) -> Layout | None:
    """Behind a product with a value of unknown layout, as attention is: channels last, at the places of its tokens."""
    if len(shape) == 2:
        return Layout(1, shape[1], (1, 1))
    if len(shape) not in (3, 4):
        return None
    axis = len(shape) - 1
    origin = _origin_of_tokens(node, shape, graph)
    if origin is None:
        return unplaced_layout(axis, shape)
    return Layout(axis, shape[axis], origin.grid, origin.places, is_placed=origin.is_placed)


def _origin_of_tokens(node: fx.Node, shape: tuple[int, ...], graph: Graph) -> Layout | None:
    """The nearest value of known layout with as many tokens, back from a value, by way of queries in attention."""
    n_tokens = math.prod(shape[1:-1])
    seen, stack = {node}, [node]
    while stack:
        one = stack.pop()
        if one is not node and one in graph.layouts:
            layout = graph.layouts[one]
            if not layout.is_flat and layout.n_tokens(shape_for_one_image(one)) == n_tokens:
                return layout
            continue
        readable = one.args[:1] if operator_name(one) in ROW_BY_ROW else one.all_input_nodes
        for parent in [p for p in readable if isinstance(p, fx.Node) and graph.is_fed(p) and p not in seen][::-1]:
            seen.add(parent)
            stack.append(parent)
    return None


def _reduced(shape: tuple[int, ...], node: fx.Node, graph: Graph) -> Layout | None:
    read = node.args[0]
    before, axes = graph.layouts.get(read), reduced_axes(node)
    if before is None:
        return _of_groups(shape, node, graph)
    if before.is_flat or before.axis in axes:
        return None
    if len(shape) == 2:
        return Layout(1, before.n_channels, (1, 1))
    axis = before.axis if len(shape) == len(shape_of(read) or ()) else before.axis - sum(a < before.axis for a in axes)
    found = unplaced_layout(axis, shape)
    return replace(found, is_placed=found.is_placed or (len(shape) == 4 and before.places is None))


def _of_groups(shape: tuple[int, ...], node: fx.Node, graph: Graph) -> Layout | None:
    """Behind a reduction of channels in groups, as in maxout: the axis along which positions stay is of channels."""
    movement = _followed(node.args[0], graph) if is_movement(node.args[0]) else None
    if movement is None:
        return None
    position, axes = movement.position[movement.numbers], reduced_axes(node)
    least, greatest = position.amin(axes), position.amax(axes)
    if not torch.equal(least, greatest):
        return None
    position = least.reshape(shape)
    for axis in _axes_in_order(position):
        tokens = position.movedim(axis, 0).flatten(1)
        if torch.equal(tokens, tokens[:1].expand_as(tokens)) and len(tokens[0].unique()) == tokens.shape[1]:
            return _placed(axis, shape, tokens, _positional(movement, graph.layouts))
    return None


# --- movements ------------------------------------------------------------------------------------------------------


def _followed(node: fx.Node, graph: Graph) -> Movement | None:
    """Back to values of known places, through any whose tokens are only some of theirs."""
    return follow_movement(node, graph, lambda one: one in graph.layouts and graph.layouts[one].is_placed)


def _moved(node: fx.Node, shape: tuple[int, ...], graph: Graph) -> Layout | None:
    """Where channels are after a movement: the axis along which alone they change."""
    movement = _followed(node, graph)
    if movement is None or len(shape) > 5:
        return None
    numbers = movement.numbers
    base, channel = movement.base[numbers], movement.channel[numbers]
    if len(shape) == 2 and (flat := _flattened(movement, graph.layouts)) is not None:
        return flat
    for axis in _axes_in_order(numbers):
        # Of every base: behind channels of one value there may be tokens of another.
        each = [torch.where(base == index, channel, -1) for index in range(len(movement.bases))]
        if all(is_one_per_row(one.movedim(axis, 0).flatten(1)) for one in each):
            if (
                len(shape) == 3
                and shape[axis] > 1
                and len(movement.channel_in_all()[numbers[numbers > 0]].unique()) < 2
            ):
                return None  # rows and columns of one channel: none of the axes is of channels
            tokens = _positions_of(movement, graph.layouts)[numbers].movedim(axis, 0).flatten(1)
            return _placed(axis, shape, tokens, _positional(movement, graph.layouts))
    return None


def _flattened(movement: Movement, layouts: Layouts) -> Layout | None:
    """Channels and their positions one after another."""
    if len(movement.bases) != 1:
        return None
    layout = layouts[movement.bases[0]]
    n_numbers = layout.n_channels * layout.n_positions
    in_order = torch.equal(movement.numbers.flatten(), torch.arange(1, 1 + n_numbers))
    if layout.n_positions == 1 or layout.places is not None or not in_order:
        return None
    return Layout(1, layout.n_channels, layout.grid, is_flat=True, is_placed=layout.is_placed)


def _axes_in_order(value: Tensor) -> list[int]:
    """The axes that may be of channels: the one behind the batch, then the last, then the others."""
    return sorted(range(1, value.ndim), key=lambda axis: (axis != 1, axis != value.ndim - 1))


def _positional(movement: Movement, layouts: Layouts) -> list[Layout]:
    """The values that have positions: beside maps, vectors and tokens of unknown places are further tokens."""
    known = [layouts[base] for base in movement.bases]
    maps = [layout for layout in known if layout.is_placed and layout.n_positions > 1]
    return maps or [layout for layout in known if layout.n_positions > 1] or known


def _positions_of(movement: Movement, layouts: Layouts) -> Tensor:
    """By number: the position; -1 also where the value has none beside the others."""
    positional = _positional(movement, layouts)
    counts = torch.tensor([any(layouts[base] is one for one in positional) for base in movement.bases] + [False])
    return torch.where(counts[movement.base], movement.position, -1)


def _placed(axis: int, shape: tuple[int, ...], position: Tensor, origins: Sequence[Layout]) -> Layout:
    """A layout from the position `(channel, token)` of every entry, -1 where it is none.

    Args:
        axis: of the channels.
        shape: of the value.
        position: on the grid of its origin.
        origins: of the values that the entries come from.
    """
    if len(shape) == 2:
        return Layout(1, shape[1], (1, 1))
    places = _places(position, {origin.grid for origin in origins})
    if axis == 1 and len(shape) == 4:  # rows and columns as convolutions see them, be they of the image or turned
        is_placed = places is None or places == tuple(range(position.shape[1]))
        return Layout(1, shape[1], (shape[2], shape[3]), is_placed=is_placed)
    if places is not None:
        is_whole = places == tuple(range(position.shape[1]))
        is_placed = all(origin.is_placed for origin in origins)
        return Layout(axis, shape[axis], origins[0].grid, None if is_whole else places, is_placed=is_placed)
    unplaced = replace(unplaced_layout(axis, shape), is_placed=len(shape) == 4)  # a part of a grid, or with margins
    tokens = (position.amax(0) >= 0).nonzero()[:, 0].tolist()
    if len(shape) == 4 or not 0 < len(tokens) < position.shape[1]:
        return unplaced
    return replace(unplaced, grid=(1, len(tokens)), places=tuple(tokens))


def _places(position: Tensor, grids: set[tuple[int, int]]) -> tuple[int, ...] | None:
    """The token at each position of the one grid; None where a position has none, or several, or a token has several.

    Args:
        position: of every entry `(channel, token)`, -1 where it is none.
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
