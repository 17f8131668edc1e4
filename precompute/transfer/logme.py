"""LogME: an estimate of how well features can be told apart linearly, without training a head."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["compute_logme"]

_MOST_STEPS = 100
_TOLERANCE = 1e-6
_LEAST = 1e-5
"""Added to denominators, as the authors do."""


def compute_logme(features: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Computes LogME (You, Liu, Wang & Long 2021, algorithm 1, with the fixed point of their 2022 version).

    It is the logarithm of the greatest evidence of a Bayesian linear regression on each class's indicator, per image,
    averaged over classes. Greater is better; values of different images cannot be compared.

    Args:
        features: `(image, feature)`.
        labels: `(image,)`, from 0.
    """
    n, d = features.shape
    left, singular, _ = np.linalg.svd(features.astype(np.float64), full_matrices=False)
    squares = singular**2
    known = singular > singular.max(initial=0) * max(n, d) * np.finfo(np.float64).eps
    left, squares = left[:, known], squares[known]
    found = [_compute_evidence(left, squares, (labels == each).astype(np.float64), d) for each in np.unique(labels)]
    return float(np.mean(found))


def _compute_evidence(
    left: NDArray[np.float64], squares: NDArray[np.float64], target: NDArray[np.float64], d: int
) -> float:
    """Returns the log evidence per image of one target at the fixed point of both precisions."""
    n = len(target)
    projected = (left.T @ target) ** 2
    outside = max(float(target @ target - projected.sum()), 0.0)
    alpha, beta = 1.0, 1.0
    for _ in range(_MOST_STEPS):
        ratio = alpha / beta
        gamma = float((squares / (squares + ratio)).sum())
        norm = float((squares * projected / (squares + ratio) ** 2).sum())
        residual = float((projected * (ratio / (squares + ratio)) ** 2).sum()) + outside
        alpha, beta = gamma / (norm + _LEAST), (n - gamma) / (residual + _LEAST)
        if abs(alpha / beta - ratio) <= _TOLERANCE * ratio:
            break
    ratio = alpha / beta
    norm = float((squares * projected / (squares + ratio) ** 2).sum())
    residual = float((projected * (ratio / (squares + ratio)) ** 2).sum()) + outside
    determinant = float(np.log(alpha + beta * squares).sum()) + (d - len(squares)) * np.log(alpha)
    evidence = d * np.log(alpha) + n * np.log(beta / (2 * np.pi)) - determinant - beta * residual - alpha * norm
    return float(evidence / (2 * n))
