"""Summit's published data, imported: every node and edge of every class as in the JSON files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from precompute.contract.progress import SilentProgress
from precompute.contract.schema import read_manifest
from precompute.import_summit.importing import ImportRequest, import_summit
from precompute.import_summit.inception import COMPOSED, INCEPTION, LAYERS
from summit_dash.export.summit import write_summit
from summit_dash.run.store import RunStore
from tests.support.validation import validate

DATA = Path(__file__).resolve().parents[2] / "../shared/data"
PUBLISHED = DATA / "summit_published"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the folder ../shared/data/summit_published is absent"),
]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("summit") / "run"
    import_summit(ImportRequest(PUBLISHED, out, DATA / "imagenet_sample" / "labels.csv"))
    return out


def read_published() -> dict[int, dict[str, list[dict[str, Any]]]]:
    paths = (PUBLISHED / "data/ag").glob("ag-*.json")
    return {int(path.stem.removeprefix("ag-")): json.loads(path.read_text()) for path in paths}


def test_nodes_and_edges_equal_the_json_files_for_every_class(imported: Path) -> None:
    store, files = RunStore(imported), read_published()
    assert sorted(store.classes) == sorted(files)
    for class_id, layers in files.items():
        graph = store.graph(class_id)
        nodes = {(layer, n["channel"], n["count"], n["pagerank"]) for layer, entries in layers.items() for n in entries}
        edges = {
            (layer, n["channel"], INCEPTION[LAYERS[layer] - 1].name, e["prev_channel"], e["inf"])
            for layer, entries in layers.items()
            for n in entries
            for e in n["prev_channels"]
        }
        assert len(graph.nodes) == sum(len(entries) for entries in layers.values())
        assert len(graph.edges) == sum(len(n["prev_channels"]) for entries in layers.values() for n in entries)
        assert {
            (n.channel.layer, n.channel.channel, n.activation_count, n.pagerank_score) for n in graph.nodes
        } == nodes
        assert {
            (e.target.layer, e.target.channel, e.source.layer, e.source.channel, e.influence_count) for e in graph.edges
        } == edges


def test_the_run_is_valid_and_names_its_classes(imported: Path) -> None:
    assert validate(imported) == []
    names = {c.class_id: c.short_name for c in RunStore(imported).classes.values()}
    assert (names[0], names[270], names[294]) == ("tench", "white wolf", "brown bear")


def test_every_node_has_its_pictures(imported: Path) -> None:
    store = RunStore(imported)
    channels = {node.channel for class_id in store.classes for node in store.graph(class_id).nodes}
    for channel in channels:
        assert store.pictures.read_visualization(channel)
        assert len(store.pictures.list_examples(channel)) == 10
    assert read_manifest(imported)["imported"]["pictures"] == {"n_files": 766 * 15, "missing": {}, "unreadable": {}}


def test_the_known_faults_are_found(imported: Path) -> None:
    found = read_manifest(imported)["imported"]
    wolf = found["classes"]["270"]
    assert (wolf["n_nodes_listing_bottleneck"], wolf["n_listed_bottleneck"], wolf["n_listed"]) == (31, 93, 132)
    faults = found["faults"]
    assert faults["n_bottleneck_fitting"] == faults["n_listed_bottleneck"], "all of them could be in the bottleneck"
    assert faults["n_bottleneck_coinciding"] > 0 == faults["n_bottleneck_agreeing"], (
        "and none is a channel by its count"
    )
    assert faults["n_listed_contradicting"] == faults["n_listed_out_of_range"] == 0, "the other branches are sound"
    assert faults["n_listed_as_edges"] > 300
    assert faults["n_edges_repeating"] > 1000
    assert faults["n_edges_above_step"] == 0


def test_the_run_exported_as_summits_files_gives_the_files_again(imported: Path, tmp_path: Path) -> None:
    store = RunStore(imported)
    write_summit(store, tmp_path / "files", SilentProgress())
    for class_id, published in read_published().items():
        layers = json.loads((tmp_path / f"files/data/ag/ag-{class_id}.json").read_text())
        assert list(layers) == list(published)
        for layer, entries in layers.items():
            found = {entry["channel"]: entry for entry in entries}
            assert len(found) == len(published[layer])
            for original in published[layer]:
                entry = found[original["channel"]]
                assert list(entry) == list(original), "the same fields in the same order"
                for name in ("count", "layer", "pagerank"):
                    assert entry[name] == original[name]
                edges = [sorted(e.items()) for e in entry["prev_channels"]]
                assert sorted(edges) == sorted(sorted(e.items()) for e in original["prev_channels"])
                if INCEPTION[LAYERS[layer]].find_branch(original["channel"]) not in COMPOSED:
                    strongest = [e["inf"] for e in entry["attr_channels"]]
                    assert strongest == [e["inf"] for e in original["attr_channels"]]
    names = {path.relative_to(tmp_path / "files") for path in (tmp_path / "files").rglob("*.jpg")}
    assert names == {path.relative_to(PUBLISHED) for path in PUBLISHED.rglob("*.jpg")}
