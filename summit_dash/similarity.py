"""How alike two classes are to the model: the cosine of their activation counts at one layer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["cosine", "similarities", "similarity_to"]


def similarity_to(counts: NDArray[np.integer], row: int) -> NDArray[np.float64]:
    """Cosine of one row of `counts` (class, channel) with every row, (class,); 0 for a class without activations."""
    rows = counts.astype(np.float64)
    norm = np.linalg.norm(rows, axis=1)
    product = rows @ rows[row]
    scale = norm * norm[row]
    result: NDArray[np.float64] = np.divide(product, scale, out=np.zeros_like(product), where=scale > 0)
    return result


def similarities(counts: NDArray[np.integer]) -> NDArray[np.float64]:
    """Cosine of every row of `counts` (class, channel) with every other, (class, class)."""
    rows = counts.astype(np.float64)
    norm = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = np.divide(rows, norm, out=np.zeros_like(rows), where=norm > 0)
    result: NDArray[np.float64] = unit @ unit.T
    return result


def cosine(first: NDArray[np.integer], second: NDArray[np.integer]) -> float:
    """Cosine of two rows of activation counts, (channel,); 0 where one is empty."""
    return float(similarity_to(np.stack([first, second]), 0)[1])
