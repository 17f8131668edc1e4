"""The graph of an image as rows and files, and what pins leave of it."""

from __future__ import annotations

import json

from summit_dash.graph.image_overlay import ImageGraph
from summit_dash.graph.image_rows import (
    ChannelRow,
    keep_connected,
    list_channel_rows,
    list_influence_rows,
    write_csv,
    write_json,
)
from summit_dash.run.graphs import Channel, Edge, Graph, Node

A, B, C, D = Channel("one", 1), Channel("two", 2), Channel("two", 3), Channel("three", 4)
CLASS = Graph(["one", "two", "three"], [Node(A, 7), Node(B, 5), Node(D, 2)], [Edge(A, B, 9), Edge(B, D, 4)])
IMAGE = ImageGraph({A: (3.0, 0.5), B: (2.0, -4.0), C: (1.0, 5.0)}, [(A, B), (A, C)])


def test_rows_go_from_the_output_to_the_input_and_by_attribution() -> None:
    rows = list_channel_rows(CLASS, IMAGE)
    assert [row.name for row in rows] == ["three-4", "two-3", "two-2", "one-1"]
    assert rows[0] == ChannelRow("three", 4, "class", None, None, 2, ("two-2",))
    assert rows[1] == ChannelRow("two", 3, "image", 1.0, 5.0, None, ("one-1",))
    assert rows[2].part == "both" and rows[2].n_images == 5
    assert set(list_influence_rows(CLASS, IMAGE)) == {
        ("one-1", "two-2", "both"), ("two-2", "three-4", "class"), ("one-1", "two-3", "image")
    }  # fmt: skip


def test_files_hold_the_same_rows() -> None:
    rows, influences = list_channel_rows(CLASS, IMAGE), list_influence_rows(CLASS, IMAGE)
    lines = write_csv(ChannelRow._fields, rows).decode().splitlines()
    assert lines[0] == "layer,channel,part,activation,attribution,n_images,sources"
    assert lines[1] == "three,4,class,,,2,two-2" and len(lines) == 5
    found = json.loads(write_json({"target": "carp"}, rows, influences))
    assert found["target"] == "carp" and found["channels"][1]["attribution"] == 5.0
    assert {"source": "one-1", "target": "two-3", "part": "image"} in found["influences"]


def test_pins_leave_what_is_connected_with_them() -> None:
    nodes = [{"data": {"id": name}, "classes": "bare"} for name in ("a", "b", "c", "d")]
    edges = [{"data": {"id": f"{s}{t}", "source": s, "target": t}} for s, t in ("ab", "bd", "ac")]
    elements = [*nodes, *edges]
    found = keep_connected(elements, ["b"])
    assert [each["data"]["id"] for each in found] == ["a", "b", "d", "ab", "bd"]
    assert [each["classes"] for each in found[:3]] == ["bare", "bare pinned", "bare"]
    assert keep_connected(elements, ["nowhere"]) == elements
