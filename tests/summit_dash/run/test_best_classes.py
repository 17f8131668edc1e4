from __future__ import annotations

import numpy as np
import pyarrow.compute as pc

from precompute.contract.schema import read_table
from summit_dash.run.best_classes import read_best_classes
from summit_dash.run.store import RunStore


def test_the_classes_are_those_of_the_images_in_the_order_of_ranks(store: RunStore) -> None:
    owners = dict(
        zip(*(read_table(store.path, "images")[name].to_pylist() for name in ("image_id", "class_id")), strict=True)
    )
    best = store.read_best_classes("conv5")
    assert best.shape == (store.layers["conv5"].n_channels, 10)
    mine = (pc.field("layer") == "conv5") & (pc.field("class_id") == -1)
    for row in read_table(store.path, "dataset_examples", ["channel", "rank", "image_id"], mine).to_pylist():
        assert best[row["channel"], row["rank"]] == store.find_row(owners[row["image_id"]])


def test_what_the_run_does_not_name_is_minus_one(store: RunStore) -> None:
    sizes = {"conv1": store.layers["conv1"].n_channels, "not there": 3}
    best = read_best_classes(store.path, sizes, {4: 0})
    assert set(np.unique(best["conv1"])) == {-1, 0}
    assert (best["not there"] == -1).all()
    assert set(np.unique(RunStore(store.path, only=[4, 5]).read_best_classes("conv1"))) == {-1, 0, 1}
