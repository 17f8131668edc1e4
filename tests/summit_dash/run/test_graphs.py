from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summit_dash.run.graphs import Channel, Edge, Graph, Node, compute_shares_covered, measure_graph, read_node
from tests.support.drawn_graphs import draw_graph


def test_a_channel_has_one_name_in_the_whole_run() -> None:
    assert Channel("block/conv", 3).channel_id == "block/conv-3"


def test_the_effect_of_an_older_run_is_unknown() -> None:
    row = {"layer": "conv", "channel": 3, "activation_count": 7, "pagerank_score": 0.25}
    assert read_node(row) == Node(Channel("conv", 3), 7, 0.25, None)
    assert read_node({**row, "effect": -0.5}).effect == -0.5


def test_the_memory_of_a_graph_is_about_that_of_its_objects() -> None:
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    nodes = [Node(Channel(f"layer {n}", 1000 + n), 1000 + n, n / 7) for n in range(300)]
    edges = [Edge(Channel(f"{n}", 1000 + n), Channel(f"{n}.", 2000 + n), 3000 + n, n / 3) for n in range(900)]
    graph = Graph(["a"], nodes, edges)
    used = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert 0.8 * used < measure_graph(graph) < 1.5 * used


def test_channels_enter_by_falling_activation_count() -> None:
    graph = draw_graph("b | 1:50 2:30\na | 1:20")
    covered = {channel.channel_id: share for channel, share in compute_shares_covered(graph.nodes).items()}
    assert covered == {"b-1": 0, "b-2": 50, "a-1": 80}


def test_channels_that_tie_keep_the_order_given() -> None:
    nodes = [Node(Channel("a", number), 5) for number in (3, 1, 2)]
    assert list(compute_shares_covered(nodes).values()) == pytest.approx([0, 33.333, 66.667])
    assert [channel.channel for channel in compute_shares_covered(nodes)] == [3, 1, 2]


def test_a_graph_without_activations_is_kept_whole_and_an_empty_one_is_empty() -> None:
    assert set(compute_shares_covered([Node(Channel("a", number), 0) for number in range(3)]).values()) == {0.0}
    assert compute_shares_covered([]) == {}


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=20), st.integers(1, 100))
def test_the_channels_below_a_share_are_the_fewest_that_reach_it(counts: list[int], percent: int) -> None:
    shares = compute_shares_covered(Node(Channel("a", number), count) for number, count in enumerate(counts))
    kept = [counts[channel.channel] for channel, share in shares.items() if share < percent]
    total = sum(counts)
    assert 100 * sum(kept) >= percent * total - 0.001 * total
    if total and len(kept) > 1 and percent < 100:
        assert 100 * (sum(kept) - min(kept)) < (percent + 0.001) * total


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=20))
def test_at_a_hundred_percent_every_channel_is_kept(counts: list[int]) -> None:
    shares = compute_shares_covered(Node(Channel("a", number), count) for number, count in enumerate(counts))
    assert all(0 <= share < 100 for share in shares.values()) and len(shares) == len(counts)
