"""Images that have the statistics of photographs: smooth, with correlated colours."""

from __future__ import annotations

import numpy as np


def draw_photographs(size: int, n: int = 6) -> np.ndarray:
    """Draws smooth random images of correlated colours, `(n, size, size, 3)`, 0 to 255."""
    rng = np.random.default_rng(0)
    coarse = np.kron(rng.normal(size=(n, 4, 4, 1)), np.ones((1, size // 4, size // 4, 1)))
    values = 110 + 40 * coarse + rng.normal(size=(n, size, size, 3)) * 12 + np.array([20, 0, -10])
    return values.clip(0, 255).astype(np.uint8)
