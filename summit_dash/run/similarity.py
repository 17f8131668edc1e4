"""The similarity of two classes to the model: the cosine of their activation counts at one layer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["THOUSAND", "compute_cosine", "compute_cosines", "cut_to_thousandths", "normalize_rows"]

THOUSAND = 1000
_FEW = 4
"""One in so many channels is counted by a class, at most, for products of these alone to be quicker."""
_NOISE = 1e-3
"""Thousandths: more than the error of a cosine of 32-bit rows, so that 0.475 computed as 0.47499998 is 475."""


def normalize_rows(counts: NDArray[np.integer]) -> NDArray[np.float32]:
    """Returns `counts`, (class, channel), with every row of length 1; a row of zeros stays one."""
    rows = counts.astype(np.float32)
    norm = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, norm, out=np.zeros_like(rows), where=norm > 0)


def compute_cosines(units: NDArray[np.float32], row: int) -> NDArray[np.floating]:
    """Computes the cosines of a row with every row, (class,).

    A class of few images counts few channels, and only these have products that are not 0: with an image for each of
    1,000 classes, 44 of 5,488 channels. A product of all would wake the threads of BLAS, on cores that others need.

    Args:
        units: as `normalize_rows` returns it, (class, channel); quickest where each channel is in one piece of memory.
        row: of the class.
    """
    active = np.flatnonzero(units[row])
    if _FEW * len(active) > units.shape[1]:
        cosines: NDArray[np.floating] = units @ units[row]
    else:
        cosines = np.einsum("c,ck->k", units[row, active], units.T[active], dtype=np.float64)
    return cosines


def compute_cosine(first: NDArray[np.integer], second: NDArray[np.integer]) -> float:
    """Computes the cosine of two rows of activation counts, (channel,); 0 where one is empty."""
    rows = np.stack([first, second]).astype(np.float64)
    norm = np.linalg.norm(rows, axis=1)
    product, scale = (rows @ rows[0])[1], (norm * norm[0])[1]
    return float(product / scale) if scale > 0 else 0.0


def cut_to_thousandths(cosines: NDArray[np.floating] | float) -> NDArray[np.int64]:
    """Cuts cosines off after three decimal places, as whole thousandths.

    They are not rounded, so that the text of two decimal places that is made of them is rounded once.
    """
    return np.floor(THOUSAND * np.asarray(cosines, np.float64) + _NOISE).astype(np.int64)
