"""Pictures of maps over their image, and of the cells of a layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from precompute.explanations.metrics.subject import fit_maps

__all__ = ["draw_cells", "draw_overlay", "find_limit"]

_PERCENTILE = 99.5
"""Few pixels of some maps are far above all others; from this percentile on a colour is full."""
_POSITIVE = (178, 24, 43)
_NEGATIVE = (33, 102, 172)
_FADED = 0.35
"""The light of the image behind a map, which leaves the colours to the map."""


def find_limit(values: NDArray[np.floating]) -> float:
    """Finds the absolute value from which a colour is full; 0 for an empty map."""
    limit = float(np.percentile(np.abs(values), _PERCENTILE))
    return limit if limit > 0 else float(np.abs(values).max(initial=0))


def draw_overlay(
    seen: NDArray[np.uint8], values: NDArray[np.float32], family: Literal["signed", "positive"]
) -> Image.Image:
    """Draws a map over the grey image: red speaks for the class, blue against it.

    Args:
        seen: the model's view, `(height, width, 3)`.
        values: the map, `(height, width)`, of that size or of a layer's grid, which is interpolated.
        family: maps of the family `positive` have no blue.
    """
    fitted = fit_maps(torch.from_numpy(np.ascontiguousarray(values))[None], seen.shape[:2])[0].numpy()
    limit = find_limit(fitted)
    share = np.clip(fitted / limit, -1, 1) if limit > 0 else np.zeros_like(fitted)
    if family == "positive":
        share = share.clip(0)
    grey = 255 - (255 - seen.mean(2, keepdims=True)) * _FADED
    colour = np.where(share[..., None] >= 0, np.array(_POSITIVE), np.array(_NEGATIVE))
    alpha = np.abs(share)[..., None] ** 0.8
    return Image.fromarray((grey * (1 - alpha) + colour * alpha).round().astype(np.uint8))


def draw_cells(
    seen: NDArray[np.uint8], channels: NDArray[np.int64], pictures: Mapping[int, Image.Image], side: int = 40
) -> Image.Image:
    """Draws the strongest channel of every cell as its picture; cells without one show the image.

    Args:
        seen: the model's view, `(height, width, 3)`.
        channels: of the cells, `(row, column)`; -1 for none.
        pictures: by channel.
        side: of a cell, in pixels.
    """
    rows, columns = channels.shape
    drawn = Image.fromarray(seen).resize((columns * side, rows * side))
    for (row, column), channel in np.ndenumerate(channels):
        if int(channel) in pictures:
            drawn.paste(pictures[int(channel)].resize((side - 1, side - 1)), (column * side, row * side))
    return drawn
