"""Removing channels by the definition: one image, one channel and one position after another."""

from __future__ import annotations

from collections.abc import Sequence, Set

import torch
from torch import Tensor

from tests.support.toy_network import Toy

__all__ = ["compute_means", "remove", "run_toy"]


def remove(value: Tensor, removed: Set[int], means: Sequence[float]) -> Tensor:
    """Replaces channels of one image's value, `(channel, height, width)`, by numbers."""
    found = value.clone()
    for channel in removed:
        for row in range(value.shape[1]):
            for column in range(value.shape[2]):
                found[channel, row, column] = means[channel]
    return found


def compute_means(values: Sequence[Tensor]) -> list[float]:
    """Averages each channel over images, `(channel, height, width)` each, and positions."""
    n_channels = len(values[0])
    return [float(sum(value[channel].mean() for value in values)) / len(values) for channel in range(n_channels)]


@torch.no_grad()
def run_toy(
    toy: Toy, image: Tensor, removed: Sequence[Set[int]] = (set(), set()), means: Sequence[Sequence[float]] = ((), ())
) -> tuple[Tensor, Tensor, Tensor]:
    """Runs the network of two layers on one image with channels removed; returns both layers and the logits."""
    first = remove(torch.relu(toy.first(image[None]))[0], removed[0], means[0])[None]
    branch = torch.relu(toy.expand(torch.relu(toy.reduce(first))))
    last = torch.relu(toy.halve(first) + first[:, 2:])
    second = torch.cat([torch.relu(toy.direct(first)), branch, last], dim=1)[0]
    second = remove(second, removed[1], means[1])
    return first[0], second, toy.head(second.amax((1, 2))[None])[0]
