"""The share of a score that the sum of a map misses."""

from __future__ import annotations

from torch import Tensor

__all__ = ["measure_error"]

_LEAST = 1e-12


def measure_error(maps: Tensor, expected: Tensor) -> Tensor:
    """Computes the distance of each map's sum from the score that it shares out, relative to that score.

    Sums are in float64, since a map has many numbers of both signs.

    Args:
        maps: `(image, ...)`.
        expected: the score, less that of the reference, `(image,)`.

    Returns:
        At least 0, `(image,)`, float32; 0.01 is one percent.
    """
    sums = maps.double().flatten(1).sum(1)
    return ((sums - expected.double()).abs() / expected.double().abs().clamp_min(_LEAST)).float()
