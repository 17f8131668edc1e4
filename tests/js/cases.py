"""Values that Python computes, which the scripts of the page must reproduce: one function for each test file."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from summit_dash.graph.comparison import Comparison, compare
from summit_dash.graph.elements import build_comparison_elements, build_graph_elements
from summit_dash.graph.layout import merge_rows, place_rows, sweep_rows
from summit_dash.payloads.keys import build_payload
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore

__all__ = ["CASES"]

PAIRS = ((0, 2), (2, 0), (4, 9), (1, 11), (3, 3))


def compute_layout(store: RunStore) -> dict[str, Any]:
    """Returns the orders of two classes of which a layer is wide, their edges, and each step of their layout."""
    generator = random.Random(3)
    layers = ["c", "a", "b"]
    channels = [Channel(layer, i) for layer, n in zip(layers, (37, 5, 18), strict=True) for i in range(n)]
    edges = {
        (source, target): generator.random()
        for source in channels
        for target in channels
        if layers.index(target.layer) - layers.index(source.layer) in (1, 2) and generator.random() < 0.2
    }
    rows = [_draw_rows(generator, layers, channels) for _ in range(2)]
    merged = merge_rows(layers, rows[0], rows[1])
    relaxed = sweep_rows(layers, merged, edges)
    points = place_rows(layers, relaxed)
    return {
        "layers": layers,
        "edges": [{"source": s.channel_id, "target": t.channel_id, "weight": w} for (s, t), w in edges.items()],
        "rows": [_name_rows(each) for each in rows],
        "merged": _name_rows(merged),
        "relaxed": _name_rows(relaxed),
        "points": {channel.channel_id: list(point) for channel, point in points.items()},
    }


def _draw_rows(generator: random.Random, layers: list[str], channels: list[Channel]) -> dict[str, list[Channel]]:
    """Draws most of the channels, in any order."""
    kept = [channel for channel in channels if generator.random() < 0.7]
    generator.shuffle(kept)
    return {layer: [channel for channel in kept if channel.layer == layer] for layer in layers}


def _name_rows(rows: Mapping[str, Sequence[Channel]]) -> dict[str, list[str]]:
    return {layer: [channel.channel_id for channel in row] for layer, row in rows.items()}


def compute_graph(store: RunStore) -> dict[str, Any]:
    """Returns the payload of every class, and the rows of nodes and of edges of its elements."""
    return {"layers": list(store.layers), "classes": [_draw_class(store, class_id) for class_id in store.classes]}


def _draw_class(store: RunStore, class_id: int) -> dict[str, Any]:
    n_images, kind = store.classes[class_id].n_images, store.pictures.get_picture_kind
    return {
        "class_id": class_id,
        "payload": build_payload(store, f"class/{class_id}"),
        **_list_elements(build_graph_elements(store.graph(class_id), n_images, kind)),
    }


def _list_elements(elements: Sequence[Mapping[str, Any]]) -> dict[str, list[list[Any]]]:
    """Returns `nodes`, each an id with numbers and classes, and `edges` likewise."""
    nodes = [each for each in elements if "position" in each]
    edges = [each for each in elements if "position" not in each]
    return {
        "nodes": [
            [e["data"]["id"], *e["position"].values(), e["data"]["size"], e["data"]["covered"], e["classes"].split()]
            for e in nodes
        ],
        "edges": [[e["data"]["id"], e["data"]["width"], e["data"]["covered"], e["classes"].split()] for e in edges],
    }


def compute_comparison(store: RunStore) -> dict[str, Any]:
    """Returns payloads of the run and of its classes, and the comparisons of some pairs of them."""
    keys = [f"class/{class_id}" for class_id in store.classes]
    return {
        "run": build_payload(store, "run"),
        "payloads": {key: build_payload(store, key) for key in keys},
        "pairs": [_compare_pair(store, pair) for pair in PAIRS],
    }


def _compare_pair(store: RunStore, pair: tuple[int, int]) -> dict[str, Any]:
    graphs = [store.graph(class_id) for class_id in pair]
    rows = [store.find_row(class_id) for class_id in pair]
    counts = {layer: (store.read_counts(layer)[rows[0]], store.read_counts(layer)[rows[1]]) for layer in store.layers}
    found = compare(graphs[0], graphs[1], counts)
    return {
        "ids": list(pair),
        "nodes": [[channel.channel_id, part] for channel, part in found.nodes.items()],
        "edges": [[_join_ends(*ends), part] for ends, part in found.edges.items()],
        "layers": [[x.layer, x.jaccard, x.n_shared, x.n_only_a, x.n_only_b, x.cosine] for x in found.layers],
        "parting": found.parting_layer,
        "drawn": _list_elements(_draw_pair(store, pair, found)),
    }


def _draw_pair(store: RunStore, pair: tuple[int, int], found: Comparison) -> list[dict[str, Any]]:
    a, b = (store.graph(class_id) for class_id in pair)
    first, second = ((str(class_id), store.classes[class_id].n_images) for class_id in pair)
    return build_comparison_elements((a, b), found, (first, second), store.pictures.get_picture_kind)


def _join_ends(source: Channel, target: Channel) -> str:
    return f"{source.channel_id}--{target.channel_id}"


CASES: dict[str, Callable[[RunStore], dict[str, Any]]] = {
    "layout": compute_layout,
    "graph": compute_graph,
    "elements": compute_graph,
    "comparison": compute_comparison,
}
"""The functions by the name of the test file that compares with their values."""
