"""Which of Summit's published influences hold between recorded channels, and how often they do not.

An inception module has four branches. The channels of two of them (1x1, pool) take the module's input directly; those
of the others (3x3, 5x5) take it through a bottleneck. Summit lists the strongest inputs of a channel's own convolution
(`attr_channels`): for the latter branches these are numbers within the bottleneck, not channels of the layer before.
The edges (`prev_channels`) of these branches join recorded channels, but their counts are composed of two steps: the
greatest, over the bottleneck, of the lesser of both steps' counts. Where the step into the bottleneck is the lesser,
all targets have the same count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from precompute.import_summit.inception import COMPOSED, INCEPTION
from precompute.import_summit.published import Influence, PublishedGraph, PublishedNode

__all__ = ["Faults", "Judged", "judge"]


@dataclass(frozen=True)
class Faults:
    """Numbers of one class, or of all.

    Attributes:
        n_nodes, n_edges: as in the file, and in the run.
        n_listed: entries of `attr_channels`.
        n_listed_kept: of them, those taken as influences: of branches without a bottleneck.
        n_listed_as_edges: of those kept, such as are edges too, with the same count.
        n_listed_without_edge: of those kept, such as join two nodes of the graph that no edge joins.
        n_nodes_listing_bottleneck: nodes whose entries are numbers within a bottleneck.
        n_listed_bottleneck: these entries: left out.
        n_bottleneck_fitting: of them, those less than the bottleneck's width.
        n_bottleneck_coinciding: of them, those with the number of a channel that has an edge to the node ...
        n_bottleneck_agreeing: ... and with its count, too.
        n_listed_out_of_range: entries of the other branches that are no channel of the layer before: left out.
        n_listed_contradicting: entries of the other branches whose edge has another count: left out, the edge stays.
        n_edges_composed: edges to branches with a bottleneck, whose counts are of two steps.
        n_edges_repeating: of them, those with the count of another edge from the same channel to the same branch.
        n_edges_above_step: of them, those above the greatest listed count of the step that ends in the node.
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
        """As JSON for the manifest."""
        return asdict(self)


@dataclass(frozen=True)
class Judged:
    """What is kept of a class's graph.

    Attributes:
        influences: of each node `(layer, channel)`, the sound influences on it, edges included, by source channel.
        faults: the numbers of what was found.
    """

    influences: Mapping[tuple[int, int], tuple[Influence, ...]]
    faults: Faults


def judge(graph: PublishedGraph) -> Judged:
    """Sorts a graph's influences into those between recorded channels and the others."""
    places = {(node.layer, node.channel) for node in graph.nodes}
    influences = {}
    total = Faults(n_edges_repeating=_count_repeating(graph))
    for node in graph.nodes:
        if _branch(node) in COMPOSED:
            kept, faults = _judge_composed(node)
        else:
            kept, faults = _judge_direct(node, places)
        influences[node.layer, node.channel] = tuple(sorted((*node.edges, *kept)))
        total += faults
    return Judged(influences, total)


def _branch(node: PublishedNode) -> str:
    return INCEPTION[node.layer].branch(node.channel)


def _judge_composed(node: PublishedNode) -> tuple[list[Influence], Faults]:
    """Nothing that a channel behind a bottleneck lists is a channel of the layer before; its edges are composed."""
    edges = dict(node.edges)
    width = INCEPTION[node.layer].bottleneck(_branch(node))
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


def _judge_direct(node: PublishedNode, places: set[tuple[int, int]]) -> tuple[list[Influence], Faults]:
    """What a channel without a bottleneck lists are channels of the layer before; those that are no edges are new."""
    edges = dict(node.edges)
    n_sources = INCEPTION[node.layer - 1].n_channels if node.layer else 0
    agreeing = sum(edges.get(i.channel) == i.influence_count for i in node.listed)
    contradicting = sum(edges.get(i.channel, i.influence_count) != i.influence_count for i in node.listed)
    known = {i.channel: i for i in node.listed if i.channel not in edges and i.channel < n_sources}
    outside = sum(i.channel >= n_sources for i in node.listed)
    return list(known.values()), Faults(
        n_nodes=1,
        n_edges=len(edges),
        n_listed=len(node.listed),
        n_listed_kept=agreeing + len(known),
        n_listed_as_edges=agreeing,
        n_listed_without_edge=sum((node.layer - 1, channel) in places for channel in known),
        n_listed_out_of_range=outside,
        n_listed_contradicting=contradicting,
    )


def _count_repeating(graph: PublishedGraph) -> int:
    """Composed edges that share source, branch and count with another."""
    seen: Counter[tuple[int, str, int, int]] = Counter()
    for node in graph.nodes:
        branch = _branch(node)
        if branch in COMPOSED:
            seen.update((node.layer, branch, edge.channel, edge.influence_count) for edge in node.edges)
    return sum(n for n in seen.values() if n > 1)
