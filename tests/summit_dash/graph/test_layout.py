from __future__ import annotations

import random
from itertools import pairwise

from summit_dash.graph.layout import LINE_PITCH, ROW_PITCH, lay_out, merge_rows, order_rows, place_rows, sweep_rows
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


def _name(layer: str, *numbers: int) -> list[Channel]:
    return [Channel(layer, number) for number in numbers]


def test_a_merged_order_has_shared_channels_at_the_mean_of_their_positions() -> None:
    # of 5 in A at 0.1 ... 0.9, of 2 in B at 0.25 and 0.75
    a, b = {"a": _name("a", 1, 2, 3, 4, 5)}, {"a": _name("a", 5, 9)}
    assert merge_rows(["a"], a, b)["a"] == _name("a", 1, 2, 3, 5, 4, 9)  # 5 at (0.9 + 0.25) / 2


def test_where_positions_tie_a_is_at_the_left_and_b_at_the_right() -> None:
    a, b = {"a": _name("a", 8, 2)}, {"a": _name("a", 1, 2)}
    assert merge_rows(["a"], a, b)["a"] == _name("a", 8, 1, 2)
    assert merge_rows(["a"], {"a": _name("a", 7)}, {"a": _name("a", 3)})["a"] == _name("a", 7, 3)


def test_a_layer_of_one_class_alone_keeps_its_order() -> None:
    assert merge_rows(["a", "b"], {"a": _name("a", 3, 1)}, {"b": _name("b", 2)}) == {
        "a": _name("a", 3, 1),
        "b": _name("b", 2),
    }


def test_relaxing_moves_channels_towards_their_neighbours() -> None:
    graph = draw_graph("b | 1 2 3\na | 1 2 3", "a1>b3 a2>b2 a3>b1")
    rows = {"a": _name("a", 1, 2, 3), "b": _name("b", 1, 2, 3)}
    relaxed = sweep_rows(graph.layers, rows, _weigh_edges(graph))
    assert [c.channel for c in relaxed["a"]] == [c.channel for c in reversed(relaxed["b"])]
    assert rows["b"] == _name("b", 1, 2, 3)


def test_a_graph_merged_with_itself_keeps_its_positions() -> None:
    graph = draw_graph("c | 1 2 3\nb | 1 2 3 4\na | 1 2 3", "a1>b4 a2>b1 a3>b2 b4>c1 b1>c3 b2>c2")
    channels = [n.channel for n in graph.nodes]
    rows = order_rows(graph.layers, channels, _weigh_edges(graph))
    merged = merge_rows(graph.layers, rows, rows)
    assert place_rows(graph.layers, merged) == lay_out(graph.layers, channels, _weigh_edges(graph))
