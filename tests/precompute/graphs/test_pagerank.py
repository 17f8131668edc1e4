"""Personalized PageRank: networkx's values, and exact fractions on graphs small enough to solve by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precompute.contract.errors import InputError
from precompute.graphs.config import GraphConfig
from precompute.graphs.pagerank import Graph, compute_pagerank, compute_personalization
from tests.reference.graphs import Edge, compute_reference_pagerank, compute_reference_personalization

EXACT = GraphConfig(tolerance=1e-16, max_iterations=10_000)


@st.composite
def draw_weighted_graphs(draw: st.DrawFn) -> tuple[int, list[Edge], list[float]]:
    """Draws any graph, with isolated nodes, repeated edges, loops and edges of weight 0."""
    n_nodes = draw(st.integers(1, 12))
    node = st.integers(0, n_nodes - 1)
    edges = draw(st.lists(st.tuples(node, node, st.integers(0, 50).map(float)), max_size=40))
    restart = draw(st.lists(st.integers(0, 20).map(float), min_size=n_nodes, max_size=n_nodes).filter(any))
    return n_nodes, edges, restart


def build_graph(n_nodes: int, edges: list[Edge]) -> Graph:
    """Builds a graph from a list of edges."""
    return Graph(n_nodes, *([edge[part] for edge in edges] for part in range(3)))


@settings(deadline=None)
@given(draw_weighted_graphs(), st.booleans(), st.sampled_from([0.0, 0.5, 0.85]))
def test_scores_are_those_of_networkx(
    drawn: tuple[int, list[Edge], list[float]], directed: bool, damping: float
) -> None:
    n_nodes, edges, restart = drawn
    config = GraphConfig(damping=damping, directed=directed)

    scores = compute_pagerank(build_graph(n_nodes, edges), restart, config)

    np.testing.assert_allclose(scores, compute_reference_pagerank(n_nodes, edges, restart, config), rtol=0, atol=1e-12)
    assert scores.sum() == pytest.approx(1, abs=1e-12)


def test_exact_fractions_of_an_undirected_pair() -> None:
    """
    0 ──1── 1     all restarts at 0, damping 1/2:  x0 = 1/2 + x1/2,  x1 = x0/2
    """
    scores = compute_pagerank(build_graph(2, [(0, 1, 1.0)]), [1.0, 0.0], replace(EXACT, damping=0.5))

    np.testing.assert_allclose(scores, [2 / 3, 1 / 3], atol=1e-15)


def test_exact_fractions_follow_the_weights() -> None:
    """
    1 ─3─┐
         0     restart at 0, damping 1/2:  x1 = 3/4 x0/2,  x2 = 1/4 x0/2,  x0 = 1/2 + (x1 + x2)/2
    2 ─1─┘
    """
    graph = build_graph(3, [(1, 0, 3.0), (2, 0, 1.0)])

    scores = compute_pagerank(graph, [5.0, 0.0, 0.0], replace(EXACT, damping=0.5))

    np.testing.assert_allclose(scores, [2 / 3, 1 / 4, 1 / 12], atol=1e-15)


def test_directed_importance_flows_from_the_output_to_the_input() -> None:
    """
    0 ──▶ 1     an influence of 0 on 1; restart at the target 1: it gives half to its source, the source gives
                everything back to the restart because it has no source itself
    """
    config = replace(EXACT, damping=0.5, directed=True)

    at_target = compute_pagerank(build_graph(2, [(0, 1, 1.0)]), [0.0, 1.0], config)
    at_source = compute_pagerank(build_graph(2, [(0, 1, 1.0)]), [1.0, 0.0], config)

    np.testing.assert_allclose(at_target, [1 / 3, 2 / 3], atol=1e-15)
    np.testing.assert_allclose(at_source, [1, 0], atol=1e-15)


def test_steps_onto_a_node_are_in_order_where_edges_are() -> None:
    """A class's rows are in that order, so the matrix of steps needs no sorting."""
    edges = [(0, 2, 1.0), (1, 2, 2.0), (0, 3, 3.0), (1, 3, 4.0), (2, 4, 5.0), (3, 4, 6.0)]

    starts, ends, weights = build_graph(5, edges).list_steps(directed=False)

    onto = [
        [(int(start), weight) for start, end, weight in zip(starts, ends, weights, strict=True) if end == node]
        for node in range(5)
    ]
    assert onto == [
        [(2, 1), (3, 3)],
        [(2, 2), (3, 4)],
        [(0, 1), (1, 2), (4, 5)],
        [(0, 3), (1, 4), (4, 6)],
        [(2, 5), (3, 6)],
    ]


def test_without_influences_the_scores_are_the_personalization() -> None:
    np.testing.assert_allclose(compute_pagerank(build_graph(3, []), [1.0, 0.0, 3.0], EXACT), [0.25, 0, 0.75])


def test_an_empty_graph_has_no_scores() -> None:
    assert compute_pagerank(build_graph(0, []), [], GraphConfig()).shape == (0,)


def test_a_lack_of_convergence_names_the_iterations() -> None:
    with pytest.raises(InputError, match="After 3 iterations"):
        compute_pagerank(build_graph(2, [(0, 1, 1.0)]), [1.0, 0.0], GraphConfig(max_iterations=3))


@pytest.mark.parametrize("restart", [[0.0, 0.0], [-1.0, 2.0]])
def test_a_personalization_has_to_be_one(restart: list[float]) -> None:
    with pytest.raises(InputError, match="personalization"):
        compute_pagerank(build_graph(2, []), restart, GraphConfig())


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30)), min_size=1, max_size=20))
def test_personalization_is_relative_to_the_layer(drawn: list[tuple[int, int]]) -> None:
    layers, counts = zip(*sorted(drawn), strict=True)

    np.testing.assert_array_equal(
        compute_personalization(counts, layers), compute_reference_personalization(counts, layers)
    )


def test_personalization_by_hand() -> None:
    np.testing.assert_array_equal(compute_personalization([4, 1, 0, 0, 3], [0, 0, 1, 1, 2]), [1, 0.25, 0, 0, 1])
    np.testing.assert_array_equal(compute_personalization([0, 0], [0, 1]), [1, 1])


def test_a_loop_is_one_step() -> None:
    starts, ends, weights = build_graph(2, [(0, 0, 5.0), (0, 1, 1.0)]).list_steps(directed=False)

    assert sorted(zip(starts.tolist(), ends.tolist(), weights.tolist(), strict=True)) == [
        (0, 0, 5.0),
        (0, 1, 1.0),
        (1, 0, 1.0),
    ]


def test_a_node_without_a_way_out_hands_its_score_to_the_personalization() -> None:
    """
    0 ◀──1── 1    directed steps 1 -> 0 alone, restart at 1, damping 1/2:  x1 = x0/2 + 1/2,  x0 = x1/2
    """
    scores = compute_pagerank(build_graph(2, [(0, 1, 1.0)]), [0.0, 3.0], replace(EXACT, damping=0.5, directed=True))

    np.testing.assert_allclose(scores, [1 / 3, 2 / 3], atol=1e-15)


def test_without_damping_the_scores_are_the_personalization() -> None:
    graph = build_graph(3, [(0, 1, 2.0), (1, 2, 5.0)])

    np.testing.assert_allclose(compute_pagerank(graph, [1.0, 1.0, 2.0], replace(EXACT, damping=0.0)), [0.25, 0.25, 0.5])
