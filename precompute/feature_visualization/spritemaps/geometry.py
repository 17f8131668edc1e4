"""Where on a sheet each channel's pictures are. Pure numbers: nothing here opens an image.

A grid has square cells, row by row in the order of channels (Diamond Cutter, Lucid: columns near the square root of the
number of channels). A strip has a row per channel: pictures side by side, then two rows of examples half as high
(Distill's appendix of GoogLeNet, 2017, which Summit cut its pictures from).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from precompute.contract.errors import InputError
from precompute.contract.schema import VISUALIZATION_KINDS

__all__ = ["SUMMIT", "Box", "Grid", "Strip", "find_grid", "square_grid"]

_LEAST_CELL = 8
"""Side in pixels below which a cell is named, not found: smaller ones divide nearly any sheet."""


class Box(NamedTuple):
    """A rectangle in pixels; right and lower edges are exclusive."""

    left: int
    upper: int
    right: int
    lower: int


class Grid(NamedTuple):
    """Square cells, row by row; `cell` is their side in pixels."""

    cell: int
    columns: int
    rows: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the sheet in pixels."""
        return self.columns * self.cell, self.rows * self.cell

    @property
    def n_cells(self) -> int:
        return self.columns * self.rows

    def box(self, place: int) -> Box:
        """The cell of a channel."""
        row, column = divmod(place, self.columns)
        left, upper = column * self.cell, row * self.cell
        return Box(left, upper, left + self.cell, upper + self.cell)


def square_grid(n_channels: int, cell: int, columns: int | None = None) -> Grid:
    """The grid of a new sheet: as many columns as asked for (no more than channels), else nearly square."""
    wide = min(columns or math.isqrt(n_channels - 1) + 1, n_channels)
    return Grid(cell, wide, -(-n_channels // wide))


def find_grid(size: tuple[int, int], n_channels: int, cell: int | None = None, columns: int | None = None) -> Grid:
    """The grid of a sheet of this width and height that has a cell for each channel.

    Without `cell` and `columns` it is the one without a superfluous row, or the square one with as many columns as the
    root of the channels needs. There is at most one: a sheet of p x q of its largest cells (p, q without a common
    factor) has kp x kq cells for some k, and where (k+1)p x (k+1)q have no superfluous row, kp x kq are too few.

    Raises:
        InputError: no such grid, or the one asked for does not divide the sheet or has too few cells.
    """
    grid = _asked_grid(size, cell, columns) if cell or columns else _inferred_grid(size, n_channels)
    if grid is None:
        raise InputError(
            f"A sheet has square cells of at least {_LEAST_CELL} px, and no row more than its channels need.",
            f"{size[0]} x {size[1]} px are no such sheet of {n_channels:,} channels.",
            "Name the layer that it shows, or say how it is divided: --cell PX or --columns N.",
        )
    if grid.n_cells < n_channels:
        raise InputError(
            "A sheet has a cell for every channel of its layer.",
            f"{grid.columns} x {grid.rows} cells of {grid.cell} px are {grid.n_cells:,}, too few for "
            f"{n_channels:,} channels.",
            "Name the layer that it shows, or correct --cell and --columns.",
        )
    return grid


def _asked_grid(size: tuple[int, int], cell: int | None, columns: int | None) -> Grid:
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


def _inferred_grid(size: tuple[int, int], n_channels: int) -> Grid | None:
    common = math.gcd(*size)
    cells = (common // parts for parts in range(1, common // _LEAST_CELL + 1) if common % parts == 0)
    grids = (Grid(cell, size[0] // cell, size[1] // cell) for cell in cells)
    return next((grid for grid in grids if _just_holds(grid, n_channels)), None)


def _just_holds(grid: Grid, n_channels: int) -> bool:
    side = math.isqrt(n_channels - 1) + 1
    return grid.rows == -(-n_channels // grid.columns) or grid.columns == grid.rows == side


@dataclass(frozen=True)
class Strip:
    """A row per channel, from the top: pictures, then examples in two rows, the best ones above the least.

    Attributes:
        cell: side of a picture, and height of a channel's row, in pixels.
        kinds: of the pictures, from the left.
    """

    cell: int = 147
    kinds: tuple[str, ...] = ("neuron", "channel", "negative", *VISUALIZATION_KINDS[3:])

    @property
    def step(self) -> int:
        """Pixels from one example to the next: half a picture, rounded up."""
        return -(-self.cell // 2)

    def n_examples(self, width: int) -> int | None:
        """Examples in each of the two rows of a sheet of this width; None: it is no such strip.

        The last example may lack the pixel that parts it from a next one.
        """
        rest = width - len(self.kinds) * self.cell
        n = (rest + 1) // self.step
        return n if rest >= 0 and rest in (n * self.step, n * self.step - 1) else None

    def picture(self, row: int, place: int) -> Box:
        """A channel's picture of `kinds[place]`."""
        left, upper = place * self.cell, row * self.cell
        return Box(left, upper, left + self.cell, upper + self.cell)

    def example(self, row: int, rank: int, line: int = 0) -> Box:
        """One of a channel's examples, without the pixel between neighbours, as Summit cut them.

        Args:
            line: 0 for the best ones, 1 for the least.
        """
        left, upper = len(self.kinds) * self.cell + rank * self.step, row * self.cell + line * self.step
        return Box(left, upper, left + self.step - 1, upper + self.step - 1)


SUMMIT = Strip()
"""147 px: neuron, channel, negative, four of diversity; two rows of ten examples of 74 px."""
