"""The graph of one image laid over that of a class, as elements of Cytoscape. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import hypot
from typing import Any, NamedTuple

from summit_dash.graph.comparison import Comparison, compare
from summit_dash.graph.elements import Element, Pictures, build_comparison_elements, compute_node_side
from summit_dash.run.graphs import Channel, Edge, Graph, Node

__all__ = ["ImageGraph", "bend_edge", "build_overlay_elements", "describe_overlay", "read_image_graph"]

_BEND = 0.42
"""The position of an edge's control points as a share of its height, as in `summit_dash/export/fit.py`."""
_CLEAR = 0.1
"""Share of the greatest attribution of a layer from which a channel is marked."""
_FONT = 20.0
_TALL = 1.4
"""Stretch from row to row, since the graph has less width than on its own page."""


class ImageGraph(NamedTuple):
    """The graph of an image: its channels with activation and attribution, and its influences, source then target."""

    channels: Mapping[Channel, tuple[float, float]]
    influences: Sequence[tuple[Channel, Channel]]


def read_image_graph(answer: Mapping[str, Any]) -> ImageGraph:
    """Reads the answer of a worker on the graph of an image."""
    channels = {
        Channel(layer, number): (activation, attribution)
        for layer, number, activation, attribution in answer["channels"]
    }
    influences = [(Channel(*each[:2]), Channel(*each[2:4])) for each in answer["influences"]]
    return ImageGraph(channels, influences)


def build_overlay_elements(
    graph: Graph,
    image: ImageGraph,
    classes: tuple[tuple[str, int], str],
    pictures: Pictures,
    locate: Callable[[Channel], str | None],
) -> list[Element]:
    """Builds the elements of an image's graph over a class's: A is the class, B the image.

    A channel of the image has an area by its share of the greatest activation in its layer. One that speaks for the
    target clearly is marked with a triangle that points up, one that speaks against it with one that points down.

    Args:
        graph: of the class.
        image: its graph.
        classes: name and number of images of the class, and the name of the image.
        pictures: kind of picture of a channel.
        locate: address of the picture of a channel; None where it has none.
    """
    own = _convert(graph, image)
    comparison = compare(graph, own)
    elements = build_comparison_elements((graph, own), comparison, (classes[0], (classes[1], 1)), pictures)
    shares, marks = _compute_shares(image), _find_marks(image)
    nodes: dict[str, Element] = {}
    for element in elements:
        data = element["data"]
        if "source" in data:
            data |= bend_edge(nodes[data["source"]], nodes[data["target"]]) | {"dash": [9, 4]}
            continue
        channel = Channel(data["layer"], data["channel"])
        element["position"]["y"] *= _TALL
        if channel in shares:
            data["size"] = compute_node_side(shares[channel], 1.0)
        address = locate(channel)
        data |= {
            "label": f"{marks[channel]} {data['label']}" if channel in marks else data["label"],
            "font": _FONT, "halo": 2.0, "lift": -2.0,
            **({"image": [address], "fit": ["cover"], "across": ["50%"], "down": ["50%"]} if address else {}),
        }  # fmt: skip
        nodes[data["id"]] = element
    return elements


def describe_overlay(graph: Graph, image: ImageGraph) -> Comparison:
    """Compares an image's graph with a class's: A is the class, B the image."""
    return compare(graph, _convert(graph, image))


def bend_edge(source: Element, target: Element) -> dict[str, list[float]]:
    """Computes the two control points of an edge that leaves and arrives upright, as Cytoscape takes them.

    Returns:
        `distances` from the line between the centres, and `weights` along it.
    """
    start, end = source["position"], target["position"]
    leaving = (start["x"], start["y"] - source["data"]["size"] / 2)
    arriving = (end["x"], end["y"] + target["data"]["size"] / 2)
    rise = _BEND * (arriving[1] - leaving[1])
    dx, dy = end["x"] - start["x"], end["y"] - start["y"]
    length = hypot(dx, dy) or 1.0
    points = [(leaving[0], leaving[1] + rise), (arriving[0], arriving[1] - rise)]
    return {
        "distances": [((y - start["y"]) * dx - (x - start["x"]) * dy) / length for x, y in points],
        "weights": [((x - start["x"]) * dx + (y - start["y"]) * dy) / length**2 for x, y in points],
    }


def _convert(graph: Graph, image: ImageGraph) -> Graph:
    nodes = [Node(channel, 1) for channel in image.channels if channel.layer in set(graph.layers)]
    kept = {node.channel for node in nodes}
    edges = [Edge(source, target, 1) for source, target in image.influences if {source, target} <= kept]
    return Graph(graph.layers, nodes, edges)


def _compute_shares(image: ImageGraph) -> dict[Channel, float]:
    """Computes each channel's activation as a share of the greatest of its layer."""
    greatest: dict[str, float] = {}
    for channel, (activation, _) in image.channels.items():
        greatest[channel.layer] = max(greatest.get(channel.layer, 0.0), activation)
    return {
        channel: activation / greatest[channel.layer] if greatest[channel.layer] > 0 else 0.0
        for channel, (activation, _) in image.channels.items()
    }


def _find_marks(image: ImageGraph) -> dict[Channel, str]:
    """Finds the channels that speak clearly for the target or against it, with the sign that marks them."""
    greatest: dict[str, float] = {}
    for channel, (_, attribution) in image.channels.items():
        greatest[channel.layer] = max(greatest.get(channel.layer, 0.0), abs(attribution))
    return {
        channel: "▲" if attribution > 0 else "▼"
        for channel, (_, attribution) in image.channels.items()
        if abs(attribution) > 0 and abs(attribution) >= _CLEAR * greatest[channel.layer]
    }
