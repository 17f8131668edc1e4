"""One class: its attribution graph, and how similar every other class is at each layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from summit_dash.payloads.numbers import shorten
from summit_dash.run.graphs import Graph
from summit_dash.run.missing_graph import explain_missing_graph
from summit_dash.run.store import RunStore

__all__ = ["SIMILARITY_SCALE", "build_class"]

SIMILARITY_SCALE = 1000
"""Cosines are sent as whole thousandths."""


def build_class(store: RunStore, class_id: int) -> dict[str, Any]:
    """`nodes` and `edges` as arrays; ends of edges are places among the nodes. `similarity` along the classes.

    Where there is no node, `missing` says why.
    """
    graph = store.graph(class_id)
    return {
        "id": class_id,
        "nodes": _nodes(store, graph),
        "edges": _edges(graph),
        "similarity": _similarity(store, class_id),
        **({} if graph.nodes else {"missing": _missing(store, class_id)}),
    }


def _missing(store: RunStore, class_id: int) -> dict[str, str]:
    problem = explain_missing_graph(store, store.classes[class_id])
    return {"rule": problem.rule, "found": problem.found, "fix": problem.fix}


def _nodes(store: RunStore, graph: Graph) -> dict[str, list[Any]]:
    """`layer` is a place in the order of layers; `covered` the percentage of activation covered by stronger ones."""
    places = {layer: place for place, layer in enumerate(store.layers)}
    return {
        "layer": [places[node.channel.layer] for node in graph.nodes],
        "channel": [node.channel.channel for node in graph.nodes],
        "count": [node.activation_count for node in graph.nodes],
        "score": [shorten(node.pagerank_score) for node in graph.nodes],
        "picture": [store.pictures.picture_kind(node.channel) for node in graph.nodes],
    }


def _edges(graph: Graph) -> dict[str, list[Any]]:
    places = {node.channel: place for place, node in enumerate(graph.nodes)}
    edges = [edge for edge in graph.edges if edge.source in places and edge.target in places]
    return {
        "source": [places[edge.source] for edge in edges],
        "target": [places[edge.target] for edge in edges],
        "count": [edge.influence_count for edge in edges],
        "mean": [shorten(edge.mean_influence) for edge in edges],
    }


def _similarity(store: RunStore, class_id: int) -> dict[str, list[int]] | None:
    if not store.has("activations"):
        return None
    row = store.row_of(class_id)
    units = {layer: store.read_unit_counts(layer) for layer in store.layers}
    cosines = {layer: unit @ unit[row] for layer, unit in units.items()}
    return {layer: np.rint(SIMILARITY_SCALE * values).astype(int).tolist() for layer, values in cosines.items()}
