"""The mean over a set of images, with a bootstrap interval (Efron 1979)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Estimate", "estimate_mean"]

_RESAMPLES = 10_000
_AT_A_TIME = 500


@dataclass(frozen=True)
class Estimate:
    """A mean over images.

    Attributes:
        value: the mean.
        ci_low: lower end of the 95 % interval; None for a single image, which has none.
        ci_high: upper end.
        n_images: images with a value.
    """

    value: float
    ci_low: float | None
    ci_high: float | None
    n_images: int


def estimate_mean(values: Sequence[float], seed: int = 0) -> Estimate | None:
    """Computes the mean of the values that are numbers, with the interval between percentiles of resampled means.

    Returns:
        None where no value is a number.
    """
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    n = len(known)
    if n == 0:
        return None
    mean = float(known.mean())
    if n == 1:
        return Estimate(mean, None, None, 1)
    rng = np.random.default_rng(seed)
    means = np.concatenate(
        [known[rng.integers(n, size=(_AT_A_TIME, n))].mean(1) for _ in range(_RESAMPLES // _AT_A_TIME)]
    )
    low, high = np.percentile(means, [2.5, 97.5])
    # A rounding must not put the mean of equal values outside of its interval.
    return Estimate(mean, min(float(low), mean), max(float(high), mean), n)
