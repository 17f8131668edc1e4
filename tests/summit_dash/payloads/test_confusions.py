from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from precompute.contract.errors import InputError
from precompute.contract.schema import read_manifest, write_manifest
from summit_dash.payloads.keys import build_payload
from summit_dash.run.confusions import compute_confusions
from summit_dash.run.store import RunStore
from summit_dash.run.text import format_part, format_percent
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run

SMALL = SyntheticRun(n_classes=4, n_images=10, layers=(("conv1", 4), ("conv2", 4)))


def require_payload(store: RunStore, key: str) -> dict[str, Any]:
    payload = build_payload(store, key)
    assert payload is not None
    return payload


def test_what_a_class_is_taken_for_adds_up_to_its_wrong_images(store: RunStore) -> None:
    for class_id, info in store.classes.items():
        payload = require_payload(store, f"confusions/{class_id}")
        taken_for = payload["taken_for"]
        assert payload["n"] == info.n_images and sum(taken_for["count"]) == payload["n_wrong"]
        assert taken_for["count"] == sorted(taken_for["count"], reverse=True)
        assert taken_for["share"] == pytest.approx([n / info.n_images for n in taken_for["count"]], abs=1e-4)
        assert class_id not in taken_for["class_id"] and payload["outside"]["output"] == []


def test_what_is_mistaken_for_a_class_is_what_others_are_taken_for(store: RunStore) -> None:
    mistaken_for = require_payload(store, "confusions/3")["mistaken_for"]
    assert mistaken_for["count"] == sorted(mistaken_for["count"], reverse=True) and len(mistaken_for["count"]) > 1
    for class_id, count, n, share in zip(*(mistaken_for[k] for k in ("class_id", "count", "n", "share")), strict=True):
        theirs = require_payload(store, f"confusions/{class_id}")
        assert theirs["taken_for"]["count"][theirs["taken_for"]["class_id"].index(3)] == count
        assert n == theirs["n"] and share == pytest.approx(count / n, abs=1e-4)


def test_outputs_that_mean_no_class_are_named_where_something_names_them(store: RunStore, tmp_path: Path) -> None:
    some = require_payload(RunStore(store.path, only={3}), "confusions/3")
    every = require_payload(store, "confusions/3")["taken_for"]
    assert (some["outside"]["output"], some["outside"]["count"]) == (every["class_id"], every["count"])
    assert some["outside"]["name"] == [store.classes[c].class_name for c in every["class_id"]]
    assert some["taken_for"]["class_id"] == []
    run = write_synthetic_run(tmp_path / "run", SMALL)
    manifest = read_manifest(run)
    write_manifest(run, {**manifest, "dataset": {**manifest["dataset"], "class_outputs": {"0": [9], "1": [1]}}})
    outside = require_payload(RunStore(run), "confusions/0")["outside"]
    assert set(outside["output"]) >= {0} and set(outside["name"]) == {None}


def test_a_class_that_no_output_means_has_a_reason(tmp_path: Path) -> None:
    run = write_synthetic_run(tmp_path / "run", SMALL)
    manifest = read_manifest(run)
    write_manifest(run, {**manifest, "dataset": {**manifest["dataset"], "class_outputs": {"0": [0], "1": [1]}}})
    store = RunStore(run)
    with pytest.raises(InputError, match="No output of the model means white wolf"):
        build_payload(store, "confusions/2")
    assert require_payload(store, "misclassified/2")["images"] == []
    assert set(require_payload(store, "confusions/0")["mistaken_for"]["class_id"]) <= {1}
    assert require_payload(store, "confusions")["n_classes"] == 2


def test_the_whole_run_has_a_map_of_classes_and_one_of_groups(store: RunStore) -> None:
    payload = require_payload(store, "confusions")
    found = compute_confusions(store)
    assert (payload["n"], payload["n_wrong"], payload["n_outside"]) == (2400, int(found.n_wrong.sum()), 0)
    for name, n_sides in (("classes", 12), ("groups", 3)):
        sides, cells = payload[name]["sides"], payload[name]["cells"]
        assert {len(values) for values in sides.values()} == {n_sides}
        assert sum(cells["n_images"]) == payload["n_wrong"]
    assert payload["strongest"]["count"][0] == max(found.pairs.n_images)
    assert "missing" not in payload


@pytest.mark.parametrize("name", ["classes", "groups"])
def test_the_cells_are_a_table_by_images_then_share_then_place(store: RunStore, name: str) -> None:
    found = require_payload(store, "confusions")[name]
    cells, wholes = found["cells"], found["sides"]["n_images"]
    places = sorted(
        range(len(cells["row"])),
        key=lambda i: (
            -cells["n_images"][i],
            -cells["n_images"][i] / wholes[cells["row"][i]],
            cells["row"][i],
            cells["column"][i],
        ),
    )
    (block,) = found["blocks"]
    assert block["folded"]["title"] == f"As a table, {len(places)} cells"
    rows = block["folded"]["blocks"][0]["table"]["rows"]
    assert [row[:4] for row in rows] == [
        [
            found["names"][cells["row"][i]],
            found["names"][cells["column"][i]],
            format_part(cells["n_images"][i], wholes[cells["row"][i]]),
            format_percent(cells["n_images"][i] / wholes[cells["row"][i]]),
        ]
        for i in places
    ]
    does = json.loads(rows[0][4][1]["data-action"])
    assert (does["class_id"], does["vs"]) == (cells["class_id"][places[0]], cells["taken_for"][places[0]])


def test_the_words_say_how_often_the_model_is_wrong(store: RunStore, tmp_path: Path) -> None:
    payload = require_payload(store, "confusions")
    share = format_percent(payload["n_wrong"] / payload["n"])
    words = f"The model is wrong about {format_part(payload['n_wrong'], payload['n'])} images ({share})."
    assert payload["classes"]["words"] == payload["groups"]["words"] == words
    some = require_payload(RunStore(store.path, only={3}), "confusions")
    assert some["classes"]["words"].endswith("were taken for outputs that mean no class of this run.")
    assert some["missing"]["found"].startswith("There are none")


def test_runs_without_confusions_say_why(bare_store: RunStore) -> None:
    for key in ("confusions", "confusions/0", "misclassified/0"):
        with pytest.raises(InputError, match="labels of this run are not the model's outputs"):
            build_payload(bare_store, key)
    assert require_payload(bare_store, "run")["has"]["confusions"] is False


def test_the_overview_says_that_there_are_confusions(store: RunStore) -> None:
    assert require_payload(store, "run")["has"]["confusions"] is True
