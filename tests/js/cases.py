"""Values that Python computes, which the scripts of the page must reproduce: one function for each test file."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

from summit_dash.graph.comparison import compare
from summit_dash.graph.elements import compute_edge_width, compute_node_side
from summit_dash.graph.layout import lay_out
from summit_dash.payloads.keys import build_payload
from summit_dash.run.graphs import Channel, Graph, compute_shares_covered
from summit_dash.run.store import RunStore

__all__ = ["CASES"]

PAIRS = ((0, 2), (2, 0), (4, 9), (1, 11), (3, 3))


def compute_numbers(store: RunStore) -> dict[str, Any]:
    """Returns lists with their exact sums, and values with their roundings by the number of digits."""
    generator = random.Random(5)
    lists = [[generator.uniform(-1, 1) * 10 ** generator.randint(-20, 20) for _ in range(30)] for _ in range(200)]
    lists += [[], [0.1] * 10, [1e16, 1.0, 1e-16], [1.0, 2**-53, 2**-106], [-1.0, -(2**-53), -(2**-106)]]
    values = [generator.uniform(-1000, 1000) for _ in range(500)] + [i / 8 for i in range(-40, 41)] + [59.625, -119.25]
    return {
        "lists": lists,
        "sums": [math.fsum(each) for each in lists],
        "values": values,
        "rounded": {digits: [round(value, digits) for value in values] for digits in (1, 2, 3)},
    }


def compute_layout(store: RunStore) -> dict[str, Any]:
    """Returns a drawn graph with a layer of 37 channels, in reverse order, and the point of each channel."""
    generator = random.Random(3)
    layers = ["c", "a", "b"]
    channels = [Channel(layer, i) for layer, n in zip(layers, (37, 5, 18), strict=True) for i in range(n)]
    edges = {
        (source, target): generator.random()
        for source in channels
        for target in channels
        if layers.index(target.layer) - layers.index(source.layer) in (1, 2) and generator.random() < 0.2
    }
    points = lay_out(layers, channels, edges)
    return {
        "layers": layers,
        "channels": [{"id": c.channel_id, "layer": c.layer, "channel": c.channel} for c in reversed(channels)],
        "edges": [{"source": s.channel_id, "target": t.channel_id, "weight": w} for (s, t), w in edges.items()],
        "points": {channel.channel_id: list(point) for channel, point in points.items()},
    }


def compute_graph(store: RunStore) -> dict[str, Any]:
    """Returns the payload of every class, and the rows of nodes and of edges of its drawing."""
    return {"layers": list(store.layers), "classes": [_draw_class(store, class_id) for class_id in store.classes]}


def _draw_class(store: RunStore, class_id: int) -> dict[str, Any]:
    graph = store.graph(class_id)
    weights = {(edge.source, edge.target): float(edge.influence_count) for edge in graph.edges}
    points = lay_out(graph.layers, [node.channel for node in graph.nodes], weights)
    most = max(node.activation_count for node in graph.nodes)
    widest = max(weights.values())
    covered = compute_shares_covered(graph.nodes)
    return {
        "class_id": class_id,
        "payload": build_payload(store, f"class/{class_id}"),
        "nodes": [
            [n.channel.channel_id, *points[n.channel], compute_node_side(n.activation_count, most), covered[n.channel]]
            for n in graph.nodes
        ],
        "edges": [
            [_join_ends(*ends), compute_edge_width(weight, widest), max(covered[end] for end in ends)]
            for ends, weight in weights.items()
        ],
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
        **_size_pair(graphs, [store.classes[class_id].n_images for class_id in pair]),
    }


def _size_pair(graphs: list[Graph], n_images: list[int]) -> dict[str, Any]:
    """Returns point and side of every node, and the width of every edge, of two graphs in one drawing."""
    counts = [{node.channel: node.activation_count for node in graph.nodes} for graph in graphs]
    influences = [{(e.source, e.target): e.influence_count for e in graph.edges} for graph in graphs]
    shares = {key: _find_share(counts, key, n_images) for key in counts[0] | counts[1]}
    weights = {ends: _find_share(influences, ends, n_images) for ends in influences[0] | influences[1]}
    points = lay_out(graphs[0].layers, shares, weights)
    most, widest = max(shares.values()), max(weights.values())
    return {
        "places": [[key.channel_id, [*points[key], compute_node_side(share, most)]] for key, share in shares.items()],
        "widths": [[_join_ends(*ends), compute_edge_width(weight, widest)] for ends, weight in weights.items()],
    }


def _find_share(counts: list[dict[Any, int]], key: Any, n_images: list[int]) -> float:
    """Returns the greater of the shares of images of the two classes."""
    return max(count.get(key, 0) / n for count, n in zip(counts, n_images, strict=True))


def _join_ends(source: Channel, target: Channel) -> str:
    return f"{source.channel_id}--{target.channel_id}"


CASES: dict[str, Callable[[RunStore], dict[str, Any]]] = {
    "numbers": compute_numbers,
    "layout": compute_layout,
    "graph": compute_graph,
    "comparison": compute_comparison,
}
"""The functions by the name of the test file that compares with their values."""
