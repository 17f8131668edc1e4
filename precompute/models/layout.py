"""Where the channels and the positions of every value are: `(batch, channel, height, width)`, tokens, or channels last.

Operators that only move values (views, permutations, concatenations, slices, paddings) are followed by moving numbers
through them: a tensor whose entries say which channel and which position of which value they are. What comes out says
where everything went, whatever way it took.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, fx

from precompute.models.operators import (
    POOLING,
    REDUCTION,
    is_first_of_several,
    is_movement,
    is_split,
    operator_name,
    shape_of,
    size_for_one_image,
)


@dataclass(frozen=True)
class Layout:
    """How a value holds channels at positions.

    Attributes:
        axis: of the channels.
        n_channels: how many.
        grid: height and width of the positions, row by row over the axes that are left; (1, 1) without positions.
        n_prefix: tokens ahead of the grid that are no position, such as a class token.
        is_flat: channels and positions share axis 1, as behind a flatten.
    """

    axis: int
    n_channels: int
    grid: tuple[int, int]
    n_prefix: int = 0
    is_flat: bool = False

    @property
    def n_positions(self) -> int:
        return self.grid[0] * self.grid[1]

    def maps(self, value: Tensor) -> Tensor:
        """The value as `(batch, channel, height, width)`, a view of it."""
        if self.is_flat:
            return value.unflatten(1, (self.n_channels, *self.grid))
        if value.ndim == 4 and self.axis == 1:
            return value
        if value.ndim == 2:
            return value[:, :, None, None]
        return value.movedim(self.axis, 1).flatten(2)[:, :, self.n_prefix :].unflatten(2, self.grid)

    def numbers(self, first: int, shape: tuple[int, ...]) -> Tensor:
        """`first + channel * n_positions + position` at each place of a value of `shape`, and 0 at prefix tokens."""
        count = self.n_channels * self.n_positions
        maps = torch.arange(first, first + count, dtype=torch.float64).view(1, self.n_channels, -1)
        if self.is_flat or len(shape) == 2:
            return maps.reshape(shape)
        positions = torch.nn.functional.pad(maps, (self.n_prefix, 0))
        others = [size for axis, size in enumerate(shape) if axis != self.axis]
        return positions.view(1, self.n_channels, *others[1:]).movedim(1, self.axis)


Layouts = Mapping[fx.Node, Layout]


@dataclass(frozen=True)
class Movement:
    """Where the entries of a moved value come from.

    Attributes:
        bases: the values that were moved.
        numbers: in the shape of the moved value for one image; 0 where nothing of them is.
        base, channel, position: by number; -1 for number 0.
    """

    bases: tuple[fx.Node, ...]
    numbers: Tensor
    base: Tensor
    channel: Tensor
    position: Tensor

    def channel_in_all(self) -> Tensor:
        """By number: the channel when the channels of all bases are counted one after another; -1 for number 0."""
        sizes = [int(self.channel[self.base == index].max()) + 1 for index in range(len(self.bases))]
        firsts = torch.tensor([sum(sizes[:index]) for index in range(len(sizes))] + [0])
        return torch.where(self.base < 0, -1, firsts[self.base] + self.channel)


@dataclass(frozen=True)
class Graph:
    """What following a movement asks of a graph.

    Attributes:
        layouts: of the values that may be bases.
        is_fed: whether a value counts; others, constants say, are nothing.
        constant: the value of a node that no image changes, such as the index of a selection.
    """

    layouts: Layouts
    is_fed: Callable[[fx.Node], bool]
    constant: Callable[[fx.Node], Tensor | None]


def follow_movement(node: fx.Node, graph: Graph, is_base: Callable[[fx.Node], bool]) -> Movement | None:
    """Follows a value back through operators that only move.

    Args:
        node: the moved value.
        graph: what it is a part of.
        is_base: stops at a value although a mere movement made it.

    Returns:
        None where a base has no known layout, or an operator refuses.
    """
    bases: list[fx.Node] = []
    columns: list[tuple[int, Layout]] = []
    known: dict[fx.Node, Any] = {}

    def value_of(one: fx.Node) -> Any:
        if one not in known:
            known[one] = computed(one)
        return known[one]

    def argument(value: Any) -> Any:
        if not isinstance(value, fx.Node):
            return value
        is_number = not isinstance(value.meta.get("val"), Tensor | list | tuple)
        return size_for_one_image(value) if is_number else value_of(value)

    def computed(one: fx.Node) -> Any:
        if not graph.is_fed(one):
            shape, dtype = one.meta["val"].shape, one.meta["val"].dtype
            if not dtype.is_floating_point:
                return graph.constant(one)
            return torch.zeros([size_for_one_image(size) for size in shape], dtype=torch.float64)
        if is_split(one) or (is_movement(one) and (one is node or not is_base(one))):
            arguments = torch.fx.node.map_aggregate(one.args, argument)
            moved = one.target(*arguments, **torch.fx.node.map_aggregate(one.kwargs, argument))
            # What a padding writes is no number of ours, whatever its value.
            return moved.where(moved.isfinite() & (moved > 0), 0) if isinstance(moved, Tensor) else moved
        layout = graph.layouts[one]
        first = 1 + sum(layout.n_channels * layout.n_positions for _, layout in columns)
        columns.append((len(bases), layout))
        bases.append(one)
        return layout.numbers(first, tuple(size_for_one_image(size) for size in one.meta["val"].shape))

    try:
        numbers = value_of(node).long()
    except (KeyError, RuntimeError, NotImplementedError):
        return None
    nothing = torch.tensor([-1])
    counts = [torch.arange(layout.n_channels * layout.n_positions) for _, layout in columns]
    return Movement(
        tuple(bases),
        numbers,
        torch.cat([nothing, *(torch.full_like(c, index) for c, (index, _) in zip(counts, columns, strict=True))]),
        torch.cat([nothing, *(c // layout.n_positions for c, (_, layout) in zip(counts, columns, strict=True))]),
        torch.cat([nothing, *(c % layout.n_positions for c, (_, layout) in zip(counts, columns, strict=True))]),
    )


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
        shape = shape_of(node)
        if shape is None or len(shape) < 2 or not is_fed(node) or size_for_one_image(node.meta["val"].shape[0]) != 1:
            continue
        layout = _layout(node, shape, known)
        if layout is not None:
            layouts[node] = layout
    return layouts


def _layout(node: fx.Node, shape: tuple[int, ...], graph: Graph) -> Layout | None:
    name, layouts = operator_name(node), graph.layouts
    if node.op == "placeholder" or name in POOLING or name == "conv2d":
        return Layout(1, shape[1], (shape[2], shape[3])) if len(shape) == 4 else None
    if name == "linear":
        return _behind_linear(shape, layouts.get(node.args[0]))
    if is_movement(node):
        movement = follow_movement(node, graph, layouts.__contains__)
        return None if movement is None else _of_numbers(movement, layouts)
    operands = node.args[0].all_input_nodes if is_first_of_several(node) else node.all_input_nodes
    if is_first_of_several(node) and operator_name(node.args[0]) in POOLING:
        return Layout(1, shape[1], (shape[2], shape[3])) if len(shape) == 4 else None
    if name in REDUCTION:
        return _reduced(shape, node, layouts.get(operands[0]))
    return next((layouts[one] for one in operands if one in layouts and shape_of(one) == shape), None)


def _behind_linear(shape: tuple[int, ...], before: Layout | None) -> Layout | None:
    if len(shape) == 2:
        return Layout(1, shape[1], (1, 1))
    if before is not None and before.axis == len(shape) - 1:
        return replace(before, n_channels=shape[-1])
    if len(shape) == 4:
        return Layout(3, shape[3], (shape[1], shape[2]))
    if len(shape) == 3:  # tokens from who knows where: square, perhaps behind a class token
        n_prefix = 0 if _squared(shape[1]) or not _squared(shape[1] - 1) else 1
        return Layout(2, shape[2], _squared(shape[1] - n_prefix) or (1, shape[1]), n_prefix)
    return None


def reduced_axes(node: fx.Node) -> list[int]:
    """The axes that a reduction takes together, counted from the front."""
    shape = shape_of(node.args[0]) or ()
    axes = node.args[1] if len(node.args) > 1 and node.args[1] is not None else list(range(len(shape)))
    return [axis % len(shape) for axis in (axes if isinstance(axes, list | tuple) else [axes])]


def _reduced(shape: tuple[int, ...], node: fx.Node, before: Layout | None) -> Layout | None:
    if before is None or before.is_flat or before.axis in reduced_axes(node):
        return None
    if len(shape) == 2:
        return Layout(1, before.n_channels, (1, 1))
    if len(shape) == 4:
        rows, columns = (size for axis, size in enumerate(shape[1:], 1) if axis != before.axis)
        return Layout(before.axis, before.n_channels, (rows, columns))
    return Layout(before.axis, before.n_channels, (1, 1)) if len(shape) == 3 and 1 in shape[1:] else None


def _of_numbers(movement: Movement, layouts: Layouts) -> Layout | None:
    """Where channels stand after a movement: the axis along which alone they change."""
    numbers = movement.numbers
    channel = movement.channel_in_all()[numbers]
    if numbers.shape[0] != 1 or numbers.ndim not in (2, 3, 4):
        return None
    if numbers.ndim == 2 and len(movement.bases) == 1:
        layout = layouts[movement.bases[0]]
        n_numbers = layout.n_channels * layout.n_positions
        if layout.n_positions > 1 and torch.equal(numbers.flatten(), torch.arange(1, 1 + n_numbers)):
            return Layout(1, layout.n_channels, layout.grid, is_flat=True)
    for axis in sorted(range(1, numbers.ndim), key=lambda a: (a != 1, a != numbers.ndim - 1)):
        if is_one_per_row(channel.movedim(axis, 0).flatten(1)):
            if numbers.ndim == 3 and numbers.shape[axis] > 1 and len(channel[channel >= 0].unique()) < 2:
                return None  # rows and columns of one channel: none of the axes is of channels
            others = [size for a, size in enumerate(numbers.shape[1:], 1) if a != axis]
            grid, n_prefix = _grid(movement, numbers.movedim(axis, 0).flatten(1), others, layouts)
            return Layout(axis, numbers.shape[axis], grid, n_prefix)
    return None


def is_one_per_row(channel: Tensor) -> bool:
    """Whether no row of `(row, place)` holds two channels; -1 stands for none."""
    greatest = channel.amax(1, keepdim=True)
    return bool(((channel == greatest) | (channel < 0)).all())


def _grid(movement: Movement, by_channel: Tensor, others: list[int], layouts: Layouts) -> tuple[tuple[int, int], int]:
    """Height and width of the positions, and how many prefix tokens stand before them."""
    if len(others) == 2:
        return (others[0], others[1]), 0
    if not others:
        return (1, 1), 0
    taken = (by_channel > 0).any(0)
    n_prefix = int(taken.int().argmax()) if bool(taken.any()) else 0
    n_positions = others[0] - n_prefix
    grids = {layouts[base].grid for base in movement.bases}
    grid = next((g for g in sorted(grids) if g[0] * g[1] == n_positions), None)
    return grid or _squared(n_positions) or (1, n_positions), n_prefix


def _squared(n_positions: int) -> tuple[int, int] | None:
    side = round(max(n_positions, 0) ** 0.5)
    return (side, side) if side * side == n_positions > 0 else None
