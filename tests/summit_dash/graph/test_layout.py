from __future__ import annotations

import random
from itertools import pairwise

from summit_dash.graph.layout import LINE_PITCH, ROW_PITCH, lay_out, order_rows
from summit_dash.run.graphs import Channel, Graph, compute_shares_covered
from tests.support.drawn_graphs import draw_graph


def _weigh_edges(graph: Graph) -> dict[tuple[Channel, Channel], float]:
    return {(e.source, e.target): float(e.influence_count) for e in graph.edges}


def test_the_output_is_on_top_and_rows_are_level() -> None:
    graph = draw_graph("c | 1 2\nb | 1 2 3\na | 1")
    points = lay_out(graph.layers, [n.channel for n in graph.nodes], {})
    rows = {layer: {points[n.channel].y for n in graph.nodes if n.channel.layer == layer} for layer in graph.layers}
    assert all(len(ys) == 1 for ys in rows.values())
    assert max(rows["c"]) < max(rows["b"]) < max(rows["a"])


def test_nodes_of_a_row_do_not_overlap() -> None:
    graph = draw_graph("b | 1 2 3 4 5 6 7\na | 1 2")
    points = lay_out(graph.layers, [n.channel for n in graph.nodes], {})
    xs = sorted(points[n.channel].x for n in graph.nodes if n.channel.layer == "b")
    assert min(b - a for a, b in pairwise(xs)) >= 96


def test_crossings_are_undone() -> None:
    graph = draw_graph("b | 1 2 3\na | 1 2 3", "a1>b3 a2>b2 a3>b1")
    rows = order_rows(graph.layers, [n.channel for n in graph.nodes], _weigh_edges(graph))
    assert [c.channel for c in rows["a"]] == [c.channel for c in reversed(rows["b"])]


def test_the_order_of_the_input_does_not_matter() -> None:
    graph = draw_graph("c | 1 2 3\nb | 1 2 3 4\na | 1 2 3", "a1>b4 a2>b1 a3>b2 b4>c1 b1>c3 b2>c2")
    channels, edges = [n.channel for n in graph.nodes], list(_weigh_edges(graph).items())
    first = lay_out(graph.layers, channels, dict(edges))
    random.Random(3).shuffle(channels)
    random.Random(4).shuffle(edges)
    assert lay_out(graph.layers, channels, dict(edges)) == first


def test_a_layer_without_channels_takes_no_row() -> None:
    graph = draw_graph("c | 1\nb |\na | 1")
    points = lay_out(graph.layers, [n.channel for n in graph.nodes], {})
    full = lay_out(["a", "b"], [Channel("a", 1), Channel("b", 1)], {})
    assert points[Channel("a", 1)].y == full[Channel("a", 1)].y


def test_an_empty_graph_has_no_positions() -> None:
    assert lay_out(["a", "b"], [], {}) == {}


def test_channels_enter_by_falling_activation_count() -> None:
    graph = draw_graph("b | 1:50 2:30\na | 1:20 2:0")
    covered = {channel.channel_id: share for channel, share in compute_shares_covered(graph.nodes).items()}
    assert covered == {"b-1": 0, "b-2": 50, "a-1": 80, "a-2": 99.999}
    kept = lambda percent: {name for name, share in covered.items() if share < percent}  # noqa: E731
    assert kept(50) == {"b-1"}
    assert kept(51) == {"b-1", "b-2"}
    assert kept(100) == set(covered)


def test_a_layer_of_many_channels_is_set_in_lines_and_keeps_its_order() -> None:
    many = [Channel("top", index) for index in range(40)]
    below = Channel("bottom", 0)
    points = lay_out(["bottom", "top"], [*many, below], {})
    lines = sorted({points[channel].y for channel in many})
    assert lines == [0.0, LINE_PITCH, 2 * LINE_PITCH]
    assert points[below].y == 2 * LINE_PITCH + ROW_PITCH
    assert max(sum(points[c].y == y for c in many) for y in lines) == 14
    for line in range(3):
        xs = [points[channel].x for channel in many[line::3]]
        assert xs == sorted(xs)
        assert round(xs[0] + xs[-1], 2) == 0  # in the middle
