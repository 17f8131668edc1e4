"""Intervals of 95 % for accuracies and for means over images."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

__all__ = ["compute_mean_interval", "compute_paired_interval", "compute_wilson_interval"]

FloatArray = npt.NDArray[np.float64]
_LEVEL = 0.95
_N_RESAMPLES = 2000


def compute_wilson_interval(shares: npt.ArrayLike, n: int) -> tuple[FloatArray, FloatArray]:
    """Computes Wilson's interval of shares (Wilson 1927), without continuity correction.

    Args:
        shares: in [0, 1], any shape. A share may be a mean over several trials of each of the `n` images: these are not
            independent, so that they count as one.
        n: the number of images, at least 1.

    Returns:
        The lower and the upper ends, of the same shape.
    """
    z = stats.norm.ppf(0.5 + _LEVEL / 2)
    p = np.asarray(shares, np.float64)
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def compute_paired_interval(before: npt.NDArray[np.bool_], after: npt.NDArray[np.bool_]) -> tuple[float, float, float]:
    """Computes the share of images that are right before and not after, less that of the opposite, and its interval.

    Half an image is added to each of the four cells (Agresti and Min 2005, Statistics in Medicine 24, section 3), so
    that the interval has a width where no image changes.

    Args:
        before: whether each image is right, `(image,)`.
        after: the same of the same images.

    Returns:
        The difference, and the lower and the upper end of its interval, in [-1, 1].
    """
    n, lost, won = len(before), int((before & ~after).sum()), int((after & ~before).sum())
    middle = (lost - won) / (n + 2)
    spread = np.sqrt(lost + won + 1 - (lost - won) ** 2 / (n + 2)) / (n + 2)
    half = stats.norm.ppf(0.5 + _LEVEL / 2) * spread
    return (lost - won) / n, float(max(-1.0, middle - half)), float(min(1.0, middle + half))


def compute_mean_interval(values: npt.ArrayLike, seed: int = 0) -> tuple[FloatArray, FloatArray]:
    """Computes the percentile bootstrap interval of means over images (Efron 1979), 2,000 resamples.

    Args:
        values: `(image, ...)`.
        seed: of the resamples.

    Returns:
        The lower and the upper ends, `(...)`; NaN for fewer than two images, which tell nothing of the spread.
    """
    array = np.asarray(values, np.float64)
    n = len(array)
    if n < 2:
        unknown = np.full(array.shape[1:], np.nan)
        return unknown, unknown
    weights = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), _N_RESAMPLES) / n
    means = np.tensordot(weights, array, 1)
    low, high = np.quantile(means, [0.5 - _LEVEL / 2, 0.5 + _LEVEL / 2], axis=0)
    return low, high
