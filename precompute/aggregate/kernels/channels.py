"""Loops over the channels of one image: extremes, strongest channels, sums, counts of pairs."""

from __future__ import annotations

import numpy as np

from precompute.aggregate.kernels.compiling import compile_loop, compile_sum, compile_with_nan
from precompute.aggregate.kernels.vectors import BLOCK, LANES, find_extremes_of_block

__all__ = ["add_up", "count_pairs", "find_extremes", "mark_strongest"]


@compile_with_nan
def find_extremes(values):  # type: ignore[no-untyped-def]
    """Finds `(2, channel)`, the greatest and least of `(position, channel)`, and the first position of the greatest."""
    n_positions, n_channels = values.shape
    extremes, position = np.empty((2, n_channels), np.float32), np.empty(n_channels, np.int32)
    if n_channels < LANES:
        for channel in range(n_channels):
            greatest, least, spoilt = values[0, channel], values[0, channel], np.float32(0)
            position[channel] = 0
            for index in range(n_positions):
                value = values[index, channel]
                if value > greatest:
                    greatest, position[channel] = value, index
                least = min(least, value)
                spoilt += value * np.float32(0)  # NaN for NaN and infinities
            extremes[0, channel], extremes[1, channel] = greatest + spoilt, least + spoilt
        return extremes, position
    whole = n_channels // LANES
    for first in range(0, whole, BLOCK):
        find_extremes_of_block(values, first * LANES, min(BLOCK, whole - first), extremes, position)
    if n_channels % LANES:  # some channels once more
        find_extremes_of_block(values, n_channels - LANES, 1, extremes, position)
    return extremes, position


@compile_sum
def add_up(values):  # type: ignore[no-untyped-def]
    total = np.float32(0)
    for value in values:
        total += value
    return total


@compile_with_nan
def mark_strongest(activation, ends, mass):  # type: ignore[no-untyped-def]
    """Marks the strongest channels of every layer; the layers follow one another, each to one of the `ends`."""
    kept = np.zeros(len(activation), np.bool_)
    first = 0
    for end in ends:
        total, reached = 0.0, 0.0
        for channel in range(first, end):
            total += max(float(activation[channel]), 0.0)
        while reached < mass * total:
            best, greatest = -1, np.float32(0)
            for channel in range(first, end):
                if activation[channel] > greatest and not kept[channel]:
                    best, greatest = channel, activation[channel]
            if best < 0:
                break
            kept[best] = True
            reached += float(greatest)
        first = end
    return kept


@compile_loop
def count_pairs(strengths, sources, count, total):  # type: ignore[no-untyped-def]
    n_targets, n_ranks = strengths.shape
    for target in range(n_targets):
        for rank in range(n_ranks):
            if strengths[target, rank] > 0:
                count[target, sources[target, rank]] += 1
                total[target, sources[target, rank]] += strengths[target, rank]
