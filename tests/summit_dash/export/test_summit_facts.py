"""`imagenet.json` and `run.json` of a run: each number as in its tables, and none where the run has none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from precompute.contract.errors import InputError
from precompute.contract.schema import read_table
from summit_dash.export.summit_facts import build_imagenet, build_run_facts
from summit_dash.export.summit_names import name_layers
from summit_dash.run.store import RunStore
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run

FIELDS = [
    *("synset", "label", "name", "target_class", "topChannels", "embed", "accs", "topOneAccCount", "topOneAcc"),
    "numOfInstances",
]


def test_each_class_has_the_fields_of_summits_own_file(store: RunStore) -> None:
    entries = build_imagenet(store, name_layers(store.layers))
    assert [list(entry) for entry in entries] == [FIELDS] * len(store.classes)
    assert [(e["target_class"], e["label"]) for e in entries[:2]] == [(0, "1"), (1, "2")]
    assert entries[2]["name"] == "white_wolf"
    assert [entries[i]["name"] for i in (4, 8)] == ["crane_4", "crane_8"]


def test_channels_are_listed_with_their_counts_greatest_first(store: RunStore) -> None:
    entry = build_imagenet(store, name_layers(store.layers))[3]
    counts = store.read_counts("conv2")[3]
    listed = entry["topChannels"]["conv2"]
    assert {c["ch"]: c["ct"] for c in listed} == {i: n for i, n in enumerate(counts.tolist()) if n}
    assert listed == sorted(listed, key=lambda c: (-c["ct"], c["ch"]))


def test_points_and_accuracies_are_the_same_numbers_as_in_the_tables(store: RunStore) -> None:
    entry = build_imagenet(store, name_layers(store.layers))[1]
    x, y = store.read_embedding("conv5")[1]
    assert np.float32(entry["embed"]["conv5"]["x"]) == np.float32(x)
    assert np.float32(entry["embed"]["conv5"]["y"]) == np.float32(y)
    info = store.classes[1]
    assert info.top1_accuracy is not None
    assert np.float32(entry["topOneAcc"]) == np.float32(info.top1_accuracy)
    assert entry["topOneAccCount"] == round(info.top1_accuracy * 200)
    assert entry["numOfInstances"] == 200


def test_probabilities_are_those_of_the_most_probable_outputs(store: RunStore) -> None:
    images = read_table(store.path, "images", ["class_id", "predicted_probability"]).to_pylist()
    expected = [round(row["predicted_probability"], 3) for row in images if row["class_id"] == 5]
    assert build_imagenet(store, name_layers(store.layers))[5]["accs"] == expected


def test_a_run_without_images_gives_the_middle_of_each_ones_twentieth(tmp_path: Path) -> None:
    run = write_synthetic_run(tmp_path / "run", SyntheticRun(n_classes=4, layers=(("a", 4), ("b", 4)), n_images=6))
    (run / "images.parquet").unlink()
    store = RunStore(run)
    found = build_imagenet(store, name_layers(store.layers))[0]["accs"]
    histogram = np.histogram(found, 20, (0, 1))[0]
    assert histogram.tolist() == list(store.classes[0].probability_histogram or ())
    assert len(found) == 6


def test_unknown_accuracies_are_left_out(bare_store: RunStore) -> None:
    for entry in build_imagenet(bare_store, name_layers(bare_store.layers)):
        assert "topOneAcc" not in entry and "topOneAccCount" not in entry
        assert len(entry["accs"]) == 200, "the outputs have probabilities whatever they mean"


def test_a_class_without_a_point_is_refused(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    read = store.read_embedding
    monkeypatch.setattr(store, "read_embedding", lambda layer: {k: v for k, v in read(layer).items() if k != 3})
    with pytest.raises(InputError, match="no point at conv1 for coyote"):
        build_imagenet(store, name_layers(store.layers))


def test_run_json_states_what_summits_files_have_no_field_for(store: RunStore) -> None:
    facts = build_run_facts(store, name_layers(store.layers))
    assert (facts.model["name"], facts.dataset["name"]) == ("SyntheticNet", "Drawn textures")
    assert [(layer.layer, layer.n_channels) for layer in facts.layers[:2]] == [("conv1", 16), ("conv2", 24)]
    wolf = facts.classes[2]
    assert (wolf.class_name, wolf.group) == ("white wolf, Arctic wolf, Canis lupus tundrarum", "family 0")
    assert wolf.probability_histogram == store.classes[2].probability_histogram
