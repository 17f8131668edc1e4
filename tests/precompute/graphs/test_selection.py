"""The selection rule of Hohman et al. 2020, section 6.3: their loop over masses, in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precompute.graphs.config import GraphConfig
from precompute.graphs.pagerank import Graph
from precompute.graphs.selection import list_masses, select
from tests.reference.graphs import Edge, select_by_reference


@st.composite
def draw_layered_graphs(draw: st.DrawFn) -> tuple[list[int], list[Edge], list[float]]:
    """Draws layers of channels with edges from any earlier layer, and scores with many ties and zeros."""
    sizes = draw(st.lists(st.integers(0, 5), min_size=1, max_size=4).filter(any))
    layer_indices = [layer for layer, size in enumerate(sizes) for _ in range(size)]
    n_nodes = len(layer_indices)
    pairs = [(s, t) for s in range(n_nodes) for t in range(n_nodes) if layer_indices[s] < layer_indices[t]]
    edge = st.tuples(st.sampled_from(pairs or [(0, 0)]), st.integers(0, 3))
    edges = [(s, t, float(weight)) for (s, t), weight in draw(st.lists(edge, max_size=12 if pairs else 0))]
    parts = draw(st.lists(st.integers(0, 6), min_size=n_nodes, max_size=n_nodes).filter(any))
    return layer_indices, edges, [part / sum(parts) for part in parts]


def select_lists(
    layer_indices: list[int], edges: list[Edge], scores: list[float], config: GraphConfig
) -> tuple[list[int], list[int], float]:
    graph = Graph(len(layer_indices), *([edge[part] for edge in edges] for part in range(3)))
    kept = select(graph, layer_indices, np.array(scores), config)
    return kept.nodes.tolist(), kept.edges.tolist(), kept.pagerank_mass


@settings(deadline=None)
@given(
    draw_layered_graphs(),
    st.sampled_from([GraphConfig(), GraphConfig(initial_mass=0.3, mass_step=0.07), GraphConfig(initial_mass=1.0)]),
)
def test_selection_is_the_loop_over_masses(
    drawn: tuple[list[int], list[Edge], list[float]], config: GraphConfig
) -> None:
    assert select_lists(*drawn, config) == select_by_reference(*drawn, config)


#   layer 0     layer 1     layer 2
#   0 (0.4) ──▶ 2 (0.2) ──▶ 4 (0.1)
#   1 (0.3)       └──────────▲ from 0 as well
CHAIN = ([0, 0, 1, 2], [(0, 2, 1.0), (2, 3, 1.0), (0, 3, 2.0)], [0.4, 0.3, 0.2, 0.1])


def test_the_mass_rises_until_every_layer_is_connected() -> None:
    """Node 3 comes after a share of 0.9, so 0.905 is the first mass of the grid that holds it."""
    assert select_lists(*CHAIN, GraphConfig()) == ([0, 1, 2, 3], [0, 1, 2], 0.905)


def test_the_mass_stays_at_its_start_where_that_connects_all() -> None:
    assert select_lists([0, 1], [(0, 1, 1.0)], [0.5, 0.5], GraphConfig(initial_mass=0.6)) == ([0, 1], [0], 0.6)


def test_a_layer_without_influences_does_not_hold_the_others_up() -> None:
    """Layer 2 can never be connected: the mass stops where layer 1 is, just above 0.4 + 0.3."""
    layer_indices, edges, scores = CHAIN

    assert select_lists(layer_indices, edges[:1], scores, GraphConfig()) == ([0, 1, 2], [0], 0.705)


def test_a_layer_whose_channels_have_no_score_is_never_connected() -> None:
    assert select_lists([0, 0, 1], [(0, 2, 1.0)], [0.5, 0.5, 0.0], GraphConfig()) == ([0], [], 0.075)


def test_edges_without_a_count_connect_nothing() -> None:
    assert select_lists([0, 1], [(0, 1, 0.0)], [0.5, 0.5], GraphConfig()) == ([0], [], 0.075)


def test_ties_go_to_the_lower_layer_and_then_channel() -> None:
    assert select_lists([0, 0, 1, 1], [], [0.25] * 4, GraphConfig(initial_mass=0.5)) == ([0, 1], [], 0.5)


def test_a_graph_without_channels_keeps_none() -> None:
    assert select_lists([], [], [], GraphConfig()) == ([], [], 0.075)


def test_masses_carry_no_binary_dust() -> None:
    masses = list_masses(GraphConfig()).tolist()

    assert masses[:3] == [0.075, 0.08, 0.085]
    assert masses == [float(f"{thousandths / 1000}") for thousandths in range(75, 1001, 5)]
    assert list_masses(GraphConfig(initial_mass=0.9, mass_step=0.03)).tolist() == [0.9, 0.93, 0.96, 0.99, 1.0]
    assert list_masses(GraphConfig(initial_mass=1.0)).tolist() == [pytest.approx(1.0, abs=0)]
