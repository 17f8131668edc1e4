"""The geometry of sheets: the box of each channel's pictures, in pixels. No image is opened.

A grid has square cells, row by row in the order of channels (as of Diamond Cutter and Lucid: the number of columns is
near the square root of the number of channels). A strip has a row per channel: pictures side by side, then two lines
of examples half as high (Distill's appendix of GoogLeNet, 2017, from which Summit cut its pictures).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from precompute.contract.errors import InputError
from precompute.contract.schema import VISUALIZATION_KINDS
from precompute.contract.wording import format_count

__all__ = ["SUMMIT", "Box", "Grid", "Strip", "build_square_grid", "find_grid"]

_LEAST_CELL = 8
"""The smallest side in pixels that is found without being named: smaller cells divide nearly any sheet."""


class Box(NamedTuple):
    """A rectangle in pixels; right and lower edges are exclusive."""

    left: int
    upper: int
    right: int
    lower: int


class Grid(NamedTuple):
    """A grid of square cells, row by row; `cell` is their side in pixels."""

    cell: int
    columns: int
    rows: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the sheet in pixels."""
        return self.columns * self.cell, self.rows * self.cell

    @property
    def n_cells(self) -> int:
        """The number of cells, with or without a channel."""
        return self.columns * self.rows

    def locate_cell(self, index: int) -> Box:
        """Locates the cell of a channel, or an empty one behind the last channel."""
        row, column = divmod(index, self.columns)
        left, upper = column * self.cell, row * self.cell
        return Box(left, upper, left + self.cell, upper + self.cell)


def build_square_grid(n_channels: int, cell: int, columns: int | None = None) -> Grid:
    """Builds the grid of a new sheet: with `columns` columns, but no more than channels; or nearly square for None."""
    wide = min(columns or math.isqrt(n_channels - 1) + 1, n_channels)
    return Grid(cell, wide, -(-n_channels // wide))


def find_grid(size: tuple[int, int], n_channels: int, cell: int | None = None, columns: int | None = None) -> Grid:
    """Finds the grid of a sheet of this width and height, in pixels, that has a cell for each channel.

    Without `cell` and `columns` it is the grid without a superfluous row, or the square one whose side is the root of
    the number of channels, rounded up. There is at most one: a sheet of p x q of its largest cells (p and q without a
    common factor) has kp x kq cells for some k. If (k+1)p x (k+1)q cells have no superfluous row, kp x kq are too few.

    Raises:
        InputError: there is no such grid, or the one asked for does not divide the sheet or has too few cells.
    """
    grid = _build_asked_grid(size, cell, columns) if cell or columns else _infer_grid(size, n_channels)
    if grid is None:
        raise InputError(
            f"A sheet has square cells of at least {_LEAST_CELL} px, and no row more than its channels need.",
            f"{size[0]} x {size[1]} px are no such sheet of {format_count(n_channels, 'channels')}.",
            "Name the layer that it shows, or say how it is divided: --cell PX or --columns N.",
        )
    if grid.n_cells < n_channels:
        raise InputError(
            "A sheet has a cell for every channel of its layer.",
            f"{grid.columns} x {grid.rows} cells of {grid.cell} px are {grid.n_cells:,}, too few for "
            f"{format_count(n_channels, 'channels')}.",
            "Name the layer that it shows, or correct --cell and --columns.",
        )
    return grid


def _build_asked_grid(size: tuple[int, int], cell: int | None, columns: int | None) -> Grid:
    width, height = size
    side = cell or width // (columns or 1)
    wide = columns or width // side
    if side < 1 or wide * side != width or height % side or not height:
        asked = " and ".join(f"{name} {n}" for name, n in (("--cell", cell), ("--columns", columns)) if n)
        raise InputError(
            "Square cells fill a sheet without a rest.",
            f"{width} x {height} px are not divided so by {asked}.",
            "Correct it, or leave it out and the grid is found.",
        )
    return Grid(side, wide, height // side)


def _infer_grid(size: tuple[int, int], n_channels: int) -> Grid | None:
    common = math.gcd(*size)
    cells = (common // parts for parts in range(1, common // _LEAST_CELL + 1) if common % parts == 0)
    grids = (Grid(cell, size[0] // cell, size[1] // cell) for cell in cells)
    return next((grid for grid in grids if _is_exact(grid, n_channels)), None)


def _is_exact(grid: Grid, n_channels: int) -> bool:
    side = math.isqrt(n_channels - 1) + 1
    return grid.rows == -(-n_channels // grid.columns) or grid.columns == grid.rows == side


@dataclass(frozen=True)
class Strip:
    """A row per channel, from the top: pictures, then two lines of examples, the best ones above the least.

    Attributes:
        cell: side of a picture, and height of a channel's row, in pixels.
        kinds: kinds of the pictures from the left.
    """

    cell: int = 147
    kinds: tuple[str, ...] = ("neuron", "channel", "negative", *VISUALIZATION_KINDS[3:])

    @property
    def step(self) -> int:
        """The distance from one example to the next in pixels: half a picture, rounded up."""
        return -(-self.cell // 2)

    def count_examples(self, width: int) -> int | None:
        """Counts the examples in each of the two lines of a sheet of this width; None: it is no such strip.

        The last example may lack the pixel that separates it from a next one.
        """
        rest = width - len(self.kinds) * self.cell
        n = (rest + 1) // self.step
        return n if rest >= 0 and rest in (n * self.step, n * self.step - 1) else None

    def locate_picture(self, row: int, column: int) -> Box:
        """Locates a channel's picture of the kind `kinds[column]`."""
        left, upper = column * self.cell, row * self.cell
        return Box(left, upper, left + self.cell, upper + self.cell)

    def locate_example(self, row: int, rank: int, line: int = 0) -> Box:
        """Locates one of a channel's examples, without the pixel between neighbours, as Summit cut them.

        Args:
            row: row of the channel.
            rank: rank of the example, from 0.
            line: 0 for the best ones, 1 for the least.
        """
        left, upper = len(self.kinds) * self.cell + rank * self.step, row * self.cell + line * self.step
        return Box(left, upper, left + self.step - 1, upper + self.step - 1)


SUMMIT = Strip()
"""Summit's strip: neuron, channel, negative, four of diversity at 147 px; two lines of examples every 74 px."""
