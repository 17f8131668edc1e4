"""The judgement of Summit's published influences: some join recorded channels, the others are counted as faults.

An inception module has four branches. The channels of two of them (1x1, pool) have the module's input as their own
input; those of the others (3x3, 5x5) have the output of a bottleneck. Summit lists the strongest inputs of a channel's
own convolution (`attr_channels`). For the branches 3x3 and 5x5 these are numbers within the bottleneck, not channels of
the layer before. The edges (`prev_channels`) of these branches join recorded channels, but their counts are composed of
two steps: the greatest, over the bottleneck, of the lesser of both steps' counts. If the step into the bottleneck has
the lesser count, all targets have the same count.

In the files of an exported run all entries are channels of the layer before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from precompute.import_summit.inception import INCEPTION
from precompute.import_summit.network import SUMMITS, Network
from precompute.import_summit.published import Influence, PublishedGraph, PublishedNode

__all__ = ["Faults", "Judged", "judge"]


@dataclass(frozen=True)
class Faults:
    """Counts of what was found in the graphs of one class, or of all.

    Attributes:
        n_nodes: nodes, in the file and in the run.
        n_edges: edges, in the file and in the run.
        n_listed: entries of `attr_channels`.
        n_listed_kept: entries of branches without a bottleneck that are kept as influences.
        n_listed_as_edges: kept entries that are edges too, with the same count.
        n_listed_without_edge: kept entries that join two nodes of the graph without an edge between them.
        n_nodes_listing_bottleneck: nodes whose entries are numbers within a bottleneck.
        n_listed_bottleneck: entries that are numbers within a bottleneck; they are left out.
        n_bottleneck_fitting: entries within a bottleneck that are less than its width.
        n_bottleneck_coinciding: entries within a bottleneck that have the number of a channel with an edge to the node.
        n_bottleneck_agreeing: coinciding entries that also have the count of this edge.
        n_listed_out_of_range: entries of the other branches that are no channel of the layer before; they are left out.
        n_listed_contradicting: entries of the other branches whose edge has another count; they are left out, and the
            edge is kept.
        n_edges_composed: edges to branches with a bottleneck, whose counts are composed of two steps.
        n_edges_repeating: composed edges with the count of another edge from the same channel to the same branch.
        n_edges_above_step: composed edges with a count above every listed count of the step that ends in the node.
    """

    n_nodes: int = 0
    n_edges: int = 0
    n_listed: int = 0
    n_listed_kept: int = 0
    n_listed_as_edges: int = 0
    n_listed_without_edge: int = 0
    n_nodes_listing_bottleneck: int = 0
    n_listed_bottleneck: int = 0
    n_bottleneck_fitting: int = 0
    n_bottleneck_coinciding: int = 0
    n_bottleneck_agreeing: int = 0
    n_listed_out_of_range: int = 0
    n_listed_contradicting: int = 0
    n_edges_composed: int = 0
    n_edges_repeating: int = 0
    n_edges_above_step: int = 0

    def __add__(self, other: Faults) -> Faults:
        return Faults(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})

    def to_dict(self) -> dict[str, int]:
        """Returns the counts by name, for the manifest."""
        return asdict(self)


@dataclass(frozen=True)
class Judged:
    """The result for one class.

    Attributes:
        influences: sound influences on each node `(layer, channel)`, edges included, sorted by source channel.
        faults: counts of what was found.
    """

    influences: Mapping[tuple[int, int], tuple[Influence, ...]]
    faults: Faults


def judge(graph: PublishedGraph, network: Network = SUMMITS) -> Judged:
    """Separates a graph's influences between recorded channels from the others, which are counted."""
    nodes = {(node.layer, node.channel) for node in graph.nodes}
    influences = {}
    total = Faults(n_edges_repeating=_count_repeating(graph, network))
    for node in graph.nodes:
        if network.is_composed(node.layer, node.channel):
            kept, faults = _judge_composed(node)
        else:
            kept, faults = _judge_direct(node, nodes, network)
        influences[node.layer, node.channel] = tuple(sorted((*node.edges, *kept)))
        total += faults
    return Judged(influences, total)


def _find_branch(node: PublishedNode) -> str:
    return INCEPTION[node.layer].find_branch(node.channel)


def _judge_composed(node: PublishedNode) -> tuple[list[Influence], Faults]:
    """Judges a channel behind a bottleneck: it lists no channel of the layer before, and its edges are composed."""
    edges = dict(node.edges)
    width = INCEPTION[node.layer].count_bottleneck(_find_branch(node))
    step = max((i.influence_count for i in node.listed), default=None)
    coinciding = [i for i in node.listed if i.channel in edges]
    return [], Faults(
        n_nodes=1,
        n_edges=len(edges),
        n_listed=len(node.listed),
        n_nodes_listing_bottleneck=bool(node.listed),
        n_listed_bottleneck=len(node.listed),
        n_bottleneck_fitting=sum(i.channel < width for i in node.listed),
        n_bottleneck_coinciding=len(coinciding),
        n_bottleneck_agreeing=sum(edges[i.channel] == i.influence_count for i in coinciding),
        n_edges_composed=len(edges),
        n_edges_above_step=0 if step is None else sum(count > step for count in edges.values()),
    )


def _judge_direct(node: PublishedNode, nodes: set[tuple[int, int]], network: Network) -> tuple[list[Influence], Faults]:
    """Judges a channel without a bottleneck: it lists channels of the layer before; those without an edge are new."""
    edges = dict(node.edges)
    n_sources = network.layers[node.layer - 1].n_channels if node.layer else 0
    agreeing = sum(edges.get(i.channel) == i.influence_count for i in node.listed)
    contradicting = sum(edges.get(i.channel, i.influence_count) != i.influence_count for i in node.listed)
    known = {i.channel: i for i in node.listed if i.channel not in edges and i.channel < n_sources}
    outside = sum(i.channel >= n_sources for i in node.listed)
    return list(known.values()), Faults(
        n_nodes=1,
        n_edges=len(edges) + len(node.far_edges),
        n_listed=len(node.listed),
        n_listed_kept=agreeing + len(known),
        n_listed_as_edges=agreeing,
        n_listed_without_edge=sum((node.layer - 1, channel) in nodes for channel in known),
        n_listed_out_of_range=outside,
        n_listed_contradicting=contradicting,
    )


def _count_repeating(graph: PublishedGraph, network: Network) -> int:
    """Counts the composed edges that have source, branch and count in common with another."""
    seen: Counter[tuple[int, str, int, int]] = Counter()
    for node in graph.nodes:
        if network.is_composed(node.layer, node.channel):
            branch = _find_branch(node)
            seen.update((node.layer, branch, edge.channel, edge.influence_count) for edge in node.edges)
    return sum(n for n in seen.values() if n > 1)
