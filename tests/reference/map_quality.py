"""Continuity, selectivity and rank correlation by their definitions, one image, one pixel, one patch at a time.

Selectivity follows Quantus (Hedstroem et al. 2023): patches in the order of the sum of their relevance, the output
after each removal, the area by trapezoids. Quantus leaves out the output of the whole image, which is the first point
here, and does not divide by it. Its class Continuity returns the traces of a moving image; their greatest ratio, as
Montavon et al. (2018, section 6.1) define it, is computed here.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["compute_continuity", "compute_curve", "compute_rank_correlation", "compute_selectivity"]

Array = NDArray[np.float64]


def move_right(image: Array, n_pixels: int) -> Array:
    """Moves an image `(channel, height, width)`; the first column is repeated."""
    moved = np.empty_like(image)
    for column in range(image.shape[-1]):
        moved[..., column] = image[..., max(column - n_pixels, 0)]
    return moved


def compute_continuity(explain: Callable[[Array], Array], image: Array, span: float, n_shifts: int) -> float:
    """Computes the greatest change of a map `(height, width)` over the change of the image, in shares of `span`."""
    width = image.shape[-1]
    images = [move_right(image, step) for step in range(n_shifts + 1)]
    maps = [explain(each) for each in images]
    total = np.abs(maps[0]).sum()
    ratios = []
    for step in range(n_shifts):
        change = 0.0
        for row in range(image.shape[1]):
            for column in range(width - n_shifts):
                change += abs(maps[step][row, column + step] - maps[step + 1][row, column + step + 1])
        way = np.sqrt((((images[step] - images[step + 1]) / span) ** 2).sum())
        ratios.append(change / total / way)
    return max(ratios)


def compute_curve(
    score: Callable[[Array], float], image: Array, relevance: Array, fill: Array, patch: int
) -> list[float]:
    """Computes the score of the whole image, and after the removal of each square patch of `patch` pixels."""
    corners = [(y, x) for y in range(0, relevance.shape[0], patch) for x in range(0, relevance.shape[1], patch)]
    sums = {(y, x): relevance[y : y + patch, x : x + patch].sum() for y, x in corners}
    current = image.copy()
    curve = [score(current)]
    for y, x in sorted(corners, key=lambda corner: -sums[corner]):
        current[:, y : y + patch, x : x + patch] = fill[:, y : y + patch, x : x + patch]
        curve.append(score(current))
    return curve


def compute_selectivity(curve: list[float]) -> float:
    """Computes the area under a curve of equal steps from 0 to 1, over its start."""
    area = sum((one + other) / 2 for one, other in pairwise(curve)) / (len(curve) - 1)
    return area / curve[0]


def compute_rank_correlation(first: Array, second: Array) -> float:
    """Computes Pearson's correlation of the ranks of two maps without ties."""
    ranks = [np.array([sorted(each.ravel()).index(value) for value in each.ravel()]) for each in (first, second)]
    return float(np.corrcoef(*ranks)[0, 1])
