"""The geometry of sheets, against sheets that are painted pixel by pixel."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from precompute.contract.errors import InputError
from precompute.feature_visualization.spritemaps.geometry import SUMMIT, Box, Grid, Strip, build_square_grid, find_grid

CHANNELS = st.integers(1, 400)
CELLS = st.integers(1, 24)


def paint(n_channels: int, cell: int, columns: int) -> np.ndarray:
    """Paints the index of its channel at every pixel, and -1 behind the last channel."""
    rows = math.ceil(n_channels / columns)
    sheet = np.full((rows * cell, columns * cell), -1)
    for y in range(rows * cell):
        for x in range(columns * cell):
            channel = (y // cell) * columns + x // cell
            if channel < n_channels:
                sheet[y, x] = channel
    return sheet


def cut(sheet: np.ndarray, box: Box) -> np.ndarray:
    return sheet[box.upper : box.lower, box.left : box.right]


@given(n_channels=st.integers(1, 60), cell=st.integers(1, 9), columns=st.integers(1, 70) | st.none())
def test_every_pixel_belongs_to_the_channel_that_is_painted_there(
    n_channels: int, cell: int, columns: int | None
) -> None:
    grid = build_square_grid(n_channels, cell, columns)
    expected = min(columns or math.ceil(math.sqrt(n_channels)), n_channels)
    sheet = paint(n_channels, cell, expected)
    assert (grid.columns, grid.size) == (expected, sheet.T.shape)
    for channel in range(n_channels):
        part = cut(sheet, grid.locate_cell(channel))
        assert part.shape == (cell, cell) and (part == channel).all()
    for index in range(n_channels, grid.n_cells):
        assert (cut(sheet, grid.locate_cell(index)) == -1).all()


def list_readings(size: tuple[int, int], n_channels: int) -> list[Grid]:
    """Lists the grids of all cell sizes that hold the channels and have no superfluous row, or are square."""
    found = []
    for cell in range(8, min(size) + 1):
        if size[0] % cell or size[1] % cell:
            continue
        grid = Grid(cell, size[0] // cell, size[1] // cell)
        is_needed = (grid.rows - 1) * grid.columns < n_channels <= grid.n_cells
        is_square = grid.rows == grid.columns == math.ceil(math.sqrt(n_channels))
        if is_needed or is_square:
            found.append(grid)
    return found


@given(n_channels=CHANNELS, width=st.integers(1, 300), height=st.integers(1, 300), common=st.integers(1, 64))
@example(n_channels=480, width=21, height=23, common=110)
@example(n_channels=156, width=13, height=13, common=64)
def test_a_sheet_has_one_reading_at_most(n_channels: int, width: int, height: int, common: int) -> None:
    size = (width * common, height * common)
    readings = list_readings(size, n_channels)
    assert len(readings) <= 1
    if readings:
        assert find_grid(size, n_channels) == readings[0]
    else:
        with pytest.raises(InputError):
            find_grid(size, n_channels)


@given(n_channels=CHANNELS, cell=st.integers(8, 256), columns=st.integers(1, 40) | st.none())
def test_what_is_exported_is_found_again(n_channels: int, cell: int, columns: int | None) -> None:
    grid = build_square_grid(n_channels, cell, columns)
    assert find_grid(grid.size, n_channels) == grid
    assert find_grid(grid.size, n_channels, cell=cell) == grid
    assert find_grid(grid.size, n_channels, columns=grid.columns) == grid
    assert find_grid(grid.size, n_channels, cell, grid.columns) == grid


@pytest.mark.parametrize(
    ("layer", "n_channels", "columns"),
    [("mixed3a", 256, 16), ("mixed3b", 480, 21), ("mixed4a", 508, 22), ("mixed4d", 528, 22), ("mixed4e", 832, 28)],
)
def test_the_sheets_of_lucid_are_read(layer: str, n_channels: int, columns: int) -> None:
    """Cells of 110 px; the columns are the root of the channels, rounded down."""
    size = (columns * 110, math.ceil(n_channels / columns) * 110)
    assert find_grid(size, n_channels) == Grid(110, columns, math.ceil(n_channels / columns)), layer


@given(n_channels=CHANNELS, cell=CELLS, extra=st.integers(1, 5))
def test_more_rows_than_needed_are_read_where_the_cell_is_named(n_channels: int, cell: int, extra: int) -> None:
    columns, rows = 7, math.ceil(n_channels / 7) + extra
    assert find_grid((columns * cell, rows * cell), n_channels, cell=cell) == Grid(cell, columns, rows)


@pytest.mark.parametrize(
    ("size", "n_channels", "asked", "rule"),
    [
        ((832, 831), 160, {}, "at least 8 px"),
        ((512, 512), 160, {}, "no row more"),
        ((40, 40), 100, {}, "at least 8 px"),
        ((640, 640), 160, {"cell": 64}, "a cell for every channel"),
        ((832, 832), 160, {"cell": 60}, "without a rest"),
        ((832, 832), 160, {"columns": 9}, "without a rest"),
        ((832, 833), 160, {"columns": 13}, "without a rest"),
        ((832, 832), 160, {"cell": 64, "columns": 12}, "without a rest"),
        ((8, 8), 160, {"columns": 9}, "without a rest"),
    ],
)
def test_a_sheet_that_is_divided_otherwise_is_refused(
    size: tuple[int, int], n_channels: int, asked: dict[str, int], rule: str
) -> None:
    with pytest.raises(InputError) as refused:
        find_grid(size, n_channels, **asked)
    assert rule in refused.value.rule
    assert f"{size[0]} x {size[1]}" in refused.value.found or "too few" in refused.value.found


# --- strips ---------------------------------------------------------------------------------------------------------


def test_the_strip_of_summit_is_cut_as_its_notebook_and_distills_page_do() -> None:
    """Positions of Distill's style sheet: pictures every 147 px, examples from 1029 on every 74 px, 73 px large."""
    assert SUMMIT.kinds[:3] == ("neuron", "channel", "negative") and SUMMIT.kinds[6] == "diversity-3"
    assert [SUMMIT.locate_picture(2, column).left for column in range(7)] == [0, 147, 294, 441, 588, 735, 882]
    assert SUMMIT.locate_picture(9, 1) == (147, 1323, 294, 1470)
    assert [SUMMIT.locate_example(0, rank).left for rank in range(10)] == list(range(1029, 1696, 74))
    assert SUMMIT.locate_example(1, 9) == (1695, 147, 1768, 220)
    assert SUMMIT.locate_example(1, 9, line=1) == (1695, 221, 1768, 294)
    assert [SUMMIT.count_examples(width) for width in (1769, 1768, 1770, 1029, 1028, 1767)] == [
        10,
        10,
        None,
        0,
        None,
        None,
    ]


@given(cell=st.integers(3, 20), n_kinds=st.integers(1, 4), n_examples=st.integers(0, 5), n_rows=st.integers(1, 4))
def test_the_parts_of_a_strip_cover_it_without_overlap(cell: int, n_kinds: int, n_examples: int, n_rows: int) -> None:
    strip = Strip(cell, SUMMIT.kinds[:n_kinds])
    width = n_kinds * cell + n_examples * strip.step
    assert strip.count_examples(width) == n_examples
    assume(n_examples == 0 or strip.count_examples(width - 1) == n_examples)
    hits = np.zeros((n_rows * cell, width), int)
    for row in range(n_rows):
        for column in range(n_kinds):
            part = cut(hits, strip.locate_picture(row, column))
            assert part.shape == (cell, cell)
            part += 1
        for rank in range(n_examples):
            for line in (0, 1):
                part = cut(hits, strip.locate_example(row, rank, line))
                assert part.shape == (strip.step - 1, strip.step - 1)
                part += 1
    assert hits.max() == 1
    assert (hits[:, : n_kinds * cell] == 1).all()
