from __future__ import annotations

import csv
import io
import json

import networkx as nx
import pytest

from summit_dash.export.formats.csv import write_csv
from summit_dash.export.formats.graphml import write_graphml
from summit_dash.export.formats.json import write_json
from summit_dash.export.subject import Subject, read_subject
from summit_dash.export.tables import build_tables
from summit_dash.graph.comparison import compare
from summit_dash.run.graphs import Graph
from summit_dash.run.store import RunStore
from tests.summit_dash.export.subjects import FOX, WOLF, make_subject
from tests.support.drawn_graphs import draw_graph


def test_one_class_in_rows() -> None:
    tables = build_tables(make_subject())
    assert [node["id"] for node in tables.nodes] == ["a-1", "b-1", "b-2"]
    assert tables.nodes[1] == {
        "id": "b-1",
        "layer": "b",
        "layer_index": 1,
        "channel": 1,
        "activation_count": 90,
        "activation_fraction": 0.9,
        "pagerank_score": 0.0,
    }
    assert tables.edges[0] == {"source": "a-1", "target": "b-1", "influence_count": 1, "mean_influence": 0.0}
    assert tables.graph["classes"][0]["class_name"] == "fox, animal"
    assert (tables.graph["model"], tables.graph["covers"]) == ("Net", 100.0)


def test_two_classes_in_rows() -> None:
    tables = build_tables(make_subject(FOX, WOLF))
    by_id = {node["id"]: node for node in tables.nodes}
    assert {id_: node["part"] for id_, node in by_id.items()} == {
        "a-1": "shared",
        "b-1": "shared",
        "b-2": "only-a",
        "b-3": "only-b",
    }
    shared = by_id["b-1"]
    assert (shared["activation_count_a"], shared["activation_count_b"]) == (90, 30)
    assert (shared["activation_fraction_a"], shared["activation_fraction_b"]) == (0.9, 0.15)
    assert by_id["b-3"]["activation_count_a"] is None
    assert [(e["target"], e["part"], e["influence_count_a"]) for e in tables.edges] == [
        ("b-1", "shared", 1),
        ("b-2", "only-a", 1),
        ("b-3", "only-b", None),
    ]
    assert len(tables.graph["layer_comparisons"]) == 2


def test_the_filter_keeps_what_the_page_keeps() -> None:
    tables = build_tables(make_subject(covers=80))  # 90 of 140 is 64 %, with the next 93 %
    assert [node["id"] for node in tables.nodes] == ["a-1", "b-1"]
    assert [edge["target"] for edge in tables.edges] == ["b-1"]


@pytest.mark.parametrize("subject", [make_subject(), make_subject(FOX, WOLF)], ids=["one", "two"])
def test_graphml_and_json_are_one_graph_in_networkx(subject: Subject) -> None:
    tables = build_tables(subject)
    from_xml = nx.read_graphml(io.BytesIO(write_graphml(tables)))
    from_json = nx.node_link_graph(json.loads(write_json(tables)), edges="edges")
    assert isinstance(from_xml, nx.DiGraph) and isinstance(from_json, nx.DiGraph)
    expected = {n["id"]: {k: v for k, v in n.items() if k != "id" and v is not None} for n in tables.nodes}
    assert dict(from_xml.nodes(data=True)) == expected
    assert {n: {k: v for k, v in d.items() if v is not None} for n, d in from_json.nodes(data=True)} == expected
    assert set(from_xml.edges) == set(from_json.edges) == {(e["source"], e["target"]) for e in tables.edges}
    for edge in tables.edges:
        kept = {k: v for k, v in edge.items() if k not in ("source", "target") and v is not None}
        assert from_xml.edges[edge["source"], edge["target"]] == kept
    assert from_xml.graph["model"] == from_json.graph["model"] == "Net"


def test_a_real_graph_comes_back_whole(store: RunStore) -> None:
    tables = build_tables(read_subject(store, 0))
    graph: Graph = store.graph(0)
    back = nx.read_graphml(io.BytesIO(write_graphml(tables)))
    assert {n: d["pagerank_score"] for n, d in back.nodes(data=True)} == {
        node.channel.channel_id: node.pagerank_score for node in graph.nodes
    }
    assert {(u, v): (d["influence_count"], d["mean_influence"]) for u, v, d in back.edges(data=True)} == {
        (e.source.channel_id, e.target.channel_id): (e.influence_count, e.mean_influence) for e in graph.edges
    }


def test_a_comparison_of_a_run_holds_both_graphs(store: RunStore) -> None:
    tables = build_tables(read_subject(store, 0, 1))
    comparison = compare(store.graph(0), store.graph(1))
    assert {node["id"]: node["part"] for node in tables.nodes} == {
        channel.channel_id: part.value for channel, part in comparison.nodes.items()
    }
    assert tables.graph["parting_layer"] == comparison.parting_layer


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


def test_names_that_xml_cannot_hold_are_mended() -> None:
    tables = build_tables(make_subject(name='<b>"fox" & \x00 co'))
    assert "<b>" in nx.read_graphml(io.BytesIO(write_graphml(tables))).graph["class_name"]
