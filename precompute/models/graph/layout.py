"""How one value holds its channels and positions: `(batch, channel, height, width)`, tokens, or channels last."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, fx


@dataclass(frozen=True)
class Layout:
    """How a value holds channels at positions.

    The axes that are neither of the batch nor of channels, flattened row by row, hold tokens. Most tokens are
    positions; class tokens, distillation tokens and registers are none.

    Attributes:
        axis: of the channels.
        n_channels: how many.
        grid: height and width of the positions; (1, 1) without positions.
        places: the token at each position, row by row; None where every token is the position of its own number.
        is_flat: channels and positions share axis 1, as behind a flatten.
        is_placed: the grid is that of the image; else the positions are tokens in a row, from who knows where.
    """

    axis: int
    n_channels: int
    grid: tuple[int, int]
    places: tuple[int, ...] | None = None
    is_flat: bool = False
    is_placed: bool = True

    @property
    def n_positions(self) -> int:
        return self.grid[0] * self.grid[1]

    def maps(self, value: Tensor) -> Tensor:
        """The value as `(batch, channel, height, width)`, a view of it unless positions are out of order."""
        if self.is_flat:
            return value.unflatten(1, (self.n_channels, *self.grid))
        if value.ndim == 4 and self.axis == 1:
            return value
        if value.ndim == 2:
            return value[:, :, None, None]
        tokens = value.movedim(self.axis, 1).flatten(2)
        return tokens[:, :, self._chosen].unflatten(2, self.grid)

    def replaced(self, value: Tensor, channel: int, maps: Tensor) -> Tensor:
        """The value with other numbers `(batch, height, width)` in one channel."""
        value = value.clone()
        if self.places is None or value.ndim == 2:
            self.maps(value)[:, channel] = maps
        else:
            value.movedim(self.axis, 1).flatten(2)[:, channel, self._chosen] = maps.flatten(1)
        return value

    @property
    def _chosen(self) -> slice | list[int]:
        """The tokens that are positions."""
        if self.places is None:
            return slice(None)
        first, after = self.places[0], self.places[0] + len(self.places)
        return slice(first, after) if self.places == tuple(range(first, after)) else list(self.places)

    def n_tokens(self, shape: tuple[int, ...]) -> int:
        """How many tokens a value of `shape` holds of each channel."""
        return self.n_positions if self.is_flat else math.prod(shape[1:]) // self.n_channels

    def positions(self, shape: tuple[int, ...]) -> Tensor:
        """The position of each token of a value of `shape`; -1 where it is none."""
        found = torch.full((self.n_tokens(shape),), -1)
        places = torch.arange(self.n_positions) if self.places is None else torch.tensor(self.places)
        return found.scatter(0, places, torch.arange(self.n_positions))

    def numbers(self, first: int, shape: tuple[int, ...]) -> Tensor:
        """`first + channel * n_tokens + token` at each place of a value of `shape` for one image."""
        count = self.n_channels * self.n_tokens(shape)
        tokens = torch.arange(first, first + count, dtype=torch.float64).view(1, self.n_channels, -1)
        if self.is_flat or len(shape) == 2:
            return tokens.reshape(shape)
        others = [size for axis, size in enumerate(shape) if axis != self.axis]
        return tokens.view(1, self.n_channels, *others[1:]).movedim(1, self.axis)


Layouts = Mapping[fx.Node, Layout]


def layout_of_maps(shape: tuple[int, ...]) -> Layout | None:
    """The layout of what convolutions and poolings return, `(batch, channel, positions along each axis)`."""
    if not 3 <= len(shape) <= 5:
        return None
    n_positions = math.prod(shape[2:])
    is_placed = len(shape) == 4 or (len(shape) == 5 and shape[2] == 1) or n_positions == 1
    return Layout(1, shape[1], (n_positions // shape[-1], shape[-1]), is_placed=is_placed)


def unplaced_layout(axis: int, shape: tuple[int, ...]) -> Layout:
    """The layout of tokens of which nobody knows where in the image they are: in one row where they have one axis."""
    n_tokens = math.prod(shape[1:]) // shape[axis]
    others = [size for a, size in enumerate(shape) if a not in (0, axis)]
    grid = (others[0], others[1]) if len(shape) == 4 else (1, n_tokens)
    return Layout(axis, shape[axis], grid, is_placed=n_tokens == 1)
