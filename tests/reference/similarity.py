"""The similarity of one class to every other, by the definition of the cosine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["compute_similarities"]


def compute_similarities(counts: NDArray[np.integer], row: int) -> NDArray[np.float64]:
    """Computes the cosine of a row of `counts`, (class, channel), with every row, (class,); 0 for a row of zeros."""
    rows = counts.astype(np.float64)
    norm = np.linalg.norm(rows, axis=1)
    product = rows @ rows[row]
    scale = norm * norm[row]
    return np.divide(product, scale, out=np.zeros_like(product), where=scale > 0)
