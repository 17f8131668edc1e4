"""The tables of an imported run: nodes and edges as in the files, and null for every unknown value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from precompute.contract.schema import read_manifest, read_table
from tests.support.published import build_graphs, build_imagenet, import_folder, read_rows
from tests.support.validation import validate

EDGES = ["class_id", "target_layer", "target_channel", "source_layer", "source_channel", "influence_count"]


def test_nodes_and_edges_equal_the_files(folder: Path) -> None:
    out = import_folder(folder)
    nodes, edges = set(), set()
    for class_id, graph in build_graphs().items():
        for layer, entries in graph.items():
            before = {"mixed4a": "mixed3b", "mixed3b": "mixed3a"}.get(layer)
            for entry in entries:
                nodes.add((class_id, layer, entry["channel"], entry["count"], entry["pagerank"], None))
                for edge in entry["prev_channels"]:
                    edges.add((class_id, layer, entry["channel"], before, edge["prev_channel"], edge["inf"]))
    assert set(read_rows(out, "attribution_graph_nodes")) == nodes
    assert set(read_rows(out, "attribution_graph_edges", EDGES)) == edges
    assert read_rows(out, "attribution_graphs") == [(7, None, 3, 2), (270, None, 6, 6)]


def test_influences_are_edges_and_what_lists_channels_of_the_layer_before(folder: Path) -> None:
    out = import_folder(folder)
    found = set(read_rows(out, "influences", EDGES)) - set(read_rows(out, "attribution_graph_edges", EDGES))
    assert found == {(270, "mixed4a", 0, "mixed3b", 479, 25), (270, "mixed3b", 11, "mixed3a", 5, 6)}


def test_what_is_not_told_is_null_and_never_made_up(folder: Path) -> None:
    out = import_folder(folder)
    classes = read_table(out, "classes").to_pylist()
    assert [(c["class_id"], c["class_name"], c["synset"]) for c in classes] == [
        (7, "class 7", None),
        (270, "white wolf, Arctic wolf", "n02114548"),
    ]
    unknown = ("top1_accuracy", "top5_accuracy", "probability_histogram")
    assert all(c[name] is None for c in classes for name in unknown)
    assert [c["n_images"] for c in classes] == [6, 40], "the greatest count of each file"
    assert read_manifest(out)["dataset"]["n_images"] is None
    assert len(read_rows(out, "activations")) == 9, "the nodes alone, and no zeros for what nobody told"
    for table, columns in {
        "activations": ["mean_activation"],
        "influences": ["mean_influence"],
        "dataset_examples": ["image_id", "activation", "x0", "y1"],
        "feature_visualizations": ["objective_value", "n_steps"],
    }.items():
        assert {value for row in read_rows(out, table, columns) for value in row} == {None}
    assert not (out / "images.parquet").exists()
    assert not (out / "channels.parquet").exists()


def test_imagenet_json_is_used_where_it_is_there(folder: Path) -> None:
    (folder / "data/imagenet.json").write_text(json.dumps(build_imagenet()))
    out = import_folder(folder)
    assert validate(out) == []
    crane, wolf = read_table(out, "classes").to_pylist()
    assert (crane["class_name"], crane["synset"]) == ("cock", "n01514668")
    assert wolf["class_name"] == "white wolf, Arctic wolf", "the labels go before"
    assert (wolf["n_images"], wolf["top1_accuracy"]) == (50, pytest.approx(0.6))
    assert wolf["probability_histogram"] == [20, *[0] * 18, 30]
    counts = read_rows(out, "activations", ["class_id", "layer", "channel", "activation_count"])
    assert (270, "mixed3a", 5, 31) in counts, "the graph's count goes before"
    assert {(270, "mixed3a", 6, 2), (270, "mixed5b", 1023, 9)} <= set(counts)
    assert ("mixed4a", 270, 272.0, -2.0) in read_rows(out, "embeddings")
    manifest = read_manifest(out)
    assert manifest["dataset"]["n_images"] == 100
    assert manifest["imported"]["embedding"] == "summit"
    assert any("2 differ between imagenet.json and a graph" in gap for gap in manifest["imported"]["gaps"])
