"""The channels of a graph from which nothing leads up to the last layer, and why. Pure functions.

A class's graph holds every influence between its channels that was counted, so a channel without one to the layer
above leads to channels outside the graph, or to none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from summit_dash.run.graphs import Channel, Edge, Graph

__all__ = ["explain_ends"]

Pair = tuple[Channel, Channel]


def explain_ends(graph: Graph, find_targets: Callable[[Channel], Sequence[Edge]]) -> dict[Channel, str]:
    """Explains in a sentence each channel from which no influence of the graph leads to the last layer.

    Args:
        graph: of a class.
        find_targets: returns the influences of a channel on others, strongest first, also on channels outside the
            graph.
    """
    channels = [node.channel for node in graph.nodes]
    top = next((layer for layer in reversed(graph.layers) if any(c.layer == layer for c in channels)), None)
    pairs = [(edge.source, edge.target) for edge in graph.edges]
    reached = _follow([(target, source) for source, target in pairs], [c for c in channels if c.layer == top])
    leading = {source for source, _ in pairs}
    lost = [channel for channel in channels if channel not in reached]
    ends = {channel: _explain_end(find_targets(channel)) for channel in lost if channel not in leading}
    return {channel: ends.get(channel) or _explain_lost(channel, pairs, ends) for channel in lost}


def _explain_end(targets: Sequence[Edge]) -> str:
    if not targets:
        return "No way up: it is among the strongest sources of no channel above, in any image of this class."
    best = targets[0]
    images = "1 image" if best.influence_count == 1 else f"{best.influence_count:,} images"
    end = best.target.channel_id
    return f"No way up in the graph: its strongest influence, counted in {images}, is on {end}, which is not in it."


def _explain_lost(channel: Channel, pairs: Iterable[Pair], ends: Iterable[Channel]) -> str:
    reached = _follow(pairs, [channel])
    above = [end.channel_id for end in ends if end in reached]
    return f"No way up to the last layer: its influences end at {', '.join(above)}."


def _follow(pairs: Iterable[Pair], starts: Iterable[Channel]) -> set[Channel]:
    """Returns what is reached along the pairs, and the starts."""
    following = defaultdict(list)
    for before, after in pairs:
        following[before].append(after)
    reached, waiting = set(starts), list(starts)
    while waiting:
        for channel in following[waiting.pop()]:
            if channel not in reached:
                reached.add(channel)
                waiting.append(channel)
    return reached
