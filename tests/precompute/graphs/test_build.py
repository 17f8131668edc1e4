"""The stage `graphs`: whole tables in, whole tables out, whatever the row groups."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from precompute.contract.errors import InputError
from precompute.contract.schema import TABLES, locate_table, read_table
from precompute.contract.writing import TableWriter
from precompute.graphs.build import GraphConfig, build_graphs
from tests.reference.graphs import compute_reference_pagerank, compute_reference_personalization, select_by_reference

LAYERS = [("stem", 4), ("block", 6), ("head", 5)]
NODES = [(name, channel) for name, size in LAYERS for channel in range(size)]
OUTPUTS = ("attribution_graph_nodes", "attribution_graph_edges", "attribution_graphs")

Row = tuple[Any, ...]


def write_groups(run: Path, name: str, groups: Sequence[Sequence[Row]]) -> None:
    """Writes rows in the given row groups. Each group numbers its layers in its own order."""
    with TableWriter(run, name) as writer:
        for rows in groups:
            columns = TABLES[name].schema.names
            writer.write({column: [row[i] for row in rows] for i, column in enumerate(columns)})


def draw_class(class_id: int, seed: int) -> tuple[list[Row], list[Row]]:
    """Draws activations of every channel, and influences from any earlier layer (the head has two sources)."""
    rng = np.random.default_rng([seed, class_id])
    activations = [(class_id, layer, channel, int(rng.integers(0, 9)), 0.5) for layer, channel in NODES]
    influences = []
    for target in range(LAYERS[0][1], len(NODES)):
        for source in range(target):
            if NODES[source][0] != NODES[target][0] and rng.random() < 0.3:
                row = (class_id, *NODES[target], *NODES[source], int(rng.integers(1, 20)), float(source))
                influences.append(row)
    return activations, influences


def find_reference(
    activations: Sequence[Row], influences: Sequence[Row], config: GraphConfig, excluded: set[Any]
) -> Row:
    """Computes nodes, edges and mass of a class's graph by the slow reference."""
    included = [node for node in NODES if node not in excluded]
    index = {node: i for i, node in enumerate(included)}
    names = [name for name, _ in LAYERS]
    layer_indices = [names.index(layer) for layer, _ in included]
    counts = [row[3] for row in activations if (row[1], row[2]) in index]
    kept_rows = [row for row in influences if row[1:3] in index and row[3:5] in index]
    edges = [(index[row[3:5]], index[row[1:3]], float(row[5])) for row in kept_rows]
    scores = compute_reference_pagerank(
        len(included), edges, compute_reference_personalization(counts, layer_indices), config
    )
    nodes, kept, mass = select_by_reference(layer_indices, edges, scores, config)
    return (
        [(*included[node], counts[node], pytest.approx(scores[node], abs=1e-12), None) for node in nodes],
        [kept_rows[edge][1:] for edge in kept],
        mass,
    )


def read_rows(run: Path, name: str, class_id: int) -> list[Row]:
    """Reads the rows of a class, without the class."""
    rows = [row for row in read_table(run, name).to_pylist() if row["class_id"] == class_id]
    return [tuple(value for column, value in row.items() if column not in ("class_id", "edge_effect")) for row in rows]


@pytest.mark.parametrize("excluded", [set(), {("stem", 2), ("head", 0)}], ids=["all", "without outliers"])
@pytest.mark.parametrize("directed", [False, True])
def test_tables_equal_the_reference(tmp_path: Path, directed: bool, excluded: set[tuple[str, int]]) -> None:
    """Classes 3 and 5 share a row group, class 9 goes on in the next one, class 7 is in the file but not asked for."""
    config = GraphConfig(directed=directed)
    classes = {class_id: draw_class(class_id, seed=1) for class_id in (3, 5, 7, 9)}
    for name, part in (("activations", 0), ("influences", 1)):
        three, five, seven, nine = (tables[part] for tables in classes.values())
        write_groups(tmp_path, name, [[*three, *five], [*seven, *nine[:8]], nine[8:]])

    build_graphs(tmp_path, LAYERS, [9, 3, 5], config, excluded=excluded)

    summaries = read_table(tmp_path, "attribution_graphs").to_pylist()
    assert [row["class_id"] for row in summaries] == [3, 5, 9]
    for row in summaries:
        nodes, edges, mass = find_reference(*classes[row["class_id"]], config, excluded)
        assert read_rows(tmp_path, "attribution_graph_nodes", row["class_id"]) == nodes
        assert read_rows(tmp_path, "attribution_graph_edges", row["class_id"]) == edges
        assert (row["pagerank_mass"], row["n_nodes"], row["n_edges"]) == (mass, len(nodes), len(edges))


def test_tables_have_the_types_of_the_contract(tmp_path: Path) -> None:
    write_random_run(tmp_path, [0, 1])

    build_graphs(tmp_path, LAYERS, [0, 1], GraphConfig())

    for name in OUTPUTS:
        assert pq.read_schema(locate_table(tmp_path, name)).equals(TABLES[name].schema), name


def test_small_classes_share_a_row_group(tmp_path: Path) -> None:
    write_random_run(tmp_path, range(50))

    build_graphs(tmp_path, LAYERS, range(50), GraphConfig())

    assert pq.ParquetFile(locate_table(tmp_path, "attribution_graph_nodes")).num_row_groups == 1


def test_a_class_that_used_no_channel_has_an_empty_graph(tmp_path: Path) -> None:
    """Class 1 has rows but no counts, class 2 has no rows at all: neither had a readable image."""
    activations, influences = draw_class(0, seed=1)
    silent = [(1, layer, channel, 0, 0.0) for layer, channel in NODES]
    write_groups(tmp_path, "activations", [[*activations, *silent]])
    write_groups(tmp_path, "influences", [influences])

    build_graphs(tmp_path, LAYERS, [0, 1, 2], GraphConfig())

    assert [tuple(row.values()) for row in read_table(tmp_path, "attribution_graphs").to_pylist()][1:] == [
        (1, 0.0, 0, 0),
        (2, 0.0, 0, 0),
    ]
    assert {row["class_id"] for row in read_table(tmp_path, "attribution_graph_nodes").to_pylist()} == {0}


def test_a_dataset_without_counts_writes_empty_tables(tmp_path: Path) -> None:
    write_groups(tmp_path, "activations", [])
    write_groups(tmp_path, "influences", [])

    build_graphs(tmp_path, LAYERS, [0], GraphConfig())

    assert [read_table(tmp_path, name).num_rows for name in OUTPUTS] == [0, 0, 1]


def test_nothing_is_written_when_a_class_fails(tmp_path: Path) -> None:
    write_random_run(tmp_path, [0, 1])

    with pytest.raises(InputError, match="iterations"):
        build_graphs(tmp_path, LAYERS, [0, 1], GraphConfig(max_iterations=1))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["activations.parquet", "influences.parquet"]


def test_an_older_stage_that_has_not_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="activations"):
        build_graphs(tmp_path, LAYERS, [0], GraphConfig())


@pytest.mark.parametrize(
    ("layers", "excluded", "message"),
    [
        ([("stem", 4), ("block", 6)], [], "layer head"),
        ([("stem", 4), ("block", 6), ("head", 2)], [], "names channel 2 of head, which has 2 channels"),
        (LAYERS, [("head", 5)], "no channel head-5"),
        (LAYERS, [("tail", 0)], "no channel tail-0"),
    ],
)
def test_strange_layers_and_channels_are_refused(
    tmp_path: Path, layers: list[tuple[str, int]], excluded: list[tuple[str, int]], message: str
) -> None:
    write_random_run(tmp_path, [0])

    with pytest.raises(InputError, match=message):
        build_graphs(tmp_path, layers, [0], GraphConfig(), excluded=excluded)


def write_random_run(run: Path, class_ids: Sequence[int]) -> None:
    activations, influences = zip(*(draw_class(class_id, seed=1) for class_id in class_ids), strict=True)
    write_groups(run, "activations", activations)
    write_groups(run, "influences", influences)
