from __future__ import annotations

import csv
import io

from summit_dash.export.formats import FORMATS
from summit_dash.export.formats.csv import write_csv
from summit_dash.export.formats.export_format import GraphContent
from summit_dash.export.tables import build_tables
from tests.summit_dash.export.subjects import FOX, WOLF, make_subject
from tests.support.drawn_graphs import draw_graph


def test_csv_has_a_header_also_without_rows() -> None:
    tables = build_tables(make_subject(draw_graph("b | 1:3")))
    assert write_csv(tables.edges, tables.edge_columns) == b"source,target,influence_count,mean_influence\n"


def test_csv_comes_back_with_empty_cells() -> None:
    tables = build_tables(make_subject(FOX, WOLF))
    text = write_csv(tables.edges, tables.edge_columns).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["target"], row["influence_count_a"], row["influence_count_b"]) for row in rows] == [
        ("b-1", "1", "1"),
        ("b-2", "1", ""),
        ("b-3", "", "1"),
    ]


def test_a_comma_in_a_name_does_not_part_it() -> None:
    text = write_csv([{"name": 'a, "b"', "n": 1}], ["name", "n"]).decode()
    assert list(csv.reader(io.StringIO(text))) == [["name", "n"], ['a, "b"', "1"]]


def test_nodes_and_edges_are_two_files() -> None:
    files = FORMATS["csv"].write(GraphContent(build_tables(make_subject())))
    assert files["-nodes.csv"].splitlines()[1] == b"a-1,a,0,1,40,0.4,0.0"
    assert files["-edges.csv"].splitlines()[1] == b"a-1,b-1,1,0.0"
