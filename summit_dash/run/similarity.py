"""How alike two classes are to the model: the cosine of their activation counts at one layer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["cosine", "normalize_rows", "similarity_to"]


def similarity_to(counts: NDArray[np.integer], row: int) -> NDArray[np.float64]:
    """Cosine of one row of `counts` (class, channel) with every row, (class,); 0 for a class without activations."""
    rows = counts.astype(np.float64)
    norm = np.linalg.norm(rows, axis=1)
    product = rows @ rows[row]
    scale = norm * norm[row]
    result: NDArray[np.float64] = np.divide(product, scale, out=np.zeros_like(product), where=scale > 0)
    return result


def normalize_rows(counts: NDArray[np.integer]) -> NDArray[np.float32]:
    """`counts` (class, channel) with every row of length 1; a row of zeros stays one."""
    rows = counts.astype(np.float32)
    norm = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, norm, out=np.zeros_like(rows), where=norm > 0)


def cosine(first: NDArray[np.integer], second: NDArray[np.integer]) -> float:
    """Cosine of two rows of activation counts, (channel,); 0 where one is empty."""
    return float(similarity_to(np.stack([first, second]), 0)[1])
