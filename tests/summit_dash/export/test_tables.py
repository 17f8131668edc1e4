from __future__ import annotations

from summit_dash.export.subject import read_subject
from summit_dash.export.tables import build_tables
from summit_dash.graph.comparison import compare
from summit_dash.run.store import RunStore
from tests.summit_dash.export.subjects import FOX, WOLF, make_subject


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


def test_a_comparison_of_a_run_holds_both_graphs(store: RunStore) -> None:
    tables = build_tables(read_subject(store, 0, 1))
    comparison = compare(store.graph(0), store.graph(1))
    assert {node["id"]: node["part"] for node in tables.nodes} == {
        channel.channel_id: part.value for channel, part in comparison.nodes.items()
    }
    assert tables.graph["parting_layer"] == comparison.parting_layer
