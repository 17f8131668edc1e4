"""The attribution of channels and the strongest channels of cells, by loops over numbers."""

from __future__ import annotations

from collections.abc import Sequence


def sum_products(values: Sequence[Sequence[float]], gradients: Sequence[Sequence[float]]) -> list[float]:
    """Sums value times gradient over positions, for each channel."""
    return [
        sum(value * gradient for value, gradient in zip(*channel, strict=True))
        for channel in zip(values, gradients, strict=True)
    ]


def rank_channels(strengths: Sequence[float], n_channels: int) -> list[int]:
    """Ranks the channels above 0, strongest first, ties by the lower number, with -1 for missing ones."""
    order = sorted((-strength, channel) for channel, strength in enumerate(strengths) if strength > 0)
    found = [channel for _, channel in order[:n_channels]]
    return found + [-1] * (n_channels - len(found))
