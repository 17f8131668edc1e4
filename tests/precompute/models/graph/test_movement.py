"""Movements: the base, channel and position of every entry, through operators that only move."""

from __future__ import annotations

import operator

import torch
from torch import fx

from precompute.models.graph.layout import Layout
from precompute.models.graph.movement import Movement, follow_movement, is_one_per_row
from tests.support.small_graphs import ATEN, SmallGraph

MAPS = Layout(1, 2, (1, 3))


def follow(small: SmallGraph, node: fx.Node, layouts: dict[fx.Node, Layout]) -> Movement:
    """Follows a movement back to the values of known layout."""
    movement = follow_movement(node, small.describe(layouts), layouts.__contains__)
    assert movement is not None
    return movement


def test_a_permuted_value_keeps_the_origin_of_every_entry() -> None:
    small = SmallGraph()
    image = small.add_input(1, 2, 1, 3)
    tokens = small.call(ATEN.permute.default, small.call(ATEN.flatten.using_ints, image, 2), [0, 2, 1])

    movement = follow(small, tokens, {image: MAPS})

    assert movement.bases == (image,)
    assert movement.numbers.tolist() == [[[1, 4], [2, 5], [3, 6]]]
    assert movement.channel[movement.numbers].tolist() == [[[0, 1], [0, 1], [0, 1]]]
    assert movement.position[movement.numbers].tolist() == [[[0, 0], [1, 1], [2, 2]]]


def test_entries_of_constants_and_paddings_have_number_0() -> None:
    small = SmallGraph()
    image = small.add_input(1, 2, 1, 3)
    one = small.add_constant(torch.ones(1, 2, 1, 1))
    padded = small.call(ATEN.constant_pad_nd.default, small.call(ATEN.cat.default, [one, image], 3), [1, 0], -7.0)

    movement = follow(small, padded, {image: MAPS})

    assert movement.numbers[0, :, 0].tolist() == [[0, 0, 1, 2, 3], [0, 0, 4, 5, 6]]
    assert (movement.base[0], movement.channel[0], movement.position[0]) == (-1, -1, -1)


def test_several_bases_are_numbered_one_after_another() -> None:
    small = SmallGraph()
    one, other = small.add_input(1, 2, 1, 3), small.add_input(1, 1, 1, 3)
    joined = small.call(ATEN.cat.default, [other, one], 1)

    movement = follow(small, joined, {one: MAPS, other: Layout(1, 1, (1, 3))})

    assert movement.bases == (other, one)
    assert movement.base[movement.numbers][0, :, 0, 0].tolist() == [0, 1, 1]
    assert movement.channel[movement.numbers][0, :, 0, 0].tolist() == [0, 0, 1]
    assert movement.number_channels()[movement.numbers][0, :, 0, 0].tolist() == [0, 1, 2]


def test_parts_of_a_split_and_a_constant_selection_are_followed() -> None:
    small = SmallGraph()
    image = small.add_input(1, 2, 1, 3)
    parts = small.call(ATEN.split.Tensor, image, 1, 1)
    second = small.call(ATEN.select.int, image, 1, 1)
    part = small.call(operator.getitem, parts, 1)
    chosen = small.call(ATEN.index_select.default, image, 3, small.add_constant(torch.tensor([2, 0])))

    assert follow(small, part, {image: MAPS}).numbers.tolist() == [[[[4, 5, 6]]]]
    assert follow(small, second, {image: MAPS}).numbers.tolist() == [[[4, 5, 6]]]
    assert follow(small, chosen, {image: MAPS}).numbers[0, :, 0].tolist() == [[3, 1], [6, 4]]


def test_a_class_token_is_no_position() -> None:
    small = SmallGraph()
    tokens = small.add_input(1, 3, 2)
    turned = small.call(ATEN.transpose.int, tokens, 1, 2)

    movement = follow(small, turned, {tokens: Layout(2, 2, (1, 2), tokens=(1, 2))})

    assert movement.numbers.tolist() == [[[1, 2, 3], [4, 5, 6]]]
    assert movement.position[movement.numbers].tolist() == [[[-1, 0, 1], [-1, 0, 1]]]
    assert movement.select_numbers_of_positions().tolist() == [[[0, 2, 3], [0, 5, 6]]]


def test_a_movement_stops_at_a_base_that_is_moved_itself() -> None:
    small = SmallGraph()
    image = small.add_input(1, 2, 1, 3)
    turned = small.call(ATEN.transpose.int, image, 2, 3)
    flat = small.call(ATEN.flatten.using_ints, turned, 1)

    movement = follow(small, flat, {turned: Layout(1, 2, (3, 1))})

    assert movement.bases == (turned,)


def test_a_base_of_unknown_layout_has_no_movement() -> None:
    small = SmallGraph()
    image = small.add_input(1, 2, 1, 3)
    flat = small.call(ATEN.flatten.using_ints, image, 1)
    assert follow_movement(flat, small.describe({}), lambda _: False) is None


def test_rows_may_hold_one_channel_and_gaps() -> None:
    assert is_one_per_row(torch.tensor([[2, 2, -1], [-1, -1, -1], [0, -1, 0]]))
    assert not is_one_per_row(torch.tensor([[2, 2, 2], [0, 1, -1]]))
