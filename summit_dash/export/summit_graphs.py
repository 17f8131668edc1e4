"""`ag-CLASS.json`: the attribution graph of a class as Summit's notebooks wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from precompute.contract.summit_files import N_LISTED
from summit_dash.graph.layout import order_rows
from summit_dash.run.graphs import Channel, Edge, Graph, Node
from summit_dash.run.store import RunStore

__all__ = ["build_graph"]


def build_graph(store: RunStore, class_id: int, layers: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    """Builds the nodes of each layer, from the output to the input; a layer without any has an empty list.

    The app draws the nodes of a layer in the order of the list, which is that of the dashboard: with few crossings.
    `prev_channels` are the edges from the layer before. Edges from layers further down, of which Summit's files know
    none, are `far_channels` with their `prev_layer`; a run without such edges has no such field.

    Args:
        store: a run.
        class_id: the class.
        layers: the name of each layer in the files, in order from the input.
    """
    graph = store.graph(class_id)
    before = {target: source for source, target in pairwise(layers)}
    listed = _list_strongest(store, class_id, graph, before)
    incoming: dict[Channel, list[Edge]] = {}
    for edge in graph.edges:
        incoming.setdefault(edge.target, []).append(edge)
    nodes = {node.channel: node for node in graph.nodes}
    weights = {(edge.source, edge.target): float(edge.influence_count) for edge in graph.edges}
    rows = order_rows(list(layers), nodes, weights)
    return {
        layers[layer]: [
            _build_node(nodes[channel], incoming.get(channel, ()), listed.get(channel, []), before.get(layer), layers)
            for channel in rows.get(layer, ())
        ]
        for layer in reversed(list(layers))
    }


def _build_node(
    node: Node, edges: Iterable[Edge], listed: list[dict[str, Any]], before: str | None, layers: Mapping[str, str]
) -> dict[str, Any]:
    direct = [edge for edge in edges if edge.source.layer == before]
    far = [edge for edge in edges if edge.source.layer != before]
    entry = {
        "channel": node.channel.channel,
        "count": node.activation_count,
        "layer": layers[node.channel.layer],
        "pagerank": node.pagerank_score,
        "prev_channels": [{"prev_channel": e.source.channel, "inf": e.influence_count} for e in direct],
        "attr_channels": listed,
    }
    if far:
        entry["far_channels"] = [
            {"prev_layer": layers[e.source.layer], "prev_channel": e.source.channel, "inf": e.influence_count}
            for e in far
        ]
    return entry


def _list_strongest(
    store: RunStore, class_id: int, graph: Graph, before: Mapping[str, str]
) -> dict[Channel, list[dict[str, Any]]]:
    """Lists the strongest influences from the layer before on each node, also from channels outside the graph.

    Their numbers are texts, as in Summit's files.
    """
    if not store.has("influences"):
        return {}
    table = store.class_influences(class_id)
    listed: dict[Channel, list[dict[str, Any]]] = {}
    for target, source in before.items():
        numbers = pa.array([node.channel.channel for node in graph.nodes if node.channel.layer == target], pa.int32())
        mine = (
            (pc.field("target_layer") == target)
            & (pc.field("source_layer") == source)
            & pc.field("target_channel").isin(numbers)
        )
        order = [(name, "descending") for name in ("influence_count", "mean_influence")]
        for row in table.filter(mine).sort_by([*order, ("source_channel", "ascending")]).to_pylist():
            entries = listed.setdefault(Channel(target, row["target_channel"]), [])
            if len(entries) < N_LISTED:
                entries.append({"prev_channel": str(row["source_channel"]), "inf": row["influence_count"]})
    return listed
