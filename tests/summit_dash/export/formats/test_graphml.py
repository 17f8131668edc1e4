from __future__ import annotations

import io
import json
from xml.etree import ElementTree

import networkx as nx
import pytest

from summit_dash.export.formats.graphml import write_graphml
from summit_dash.export.formats.json import write_json
from summit_dash.export.subject import Subject, read_subject
from summit_dash.export.tables import build_tables
from summit_dash.run.graphs import Graph
from summit_dash.run.store import RunStore
from tests.summit_dash.export.subjects import FOX, WOLF, make_subject


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


def test_names_that_xml_cannot_hold_are_mended() -> None:
    tables = build_tables(make_subject(name='<b>"fox" & \x00 co'))
    assert "<b>" in nx.read_graphml(io.BytesIO(write_graphml(tables))).graph["class_name"]


def test_facts_of_two_classes_have_their_letters() -> None:
    facts = nx.read_graphml(io.BytesIO(write_graphml(build_tables(make_subject(FOX, WOLF))))).graph
    assert (facts["class_name_a"], facts["class_name_b"]) == ("fox, animal", "wolf, animal")
    assert (facts["layers"], facts["n_images_b"]) == ("a, b", 200)
    assert "top5_accuracy_a" not in facts, "a value that does not exist"


def test_numbers_keep_their_types() -> None:
    root = ElementTree.fromstring(write_graphml(build_tables(make_subject())))
    types = {(key.get("for"), key.get("attr.name")): key.get("attr.type") for key in root if key.tag.endswith("key")}
    assert types["node", "activation_count"] == "long"
    assert types["node", "activation_fraction"] == types["edge", "mean_influence"] == "double"
    assert types["graph", "model"] == "string"


def test_a_channel_whose_layer_xml_cannot_hold_keeps_its_edges() -> None:
    tables = build_tables(make_subject())
    for row in [*tables.nodes, *tables.edges]:
        row |= {name: f"{row[name]}\x00" for name in ("id", "source", "target") if name in row}
    graph = nx.read_graphml(io.BytesIO(write_graphml(tables)))
    assert set(graph.edges) == {("a-1\ufffd", "b-1\ufffd"), ("a-1\ufffd", "b-2\ufffd")}
