from __future__ import annotations

import pytest

from precompute.contract.schema import read_table
from summit_dash.run.predictions import COLUMNS, build_prediction, read_predictions
from summit_dash.run.store import RunStore


def test_predictions_are_those_of_the_table_of_images(store: RunStore) -> None:
    rows = {row["image_id"]: row for row in read_table(store.path, "images").to_pylist()}
    wanted = [7, 0, 1999]
    found = read_predictions(store, wanted)
    assert sorted(found) == sorted(wanted)
    for image_id, each in found.items():
        row = rows[image_id]
        assert (each.class_id, each.path, each.output) == (row["class_id"], row["path"], row["predicted_class_id"])
        assert each.is_right is (row["class_id"] == row["predicted_class_id"])
        assert each.taken_for == ((row["predicted_class_id"],) if row["predicted_class_id"] in store.classes else ())
    assert read_predictions(store, []) == {}


@pytest.mark.parametrize(
    ("outputs", "taken_for", "is_right"),
    [({3: (8,), 4: (8, 9)}, (3, 4), True), ({3: (7,), 4: (8,)}, (4,), False), ({4: (7,)}, (), None), ({}, (), None)],
)
def test_a_prediction_is_right_where_its_output_means_the_class(
    outputs: dict[int, tuple[int, ...]], taken_for: tuple[int, ...], is_right: bool | None
) -> None:
    row = dict(zip(COLUMNS, (5, 3, "a/b.png", 8, 0.5, None), strict=True))
    found = build_prediction(row, outputs)
    assert (found.taken_for, found.is_right, found.true_probability) == (taken_for, is_right, None)
