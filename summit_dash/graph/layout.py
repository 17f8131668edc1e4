"""Preset positions of a layered graph: output on top, input at the bottom, ordered within a layer to cross little.

A layer of many channels stands in several lines, so that the whole graph fits a window: its order from left to right is
kept, column by column.

Computed from the graph alone, so the same graph looks the same everywhere and every time; `assets/model/layout.js` does
the same in the browser, which is why sums are exact here, whatever the order of their terms. Units are those of a node:
32 to 96 wide. The browser may stretch x and y to the window; it never changes the order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import fsum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from summit_dash.run.graphs import Channel

__all__ = ["COLUMN_PITCH", "LINE_PITCH", "ROW_PITCH", "Point", "lay_out", "order_rows"]

COLUMN_PITCH = 106.0
ROW_PITCH = 162.0
LINE_PITCH = 112.0
_MAX_PER_LINE = 16
_MAX_STRETCH = 1.7
"""Rows with fewer channels than the widest are spread by at most this factor."""
_SWEEPS = 8


class Point(NamedTuple):
    x: float
    y: float


def lay_out(
    layers: Sequence[str], channels: Iterable[Channel], edges: Mapping[tuple[Channel, Channel], float]
) -> dict[Channel, Point]:
    """Positions of the channels; `layers` in order from the input, `edges` (source, target) -> weight."""
    rows = order_rows(layers, channels, edges)
    lines = {layer: -(-len(row) // _MAX_PER_LINE) for layer, row in rows.items()}
    columns = {layer: -(-len(row) // max(lines[layer], 1)) for layer, row in rows.items()}
    widest = max(columns.values(), default=0)
    positions = {}
    y = 0.0
    for layer in reversed([layer for layer in layers if rows.get(layer)]):
        pitch = COLUMN_PITCH * min(_MAX_STRETCH, widest / columns[layer])
        for place, channel in enumerate(rows[layer]):
            column, line = divmod(place, lines[layer])
            in_line = len(range(line, len(rows[layer]), lines[layer]))
            x = (column - (in_line - 1) / 2) * pitch
            positions[channel] = Point(round(x, 2), round(y + line * LINE_PITCH, 2))
        y += (lines[layer] - 1) * LINE_PITCH + ROW_PITCH
    return positions


def order_rows(
    layers: Sequence[str], channels: Iterable[Channel], edges: Mapping[tuple[Channel, Channel], float]
) -> dict[str, list[Channel]]:
    """The channels of each layer from left to right.

    Barycentre sweeps (Sugiyama et al. 1981), up and down; of all sweeps the order with the fewest weighted crossings
    is kept. Starts from the channel numbers; ties keep the order before.
    """
    rows: dict[str, list[Channel]] = {layer: [] for layer in layers}
    for channel in sorted(set(channels), key=lambda c: c.channel):
        rows.setdefault(channel.layer, []).append(channel)
    neighbours: dict[Channel, list[tuple[Channel, float]]] = defaultdict(list)
    for (source, target), weight in edges.items():
        neighbours[source].append((target, weight))
        neighbours[target].append((source, weight))
    best, fewest = rows, _count_crossings(layers, rows, edges)
    for sweep in range(_SWEEPS):
        upwards = sweep % 2 == 0
        rows = _sweep(list(layers) if upwards else list(reversed(layers)), rows, neighbours)
        crossings = _count_crossings(layers, rows, edges)
        if crossings < fewest:
            best, fewest = rows, crossings
    return best


def _sweep(
    order: Sequence[str],
    rows: Mapping[str, list[Channel]],
    neighbours: Mapping[Channel, list[tuple[Channel, float]]],
) -> dict[str, list[Channel]]:
    """Orders every row after the first by the mean place of its neighbours in the row before."""
    result = {layer: list(row) for layer, row in rows.items()}
    for before, layer in pairwise(order):
        place = _places(result[before])
        own = _places(result[layer])
        keys = {}
        for channel in result[layer]:
            near = [(place[other], weight) for other, weight in neighbours.get(channel, ()) if other in place]
            total = fsum(weight for _, weight in near)
            keys[channel] = fsum(p * w for p, w in near) / total if total else own[channel]
        result[layer].sort(key=lambda channel: (keys[channel], own[channel]))
    return result


def _places(row: Sequence[Channel]) -> dict[Channel, float]:
    """Where each channel stands in its row, from 0 (left) to 1."""
    return {channel: (place + 0.5) / len(row) for place, channel in enumerate(row)}


def _count_crossings(
    layers: Sequence[str], rows: Mapping[str, list[Channel]], edges: Mapping[tuple[Channel, Channel], float]
) -> float:
    """Crossings between adjacent rows, each weighted by the lesser of the two edges' weights."""
    place = {channel: p for row in rows.values() for channel, p in _places(row).items()}
    lines: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for (source, target), weight in edges.items():
        if source in place and target in place:
            lines[target.layer].append((place[source], place[target], weight))
    return fsum(_count_crossings_between(np.array(lines[layer])) for layer in layers if lines[layer])


def _count_crossings_between(lines: NDArray[np.float64]) -> float:
    """Weighted crossings among lines from one row to the next: (line, [source place, target place, weight])."""
    source, target, weight = lines.T
    crosses = (source[:, None] < source) & (target[:, None] > target)
    return fsum(np.minimum(weight[:, None], weight)[crosses].tolist())
