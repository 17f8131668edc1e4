"""The strongest ways up from channels whose influences all end outside the graph. Pure functions.

The graph of a class holds the influences between its channels alone. A channel without one upwards may still lead to a
channel of the graph, through channels that are not in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from summit_dash.run.graphs import Channel

__all__ = ["Influences", "Way", "find_ways"]

_LAYER = 1 << 32
"""The code of a channel is the place of its layer times this, plus its number."""
_DRAWN = np.iinfo(np.int64).max
"""The strength of the way from a channel of the graph: it is there already."""


class Influences(NamedTuple):
    """All influences of a class, as arrays (influence,).

    Layers are places in the order of layers; `n_images` are influence counts.
    """

    source_layer: NDArray[np.int64]
    source: NDArray[np.int64]
    target_layer: NDArray[np.int64]
    target: NDArray[np.int64]
    n_images: NDArray[np.int64]


class Way(NamedTuple):
    """A way from a channel up to another one of the graph.

    Attributes:
        source: the channel at its lower end.
        target: the first channel of the graph that it reaches.
        through: the channels between them, none of them in the graph.
        n_images: the least influence count on it.
    """

    source: Channel
    target: Channel
    through: tuple[Channel, ...]
    n_images: int


def find_ways(
    layers: Sequence[str], drawn: Collection[Channel], starts: Iterable[Channel], influences: Influences
) -> list[Way]:
    """Finds the strongest way up from each start to a channel of the graph; starts without one are left out.

    Of several ways the strongest is the one whose least influence count is greatest. Where ways tie, the next influence
    with the greater count is taken, then the one on the lower layer and number.

    Args:
        layers: in order from the input.
        drawn: the channels of the graph.
        starts: some of these, in the order of the result.
        influences: of the class, also between channels outside the graph.
    """
    place = {layer: index for index, layer in enumerate(layers)}
    sources = influences.source_layer * _LAYER + influences.source
    targets = influences.target_layer * _LAYER + influences.target
    in_graph = [place[channel.layer] * _LAYER + channel.channel for channel in drawn]
    codes = np.unique(np.concatenate([sources, targets, np.array(in_graph, np.int64)]))
    strength = np.zeros(len(codes), np.int64)
    strength[np.searchsorted(codes, in_graph)] = _DRAWN
    best, following = _follow_up(np.searchsorted(codes, sources), np.searchsorted(codes, targets), influences, strength)

    def read(node: int) -> Channel:
        return Channel(layers[codes[node] // _LAYER], int(codes[node] % _LAYER))

    ways = []
    for start in starts:
        node = int(np.searchsorted(codes, place[start.layer] * _LAYER + start.channel))
        if best[node] == 0:
            continue
        through, up = [], int(following[node])
        while strength[up] != _DRAWN:
            through.append(read(up))
            up = int(following[up])
        ways.append(Way(start, read(up), tuple(through), int(best[node])))
    return ways


def _follow_up(
    sources: NDArray[np.int64], targets: NDArray[np.int64], influences: Influences, strength: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns the strength of the best way on from each node, 0 without one, and the next node on it, (node,) each.

    `strength` of nodes outside the graph is filled in, layer by layer from the last one.
    """
    best, following = np.zeros_like(strength), np.zeros_like(strength)
    for layer in np.unique(influences.source_layer)[::-1]:
        rows = np.flatnonzero(influences.source_layer == layer)
        own, up, count = sources[rows], targets[rows], influences.n_images[rows]
        value = np.minimum(count, strength[up])
        order = np.lexsort((up, -count, -value, own))
        nodes, first = np.unique(own[order], return_index=True)
        best[nodes], following[nodes] = value[order][first], up[order][first]
        strength[nodes] = np.maximum(strength[nodes], best[nodes])
    return best, following
