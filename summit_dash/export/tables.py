"""A graph as rows of nodes and edges. Pure functions of a `Subject`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from summit_dash.export.subject import Side, Subject
from summit_dash.graph.comparison import Comparison
from summit_dash.graph.ways import Way
from summit_dash.run.graphs import Channel, Edge, Node
from summit_dash.run.store import ClassInfo

__all__ = ["GraphTables", "Row", "build_tables"]

_CLASS_COLUMNS = ("class_id", "class_name", "synset", "group", "n_images", "top1_accuracy", "top5_accuracy")

Row = dict[str, Any]
Pair = tuple[Channel, Channel]


class GraphTables(NamedTuple):
    """The facts of a graph and its nodes and edges as rows.

    Each node has an `id`, each edge the ids of its `source` and `target`. A value that does not exist, such as the
    count of B for a channel that only A has, is None. All rows of a kind have the same columns. `edge_columns` names
    those of edges, because there may be no edge.
    """

    graph: Row
    nodes: list[Row]
    edges: list[Row]
    edge_columns: list[str]


def build_tables(subject: Subject) -> GraphTables:
    """Builds rows: nodes by layer from the input, then channel; edges by target, then source."""
    indices = {info.layer: info.layer_index for info in subject.origin.layers}
    if subject.comparison is None:
        nodes = {node.channel: _count(node, subject.sides[0]) for node in subject.nodes}
        edges = {(edge.source, edge.target): _describe_strength(edge) for edge in subject.edges}
    else:
        nodes, edges = _compare_nodes(subject.sides, subject.comparison), _compare_edges(subject)

    def find_order(channel: Channel) -> tuple[int, int]:
        return indices[channel.layer], channel.channel

    return GraphTables(
        _describe_graph(subject),
        [_identify(channel, indices[channel.layer]) | nodes[channel] for channel in sorted(nodes, key=find_order)],
        [
            {"source": source.channel_id, "target": target.channel_id} | edges[source, target]
            for source, target in sorted(edges, key=lambda pair: (find_order(pair[1]), find_order(pair[0])))
        ],
        _list_edge_columns(subject.comparison is not None),
    )


def _list_edge_columns(is_compared: bool) -> list[str]:
    ends, strength = ["source", "target"], _describe_strength(None)
    return [*ends, "part", *_join_columns([strength, strength])] if is_compared else [*ends, *strength]


def _identify(channel: Channel, layer_index: int) -> Row:
    return {"id": channel.channel_id, "layer": channel.layer, "layer_index": layer_index, "channel": channel.channel}


def _count(node: Node | None, side: Side) -> Row:
    n = side.info.n_images
    return {
        "activation_count": node.activation_count if node else None,
        "activation_fraction": node.activation_count / n if node and n else None,
        "pagerank_score": node.pagerank_score if node else None,
    }


def _describe_strength(edge: Edge | None) -> Row:
    return {
        "influence_count": edge.influence_count if edge else None,
        "mean_influence": edge.mean_influence if edge else None,
    }


def _compare_nodes(sides: Sequence[Side], comparison: Comparison) -> dict[Channel, Row]:
    of = [{node.channel: node for node in side.graph.nodes} for side in sides]
    return {
        channel: {"part": part.value}
        | _join_columns([_count(nodes.get(channel), side) for nodes, side in zip(of, sides, strict=True)])
        for channel, part in comparison.nodes.items()
    }


def _compare_edges(subject: Subject) -> dict[Pair, Row]:
    of = [{(edge.source, edge.target): edge for edge in side.graph.edges} for side in subject.sides]
    parts: Mapping[Pair, Any] = subject.comparison.edges if subject.comparison else {}
    return {
        pair: {"part": part.value} | _join_columns([_describe_strength(edges.get(pair)) for edges in of])
        for pair, part in parts.items()
    }


def _join_columns(rows: Sequence[Row]) -> Row:
    """Joins the columns of A and B, each under its name with `_a` or `_b`."""
    return {f"{key}_{letter}": row[key] for key in rows[0] for letter, row in zip("ab", rows, strict=True)}


def _describe_graph(subject: Subject) -> Row:
    origin = subject.origin
    facts: Row = {
        "run": origin.run,
        "model": origin.model,
        "dataset": origin.dataset,
        "influence": origin.influence or None,
        "layers": [info._asdict() for info in origin.layers],
        "classes": [_describe_class(side.info) for side in subject.sides],
        "ways_up": [_describe_way(way) for way in subject.ways],
    }
    if subject.comparison is None:
        return facts | {"covers": float(subject.covers)}
    layers = [layer._asdict() for layer in subject.comparison.layers]
    return facts | {"parting_layer": subject.comparison.parting_layer, "layer_comparisons": layers}


def _describe_way(way: Way) -> Row:
    """Describes a way: its ends, the channels outside the graph between them, and its least influence count."""
    through = [channel.channel_id for channel in way.through]
    ends = {"source": way.source.channel_id, "target": way.target.channel_id}
    return ends | {"through": through, "influence_count": way.n_images}


def _describe_class(info: ClassInfo) -> Row:
    return {name: getattr(info, name) for name in _CLASS_COLUMNS}
