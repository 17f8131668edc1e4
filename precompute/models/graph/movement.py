"""Follows operators that only move values: views, permutations, concatenations, slices, paddings.

Numbers are moved through them: a tensor whose entries say which channel and which token of which value they are. What
comes out says where everything went, whatever way it took.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx

from precompute.models.graph.layout import Layout, Layouts
from precompute.models.graph.operators import is_movement, is_split, shape_for_one_image, size_for_one_image


@dataclass(frozen=True)
class Movement:
    """Where the entries of a moved value come from.

    Attributes:
        bases: the values that were moved.
        numbers: in the shape of the moved value for one image; 0 where nothing of them is.
        base, channel: by number; -1 for number 0.
        position: by number; -1 for number 0, and where the token is no position.
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

    def numbers_of_positions(self) -> Tensor:
        """The numbers, 0 also where an entry comes from a token that is no position."""
        return torch.where(self.position[self.numbers] < 0, 0, self.numbers)


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
    bases: list[tuple[fx.Node, Layout, tuple[int, ...]]] = []
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
            if not one.meta["val"].dtype.is_floating_point:
                return graph.constant(one)
            return torch.zeros(shape_for_one_image(one), dtype=torch.float64)
        if is_split(one) or (is_movement(one) and (one is node or not is_base(one))):
            arguments = torch.fx.node.map_aggregate(one.args, argument)
            moved = one.target(*arguments, **torch.fx.node.map_aggregate(one.kwargs, argument))
            # What a padding writes is no number of ours, whatever its value.
            return moved.where(moved.isfinite() & (moved > 0), 0) if isinstance(moved, Tensor) else moved
        layout, shape = graph.layouts[one], shape_for_one_image(one)
        first = 1 + sum(layout.n_channels * layout.n_tokens(shape) for _, layout, shape in bases)
        bases.append((one, layout, shape))
        return layout.numbers(first, shape)

    try:
        return _described(value_of(node).long(), bases)
    except (KeyError, RuntimeError, NotImplementedError):
        return None


def _described(numbers: Tensor, bases: list[tuple[fx.Node, Layout, tuple[int, ...]]]) -> Movement:
    """What each number means."""
    base, channel, position = [torch.tensor([-1])], [torch.tensor([-1])], [torch.tensor([-1])]
    for index, (_, layout, shape) in enumerate(bases):
        n_tokens = layout.n_tokens(shape)
        channel.append(torch.arange(layout.n_channels).repeat_interleave(n_tokens))
        position.append(layout.positions(shape).repeat(layout.n_channels))
        base.append(torch.full_like(channel[-1], index))
    return Movement(
        tuple(node for node, _, _ in bases), numbers, torch.cat(base), torch.cat(channel), torch.cat(position)
    )


def is_one_per_row(channel: Tensor) -> bool:
    """Whether no row of `(row, place)` holds two channels; -1 stands for none."""
    greatest = channel.amax(1, keepdim=True)
    return bool(((channel == greatest) | (channel < 0)).all())
