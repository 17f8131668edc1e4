"""Effects and graphs by effect in the tables of graphs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from precompute.contract.nodes import Nodes
from precompute.contract.schema import read_table
from precompute.contract.writing import write_table
from precompute.faithfulness.graph_tables import Proven, write_graph_tables
from precompute.faithfulness.ranking import Channels

NODES = Nodes([("stem", 2), ("head", 2)])
ENDS = ("target_layer", "target_channel", "source_layer", "source_channel")
INFLUENCES = [("head", 0, "stem", 0, 3, 0.5), ("head", 1, "stem", 1, 2, 0.25), ("head", 1, "stem", 0, 0, 0.0)]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Graphs of two classes of a channel in each layer and one edge."""
    nodes = {"class_id": [4, 4, 9, 9], "layer": ["stem", "head"] * 2, "channel": [0] * 4, "activation_count": [3] * 4}
    write_table(tmp_path, "attribution_graph_nodes", {**nodes, "pagerank_score": [0.5] * 4})
    edge = {"class_id": [4, 9], "target_layer": ["head"] * 2, "target_channel": [0] * 2, "source_layer": ["stem"] * 2}
    counts = {"source_channel": [0] * 2, "influence_count": [3] * 2, "mean_influence": [0.5] * 2}
    write_table(tmp_path, "attribution_graph_edges", edge | counts)
    graphs = {"class_id": [4, 9], "pagerank_mass": [0.1, 0.1], "n_nodes": [2, 2], "n_edges": [1, 1]}
    write_table(tmp_path, "attribution_graphs", graphs)
    return tmp_path


def read_channels(class_id: int) -> Channels:
    columns = list(zip(*INFLUENCES, strict=True))
    names = (*ENDS, "influence_count", "mean_influence")
    rows = pa.table({name: list(values) for name, values in zip(names, columns, strict=True)})
    return Channels(np.array([3, 2, 1, 0]), np.array([0.4, 0.1, 0.3, 0.2]), rows)


def prove(kept: list[int]) -> Proven:
    return Proven(np.array([0.5, 1.5, -0.5, 2.0]), np.array(kept), np.array([[2, 0], [3, 1]]), np.array([0.75, np.nan]))


def test_effects_are_set_and_the_graph_by_effect_is_added_for_the_proven_class_alone(run: Path) -> None:
    write_graph_tables(run, NODES, {9: prove([1, 3])}, read_channels)
    nodes = read_table(run, "attribution_graph_nodes").to_pylist()
    assert [row["effect"] for row in nodes] == [None, None, 0.5, -0.5]
    assert [row["edge_effect"] for row in read_table(run, "attribution_graph_edges").to_pylist()] == [None, 0.75]
    added = read_table(run, "attribution_graph_nodes", selection="effect").to_pylist()
    assert [(row["class_id"], row["layer"], row["channel"], row["effect"]) for row in added] == [
        (9, "stem", 1, 1.5),
        (9, "head", 1, 2.0),
    ]
    (edge,) = read_table(run, "attribution_graph_edges", selection="effect").to_pylist()
    assert (edge["target_channel"], edge["source_channel"], edge["edge_effect"]) == (1, 1, None)
    (graph,) = read_table(run, "attribution_graphs", selection="effect").to_pylist()
    assert graph == {"class_id": 9, "pagerank_mass": None, "n_nodes": 2, "n_edges": 1}


def test_a_second_proof_takes_the_place_of_the_first_and_uncounted_influences_are_no_edges(run: Path) -> None:
    write_graph_tables(run, NODES, {4: prove([1, 3]), 9: prove([1, 3])}, read_channels)
    write_graph_tables(run, NODES, {9: prove([0, 3])}, read_channels)
    graphs = read_table(run, "attribution_graphs", selection="effect").to_pylist()
    assert [(row["class_id"], row["n_nodes"], row["n_edges"]) for row in graphs] == [(4, 2, 1), (9, 2, 0)]
    assert len(read_table(run, "attribution_graph_nodes", selection=None)) == 8
