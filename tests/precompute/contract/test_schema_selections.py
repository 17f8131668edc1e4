"""Graphs by several selections in one table: which rows a reader gets."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from precompute.contract.schema import locate_table, read_table
from precompute.contract.writing import write_table

COLUMNS = {
    "class_id": [0, 0, 1],
    "selection": ["effect", "pagerank", "pagerank"],
    "pagerank_mass": [None, 0.1, 0.2],
    "n_nodes": [4, 3, 2],
    "n_edges": [1, 1, 1],
}


def test_a_reader_gets_the_published_graphs_unless_it_asks_for_others(tmp_path: Path) -> None:
    write_table(tmp_path, "attribution_graphs", COLUMNS)
    assert read_table(tmp_path, "attribution_graphs").to_pylist()[0] == {
        "class_id": 0, "pagerank_mass": 0.1, "n_nodes": 3, "n_edges": 1
    }  # fmt: skip
    assert read_table(tmp_path, "attribution_graphs", ["n_nodes"], selection="effect")["n_nodes"].to_pylist() == [4]
    assert len(read_table(tmp_path, "attribution_graphs", selection=None)) == 3
    first = read_table(tmp_path, "attribution_graphs", ["class_id"], pc.field("n_nodes") < 3)
    assert first.to_pylist() == [{"class_id": 1}]


def test_a_run_of_an_earlier_version_has_published_graphs_alone(tmp_path: Path) -> None:
    write_table(tmp_path, "attribution_graphs", COLUMNS)
    path = locate_table(tmp_path, "attribution_graphs")
    pq.write_table(pq.read_table(path).drop_columns("selection"), path)
    assert len(read_table(tmp_path, "attribution_graphs")) == 3
    assert read_table(tmp_path, "attribution_graphs", selection="effect").num_rows == 0


def test_a_writer_without_selections_writes_published_graphs(tmp_path: Path) -> None:
    write_table(tmp_path, "attribution_graphs", {n: v for n, v in COLUMNS.items() if n != "selection"})
    assert set(read_table(tmp_path, "attribution_graphs", selection=None)["selection"].to_pylist()) == {"pagerank"}
