"""The numbers that take a removed channel's place: its mean over images and positions, or 0."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from precompute.models.graph.layout import Layout

__all__ = ["build_replacement", "list_tokens", "repeat_rows", "replace_channels", "summarize_tokens"]


def replace_channels(value: Tensor, kept: Tensor, replacement: Tensor, layout: Layout) -> Tensor:
    """Replaces channels of a value; those that are kept stay as they are, to the last bit.

    Args:
        value: as the layout says.
        kept: `(batch, channel)` of bool.
        replacement: `(1, ...)`, of the shape of the value of one image.
        layout: of the value.
    """
    if layout.is_flat:
        return torch.where(kept.repeat_interleave(layout.n_positions, 1), value, replacement)
    shape = [len(kept)] + [1] * (value.ndim - 1)
    shape[layout.axis] = layout.n_channels
    return torch.where(kept.view(shape), value, replacement)


def repeat_rows(value: Tensor, n: int) -> Tensor:
    """Repeats each row of a batch, one copy after the other; a single row is not copied and keeps its order."""
    return value.expand(n, *value.shape[1:]) if len(value) == 1 else value.repeat_interleave(n, 0)


def list_tokens(value: Tensor, layout: Layout) -> Tensor:
    """Lists the numbers of every channel, `(batch, channel, token)`: positions, and tokens without a position."""
    if layout.is_flat:
        return value.unflatten(1, (layout.n_channels, layout.n_positions))
    if value.ndim == 2:
        return value[:, :, None]
    return value.movedim(layout.axis, 1).flatten(2)


def summarize_tokens(value: Tensor, layout: Layout) -> Tensor:
    """Computes each channel's mean over positions, and lists its other tokens, such as a class token, as they are.

    Args:
        value: as the layout says.
        layout: of the value.

    Returns:
        `(batch, channel, 1 + number of other tokens)`.
    """
    tokens = list_tokens(value, layout)
    is_position = _find_positions(tokens, layout)
    return torch.cat([tokens[:, :, is_position].mean(2, keepdim=True), tokens[:, :, ~is_position]], 2)


def build_replacement(summary: Tensor, layout: Layout, shape: tuple[int, ...]) -> Tensor:
    """Builds the value in which every position of a channel has the channel's mean.

    Args:
        summary: `(channel, 1 + number of other tokens)`, as `summarize_tokens` returns it, averaged over images.
        layout: of the value.
        shape: of the value of one image, with a batch of 1.
    """
    tokens = summary.new_empty(1, layout.n_channels, math.prod(shape[1:]) // layout.n_channels)
    is_position = _find_positions(tokens, layout)
    tokens[:, :, is_position] = summary[None, :, :1]
    tokens[:, :, ~is_position] = summary[None, :, 1:]
    if layout.is_flat or len(shape) == 2:
        return tokens.reshape(shape)
    others = [size for axis, size in enumerate(shape) if axis not in (0, layout.axis)]
    return tokens.view(1, layout.n_channels, *others).movedim(1, layout.axis)


def _find_positions(tokens: Tensor, layout: Layout) -> Tensor:
    """Finds the tokens that are positions, `(token,)` of bool."""
    found = torch.zeros(tokens.shape[2], dtype=torch.bool)
    found[slice(layout.n_positions) if layout.tokens is None else list(layout.tokens)] = True
    return found.to(tokens.device)
