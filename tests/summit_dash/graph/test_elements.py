from __future__ import annotations

from dataclasses import replace

import pytest

from summit_dash.graph.comparison import compare
from summit_dash.graph.elements import (
    LARGEST,
    SMALLEST,
    Looks,
    build_comparison_elements,
    build_graph_elements,
    compute_edge_width,
    compute_node_side,
)
from summit_dash.run.graphs import Channel
from summit_dash.run.pictures import PictureKind
from tests.support.drawn_graphs import draw_graph


def choose_kind(channel: Channel) -> PictureKind:
    return PictureKind.EXAMPLE if channel.channel == 2 else PictureKind.VISUALIZATION


GRAPH = draw_graph("b | 1:90 2:10\na | 1:40", "a1>b1 a1>b2")


def test_area_is_proportional_to_the_activation_count() -> None:
    assert compute_node_side(100, 100) == LARGEST
    assert compute_node_side(25, 100) ** 2 == pytest.approx(LARGEST**2 / 4, rel=0.01)
    assert compute_node_side(1, 100) == SMALLEST
    assert compute_node_side(0, 0) == SMALLEST


def test_width_is_proportional_to_the_influence_count() -> None:
    assert compute_edge_width(50, 100) == pytest.approx(compute_edge_width(100, 100) / 2)
    assert compute_edge_width(0, 100) >= 1


def test_sizes_and_colours_move_nothing_and_a_channel_that_lowers_its_class_is_smallest() -> None:
    numbers = ((0.1, -0.5), (0.4, 0.2), (0.1, None))
    nodes = [node._replace(pagerank_score=s, effect=e) for node, (s, e) in zip(GRAPH.nodes, numbers, strict=True)]
    plain = build_graph_elements(GRAPH, 100, choose_kind)
    shown = build_graph_elements(replace(GRAPH, nodes=nodes), 100, choose_kind, Looks("pagerank", "effect"))
    assert [e["data"].pop("size") for e in shown[:3]] == [LARGEST / 2, LARGEST, LARGEST / 2]
    assert [e["data"].pop("level") for e in shown[:3]] == [-1, 0.4, 0]
    assert [e["data"].pop("levels") for e in shown[:3]] == [
        {"count": 1, "pagerank": 0.25, "effect": -1},
        {"count": 0.1111, "pagerank": 1, "effect": 0.4},
        {"count": 0.4444, "pagerank": 0.25, "effect": 0},
    ]
    assert [e["data"].pop("levels") for e in plain[:3]] == [{"count": 1}, {"count": 0.1111}, {"count": 0.4444}]
    assert [(e["data"].pop("size"), e["data"].pop("level")) for e in plain[:3]] == [
        (LARGEST, 0),
        (SMALLEST, 0),
        (64, 0),
    ]
    assert [e["data"]["notes"].pop() for e in shown[:3]] == ["PageRank 0.1", "PageRank 0.4", "PageRank 0.1"]
    assert [e["data"]["notes"].pop() for e in shown[:2]] == ["effect -0.5", "effect 0.2"]
    assert shown == plain
    assert (
        build_graph_elements(replace(GRAPH, nodes=nodes), 100, choose_kind, Looks("effect"))[0]["data"]["size"]
        == SMALLEST
    )


def test_one_element_per_node_and_edge() -> None:
    elements = build_graph_elements(GRAPH, 100, choose_kind)
    assert [e["data"]["id"] for e in elements] == ["b-1", "b-2", "a-1", "a-1--b-1", "a-1--b-2"]
    assert elements[0]["data"]["notes"] == ["used by 90 of 100 images (90.0 %)"]
    assert {"x", "y"} == set(elements[0]["position"])


def test_an_example_in_place_of_a_visualization_is_marked() -> None:
    plain, example = build_graph_elements(GRAPH, 100, choose_kind)[:2]
    assert (plain["classes"], plain["data"]["picture"]) == ("pictured", PictureKind.VISUALIZATION)
    assert (example["classes"], example["data"]["picture"]) == ("example", PictureKind.EXAMPLE)


def test_a_channel_without_any_picture_is_bare() -> None:
    elements = build_graph_elements(GRAPH, 100, lambda channel: PictureKind.NONE)
    assert elements[0]["classes"] == "bare"


def test_an_edge_goes_when_either_end_goes() -> None:
    data = {e["data"]["id"]: e["data"]["covered"] for e in build_graph_elements(GRAPH, 100, choose_kind)}
    assert data["a-1--b-2"] == max(data["a-1"], data["b-2"])


def test_a_merged_graph_names_each_part_and_both_counts() -> None:
    other = draw_graph("b | 1:30 3:50\na | 1:80", "a1>b1 a1>b3")
    elements = build_comparison_elements(
        (GRAPH, other), compare(GRAPH, other), (("fox", 100), ("wolf", 200)), choose_kind
    )
    by_id = {e["data"]["id"]: e for e in elements}
    assert {i: e["data"]["part"] for i, e in by_id.items()} == {
        "a-1": "shared", "b-1": "shared", "b-2": "only-a", "b-3": "only-b",
        "a-1--b-1": "shared", "a-1--b-2": "only-a", "a-1--b-3": "only-b",
    }  # fmt: skip
    assert by_id["b-3"]["data"]["notes"] == ["A fox: not in its graph", "B wolf: 50 of 200 images (25.0 %)"]
    assert by_id["a-1--b-3"]["classes"] == "only-b"
    assert Channel("a", 1).channel_id in by_id
