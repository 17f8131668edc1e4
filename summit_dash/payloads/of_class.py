"""One class: its attribution graph, its surprising channels, and its similarity to every class at each layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from precompute.contract.errors import InputError
from precompute.contract.tables import EFFECT, PAGERANK
from summit_dash.graph.elements import Element, build_graph_elements
from summit_dash.payloads.numbers import shorten
from summit_dash.payloads.proof import summarize_proof
from summit_dash.payloads.surprising import build_marks
from summit_dash.run.graphs import Graph
from summit_dash.run.missing_graph import explain_missing_graph
from summit_dash.run.proofs import read_alone
from summit_dash.run.similarity import cut_to_thousandths
from summit_dash.run.store import RunStore

__all__ = ["build_class"]


def build_class(store: RunStore, class_id: int, by_effect: bool = False) -> dict[str, Any]:
    """Builds `nodes`, `edges` and `similarity` along the classes, as arrays. Ends of edges are indices of nodes.

    With `by_effect`, the channels are those of the greatest effect. Positions and sizes are those of the elements, in
    units of the layout; `levels` are the numbers that nodes can show. `surprising` lists the surprising nodes of the
    published graph with their reasons. `proof` is what becomes of the class without these
    channels; None where it was not measured. Nodes have `alone` where each was removed alone. Where there is no node,
    `missing` holds the reason.
    """
    graph = store.graph_by_effect(class_id) if by_effect else store.graph(class_id)
    elements = build_graph_elements(graph, store.classes[class_id].n_images, store.pictures.get_picture_kind)
    return {
        "id": class_id,
        "nodes": {
            **_build_nodes(store, graph),
            **_read_places(elements[: len(graph.nodes)]),
            **_read_alone(store, class_id, graph),
        },
        "edges": _build_edges(graph),
        "similarity": _compute_similarity(store, class_id),
        "surprising": [] if by_effect else build_marks(store, class_id),
        "proof": summarize_proof(store, class_id, EFFECT if by_effect else PAGERANK),
        **({} if graph.nodes else {"missing": _explain_missing(store, class_id, by_effect)}),
    }


def _explain_missing(store: RunStore, class_id: int, by_effect: bool) -> dict[str, str]:
    if by_effect and store.graph(class_id).nodes:
        problem = InputError(
            "A graph by effect is made where the published one is proven.",
            f"{store.classes[class_id].short_name} was not measured.",
            f'Run `summit-dash faithfulness {store.path.name} --classes "{class_id}"`.',
        )
    else:
        problem = explain_missing_graph(store, store.classes[class_id])
    return {"rule": problem.rule, "found": problem.found, "fix": problem.fix}


def _build_nodes(store: RunStore, graph: Graph) -> dict[str, list[Any]]:
    """Returns arrays along the nodes; `layer` is an index in the order of layers. `effect` only where one is known."""
    indices = {layer: index for index, layer in enumerate(store.layers)}
    effects = [shorten(node.effect) for node in graph.nodes]
    return {
        "layer": [indices[node.channel.layer] for node in graph.nodes],
        "channel": [node.channel.channel for node in graph.nodes],
        "count": [node.activation_count for node in graph.nodes],
        "score": [shorten(node.pagerank_score) for node in graph.nodes],
        "picture": [store.pictures.get_picture_kind(node.channel) for node in graph.nodes],
        **({"effect": effects} if any(effect is not None for effect in effects) else {}),
    }


def _read_alone(store: RunStore, class_id: int, graph: Graph) -> dict[str, list[Any]]:
    """Returns along the nodes what the class loses without each alone, or None; nothing where none was measured.

    Each is accuracy, both ends of its interval, log-probability, and the number of images.
    """
    known = read_alone(store, class_id)
    found = [known.get((node.channel.layer, node.channel.channel)) for node in graph.nodes]
    if not any(found):
        return {}
    return {"alone": [each and [*(round(value, 4) for value in each[:4]), each.n_images] for each in found]}


def _read_places(elements: Sequence[Element]) -> dict[str, Any]:
    """Returns positions, sizes and the share of activation covered by stronger channels, along the nodes."""
    return {
        "x": [element["position"]["x"] for element in elements],
        "y": [element["position"]["y"] for element in elements],
        "size": [element["data"]["size"] for element in elements],
        "levels": {name: [each["data"]["levels"][name] for each in elements] for name in _list_levels(elements)},
        "covered": [element["data"]["covered"] for element in elements],
    }


def _list_levels(elements: Sequence[Element]) -> list[str]:
    return list(elements[0]["data"]["levels"]) if elements else []


def _build_edges(graph: Graph) -> dict[str, list[Any]]:
    indices = {node.channel: index for index, node in enumerate(graph.nodes)}
    edges = [edge for edge in graph.edges if edge.source in indices and edge.target in indices]
    return {
        "source": [indices[edge.source] for edge in edges],
        "target": [indices[edge.target] for edge in edges],
        "count": [edge.influence_count for edge in edges],
        "mean": [shorten(edge.mean_influence) for edge in edges],
    }


def _compute_similarity(store: RunStore, class_id: int) -> dict[str, list[int]] | None:
    if not store.has("activations"):
        return None
    cosines = store.cosines(store.find_row(class_id))
    return {layer: cut_to_thousandths(values).tolist() for layer, values in cosines.items()}
