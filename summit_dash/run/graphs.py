"""The attribution graph of a class as plain data, and the share of activation that its channels cover."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = ["Channel", "Edge", "Graph", "Node", "compute_shares_covered", "measure_graph", "read_node"]


class Channel(NamedTuple):
    """One output channel of a layer."""

    layer: str
    channel: int

    @property
    def channel_id(self) -> str:
        """The name of the channel in the whole run, such as `mixed4d-346`."""
        return f"{self.layer}-{self.channel}"


class Node(NamedTuple):
    """A channel of the graph; `activation_count` is a number of images of the class.

    `effect` is the first-order fall of the mean logarithm of the class's probability when the channel is removed; None
    where it was not measured.
    """

    channel: Channel
    activation_count: int
    pagerank_score: float = 0.0
    effect: float | None = None


class Edge(NamedTuple):
    """An influence of `source` (nearer the input) on `target`. The mean is None where an imported run lacks it."""

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


_NODE_BYTES, _EDGE_BYTES = 350, 450
"""Memory of a node and of an edge with their channels and numbers."""


def measure_graph(graph: Graph) -> int:
    """Returns about how many bytes of memory a graph takes."""
    return 500 + _NODE_BYTES * len(graph.nodes) + _EDGE_BYTES * len(graph.edges)


def read_node(row: Mapping[str, Any]) -> Node:
    """Reads a node from a row of the table of nodes, which has no `effect` in an older run."""
    channel = Channel(row["layer"], row["channel"])
    return Node(channel, row["activation_count"], row["pagerank_score"], row.get("effect"))


def compute_shares_covered(nodes: Iterable[Node]) -> dict[Channel, float]:
    """Computes for each channel of a graph the percentage of activation that stronger channels cover.

    Channels are taken by falling activation count; ties keep the order given. All counts of the graph together are
    100 %. The channels that cover X % are the fewest whose counts reach X % of the total: exactly those whose value
    here is below X. At 100 % every channel is kept. The value of a channel without a count would be 100, so it is
    clipped to 99.999.
    """
    ranked = sorted(nodes, key=lambda node: -node.activation_count)
    total = sum(node.activation_count for node in ranked)
    covered, result = 0, {}
    for node in ranked:
        share = 100 * covered / total if total else 0.0
        result[node.channel] = min(round(share, 3), 99.999)
        covered += node.activation_count
    return result
