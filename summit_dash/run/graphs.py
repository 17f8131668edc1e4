"""A class's attribution graph as plain data, with the share of activation that its channels cover."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Channel", "Edge", "Graph", "Node", "shares_covered"]


class Channel(NamedTuple):
    """One output channel of a layer."""

    layer: str
    channel: int

    @property
    def channel_id(self) -> str:
        return f"{self.layer}-{self.channel}"


class Node(NamedTuple):
    """A channel of the graph; `activation_count` in images of the class."""

    channel: Channel
    activation_count: int
    pagerank_score: float = 0.0


class Edge(NamedTuple):
    """An influence; goes from `source` (nearer the input) to `target`. An imported run may not tell its mean."""

    source: Channel
    target: Channel
    influence_count: int
    mean_influence: float | None = 0.0


@dataclass(frozen=True)
class Graph:
    """The attribution graph of one class; `layers` in order from the input."""

    layers: Sequence[str]
    nodes: Sequence[Node]
    edges: Sequence[Edge]


def shares_covered(nodes: Iterable[Node]) -> dict[Channel, float]:
    """For each channel of the graph, the percentage of activation covered *before* it is added.

    The channels are taken by falling activation count (ties: layer, then channel, as given); all counts of the
    graph together are 100 %. "Channels that cover X %" are the smallest such set whose counts reach X % of the
    graph's total: exactly those whose value here is below X. At 100 % that is every channel with a count, and a
    channel without one is kept too (its value is 100 only where it is the last; it is clipped to just below).
    """
    ranked = sorted(nodes, key=lambda node: -node.activation_count)
    total = sum(node.activation_count for node in ranked)
    covered, result = 0, {}
    for node in ranked:
        share = 100 * covered / total if total else 0.0
        result[node.channel] = min(round(share, 3), 99.999)
        covered += node.activation_count
    return result
