"""The graph of an image over that of a class."""

from __future__ import annotations

import pytest

from summit_dash.graph.comparison import Part
from summit_dash.graph.image_overlay import bend_edge, build_overlay_elements, describe_overlay, read_image_graph
from summit_dash.run.graphs import Channel, Edge, Graph, Node
from summit_dash.run.pictures import PictureKind

LOW, HIGH, OWN = Channel("low", 1), Channel("high", 2), Channel("high", 3)
GRAPH = Graph(["low", "high"], [Node(LOW, 10), Node(HIGH, 5)], [Edge(LOW, HIGH, 4)])
ANSWER = {
    "channels": [("low", 1, 4.0, 0.001), ("high", 3, 2.0, -1.0), ("elsewhere", 0, 1.0, 1.0)],
    "influences": [("low", 1, "high", 3, 0.5), ("elsewhere", 0, "high", 3, 0.5)],
}


def build() -> dict[str, dict[str, object]]:
    elements = build_overlay_elements(
        GRAPH,
        read_image_graph(ANSWER),
        (("carp", 20), "this image"),
        lambda channel: PictureKind.VISUALIZATION,
        lambda channel: "address" if channel == LOW else None,
    )
    return {each["data"]["id"]: each for each in elements}


def test_channels_and_influences_have_their_parts_and_layers_beyond_the_graph_are_left_out() -> None:
    comparison = describe_overlay(GRAPH, read_image_graph(ANSWER))
    assert comparison.nodes == {LOW: Part.SHARED, HIGH: Part.ONLY_A, OWN: Part.ONLY_B}
    assert comparison.edges == {(LOW, HIGH): Part.ONLY_A, (LOW, OWN): Part.ONLY_B}


def test_a_channel_is_marked_where_it_speaks_clearly_and_sized_by_the_activation_of_the_image() -> None:
    elements = build()
    data = {name: each["data"] for name, each in elements.items()}
    assert data["high-3"]["label"] == "▼ 3" and data["high-2"]["label"] == "2"  # type: ignore[index]
    assert data["low-1"]["label"] == "▲ 1" and data["low-1"]["size"] == 96  # type: ignore[index]
    assert data["low-1"]["image"] == ["address"] and "image" not in data["high-3"]  # type: ignore[index,operator]


def test_edges_leave_and_arrive_upright() -> None:
    start = {"position": {"x": 0.0, "y": 100.0}, "data": {"size": 20.0}}
    end = {"position": {"x": 0.0, "y": 0.0}, "data": {"size": 20.0}}
    straight = bend_edge(start, end)
    assert straight["distances"] == pytest.approx([0, 0])
    assert straight["weights"][0] < straight["weights"][1]
    bent = bend_edge(start, {"position": {"x": 50.0, "y": 0.0}, "data": {"size": 20.0}})
    assert bent["distances"][0] == pytest.approx(-bent["distances"][1]) and bent["distances"][0] != 0
