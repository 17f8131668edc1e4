from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from precompute.contract.errors import InputError
from precompute.contract.schema import read_manifest, read_table, write_manifest
from precompute.contract.writing import write_table
from precompute.feature_visualization.storage.picture_store import PictureStore
from summit_dash.run.graphs import Channel
from summit_dash.run.pictures import PictureKind
from summit_dash.run.store import RunStore
from summit_dash.run.stores import Stores
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run


def test_names_and_numbers_of_the_run(store: RunStore) -> None:
    assert (store.model_name, store.dataset_name, store.n_images) == ("SyntheticNet", "Drawn textures", 2400)
    assert store.layer_names == ["conv1", "conv2", "conv3", "conv4", "conv5"]
    assert store.classes[2].short_name == "white wolf"


def test_counts_agree_with_the_table(store: RunStore, run_path: Path) -> None:
    rows = read_table(run_path, "activations").to_pylist()
    for layer in store.layer_names:
        total = sum(r["activation_count"] for r in rows if r["layer"] == layer)
        assert store.read_counts(layer).sum() == total
    row = rows[777]
    assert store.read_counts(row["layer"])[row["class_id"], row["channel"]] == row["activation_count"]


def test_counts_are_read_once(store: RunStore) -> None:
    assert store.read_counts("conv2") is store.read_counts("conv2")


def test_graph_of_a_class(store: RunStore, run_path: Path) -> None:
    graph = store.graph(3)
    nodes = [r for r in read_table(run_path, "attribution_graph_nodes").to_pylist() if r["class_id"] == 3]
    assert {n.channel for n in graph.nodes} == {Channel(r["layer"], r["channel"]) for r in nodes}
    kept = {n.channel for n in graph.nodes}
    assert all(e.source in kept and e.target in kept for e in graph.edges)


def test_graphs_with_a_channel(store: RunStore) -> None:
    channel = store.graph(0).nodes[0].channel
    assert store.count_graphs_with(channel) == sum(
        channel in {n.channel for n in store.graph(c).nodes} for c in store.classes
    )


def test_sources_are_the_strongest_and_lie_in_the_layer_before(store: RunStore) -> None:
    sources = store.read_sources(0, Channel("conv3", 5), 3)
    assert [e.influence_count for e in sources] == sorted((e.influence_count for e in sources), reverse=True)
    assert {e.source.layer for e in sources} == {"conv2"}
    assert all(e.target == Channel("conv3", 5) for e in sources)
    assert len(sources) == 3
    assert store.read_sources(0, Channel("conv1", 0), 3) == []


def test_targets_lie_in_the_layer_after(store: RunStore) -> None:
    targets = store.read_targets(0, store.read_sources(0, Channel("conv3", 5), 1)[0].source, 4)
    assert targets and {e.target.layer for e in targets} == {"conv3"}


def test_uses_are_sorted_by_share(store: RunStore) -> None:
    uses = store.read_uses(Channel("conv5", 1))
    assert len(uses) == (store.read_counts("conv5")[:, 1] > 0).sum() > 0
    assert all(u.activation_count for u in uses)
    assert [u.fraction for u in uses] == sorted((u.fraction for u in uses), reverse=True)


def test_a_channel_without_visualization_shows_its_best_example(store: RunStore) -> None:
    with_picture, without = Channel("conv1", 1), Channel("conv1", 0)
    assert store.pictures.get_picture_kind(with_picture) is PictureKind.VISUALIZATION
    assert store.pictures.get_picture_kind(without) is PictureKind.EXAMPLE
    assert store.pictures.read_visualization(with_picture)[:4] == b"RIFF"
    assert store.pictures.read_visualization(without) is None
    assert store.pictures.read_example(without, -1, 0)[:4] == b"RIFF"


def test_ten_examples_strongest_first(store: RunStore) -> None:
    examples = store.pictures.list_examples(Channel("conv4", 7))
    assert [e.rank for e in examples] == list(range(10))
    assert examples[0].activation > examples[-1].activation
    assert len(store.pictures.list_examples(Channel("conv4", 7), 3)) == 10
    assert store.pictures.read_example(Channel("conv4", 7), 3, 9)[:4] == b"RIFF"
    assert store.pictures.read_example(Channel("conv4", 7), 3, 10) is None


def test_every_class_has_a_point(store: RunStore) -> None:
    assert set(store.read_embedding("conv3")) == set(store.classes)


def test_without_visualizations_every_thumbnail_is_an_example(bare_store: RunStore) -> None:
    assert all(
        bare_store.pictures.get_picture_kind(n.channel) is PictureKind.EXAMPLE for n in bare_store.graph(0).nodes
    )
    assert bare_store.classes[0].top1_accuracy is None
    assert bare_store.classes[0].probability_histogram is None


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"manifest\.json"):
        RunStore(tmp_path)


def test_pictures_drawn_into_an_open_run_are_shown(tmp_path: Path) -> None:
    run = write_synthetic_run(tmp_path / "run", SyntheticRun(n_classes=4, without_visualization=1))
    stores = Stores([RunStore(run, name="run")])
    channel = Channel("conv1", 3)
    before = stores["run"].version
    assert not stores["run"].pictures.is_visualized(channel)
    row = {"layer": "conv1", "channel": 3, "kind": "channel", "image": b"picture", "objective_value": 2.0, "n_steps": 8}
    columns = {**row, "initial_objective_value": 0.5, "excitation": 1.5}
    write_table(run, "feature_visualizations", {name: [value] for name, value in columns.items()})
    assert stores["run"].pictures.read_visualization(channel) == b"picture"
    assert stores["run"].pictures.read_excitation(channel) == 1.5
    assert stores["run"].version != before
    assert stores["run"].pictures.read_picture(Channel("conv1", 2)) != b"picture"


def test_dead_channels_found_in_an_open_run_are_known(tmp_path: Path) -> None:
    run = write_synthetic_run(tmp_path / "run", SyntheticRun(n_classes=4, without_visualization=1))
    stores = Stores([RunStore(run, name="run")])
    channel = Channel("conv1", 3)
    assert not stores["run"].pictures.is_found_dead(channel)
    draw_into(run, [("conv1", 3, "channel", None), ("conv1", 4, "channel", 1.5), ("conv1", 5, "neuron", None)])
    assert [stores["run"].pictures.is_found_dead(Channel("conv1", n)) for n in (3, 4, 5)] == [True, False, False]


def draw_into(run: Path, pictures: list[tuple[str, int, str, float | None]]) -> Mapping[str, Any]:
    """Puts pictures with these excitations into a run, as the stage does, dead ones for those without; its facts."""
    manifest = read_manifest(run)

    def note(facts: Mapping[str, Any]) -> None:
        known = {name: value for name, value in manifest.items() if name != "schema_version"}
        write_manifest(run, {**known, "visualizations": dict(facts)})

    pictures_of_run = PictureStore(run, manifest["layers"], manifest["visualizations"], note)
    for layer, channel, kind, excitation in pictures:
        row = {"layer": layer, "channel": channel, "kind": kind, "excitation": excitation, "settings": "some"}
        image = None if excitation is None else b"picture"
        values = {"objective_value": 2.0, "n_steps": 8, "initial_objective_value": 0.5}
        pictures_of_run.keep([{**row, **values, "image": image}])
    pictures_of_run.fold({"some": {}})
    return read_manifest(run)["visualizations"]


def test_the_counts_of_pictures_are_those_of_the_manifest(tmp_path: Path) -> None:
    run = write_synthetic_run(tmp_path / "run", SyntheticRun(n_classes=4, excitations=True))
    facts = draw_into(
        run,
        [
            *(("conv1", channel, "channel", excitation) for channel, excitation in ((0, 0.4), (1, 1.0), (10, None))),
            *(("conv2", channel, "channel", None) for channel in (9, 4)),  # there is a picture of 4
            ("conv2", 5, "neuron", None),
        ],
    )
    store = RunStore(run)
    assert facts["layers"] == {layer: store.pictures.count_pictures(layer)._asdict() for layer in store.layers}
    assert store.pictures.count_pictures("conv1") == (15, 15, 10, 1)
    assert store.pictures.count_pictures("conv2").n_dead == 1


def test_pictures_that_tell_no_excitation_are_not_compared(store: RunStore) -> None:
    assert store.pictures.count_pictures("conv1") == (14, 0, 0, 0)


def test_a_graph_by_effect_is_read_beside_the_published_one(run_path: Path, store: RunStore, tmp_path: Path) -> None:
    run = Path(shutil.copytree(run_path, tmp_path / "run"))
    for name in ("attribution_graph_nodes", "attribution_graph_edges", "attribution_graphs"):
        rows = read_table(run, name, selection=None).to_pylist()
        added = [{**row, "selection": "effect"} for row in rows if row["class_id"] == 3]
        added = added[1:] if name == "attribution_graph_nodes" else added
        rows = sorted([*added, *rows], key=lambda row: row["class_id"])
        write_table(run, name, {key: [row[key] for row in rows] for key in rows[0]})
    opened = RunStore(run)
    assert opened.graph(3) == store.graph(3)
    assert len(opened.graph_by_effect(3).nodes) == len(store.graph(3).nodes) - 1
    assert not opened.graph_by_effect(4).nodes and not store.graph_by_effect(3).nodes
    assert opened.has_graphs_by_effect and not store.has_graphs_by_effect
