from __future__ import annotations

from summit_dash.payloads.overview import build_overview
from summit_dash.run.store import RunStore
from summit_dash.run.text import NO_ACCURACY, NO_ACCURACY_IMPORTED


def test_what_the_run_has_is_stated(store: RunStore, bare_store: RunStore) -> None:
    has = build_overview(store)["has"]
    assert {name for name, is_there in has.items() if not is_there} == {"graphs_by_effect"}
    bare = build_overview(bare_store)
    missing = {name for name, is_there in bare["has"].items() if not is_there}
    assert missing == {"accuracy", "histograms", "confusions", "graphs_by_effect"}
    assert (bare["kinds"], bare["no_accuracy"]) == ([], NO_ACCURACY)


def test_the_number_of_images_behind_effects_is_stated(bare_store: RunStore) -> None:
    store = RunStore(bare_store.path)
    found = []
    for settings in ({}, {"images_per_class": 20}, {"images_per_class": 100, "effect_images": 50}):
        store.manifest = {**store.manifest, "faithfulness": settings}
        found.append(build_overview(store)["effect_images"])
    assert found == [None, 20, 50]


def test_facts_and_layers_come_in_order(store: RunStore) -> None:
    overview = build_overview(store)
    assert overview["facts"] == {
        "model": "SyntheticNet",
        "dataset": "Drawn textures",
        "n_classes": 12,
        "n_images": 2400,
        "n_images_of_classes": 2400,
    }
    assert [(layer["layer"], layer["n_channels"]) for layer in overview["layers"]] == [
        ("conv1", 16),
        ("conv2", 24),
        ("conv3", 32),
        ("conv4", 40),
        ("conv5", 48),
    ]


def test_an_imported_run_has_its_own_reason_for_no_accuracy(bare_store: RunStore) -> None:
    store = RunStore(bare_store.path)
    store.manifest = {**store.manifest, "imported": {"source": "elsewhere"}}
    assert build_overview(store)["no_accuracy"] == NO_ACCURACY_IMPORTED


def test_arrays_along_the_classes_have_one_entry_each(store: RunStore) -> None:
    classes = build_overview(store)["classes"]
    assert {len(values) for values in classes.values()} == {12}
    assert classes["full"][0] == "red fox, Vulpes vulpes" and classes["name"][0] == "red fox"
    assert sum(classes["bins"][0]) == 200
