"""Maps that know nothing of the model, which a method has to beat: random numbers, and an edge detector."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["draw_random_maps", "find_edges"]

_ACROSS = ((-1.0, 0.0, 1.0), (-2.0, 0.0, 2.0), (-1.0, 0.0, 1.0))


def find_edges(images: Tensor) -> Tensor:
    """Computes the strength of edges by Sobel's filter on the mean of the colours, `(image, height, width)`.

    Args:
        images: `(image, channel, height, width)`; the border is continued.
    """
    grey = functional.pad(images.mean(1, keepdim=True), (1, 1, 1, 1), mode="replicate")
    across = torch.tensor(_ACROSS, dtype=images.dtype)
    changes = functional.conv2d(grey, torch.stack([across, across.T])[:, None])
    return changes.square().sum(1).sqrt()


def draw_random_maps(n_images: int, size: Sequence[int], seed: int) -> Tensor:
    """Draws maps of uniform random numbers, `(image, height, width)`, each from the seed and its own number."""
    maps = [
        torch.rand(tuple(size), generator=torch.Generator().manual_seed(seed * 1_000_003 + number))
        for number in range(n_images)
    ]
    return torch.stack(maps)
