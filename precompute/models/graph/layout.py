"""The layout of one value: the axes of its channels and positions.

A value may be `(batch, channel, height, width)`, tokens with channels last, or flat. `infer_layouts` derives the layout
of every value of a graph.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, fx


@dataclass(frozen=True)
class Layout:
    """The axes of channels and positions in a value.

    The axes other than those of the batch and of the channels, flattened row by row, hold tokens. Most tokens are
    positions. Class tokens, distillation tokens and registers are none.

    Attributes:
        axis: the axis of the channels.
        n_channels: the number of channels.
        grid: height and width of the positions; (1, 1) without positions.
        tokens: the index of the token at each position, row by row; None where token and position have the same index.
        is_flat: channels and positions share axis 1, as after a flatten.
        is_placed: the grid is that of the image. Otherwise the positions are tokens in a row, of unknown position in
            the image.
    """

    axis: int
    n_channels: int
    grid: tuple[int, int]
    tokens: tuple[int, ...] | None = None
    is_flat: bool = False
    is_placed: bool = True

    @property
    def n_positions(self) -> int:
        """The number of positions."""
        return self.grid[0] * self.grid[1]

    def view_maps(self, value: Tensor) -> Tensor:
        """Returns the value as `(batch, channel, height, width)`, a copy only where positions are out of order."""
        if self.is_flat:
            return value.unflatten(1, (self.n_channels, *self.grid))
        if value.ndim == 4 and self.axis == 1:
            return value
        if value.ndim == 2:
            return value[:, :, None, None]
        tokens = value.movedim(self.axis, 1).flatten(2)
        return tokens[:, :, self._chosen].unflatten(2, self.grid)

    def replace_channel(self, value: Tensor, channel: int, maps: Tensor) -> Tensor:
        """Returns a copy of the value with the numbers `maps`, `(batch, height, width)`, in one channel."""
        value = value.clone()
        if self.tokens is None or value.ndim == 2:
            self.view_maps(value)[:, channel] = maps
        else:
            value.movedim(self.axis, 1).flatten(2)[:, channel, self._chosen] = maps.flatten(1)
        return value

    @property
    def _chosen(self) -> slice | list[int]:
        """The indices of the tokens that are positions."""
        if self.tokens is None:
            return slice(None)
        first, after = self.tokens[0], self.tokens[0] + len(self.tokens)
        return slice(first, after) if self.tokens == tuple(range(first, after)) else list(self.tokens)

    def count_tokens(self, shape: tuple[int, ...]) -> int:
        """Counts the tokens of each channel in a value of `shape`."""
        return self.n_positions if self.is_flat else math.prod(shape[1:]) // self.n_channels

    def find_positions(self, shape: tuple[int, ...]) -> Tensor:
        """Returns the position of each token in a value of `shape`, `(token,)`; -1 for a token that is none."""
        found = torch.full((self.count_tokens(shape),), -1)
        positions = torch.arange(self.n_positions)
        return found.scatter(0, positions if self.tokens is None else torch.tensor(self.tokens), positions)

    def number_entries(self, first: int, shape: tuple[int, ...]) -> Tensor:
        """Numbers the entries of a value of `shape` for one image: `first + channel * n_tokens + token`, in float64."""
        count = self.n_channels * self.count_tokens(shape)
        numbers = torch.arange(first, first + count, dtype=torch.float64).view(1, self.n_channels, -1)
        if self.is_flat or len(shape) == 2:
            return numbers.reshape(shape)
        others = [size for axis, size in enumerate(shape) if axis != self.axis]
        return numbers.view(1, self.n_channels, *others[1:]).movedim(1, self.axis)


Layouts = Mapping[fx.Node, Layout]
"""The layouts of the values of a graph."""


def build_layout_of_maps(shape: tuple[int, ...]) -> Layout | None:
    """Builds the layout of the value of a convolution or a pooling, `(batch, channel, *positions)`.

    Returns:
        None for values with other than one to three axes of positions.
    """
    if not 3 <= len(shape) <= 5:
        return None
    n_positions = math.prod(shape[2:])
    is_placed = len(shape) == 4 or (len(shape) == 5 and shape[2] == 1) or n_positions == 1
    return Layout(1, shape[1], (n_positions // shape[-1], shape[-1]), is_placed=is_placed)


def build_unplaced_layout(axis: int, shape: tuple[int, ...]) -> Layout:
    """Builds the layout of tokens of unknown position in the image: a grid for two axes of tokens, else one row."""
    n_tokens = math.prod(shape[1:]) // shape[axis]
    others = [size for a, size in enumerate(shape) if a not in (0, axis)]
    grid = (others[0], others[1]) if len(shape) == 4 else (1, n_tokens)
    return Layout(axis, shape[axis], grid, is_placed=n_tokens == 1)
