"""Nodes and edges of an attribution graph or of a comparison, with their positions and sizes. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from summit_dash.graph.comparison import Comparison, Part
from summit_dash.graph.layout import Point, lay_out, merge_rows, order_rows, place_rows, sweep_rows
from summit_dash.run.graphs import Channel, Graph, Node, compute_shares_covered
from summit_dash.run.pictures import PictureKind
from summit_dash.run.text import format_part, format_percent

__all__ = [
    "BY_COUNT",
    "COUNT",
    "LARGEST",
    "PLAIN",
    "SMALLEST",
    "Element",
    "Looks",
    "Pictures",
    "build_comparison_elements",
    "build_graph_elements",
    "compute_levels",
    "compute_node_side",
]


Pictures = Callable[[Channel], PictureKind]
"""Returns the kind of picture that a channel is drawn with."""
SMALLEST, LARGEST = 32.0, 96.0
"""Shortest and longest side of a node, in units of the layout."""
_THINNEST, _WIDEST = 1.0, 7.0

COUNT, PLAIN = "count", "plain"
Element = dict[str, Any]
_CLASSES = {PictureKind.NONE: "bare", PictureKind.VISUALIZATION: "pictured", PictureKind.EXAMPLE: "example"}


@dataclass(frozen=True)
class Looks:
    """The numbers that a class's channels show.

    Attributes:
        size_by: by its area: `count`, `pagerank` or `effect`.
        color_by: by the colour of its ring: one of these, or `plain` for none.
    """

    size_by: str = COUNT
    color_by: str = PLAIN


BY_COUNT = Looks()


def compute_node_side(fraction: float, greatest: float) -> float:
    """Computes the side of a node whose *area* is proportional to the share of images that use it.

    The side is `LARGEST` for the greatest share. It is `SMALLEST` at least, which is a ninth of the greatest area, so
    that the picture in the node can be seen.
    """
    share = fraction / greatest if greatest else 0.0
    return round(min(LARGEST, max(SMALLEST, LARGEST * sqrt(share))), 1)


def compute_levels(nodes: Sequence[Node]) -> dict[str, list[float]]:
    """Computes what the nodes of a graph can show, as shares of the greatest, in the order of the nodes.

    Returns:
        `count`, the images that use a channel; `pagerank` where a node has a score; `effect` where one was measured,
        below 0 for a channel without which the class is more probable, and 0 where it is unknown.
    """
    numbers: dict[str, list[float]] = {COUNT: [float(node.activation_count) for node in nodes]}
    if any(node.pagerank_score for node in nodes):
        numbers["pagerank"] = [node.pagerank_score for node in nodes]
    if any(node.effect is not None for node in nodes):
        numbers["effect"] = [node.effect or 0.0 for node in nodes]
    return {name: _divide_by_greatest(values) for name, values in numbers.items()}


def _divide_by_greatest(values: Sequence[float]) -> list[float]:
    greatest = max(map(abs, values), default=0.0) or 1.0
    return [round(value / greatest, 4) for value in values]


def compute_edge_width(n: float, greatest: float) -> float:
    """Computes the width of an edge, proportional to its influence count but at least a hairline."""
    return round(max(_THINNEST, _WIDEST * n / greatest if greatest else 0.0), 2)


def build_graph_elements(graph: Graph, n_images: int, pictures: Pictures, looks: Looks = BY_COUNT) -> list[Element]:
    """Builds the elements of one class's graph.

    `covered` of an element is the percentage of activation from which the filter on the page keeps it. `levels` of a
    node are the numbers that it can show, as `compute_levels` returns them, and `level` is that of its ring; positions
    are the same by all. A node is smallest where the number is 0 or below.
    """
    covered = compute_shares_covered(graph.nodes)
    weights = _weigh_edges(graph, covered)
    points = lay_out(graph.layers, covered, weights)
    levels = compute_levels(graph.nodes)
    shown = (looks.size_by, looks.color_by)
    nodes = []
    for index, node in enumerate(graph.nodes):
        share = node.activation_count / n_images if n_images else None
        data = {
            "size": compute_node_side(max(0.0, levels[looks.size_by][index]), 1.0),
            "levels": {name: values[index] for name, values in levels.items()},
            "level": 0.0 if looks.color_by == PLAIN else levels[looks.color_by][index],
            "covered": covered[node.channel],
            "notes": [
                f"used by {format_part(node.activation_count, n_images)} images ({format_percent(share)})",
                *([f"effect {node.effect:.4g}"] if node.effect is not None and "effect" in shown else []),
                *([f"PageRank {node.pagerank_score:.4g}"] if "pagerank" in shown else []),
            ],
        }
        nodes.append(_build_node(node.channel, points[node.channel], data, pictures))
    widest = max(weights.values(), default=0.0)
    edges = [
        _build_edge(pair, compute_edge_width(weight, widest), max(covered[c] for c in pair))
        for pair, weight in weights.items()
    ]
    return nodes + edges


def build_comparison_elements(
    graphs: tuple[Graph, Graph],
    comparison: Comparison,
    classes: tuple[tuple[str, int], tuple[str, int]],
    pictures: Pictures,
) -> list[Element]:
    """Builds the elements of a comparison; sizes follow the greater share of images of the two classes.

    Args:
        graphs: of A and B.
        comparison: of these graphs.
        classes: name and number of images of A and B.
        pictures: kind of picture of a channel.
    """
    counts = [{node.channel: node.activation_count for node in graph.nodes} for graph in graphs]
    influences = [{(e.source, e.target): e.influence_count for e in graph.edges} for graph in graphs]
    n_images = [n for _, n in classes]
    shares = {
        channel: max(c.get(channel, 0) / max(1, n) for c, n in zip(counts, n_images, strict=True))
        for channel in comparison.nodes
    }
    weights = {
        e: max(i.get(e, 0) / max(1, n) for i, n in zip(influences, n_images, strict=True)) for e in comparison.edges
    }
    points = _lay_out_both(graphs, weights)
    most, widest = max(shares.values(), default=0.0), max(weights.values(), default=0.0)
    nodes = []
    for channel, part in comparison.nodes.items():
        notes = [
            f"{letter} {name}: {_describe_use(count.get(channel), n)}"
            for letter, (name, n), count in zip("AB", classes, counts, strict=True)
        ]
        data = {"size": compute_node_side(shares[channel], most), "covered": 0, "notes": notes}
        nodes.append(_build_node(channel, points[channel], data, pictures, part))
    edges = [
        _build_edge(pair, compute_edge_width(weights[pair], widest), 0, part) for pair, part in comparison.edges.items()
    ]
    return nodes + edges


def _weigh_edges(graph: Graph, drawn: Container[Channel]) -> dict[tuple[Channel, Channel], float]:
    """Returns the influence counts of the edges with both ends drawn."""
    return {
        (edge.source, edge.target): float(edge.influence_count)
        for edge in graph.edges
        if edge.source in drawn and edge.target in drawn
    }


def _lay_out_both(
    graphs: tuple[Graph, Graph], weights: Mapping[tuple[Channel, Channel], float]
) -> dict[Channel, Point]:
    """Computes the positions of a comparison from the orders of the two graphs."""
    layers = graphs[0].layers
    drawn = [{node.channel for node in graph.nodes} for graph in graphs]
    rows = [
        order_rows(layers, channels, _weigh_edges(graph, channels))
        for graph, channels in zip(graphs, drawn, strict=True)
    ]
    return place_rows(layers, sweep_rows(layers, merge_rows(layers, rows[0], rows[1]), weights))


def _describe_use(count: int | None, n_images: int) -> str:
    if count is None:
        return "not in its graph"
    return f"{format_part(count, n_images)} images ({format_percent(count / n_images if n_images else None)})"


def _build_node(
    channel: Channel,
    point: tuple[float, float],
    data: Mapping[str, Any],
    pictures: Pictures,
    part: Part | None = None,
) -> Element:
    kind = pictures(channel)
    classes = [*([part.value] if part else []), _CLASSES[kind]]
    return {
        "data": {
            "id": channel.channel_id,
            "label": str(channel.channel),
            "layer": channel.layer,
            "channel": channel.channel,
            "picture": kind,
            "part": part.value if part else "",
            **data,
        },
        "position": {"x": point[0], "y": point[1]},
        "classes": " ".join(classes),
    }


def _build_edge(pair: tuple[Channel, Channel], width: float, covered: float, part: Part | None = None) -> Element:
    source, target = pair
    return {
        "data": {
            "id": f"{source.channel_id}--{target.channel_id}",
            "source": source.channel_id,
            "target": target.channel_id,
            "width": width,
            "covered": covered,
            "part": part.value if part else "",
        },
        "classes": part.value if part else "",
    }
