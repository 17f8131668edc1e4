"""Positions of a layered graph: output on top, input at the bottom, each layer ordered for few crossings.

A layer of many channels takes several lines, so that the whole graph fits a window. It keeps its order from left to
right, column by column.

Positions depend on the graph alone, so the same graph always looks the same. The positions of one class are computed
here alone and sent to the page. A comparison takes its order from those of both classes: `merge_rows`, `sweep_rows` and
`place_rows` exist in `assets/src/model/layout.js` too, because a page compares any two classes. Nodes are 32 to 96
units wide. The browser may stretch x and y to the window; it never changes the order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import floor, fsum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from summit_dash.run.graphs import Channel

__all__ = [
    "COLUMN_PITCH",
    "LINE_PITCH",
    "ROW_PITCH",
    "Point",
    "Rows",
    "lay_out",
    "merge_rows",
    "order_rows",
    "place_rows",
    "sweep_rows",
]

Rows = Mapping[str, Sequence[Channel]]
"""The channels of each layer from left to right."""

COLUMN_PITCH = 106.0
ROW_PITCH = 162.0
LINE_PITCH = 112.0
_MAX_PER_LINE = 16
_MAX_STRETCH = 1.7
"""Greatest factor by which a row with fewer channels than the widest is spread."""
_SWEEPS = 8
_ROUNDS = 2
"""Sweeps upwards and downwards after two orders are merged. More change next to nothing."""
_GRAIN = 1e9
"""Steps of a mean position in a row, far below the distance of two channels. Sums may differ in their last digits."""


class Point(NamedTuple):
    """A position in units of the layout; y grows downwards."""

    x: float
    y: float


def lay_out(
    layers: Sequence[str], channels: Iterable[Channel], edges: Mapping[tuple[Channel, Channel], float]
) -> dict[Channel, Point]:
    """Computes the positions of the channels.

    Args:
        layers: in order from the input.
        channels: the nodes, in any order.
        edges: weight of each edge by (source, target).
    """
    return place_rows(layers, order_rows(layers, channels, edges))


def place_rows(layers: Sequence[str], rows: Rows) -> dict[Channel, Point]:
    """Computes the positions of channels that are in order, the last layer on top.

    Args:
        layers: in order from the input.
        rows: the channels of each layer from left to right.
    """
    lines = {layer: -(-len(row) // _MAX_PER_LINE) for layer, row in rows.items()}
    columns = {layer: -(-len(row) // max(lines[layer], 1)) for layer, row in rows.items()}
    widest = max(columns.values(), default=0)
    positions = {}
    y = 0.0
    for layer in reversed([layer for layer in layers if rows.get(layer)]):
        pitch = COLUMN_PITCH * min(_MAX_STRETCH, widest / columns[layer])
        for index, channel in enumerate(rows[layer]):
            column, line = divmod(index, lines[layer])
            in_line = len(range(line, len(rows[layer]), lines[layer]))
            x = (column - (in_line - 1) / 2) * pitch
            positions[channel] = Point(round(x, 2), round(y + line * LINE_PITCH, 2))
        y += (lines[layer] - 1) * LINE_PITCH + ROW_PITCH
    return positions


def merge_rows(layers: Sequence[str], a: Rows, b: Rows) -> dict[str, list[Channel]]:
    """Merges the orders of two classes.

    A shared channel is at the mean of its relative positions in A and B, any other one at its own. Where they tie,
    channels of A alone come first, then shared ones, then those of B alone, each by number.
    """
    merged = {}
    for layer in layers:
        of_a, of_b = (_compute_positions(rows.get(layer, ())) for rows in (a, b))
        keys = {channel: (position, 0, channel.channel) for channel, position in of_a.items()}
        for channel, position in of_b.items():
            mean = (of_a[channel] + position) / 2 if channel in of_a else position
            keys[channel] = (mean, 1 if channel in of_a else 2, channel.channel)
        merged[layer] = sorted(keys, key=keys.__getitem__)
    return merged


def sweep_rows(
    layers: Sequence[str], rows: Rows, edges: Mapping[tuple[Channel, Channel], float]
) -> dict[str, list[Channel]]:
    """Moves channels towards their neighbours by barycentre sweeps, twice upwards and downwards.

    Unlike `order_rows`, it counts no crossings. On the demo run and on GoogLeNet, a merged order has about as few
    afterwards as an order from the start.
    """
    neighbours = _find_neighbours(edges)
    used = [layer for layer in layers if rows.get(layer)]
    relaxed = {layer: list(row) for layer, row in rows.items()}
    for _ in range(_ROUNDS):
        for order in (used, used[::-1]):
            relaxed = _sweep(order, relaxed, neighbours)
    return relaxed


def order_rows(
    layers: Sequence[str], channels: Iterable[Channel], edges: Mapping[tuple[Channel, Channel], float]
) -> dict[str, list[Channel]]:
    """Orders the channels of each layer from left to right.

    Barycentre sweeps (Sugiyama et al. 1981, section 4) go up and down, from the order of channel numbers. The order
    with the fewest weighted crossings of all sweeps is kept. Channels that tie keep their order.
    """
    rows: dict[str, list[Channel]] = {layer: [] for layer in layers}
    for channel in sorted(set(channels), key=lambda c: c.channel):
        rows.setdefault(channel.layer, []).append(channel)
    neighbours = _find_neighbours(edges)
    best, fewest = rows, _count_crossings(layers, rows, edges)
    for sweep in range(_SWEEPS):
        upwards = sweep % 2 == 0
        rows = _sweep(list(layers) if upwards else list(reversed(layers)), rows, neighbours)
        crossings = _count_crossings(layers, rows, edges)
        if crossings < fewest:
            best, fewest = rows, crossings
    return best


def _find_neighbours(
    edges: Mapping[tuple[Channel, Channel], float],
) -> dict[Channel, list[tuple[Channel, float]]]:
    neighbours: dict[Channel, list[tuple[Channel, float]]] = defaultdict(list)
    for (source, target), weight in edges.items():
        neighbours[source].append((target, weight))
        neighbours[target].append((source, weight))
    return neighbours


def _sweep(
    order: Sequence[str],
    rows: Mapping[str, list[Channel]],
    neighbours: Mapping[Channel, list[tuple[Channel, float]]],
) -> dict[str, list[Channel]]:
    """Orders every row after the first by the mean position of the neighbours in the row before."""
    result = {layer: list(row) for layer, row in rows.items()}
    for before, layer in pairwise(order):
        position = _compute_positions(result[before])
        own = _compute_positions(result[layer])
        keys = {}
        for channel in result[layer]:
            near = [(position[other], weight) for other, weight in neighbours.get(channel, ()) if other in position]
            total = fsum(weight for _, weight in near)
            mean = fsum(p * w for p, w in near) / total if total else own[channel]
            keys[channel] = floor(mean * _GRAIN + 0.5)
        result[layer].sort(key=lambda channel: (keys[channel], own[channel]))
    return result


def _compute_positions(row: Sequence[Channel]) -> dict[Channel, float]:
    """Computes the position of each channel in its row, from 0 (left) to 1."""
    return {channel: (index + 0.5) / len(row) for index, channel in enumerate(row)}


def _count_crossings(
    layers: Sequence[str], rows: Mapping[str, list[Channel]], edges: Mapping[tuple[Channel, Channel], float]
) -> float:
    """Sums the crossings between adjacent rows, each weighted by the lesser of the two edges' weights."""
    position = {channel: p for row in rows.values() for channel, p in _compute_positions(row).items()}
    lines: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for (source, target), weight in edges.items():
        if source in position and target in position:
            lines[target.layer].append((position[source], position[target], weight))
    return fsum(_count_crossings_between(np.array(lines[layer])) for layer in layers if lines[layer])


def _count_crossings_between(lines: NDArray[np.float64]) -> float:
    """Sums the weighted crossings among lines, (line, 3): position of source, position of target, weight."""
    source, target, weight = lines.T
    crosses = (source[:, None] < source) & (target[:, None] > target)
    return fsum(np.minimum(weight[:, None], weight)[crosses].tolist())
