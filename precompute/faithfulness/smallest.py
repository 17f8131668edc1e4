"""The smallest graph that keeps an accuracy when all other channels are removed, found by bisection."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from precompute.faithfulness.trials import compute_sizes

__all__ = ["find_smallest"]

_STEPS = 8


def find_smallest(
    n_kept: Sequence[int],
    n_channels: Sequence[int],
    accuracy: float,
    run: Callable[[tuple[int, ...]], NDArray[np.bool_]],
) -> tuple[tuple[int, ...], NDArray[np.bool_]]:
    """Finds the fewest channels, in proportion to those of the class's graph in each layer, that keep an accuracy.

    Accuracy need not rise with every channel: the found size keeps it, and the next smaller one tried does not.

    Args:
        n_kept: channels of the class's graph, per layer.
        n_channels: all channels of each layer.
        accuracy: that must be kept.
        run: returns which images are right, `(image,)`, with some channels of each layer kept alone.

    Returns:
        Channels of each layer, and which images are right with them.
    """
    low, high = 0.0, max((n / kept for kept, n in zip(n_kept, n_channels, strict=True) if kept), default=0.0)
    smallest = compute_sizes(n_kept, n_channels, low)
    right = run(smallest)
    if right.mean() >= accuracy:
        return smallest, right
    best = compute_sizes(n_kept, n_channels, high)
    right = run(best)
    tried = {smallest, best}
    for _ in range(_STEPS):
        factor = (max(low, 1 / 16) * high) ** 0.5  # halfway of the ratio, since graphs are small
        sizes = compute_sizes(n_kept, n_channels, factor)
        if sizes in tried:
            break
        tried.add(sizes)
        found = run(sizes)
        if found.mean() >= accuracy:
            high, best, right = factor, sizes, found
        else:
            low = factor
    return best, right
