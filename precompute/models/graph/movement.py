"""The way of values through operators that only move them: views, permutations, concatenations, slices, paddings.

The entries of the first values are numbered, by value, channel and token, and the numbers are moved through the
operators. The result shows the origin of every entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx

from precompute.models.graph.layout import Layout, Layouts
from precompute.models.graph.operators import (
    compute_shape_for_one_image,
    compute_size_for_one_image,
    is_movement,
    is_split,
)


@dataclass(frozen=True)
class Movement:
    """The origins of the entries of a moved value.

    Attributes:
        bases: the values that were moved.
        numbers: the number of each entry, in the shape of the moved value for one image; 0 for an entry of no base.
        base: the index of the base, by number; -1 for number 0.
        channel: the channel of the base, by number; -1 for number 0.
        position: the position in the base, by number; -1 for number 0, and for a token that is no position.
    """

    bases: tuple[fx.Node, ...]
    numbers: Tensor
    base: Tensor
    channel: Tensor
    position: Tensor

    def number_channels(self) -> Tensor:
        """Numbers the channels of all bases one after another, and returns them by number; -1 for number 0."""
        sizes = [int(self.channel[self.base == index].max()) + 1 for index in range(len(self.bases))]
        firsts = torch.tensor([sum(sizes[:index]) for index in range(len(sizes))] + [0])
        return torch.where(self.base < 0, -1, firsts[self.base] + self.channel)

    def select_numbers_of_positions(self) -> Tensor:
        """Returns the numbers of the entries, and 0 for an entry of a token that is no position."""
        return torch.where(self.position[self.numbers] < 0, 0, self.numbers)


@dataclass(frozen=True)
class Graph:
    """The facts about a graph that following a movement takes.

    Attributes:
        layouts: the layouts of the values that may be bases.
        is_fed: returns True for values that count; the entries of others, such as constants, have number 0.
        constant: returns the value of a node that no image changes, such as the index of a selection.
    """

    layouts: Layouts
    is_fed: Callable[[fx.Node], bool]
    constant: Callable[[fx.Node], Tensor | None]


def follow_movement(node: fx.Node, graph: Graph, is_base: Callable[[fx.Node], bool]) -> Movement | None:
    """Follows a value back through operators that only move.

    Args:
        node: the moved value.
        graph: the graph that it is a part of.
        is_base: returns True for a value at which to stop, although it is moved itself.

    Returns:
        The movement; None where a base has no known layout, or an operator fails on the numbers.
    """
    bases: list[tuple[fx.Node, Layout, tuple[int, ...]]] = []
    known: dict[fx.Node, Any] = {}

    def find_value(one: fx.Node) -> Any:
        if one not in known:
            known[one] = compute(one)
        return known[one]

    def find_argument(value: Any) -> Any:
        if not isinstance(value, fx.Node):
            return value
        is_number = not isinstance(value.meta.get("val"), Tensor | list | tuple)
        return compute_size_for_one_image(value) if is_number else find_value(value)

    def compute(one: fx.Node) -> Any:
        if not graph.is_fed(one):
            if not one.meta["val"].dtype.is_floating_point:
                return graph.constant(one)
            return torch.zeros(compute_shape_for_one_image(one), dtype=torch.float64)
        if is_split(one) or (is_movement(one) and (one is node or not is_base(one))):
            arguments = torch.fx.node.map_aggregate(one.args, find_argument)
            moved = one.target(*arguments, **torch.fx.node.map_aggregate(one.kwargs, find_argument))
            # A padding writes values that are no numbers of entries, such as 0, -1 or infinity.
            return moved.where(moved.isfinite() & (moved > 0), 0) if isinstance(moved, Tensor) else moved
        layout, shape = graph.layouts[one], compute_shape_for_one_image(one)
        first = 1 + sum(layout.n_channels * layout.count_tokens(shape) for _, layout, shape in bases)
        bases.append((one, layout, shape))
        return layout.number_entries(first, shape)

    try:
        return _describe_numbers(find_value(node).long(), bases)
    except (KeyError, RuntimeError, NotImplementedError):
        return None


def _describe_numbers(numbers: Tensor, bases: list[tuple[fx.Node, Layout, tuple[int, ...]]]) -> Movement:
    """Lists the base, the channel and the position of each number."""
    base, channel, position = [torch.tensor([-1])], [torch.tensor([-1])], [torch.tensor([-1])]
    for index, (_, layout, shape) in enumerate(bases):
        n_tokens = layout.count_tokens(shape)
        channel.append(torch.arange(layout.n_channels).repeat_interleave(n_tokens))
        position.append(layout.find_positions(shape).repeat(layout.n_channels))
        base.append(torch.full_like(channel[-1], index))
    return Movement(
        tuple(node for node, _, _ in bases), numbers, torch.cat(base), torch.cat(channel), torch.cat(position)
    )


def is_one_per_row(channel: Tensor) -> bool:
    """Checks that no row of `(row, entry)` holds two different channels; -1 is no channel."""
    greatest = channel.amax(1, keepdim=True)
    return bool(((channel == greatest) | (channel < 0)).all())
