from __future__ import annotations

from typing import Any

import pytest

from summit_dash.payloads.about import build_about
from summit_dash.run.store import RunStore


@pytest.fixture
def fresh(store: RunStore) -> RunStore:
    return RunStore(store.path)


def build(store: RunStore, **manifest: Any) -> dict[str, Any]:
    store.manifest = {**store.manifest, **manifest}
    return {section["id"]: section for section in build_about(store)["sections"]}


def list_facts(store: RunStore, **manifest: Any) -> dict[str, str]:
    return dict(build(store, **manifest)["run"]["blocks"][0]["facts"])


def test_the_sections_come_in_the_order_of_reading(fresh: RunStore) -> None:
    assert list(build(fresh)) == ["run", "views", "method", "pictures", "tour", "glossary", "sources"]


def test_a_fact_that_the_manifest_lacks_is_left_out(fresh: RunStore) -> None:
    facts = list_facts(fresh)
    assert facts["Images"] == "2,400" and facts["Recorded layers"] == "5: conv1, conv2, conv3, conv4, conv5"
    assert facts["Made"] == "2026-01-05 12:00"
    assert not {"Skipped images", "Accuracy", "Libraries", "Computing took"} & set(facts)


def test_skipped_images_are_counted_and_the_first_three_named(fresh: RunStore) -> None:
    skipped = {f"{n}.png": "cut off" for n in range(5)}
    facts = list_facts(fresh, images={"skipped": skipped, "n_read": 7, "top1_accuracy": 0.5, "top5_accuracy": None})
    named = "; ".join(f"{n}.png: cut off" for n in range(3))
    assert facts["Skipped images"] == f"5 ({named}; 2 more in manifest.json)"
    assert facts["Accuracy"] == "top-1 50.0 %, top-5 – of 7 images"


@pytest.mark.parametrize(
    ("dataset", "labels"),
    [
        ({"labels_are_outputs": True, "outputs_by": "name"}, "the model's outputs, by their names"),
        ({"labels_are_outputs": True}, "the model's outputs"),
        ({"labels_are_outputs": False, "class_outputs": {"0": [1]}}, "classes of outputs, by a mapping"),
        ({"labels_are_outputs": False}, "not the model's outputs"),
    ],
)
def test_the_origin_of_the_labels_is_said(fresh: RunStore, dataset: dict[str, Any], labels: str) -> None:
    assert list_facts(fresh, dataset=dataset)["Labels"] == labels


@pytest.mark.parametrize(
    ("size", "resize", "crop", "text"),
    [
        (224, 256, 224, "224 × 224; short side 256, crop 224, RGB, 0 to 1"),
        ([3, 96, 64], [96, 64], [96, 64], "3 × 96 × 64; squashed to 96 × 64, crop 96 × 64, RGB, 0 to 1"),
    ],
)
def test_the_input_is_described(fresh: RunStore, size: Any, resize: Any, crop: Any, text: str) -> None:
    preprocess = {"resize": resize, "crop": crop, "channels": "RGB", "scale": 1.0}
    assert list_facts(fresh, model={"name": "N", "input_size": size, "preprocess": preprocess})["Input"] == text


def test_the_method_has_the_numbers_of_the_run(fresh: RunStore) -> None:
    config = {"aggregate": {"activation_mass": 0.05, "top_k": 7, "influence": "summit"}, "graphs": {"damping": 0.7}}
    text = " ".join(block["p"] for block in build(fresh, config=config)["method"]["blocks"])
    assert "holds 5.0 % of the layer's sum" in text and "the 7 sources" in text and "(damping 0.7)" in text
    assert "Summit: as published" in text and "Traced:" not in text


def test_a_run_that_does_not_state_its_measure_says_so(fresh: RunStore) -> None:
    text = " ".join(block["p"] for block in build(fresh)["method"]["blocks"])
    assert "The run does not tell how it was measured." in text


def test_gaps_and_faults_of_an_imported_run_are_listed(fresh: RunStore) -> None:
    faults = {"n_listed": 1000, "n_listed_bottleneck": 12, "n_edges": 9, "n_edges_composed": 8, "n_edges_repeating": 7}
    imported = {"source": "elsewhere", "gaps": ["No accuracy."], "faults": faults}
    blocks = build(fresh, imported=imported)["method"]["blocks"]
    assert blocks[-2] == {"p": "Imported from elsewhere. No accuracy."}
    assert "of 1,000 listed strongest inputs 12 are" in blocks[-1]["p"]


def test_every_link_of_the_page_names_a_view(fresh: RunStore) -> None:
    text = str(build_about(fresh))
    assert text.count("](?view=") >= 4 and "](http" not in text
