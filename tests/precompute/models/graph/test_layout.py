"""Layouts: views of values as maps, their tokens and positions, and numbers of their entries."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from precompute.models.graph.layout import Layout, build_layout_of_maps, build_unplaced_layout

MAPS = Layout(1, 3, (2, 4))
CLASS_TOKEN_FIRST = Layout(2, 3, (2, 4), tokens=tuple(range(1, 9)))
COLUMN_BY_COLUMN = Layout(2, 3, (2, 4), tokens=(0, 2, 4, 6, 1, 3, 5, 7))
FLAT = Layout(1, 3, (2, 4), is_flat=True)
VECTOR = Layout(1, 3, (1, 1))


def test_maps_are_the_value_itself_where_it_has_their_axes() -> None:
    value = torch.randn(2, 3, 2, 4)
    assert MAPS.view_maps(value) is value


def test_maps_of_tokens_leave_the_class_token_out_and_share_memory() -> None:
    value = torch.randn(2, 9, 3)

    maps = CLASS_TOKEN_FIRST.view_maps(value)

    assert maps.shape == (2, 3, 2, 4)
    assert torch.equal(maps[1, 2, 1, 3], value[1, 8, 2])
    value[1, 8, 2] = 7
    assert maps[1, 2, 1, 3] == 7


def test_maps_of_tokens_out_of_order_are_row_by_row() -> None:
    value = torch.arange(8.0)[None, :, None].expand(1, 8, 3)
    assert COLUMN_BY_COLUMN.view_maps(value)[0, 0].tolist() == [[0, 2, 4, 6], [1, 3, 5, 7]]


def test_maps_of_a_flat_value_and_of_a_vector() -> None:
    assert torch.equal(FLAT.view_maps(torch.arange(24.0)[None]), torch.arange(24.0).view(1, 3, 2, 4))
    assert VECTOR.view_maps(torch.randn(2, 3)).shape == (2, 3, 1, 1)


@pytest.mark.parametrize(
    ("layout", "shape"),
    [
        (MAPS, (2, 3, 2, 4)),
        (CLASS_TOKEN_FIRST, (2, 9, 3)),
        (COLUMN_BY_COLUMN, (2, 8, 3)),
        (FLAT, (2, 24)),
        (VECTOR, (2, 3)),
    ],
    ids=["maps", "class token", "column by column", "flat", "vector"],
)
def test_replacing_a_channel_changes_its_positions_alone(layout: Layout, shape: tuple[int, ...]) -> None:
    value = torch.randn(shape)
    before, maps = value.clone(), torch.randn(2, *layout.grid)

    replaced = layout.replace_channel(value, 1, maps)

    assert torch.equal(layout.view_maps(replaced)[:, 1], maps)
    assert torch.equal(layout.view_maps(replaced)[:, [0, 2]], layout.view_maps(value)[:, [0, 2]])
    assert torch.equal(value, before), "the value itself stays"
    assert int((replaced != value).sum()) == maps.numel(), "further tokens stay"


def test_a_token_that_is_no_position_has_none() -> None:
    assert CLASS_TOKEN_FIRST.find_positions((1, 9, 3)).tolist() == [-1, 0, 1, 2, 3, 4, 5, 6, 7]
    assert COLUMN_BY_COLUMN.find_positions((1, 8, 3)).tolist() == [0, 4, 1, 5, 2, 6, 3, 7]
    assert VECTOR.find_positions((1, 3)).tolist() == [0]


def test_entries_are_numbered_by_channel_then_token() -> None:
    numbers = Layout(2, 2, (1, 2), tokens=(1, 2)).number_entries(10, (1, 3, 2))
    assert numbers.tolist() == [[[10, 13], [11, 14], [12, 15]]]


@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.integers(0, 50), st.sampled_from(["maps", "flat"]))
def test_numbers_seen_as_maps_are_in_order(channels: int, rows: int, columns: int, first: int, kind: str) -> None:
    layout = Layout(1, channels, (rows, columns), is_flat=kind == "flat")
    shape = (1, channels * rows * columns) if layout.is_flat else (1, channels, rows, columns)
    numbers = layout.view_maps(layout.number_entries(first, shape))
    assert numbers.flatten().tolist() == list(range(first, first + channels * rows * columns))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((1, 5), None),
        ((1, 5, 7), Layout(1, 5, (1, 7), is_placed=False)),
        ((1, 5, 1), Layout(1, 5, (1, 1))),
        ((1, 5, 6, 7), Layout(1, 5, (6, 7))),
        ((1, 5, 1, 6, 7), Layout(1, 5, (6, 7))),
        ((1, 5, 2, 6, 7), Layout(1, 5, (12, 7), is_placed=False)),
        ((1, 5, 2, 2, 2, 2), None),
    ],
    ids=str,
)
def test_only_two_axes_of_positions_are_on_the_grid_of_the_image(
    shape: tuple[int, ...], expected: Layout | None
) -> None:
    assert build_layout_of_maps(shape) == expected


def test_tokens_of_unknown_position_are_in_one_row() -> None:
    assert build_unplaced_layout(2, (1, 9, 3)) == Layout(2, 3, (1, 9), is_placed=False)
    assert build_unplaced_layout(3, (1, 4, 5, 3)) == Layout(3, 3, (4, 5), is_placed=False)
    assert build_unplaced_layout(1, (1, 3, 1, 1)).is_placed, "a single position is that of the whole image"
