"""`ag-CLASS.json`: nodes, edges and strongest influences as in the run."""

from __future__ import annotations

from pathlib import Path

from summit_dash.export.summit_graphs import build_graph
from summit_dash.export.summit_names import name_layers
from summit_dash.graph.layout import order_rows
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore
from tests.support.far_edges import SMALL, add_far_edge
from tests.support.synthetic_run import write_synthetic_run


def test_nodes_are_listed_from_the_output_in_the_order_of_the_dashboard(store: RunStore) -> None:
    graph = store.graph(3)
    found = build_graph(store, 3, name_layers(store.layers))
    assert list(found) == ["conv5", "conv4", "conv3", "conv2", "conv1"]
    weights = {(edge.source, edge.target): float(edge.influence_count) for edge in graph.edges}
    rows = order_rows(store.layer_names, [node.channel for node in graph.nodes], weights)
    assert {name: [Channel(name, e["channel"]) for e in entries] for name, entries in found.items()} == rows
    nodes = {(e["layer"], e["channel"], e["count"], e["pagerank"]) for entries in found.values() for e in entries}
    assert nodes == {(*node.channel, node.activation_count, node.pagerank_score) for node in graph.nodes}


def test_edges_name_the_channel_of_the_layer_before(store: RunStore) -> None:
    found = build_graph(store, 3, name_layers(store.layers))
    edges = {
        (layer, e["channel"], p["prev_channel"], p["inf"])
        for layer, entries in found.items()
        for e in entries
        for p in e["prev_channels"]
    }
    assert edges == {(*e.target, e.source.channel, e.influence_count) for e in store.graph(3).edges}
    assert not any("far_channels" in e for entries in found.values() for e in entries)


def test_the_strongest_three_influences_are_listed_with_quoted_numbers(store: RunStore) -> None:
    found = build_graph(store, 3, name_layers(store.layers))
    for entry in found["conv4"]:
        strongest = store.read_sources(3, Channel("conv4", entry["channel"]), 5)
        listed = entry["attr_channels"]
        assert len(listed) == 3
        assert [e["inf"] for e in listed] == [e.influence_count for e in strongest[:3]]
        counts = {str(e.source.channel): e.influence_count for e in strongest}
        assert all(counts[e["prev_channel"]] == e["inf"] for e in listed)
    assert all(e["attr_channels"] == [] for e in found["conv1"])


def test_a_run_without_influences_lists_none(tmp_path: Path) -> None:
    run = write_synthetic_run(tmp_path / "run", SMALL)
    (run / "influences.parquet").unlink()
    found = build_graph(RunStore(run), 0, name_layers(["a", "b.0", "c"]))
    assert {str(e["attr_channels"]) for entries in found.values() for e in entries} == {"[]"}


def test_an_edge_from_a_layer_further_down_is_no_edge_of_the_app(tmp_path: Path) -> None:
    run = write_synthetic_run(tmp_path / "run", SMALL)
    target, source = add_far_edge(run)
    found = build_graph(RunStore(run), 0, name_layers(["a", "b.0", "c"]))
    entry = next(e for e in found["c"] if e["channel"] == target)
    assert entry["far_channels"] == [{"prev_layer": "a", "prev_channel": source, "inf": 7}]
    assert sum("far_channels" in e for entries in found.values() for e in entries) == 1
    assert "b_0" in found
