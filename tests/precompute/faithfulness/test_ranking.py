"""The channels of a class's graph, and all channels of the class in an order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from precompute.contract.nodes import Nodes
from precompute.contract.schema import TABLES
from precompute.contract.writing import TableWriter
from precompute.faithfulness.ranking import Ranking
from precompute.graphs.config import GraphConfig

LAYERS = [("stem", 2), ("head", 3)]
ROWS = {
    "activations": [
        (c, layer, channel, count, 0.0)
        for c in (0, 1)
        for layer, channel, count in [
            ("stem", 0, 1 + c),
            ("stem", 1, 9),
            ("head", 0, 0),
            ("head", 1, 5),
            ("head", 2, 10),
        ]
    ],
    "influences": [(c, "head", n, "stem", m, 1 + n + m, 0.5) for c in (0, 1) for n in range(3) for m in range(2)],
    "attribution_graph_nodes": [
        (0, "stem", 1, "pagerank", 9, 0.3, None),
        (1, "head", 1, "effect", 5, 0.4, None),
        (1, "head", 2, "pagerank", 10, 0.4, None),
        (1, "stem", 0, "pagerank", 2, 0.2, None),
    ],
    "attribution_graph_edges": [(1, "head", 2, "stem", 0, "pagerank", 1, 0.5, None)],
}


@pytest.fixture
def ranking(tmp_path: Path) -> Ranking:
    for name, rows in ROWS.items():
        with TableWriter(tmp_path, name) as writer:
            columns = TABLES[name].schema.names
            writer.write({column: [row[i] for row in rows] for i, column in enumerate(columns)})
    return Ranking(tmp_path, Nodes(LAYERS), GraphConfig(), excluded=())


def test_the_graphs_channels_are_counted_by_layer(ranking: Ranking) -> None:
    assert [ranking.count_kept(0), ranking.count_kept(1), ranking.count_kept(2)] == [[1, 0], [1, 1], [0, 0]]
    assert sorted(ranking.list_kept(1).tolist()) == [0, 4]


def test_channels_are_ranked_within_their_layer(ranking: Ranking) -> None:
    assert [order.tolist() for order in ranking.rank(0)] == [[1, 0], [2, 1, 0]]
    assert [order.tolist() for order in ranking.split(np.array([1.0, 3, 0, 5, 5]))] == [[1, 0], [1, 2, 0]]


def test_channels_without_a_place_come_last_by_effect(ranking: Ranking, tmp_path: Path) -> None:
    effects = np.array([1.0, 3, 0, 5, 4])
    assert [order.tolist() for order in ranking.rank_by_effect(effects)] == [[1, 0], [1, 2, 0]]
    without = Ranking(tmp_path, Nodes(LAYERS), GraphConfig(), excluded=[("head", 1)])
    assert [order.tolist() for order in without.rank_by_effect(effects)] == [[1, 0], [2, 0, 1]]


def test_the_first_channels_of_each_layer_are_chosen(ranking: Ranking) -> None:
    assert ranking.choose([np.array([1, 0]), np.array([2, 0, 1])], [1, 2]).tolist() == [1, 2, 4]


def test_edges_and_influences_are_pairs_of_numbers_of_channels(ranking: Ranking) -> None:
    assert ranking.list_edges(1) == [(4, 0)] and ranking.list_edges(0) == []
    channels = ranking.read_channels(1)
    assert (4, 0) in ranking.number_pairs(channels.influences)
    assert channels.counts.tolist() == [2, 9, 0, 5, 10] and channels.scores.sum() == pytest.approx(1)
    assert ranking.locate(4) == (1, 2)
